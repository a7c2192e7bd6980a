//! The life of a session: when it begins, what ends it, and that its end counts from the next
//! request on. Times are changed in the rows: the rule is the database's, not the browser's.

use http::StatusCode;
use serde_json::json;

use crate::support::call::Answer;
use crate::support::fixture::{PASSWORD, Person, person, sign_in};
use crate::support::server::TestApp;

const SESSIONS: &str = "select count(*) from session";

async fn log_in(app: &TestApp, email: &str, cookie: Option<&str>) -> Answer {
    let call = app.post("/api/v1/auth/login").json(&json!({ "email": email, "password": PASSWORD }));
    match cookie {
        Some(cookie) => call.header("cookie", cookie),
        None => call,
    }
    .send()
    .await
}

/// Whose session this is; none when it is worth nothing.
async fn whose(app: &TestApp, cookie: &str) -> Option<String> {
    let answer = app.get("/api/v1/me").header("cookie", cookie).send().await;
    match answer.status {
        StatusCode::OK => Some(answer.json()["email"].as_str().unwrap().to_owned()),
        _ => {
            assert_eq!(answer.code(), "unauthenticated");
            None
        }
    }
}

#[tokio::test]
async fn a_session_lives_as_long_as_it_should() {
    let app = TestApp::new().await;
    ids_rotate(&app).await;
    log_out(&app).await;
    planted_ids(&app).await;
    nobody_leaves_rows(&app).await;
    idle(&app).await;
    absolute(&app).await;
    disabled(&app).await;
    deleted(&app).await;
    standing_is_read_anew(&app).await;
    what_is_stored(&app).await;
    listed_and_ended(&app).await;
    ended_by_an_operator(&app).await;
}

async fn ids_rotate(app: &TestApp) {
    let before = app.database.count(SESSIONS).await.unwrap();
    let first = log_in(app, "olga@a.test", None).await.cookie().unwrap();
    assert_eq!(whose(app, &first).await.unwrap(), "olga@a.test");
    // The same person, then another one, in the same browser.
    let second = log_in(app, "olga@a.test", Some(&first)).await.cookie().unwrap();
    let third = log_in(app, "adam@a.test", Some(&second)).await.cookie().unwrap();
    assert!(first != second && second != third && first != third);
    assert_eq!((whose(app, &first).await, whose(app, &second).await), (None, None));
    assert_eq!(whose(app, &third).await.unwrap(), "adam@a.test");
    assert_eq!(app.database.count(SESSIONS).await.unwrap(), before + 1, "no old one is left");
    // The page does the same.
    let form = [("email", "olga@a.test"), ("password", PASSWORD)];
    let fourth = app.post("/login").header("cookie", &third).form(&form).send().await;
    assert_eq!(fourth.status, StatusCode::SEE_OTHER);
    let fourth = fourth.cookie().unwrap();
    assert_ne!(third, fourth);
    assert_eq!(whose(app, &third).await, None);
    assert_eq!(whose(app, &fourth).await.unwrap(), "olga@a.test");
    // A log-in that fails changes nothing.
    let failed = app
        .post("/api/v1/auth/login")
        .header("cookie", &fourth)
        .json(&json!({ "email": "adam@a.test", "password": "wrong wrong" }));
    let failed = failed.send().await;
    assert_eq!((failed.code().as_str(), failed.cookie()), ("bad_credentials", None));
    assert_eq!(whose(app, &fourth).await.unwrap(), "olga@a.test");
}

async fn log_out(app: &TestApp) {
    for path in ["/api/v1/auth/logout", "/logout"] {
        let (mine, other) = (sign_in(app, app.a.owner.user.clone()).await, sign_in(app, app.a.owner.user.clone()).await);
        let answer = app.post(path).by(&mine).form(&[]).send().await;
        assert!(answer.status.is_success() || answer.status.is_redirection());
        let set = answer.header("set-cookie");
        assert!(set.contains("Max-Age=0") || set.contains("1970"), "the browser is told: {set}");
        assert_eq!(whose(app, &mine.cookie).await, None);
        assert!(whose(app, &other.cookie).await.is_some(), "another browser stays");
        assert!(app.post(path).by(&mine).form(&[]).send().await.status.as_u16() < 400, "twice is fine");
    }
}

