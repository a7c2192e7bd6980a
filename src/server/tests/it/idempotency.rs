//! Writes that are sent twice: one effect, one answer, and nothing of it for others.

use std::sync::Arc;

use futures::future::join_all;
use http::StatusCode;
use serde_json::json;

use crate::support::call::{Answer, Call};
use crate::support::fixture::{PASSWORD, Person};
use crate::support::server::TestApp;

fn create<'a>(app: &'a TestApp, by: &Person, key: &str, name: &str) -> Call<'a> {
    app.post("/api/v1/tenants")
        .by(by)
        .header("idempotency-key", key)
        .json(&json!({ "name": name }))
}

fn is_replay(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == "true"
}

#[tokio::test]
async fn a_key_binds_a_write_to_its_answer() {
    let app = TestApp::new().await;
    the_same_again(&app).await;
    another_body(&app).await;
    another_caller_and_another_place(&app).await;
    refusals(&app).await;
    secrets(&app).await;
    keys_that_are_none(&app).await;
    signing_in(&app).await;
    a_day_later(&app).await;
    what_is_stored(&app).await;
}

async fn the_same_again(app: &TestApp) {
    let first = create(app, &app.a.owner, "again", "Again").send().await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert!(!is_replay(&first));
    for _ in 0..3 {
        let again = create(app, &app.a.owner, "again", "Again").send().await;
        assert!(is_replay(&again));
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("content-type"), first.header("content-type"));
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }
    assert_eq!(app.database.count("select count(*) from tenant where name = 'Again'").await.unwrap(), 1);
    // An answer without a body is one, too.
    let path = format!("/api/v1/tenants/{}", first.json()["id"].as_str().unwrap());
    for replay in [false, true] {
        let answer = app.delete(&path).by(&app.a.owner).header("idempotency-key", "gone").send().await;
        assert_eq!(
            (answer.status, is_replay(&answer), answer.body.len()),
            (StatusCode::NO_CONTENT, replay, 0)
        );
    }
}

async fn another_body(app: &TestApp) {
    let answer = create(app, &app.a.owner, "again", "Something else").send().await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused")
    );
    let query = app
        .post("/api/v1/tenants?x=1")
        .by(&app.a.owner)
        .header("idempotency-key", "again")
        .json(&json!({ "name": "Again" }));
    assert_eq!(query.send().await.code(), "idempotency_key_reused");
    assert_eq!(
        app.database
            .count("select count(*) from tenant where name = 'Something else'")
            .await
            .unwrap(),
        0
    );
}

async fn another_caller_and_another_place(app: &TestApp) {
    let other = create(app, &app.b.owner, "again", "Again").send().await;
    assert_eq!((other.status, is_replay(&other)), (StatusCode::CREATED, false));
    assert_eq!(app.database.count("select count(*) from tenant where name = 'Again'").await.unwrap(), 2);
    // Nor does somebody without a session get at the answer of one who has.
    let nobody = app
        .post("/api/v1/tenants")
        .header("idempotency-key", "again")
        .json(&json!({ "name": "Again" }))
        .send()
        .await;
    assert_eq!(nobody.code(), "unauthenticated");
    // The same key for the same body in the other tenant is another write.
    for tenant in [&app.a.tenant, &app.b.tenant] {
        let path = format!("/api/v1/tenants/{}/workspaces", tenant.slug);
        let call = |by| {
            app.post(&path)
                .by(by)
                .header("idempotency-key", "place")
                .json(&json!({ "name": "Place" }))
        };
        let by_a = call(&app.a.owner).send().await;
        let expected = if tenant.id == app.a.tenant.id {
            StatusCode::CREATED
        } else {
            StatusCode::NOT_FOUND
        };
        assert_eq!((by_a.status, is_replay(&by_a)), (expected, false));
    }
    // A second name of a path is a place of its own; a slash at the end is not.
    let slash = app
        .post("/api/v1/tenants/")
        .by(&app.a.owner)
        .header("idempotency-key", "again")
        .json(&json!({ "name": "Again" }));
    assert!(is_replay(&slash.send().await));
}