/// An id that somebody planted in a browser does not become the id of a session.
async fn planted_ids(app: &TestApp) {
    let planted = "session=AAAAAAAAAAAAAAAAAAAAAA";
    let cookie = log_in(app, "olga@a.test", Some(planted)).await.cookie().unwrap();
    assert_ne!(cookie, planted);
    assert_eq!(whose(app, planted).await, None);
    for bad in [
        "session=",
        "session=x",
        "session=%00",
        "session=../../etc",
        "session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "theme=dark",
    ] {
        assert_eq!(whose(app, bad).await, None, "{bad}");
    }
}

async fn nobody_leaves_rows(app: &TestApp) {
    let before = app.database.count(SESSIONS).await.unwrap();
    for path in ["/login", "/api/v1/me", "/register", "/", "/api/docs", "/health"] {
        let answer = app.get(path).send().await;
        assert!(answer.cookie().is_none(), "{path}");
    }
    log_in(app, "nobody@example.com", None).await;
    assert_eq!(app.database.count(SESSIONS).await.unwrap(), before);
}

async fn idle(app: &TestApp) {
    let owner = sign_in(app, app.a.owner.user.clone()).await;
    // 59 minutes of 60; being used makes it last.
    for _ in 0..3 {
        app.database
            .run("update session set last_seen_at = now() - interval '59 minutes'")
            .await
            .unwrap();
        assert!(whose(app, &owner.cookie).await.is_some());
    }
    app.database
        .run("update session set last_seen_at = now() - interval '61 minutes'")
        .await
        .unwrap();
    let answer = app.get("/api/v1/me").by(&owner).send().await;
    assert_eq!(answer.code(), "unauthenticated");
    app.database.run("update session set last_seen_at = now()").await.unwrap();
    assert_eq!(whose(app, &owner.cookie).await, None, "it was removed");
}

async fn absolute(app: &TestApp) {
    let owner = sign_in(app, app.a.owner.user.clone()).await;
    app.database
        .run("update session set expires_at = now() + interval '2 seconds'")
        .await
        .unwrap();
    assert!(whose(app, &owner.cookie).await.is_some());
    let touched = app
        .post("/api/v1/auth/switch-tenant")
        .by(&owner)
        .json(&json!({ "tenant": app.a.tenant.slug }))
        .send()
        .await;
    assert_eq!(touched.status, StatusCode::OK);
    let kept = "select count(*) from session where expires_at > now() + interval '3 seconds'";
    assert_eq!(app.database.count(kept).await.unwrap(), 0, "being used does not move the end");
    app.database
        .run("update session set expires_at = now() - interval '1 second', last_seen_at = now()")
        .await
        .unwrap();
    assert_eq!(whose(app, &owner.cookie).await, None);
    let page = app.get(&format!("/t/{}", app.a.tenant.slug)).by(&owner).send().await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}

async fn disabled(app: &TestApp) {
    let victim = person(app, "victim@example.com", "Vic").await;
    let second = sign_in(app, victim.user.clone()).await;
    let operator = sign_in(app, app.operator.user.clone()).await;
    let path = format!("/api/v1/platform/users/{}", victim.user.id);
    let set = async |status: &str| {
        let answer = app.patch(&path).by(&operator).json(&json!({ "status": status })).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    };
    set("disabled").await;
    for session in [&victim, &second] {
        assert_eq!(whose(app, &session.cookie).await, None);
        let page = app.get("/account").by(session).send().await;
        assert!(!page.text().contains("victim@example.com"), "{}", page.text());
    }
    assert_eq!(log_in(app, "victim@example.com", None).await.code(), "bad_credentials");
    set("active").await;
    for session in [&victim, &second] {
        assert_eq!(whose(app, &session.cookie).await, None, "what was ended stays ended");
    }
    let again = log_in(app, "victim@example.com", None).await.cookie().unwrap();
    assert!(whose(app, &again).await.is_some());
}

async fn deleted(app: &TestApp) {
    let gone = person(app, "gone@example.com", "Gone").await;
    let second = sign_in(app, gone.user.clone()).await;
    app.database
        .run("delete from membership where user_id = (select id from user_account where email = 'gone@example.com')")
        .await
        .unwrap();
    let delete = |password: &str| app.delete("/api/v1/me").by(&gone).json(&json!({ "password": password })).send();
    let wrong = delete("not the password").await;
    assert_eq!(
        (wrong.code().as_str(), &wrong.json()["errors"][0]["field"]),
        ("invalid", &json!("password"))
    );
    assert!(whose(app, &gone.cookie).await.is_some());
    app.database
        .run("update session set data = jsonb_set(data, '{sign_in,at}', '\"2026-01-01T00:00:00Z\"') where user_id = (select id from user_account where email = 'gone@example.com')")
        .await
        .unwrap();
    let without = app.delete("/api/v1/me").by(&gone).send().await;
    assert_eq!((without.status, without.code().as_str()), (StatusCode::FORBIDDEN, "not_fresh"));
    let answer = delete(PASSWORD).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    assert_eq!((whose(app, &gone.cookie).await, whose(app, &second.cookie).await), (None, None));
    assert_eq!(log_in(app, "gone@example.com", None).await.code(), "bad_credentials");

    // Who signed in just now has proved enough.
    person(app, "brief@example.com", "Brief").await;
    let new = log_in(app, "brief@example.com", None).await.cookie().unwrap();
    app.database
        .run("delete from membership where user_id = (select id from user_account where email = 'brief@example.com')")
        .await
        .unwrap();
    let answer = app.delete("/api/v1/me").header("cookie", &new).send().await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    assert_eq!(whose(app, &new).await, None);
}