async fn refusals(app: &TestApp) {
    // A refusal is an answer like another.
    let wrong = || {
        app.post("/api/v1/tenants")
            .by(&app.a.owner)
            .header("idempotency-key", "wrong")
            .json(&json!({ "nam": "x" }))
    };
    let (first, second) = (wrong().send().await, wrong().send().await);
    assert_eq!(
        (first.status, second.status),
        (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY)
    );
    assert_eq!(first.body, second.body);
    assert!(is_replay(&second));
    // One that a log-in mends is not.
    let body = json!({ "name": "Later" });
    let call = || app.post("/api/v1/tenants").header("idempotency-key", "later").json(&body);
    assert_eq!(call().send().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(call().by(&app.a.owner).send().await.status, StatusCode::CREATED);
}

async fn secrets(app: &TestApp) {
    let path = format!("/api/v1/tenants/{}/invitations", app.a.tenant.slug);
    let invite = |email: &str| {
        app.post(&path)
            .by(&app.a.owner)
            .header("idempotency-key", email)
            .json(&json!({ "email": email }))
    };
    let first = invite("ivy@example.com").send().await;
    assert_eq!(first.status, StatusCode::CREATED);
    let token = first.json()["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    for _ in 0..2 {
        let again = invite("ivy@example.com").send().await;
        assert_eq!((again.status, again.code().as_str()), (StatusCode::CONFLICT, "secret_already_shown"));
        assert!(!again.text().contains(&token));
    }
    assert_eq!(
        app.database
            .count("select count(*) from invitation where email = 'ivy@example.com'")
            .await
            .unwrap(),
        1
    );
    let resend = format!("{path}/{}/resend", first.json()["id"].as_str().unwrap());
    let resend = || app.post(&resend).by(&app.a.owner).header("idempotency-key", "resend").send();
    assert_eq!(resend().await.status, StatusCode::OK);
    assert_eq!(resend().await.code(), "secret_already_shown");
    // A refusal holds no secret, and may be had again.
    for replay in [false, true] {
        let answer = app
            .post(&path)
            .by(&app.a.owner)
            .header("idempotency-key", "none")
            .json(&json!({ "email": "nobody" }))
            .send()
            .await;
        assert_eq!((answer.code().as_str(), is_replay(&answer)), ("invalid", replay));
    }
}

async fn keys_that_are_none(app: &TestApp) {
    let long = "x".repeat(256);
    for key in ["", "a b", "é", &long] {
        let answer = create(app, &app.a.owner, key, "Never").send().await;
        assert_eq!(answer.code(), "invalid", "{key}");
        assert_eq!(answer.json()["errors"][0]["field"], "Idempotency-Key");
    }
    let two = create(app, &app.a.owner, "one", "Never").header("idempotency-key", "two").send().await;
    assert_eq!(two.status, StatusCode::BAD_REQUEST);
    assert_eq!(app.database.count("select count(*) from tenant where name = 'Never'").await.unwrap(), 0);
    // It means nothing where nothing is written.
    let read = || app.get("/api/v1/me").by(&app.a.owner).header("idempotency-key", "again").send();
    assert!(!is_replay(&read().await) && !is_replay(&read().await));
}

async fn signing_in(app: &TestApp) {
    let body = json!({ "email": "olga@a.test", "password": PASSWORD });
    let login = || app.post("/api/v1/auth/login").header("idempotency-key", "login").json(&body).send();
    let (first, second) = (login().await, login().await);
    assert!(!is_replay(&second));
    assert_ne!(first.cookie().unwrap(), second.cookie().unwrap(), "each is a session of its own");
    let body = json!({ "email": "keyed@example.com", "name": "Keyed", "password": PASSWORD });
    let register = |body| app.post("/api/v1/auth/register").header("idempotency-key", "register").json(body).send();
    assert_eq!(register(&body).await.status, StatusCode::CREATED);
    let again = register(&body).await;
    assert_eq!(again.status, StatusCode::CREATED);
    assert!(again.cookie().is_none(), "an old answer signs nobody in");
    // Somebody else who comes upon the key does not see whose it was.
    let other = register(&json!({ "email": "other@example.com", "name": "Other", "password": PASSWORD })).await;
    assert!(!other.text().contains("keyed"), "{}", other.text());
}

async fn a_day_later(app: &TestApp) {
    app.database
        .run("update idempotency_key set created_at = created_at - interval '23 hours'")
        .await
        .unwrap();
    assert!(is_replay(&create(app, &app.a.owner, "again", "Again").send().await));
    app.database
        .run("update idempotency_key set created_at = created_at - interval '2 hours'")
        .await
        .unwrap();
    let later = create(app, &app.a.owner, "again", "Again").send().await;
    assert_eq!((later.status, is_replay(&later)), (StatusCode::CREATED, false));
}

async fn what_is_stored(app: &TestApp) {
    let readable = "select count(*) from idempotency_key k where encode(k.answer_sealed, 'escape') like '%Again%' \
                    or encode(k.scope, 'escape') like '%again%' or encode(k.body_hash, 'escape') like '%Again%'";
    assert_eq!(app.database.count(readable).await.unwrap(), 0);
    assert_eq!(
        app.database
            .count("select count(*) from idempotency_key where secret and answer_sealed is not null")
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn sixteen_at_once_do_it_once() {
    let app = Arc::new(TestApp::new().await);
    for (round, secret) in [("one", false), ("two", false), ("three", true)] {
        let path = if secret {
            format!("/api/v1/tenants/{}/invitations", app.a.tenant.slug)
        } else {
            "/api/v1/tenants".to_owned()
        };
        let body = if secret {
            json!({ "email": "race@example.com" })
        } else {
            json!({ "name": format!("Race {round}") })
        };
        let calls = (0..16).map(|_| {
            let (app, path, body) = (app.clone(), path.clone(), body.clone());
            tokio::spawn(async move { app.post(&path).by(&app.a.owner).header("idempotency-key", round).json(&body).send().await })
        });
        let answers: Vec<Answer> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
        let created: Vec<&Answer> = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).collect();
        let fresh = created.iter().filter(|answer| !is_replay(answer)).count();
        assert_eq!(fresh, 1, "{round}");
        assert!(created.iter().all(|answer| answer.body == created[0].body));
        if secret {
            assert_eq!(created.len(), 1);
        }
        for answer in answers.iter().filter(|answer| answer.status != StatusCode::CREATED) {
            let code = answer.code();
            assert!(code == "request_in_flight" || secret && code == "secret_already_shown", "{code}");
            assert_eq!(answer.status, StatusCode::CONFLICT);
        }
    }
    assert_eq!(
        app.database.count("select count(*) from tenant where name like 'Race %'").await.unwrap(),
        2
    );
    assert_eq!(
        app.database
            .count("select count(*) from invitation where email = 'race@example.com'")
            .await
            .unwrap(),
        1
    );
}

/// What still runs is told apart from what is done, and one that died with its server frees its key.
#[tokio::test]
async fn one_that_runs_is_in_flight() {
    let app = TestApp::new().await;
    assert_eq!(create(&app, &app.a.owner, "slow", "Slow").send().await.status, StatusCode::CREATED);
    app.database
        .run("update idempotency_key set status = null, answer_sealed = null")
        .await
        .unwrap();
    let answer = create(&app, &app.a.owner, "slow", "Slow").send().await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "request_in_flight"));
    assert_eq!(create(&app, &app.a.owner, "slow", "Other").send().await.code(), "idempotency_key_reused");
    app.database
        .run("update idempotency_key set created_at = created_at - interval '3 minutes'")
        .await
        .unwrap();
    assert_eq!(create(&app, &app.a.owner, "slow", "Slow").send().await.status, StatusCode::CREATED);
}