/// What somebody may is asked with every request: a session keeps nothing of it.
async fn standing_is_read_anew(app: &TestApp) {
    let a = &app.a;
    let owner = sign_in(app, a.owner.user.clone()).await;
    let admin = sign_in(app, a.admin.user.clone()).await;
    let operator = sign_in(app, app.operator.user.clone()).await;
    let tenant = format!("/api/v1/tenants/{}", a.tenant.slug);
    let member = |person: &Person| format!("{tenant}/members/{}", person.user.id);
    let rename = || app.patch(&tenant).by(&admin).json(&json!({ "name": "Acme" })).send();
    assert_eq!(rename().await.status, StatusCode::OK);
    app.patch(&member(&a.admin)).by(&owner).json(&json!({ "role": "viewer" })).send().await;
    assert_eq!(rename().await.code(), "forbidden");
    app.patch(&member(&a.admin))
        .by(&owner)
        .json(&json!({ "status": "disabled" }))
        .send()
        .await;
    assert_eq!(app.get(&tenant).by(&admin).send().await.code(), "not_found");
    app.patch(&member(&a.admin)).by(&owner).json(&json!({ "status": "active" })).send().await;
    assert_eq!(app.get(&tenant).by(&admin).send().await.status, StatusCode::OK);
    app.delete(&member(&a.admin)).by(&owner).send().await;
    assert_eq!(app.get(&tenant).by(&admin).send().await.code(), "not_found");

    let second = person(app, "second@example.com", "Second").await;
    let standing = format!("/api/v1/platform/users/{}", second.user.id);
    let set = async |is_operator: bool| {
        let answer = app
            .patch(&standing)
            .by(&operator)
            .json(&json!({ "is_operator": is_operator }))
            .send()
            .await;
        assert_eq!(answer.status, StatusCode::OK);
    };
    for is_operator in [true, false] {
        set(is_operator).await;
        let expected = if is_operator { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(app.get("/api/v1/providers").by(&second).send().await.status, expected);
        assert_eq!(app.get(&tenant).by(&second).send().await.status, expected);
    }
}

async fn what_is_stored(app: &TestApp) {
    let cookie = log_in(app, "olga@a.test", None).await.cookie().unwrap();
    let id = cookie.split_once('=').unwrap().1;
    assert!(id.len() >= 22, "128 bits at least: {id}");
    let row = "select count(*) from session where octet_length(id_hash) <> 32 or data::text ~ '[A-Za-z0-9_-]{22}=*\"' and data::text !~ 'usr_'";
    assert_eq!(app.database.count(row).await.unwrap(), 0);
}

/// 13: one sees where one is signed in, and ends what should not be there.
async fn listed_and_ended(app: &TestApp) {
    let signer = async |agent: &str, ip: &str| {
        let call = app.post("/api/v1/auth/login").from(ip).header("user-agent", agent);
        let body = json!({ "email": "dora@a.test", "password": PASSWORD });
        call.json(&body).send().await.cookie().unwrap()
    };
    let dora = sign_in(app, app.a.developer.user.clone()).await;
    app.delete("/api/v1/auth/sessions").by(&dora).send().await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
    let phone = signer("curl/8.5.0", "203.0.113.7").await;
    let laptop = signer(firefox, "2001:db8::7").await;

    let list = async |cookie: &str| app.get("/api/v1/auth/sessions").header("cookie", cookie).send().await.json();
    let seen = list(&laptop).await;
    let items = seen["items"].as_array().unwrap();
    assert_eq!(items.len(), 3, "{seen}");
    let mine: Vec<_> = items.iter().filter(|item| item["current"] == true).collect();
    assert_eq!(mine.len(), 1);
    assert_eq!(
        (&mine[0]["device"], &mine[0]["address"]),
        (&json!("Firefox on Linux"), &json!("2001:db8::7"))
    );
    assert!(!seen.to_string().contains("Mozilla"), "no more of it than the words");
    let other = items.iter().find(|item| item["device"] == "curl").unwrap();
    assert_eq!(other["address"], "203.0.113.7");

    // Nobody else can end it, and it looks like one that is not there.
    let end = format!("/api/v1/auth/sessions/{}", other["id"].as_str().unwrap());
    let owner = sign_in(app, app.a.owner.user.clone()).await;
    assert_eq!(app.delete(&end).by(&owner).send().await.code(), "not_found");
    assert!(whose(app, &phone).await.is_some());
    assert_eq!(app.delete(&end).header("cookie", &laptop).send().await.status, StatusCode::NO_CONTENT);
    assert_eq!(whose(app, &phone).await, None);
    assert_eq!(app.delete(&end).header("cookie", &laptop).send().await.code(), "not_found");

    let all = app.delete("/api/v1/auth/sessions").header("cookie", &laptop).send().await;
    assert_eq!(all.status, StatusCode::NO_CONTENT);
    assert_eq!(whose(app, &dora.cookie).await, None);
    assert!(whose(app, &laptop).await.is_some(), "the one that asks stays");
    assert_eq!(list(&laptop).await["items"].as_array().unwrap().len(), 1);

    // The page shows the same, and works without JavaScript.
    let page = app.get("/account").header("cookie", &laptop).send().await.text();
    assert!(page.contains("Firefox on Linux") && page.contains("2001:db8::7"));
}

async fn ended_by_an_operator(app: &TestApp) {
    let victim = sign_in(app, app.a.developer.user.clone()).await;
    let (owner, operator) = (
        sign_in(app, app.a.owner.user.clone()).await,
        sign_in(app, app.operator.user.clone()).await,
    );
    let path = format!("/api/v1/platform/users/{}/sessions", victim.user.id);
    assert_eq!(app.delete(&path).by(&owner).send().await.code(), "not_found");
    assert!(whose(app, &victim.cookie).await.is_some());
    assert_eq!(app.delete(&path).by(&operator).send().await.status, StatusCode::NO_CONTENT);
    assert_eq!(whose(app, &victim.cookie).await, None);
}
