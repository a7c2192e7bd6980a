//! What a tenant asks of a sign-in: obeyed at every door of it, and nowhere else.

use http::StatusCode;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::support::call::Answer;
use crate::support::fixture::{PASSWORD, Person, sign_in};
use crate::support::server::TestApp;

async fn set(app: &TestApp, by: &Person, policy: Value) -> Answer {
    app.patch(&path(app, "/sign-in-policy")).by(by).json(&policy).send().await
}

fn path(app: &TestApp, rest: &str) -> String {
    format!("/api/v1/tenants/{}{rest}", app.a.tenant.id)
}

/// By the password, as people do.
async fn log_in(app: &TestApp, email: &str) -> Person {
    let body = json!({ "email": email, "password": PASSWORD });
    let answer = app.post("/api/v1/auth/login").json(&body).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    Person {
        cookie: answer.cookie().unwrap(),
        user: serde_json::from_slice(&answer.body).unwrap(),
    }
}

async fn turn_codes_on(app: &TestApp, by: &Person) -> Person {
    let begun = app
        .post("/api/v1/auth/totp")
        .by(by)
        .json(&json!({ "password": PASSWORD }))
        .send()
        .await
        .json();
    let secret = Secret::try_from_base32(begun["secret"].as_str().unwrap()).unwrap();
    let code = Builder::new().with_secret(secret).build().unwrap().generate_current().to_string();
    let on = app.post("/api/v1/auth/totp/confirm").by(by).json(&json!({ "code": code })).send().await;
    Person {
        cookie: on.cookie().unwrap(),
        user: by.user.clone(),
    }
}

#[tokio::test]
async fn members_without_codes_stay_outside_and_are_told_how_to_come_in() {
    let app = TestApp::new().await;
    let owner = log_in(&app, "olga@a.test").await;
    let none = set(&app, &owner, json!({ "require_totp": true })).await;
    assert_eq!(
        (none.status, none.code().as_str()),
        (StatusCode::CONFLICT, "totp_off"),
        "nobody locks themselves out"
    );
    let owner = turn_codes_on(&app, &owner).await;
    let dora = log_in(&app, "dora@a.test").await;
    assert_eq!(app.get(&path(&app, "")).by(&dora).send().await.status, StatusCode::OK);
    assert_eq!(set(&app, &dora, json!({ "require_totp": true })).await.code(), "forbidden");
    let on = set(&app, &owner, json!({ "require_totp": true })).await;
    assert_eq!(
        on.json(),
        json!({ "require_totp": true, "methods": ["password", "oidc"], "session_hours": null })
    );

    for rest in ["", "/members", "/workspaces", "/models", "/sign-in-policy"] {
        let answer = app.get(&path(&app, rest)).by(&dora).send().await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "totp_required_by_tenant"),
            "{rest}"
        );
        assert_eq!(app.get(&path(&app, rest)).by(&owner).send().await.status, StatusCode::OK, "{rest}");
    }
    let by_id = format!("/api/v1/workspaces/{}", app.a.research.id);
    assert_eq!(app.get(&by_id).by(&dora).send().await.code(), "totp_required_by_tenant");
    let slug = &app.a.tenant.slug;
    let page = app.get(&format!("/t/{slug}/members")).by(&dora).send().await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text().contains("/account#one-time-codes") && !page.text().contains("olga@a.test"));
    let function = app
        .post("/_fn/members")
        .by(&dora)
        .header("accept", "application/json")
        .form(&[("tenant", slug.as_str()), ("list[page]", "1")]);
    assert_eq!(function.send().await.status, StatusCode::FORBIDDEN);

    // Strangers see no more than before, the operator looks in, and other tenants are as they were.
    assert_eq!(app.get(&path(&app, "")).by(&app.b.owner).send().await.code(), "not_found");
    assert_eq!(app.get(&path(&app, "")).by(&app.operator).send().await.status, StatusCode::OK);
    assert_eq!(app.get("/api/v1/me").by(&dora).send().await.status, StatusCode::OK);
    let dora = turn_codes_on(&app, &dora).await;
    assert_eq!(app.get(&path(&app, "")).by(&dora).send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn one_signs_in_again_after_a_while_for_this_tenant_alone() {
    let app = TestApp::new().await;
    let owner = log_in(&app, "olga@a.test").await;
    let dora = log_in(&app, "dora@a.test").await;
    // Begun in a way that says not when: as long ago as can be.
    let unknown = sign_in(&app, dora.user.clone()).await;
    assert_eq!(set(&app, &owner, json!({ "session_hours": 0 })).await.code(), "invalid");
    assert_eq!(set(&app, &owner, json!({ "session_hours": 8 })).await.status, StatusCode::OK);
    assert_eq!(app.get(&path(&app, "")).by(&dora).send().await.status, StatusCode::OK);
    assert_eq!(app.get(&path(&app, "")).by(&unknown).send().await.code(), "sign_in_again");
    let age = "update session set data = jsonb_set(data, '{sign_in,at}', to_jsonb(to_char(now() at time zone 'utc' - interval '9 hours', \
               'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))) where data ? 'sign_in'";
    app.database.run(age).await.unwrap();
    let late = app.get(&path(&app, "")).by(&dora).send().await;
    assert_eq!((late.status, late.code().as_str()), (StatusCode::FORBIDDEN, "sign_in_again"));
    let page = app.get(&format!("/t/{}", app.a.tenant.slug)).by(&dora).send().await;
    assert!(page.status == StatusCode::FORBIDDEN && page.text().contains("Sign in again"));
    assert_eq!(
        app.get("/api/v1/me").by(&dora).send().await.status,
        StatusCode::OK,
        "the session itself goes on"
    );
    let again = log_in(&app, "dora@a.test").await;
    assert_eq!(app.get(&path(&app, "")).by(&again).send().await.status, StatusCode::OK);
    let owner = log_in(&app, "olga@a.test").await;
    assert_eq!(
        set(&app, &owner, json!({ "session_hours": null })).await.json()["session_hours"],
        Value::Null
    );
    assert_eq!(app.get(&path(&app, "")).by(&dora).send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn ways_of_signing_in_are_taken_or_not() {
    let app = TestApp::new().await;
    let owner = log_in(&app, "olga@a.test").await;
    assert_eq!(set(&app, &owner, json!({ "methods": [] })).await.code(), "invalid");
    assert_eq!(set(&app, &owner, json!({ "methods": ["carrier pigeon"] })).await.code(), "invalid");
    let alone = set(&app, &owner, json!({ "methods": ["oidc"] })).await;
    assert_eq!(alone.json()["errors"][0]["field"], "methods", "nobody locks themselves out");
    // An operator who looks in is not bound, and so may say it.
    assert_eq!(set(&app, &app.operator, json!({ "methods": ["oidc"] })).await.status, StatusCode::OK);
    let refused = app.get(&path(&app, "")).by(&owner).send().await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "sign_in_method"));
    assert_eq!(app.get("/api/v1/me").by(&owner).send().await.status, StatusCode::OK);
    let recorded = "select count(*) from audit_event where action = 'tenant.sign_in_policy_updated'";
    assert_eq!(app.database.count(recorded).await.unwrap(), 1);
}

/// What shows the models of all one's tenants at once obeys the policy of each.
#[tokio::test]
async fn models_of_a_tenant_that_this_sign_in_is_not_enough_for_are_not_listed() {
    let app = TestApp::new().await;
    let model = "018f0000-0000-7000-8000-000000000001";
    app.database
        .run(&format!(
            "insert into model (id, name, display_name, created_at, updated_at) values ('{model}', 'some-model', 'Some model', now(), now());
             insert into provider (id, name, kind, base_url, created_at, updated_at) values ('{model}', 'P', 'openai', 'https://p.test/v1', now(), now());
             insert into model_route (model_id, provider_id, upstream_name) values ('{model}', '{model}', 'some')"
        ))
        .await
        .unwrap();
    for side in [&app.a, &app.b] {
        let body = json!({ "user_id": app.a.developer.user.id, "role": "developer" });
        let members = format!("/api/v1/tenants/{}/members", side.tenant.id);
        app.post(&members).by(&app.operator).json(&body).send().await;
        let on = format!(
            "insert into model_access (tenant_id, model_id, enabled, audience, updated_at) values ('{}', '{model}', true, 'tenant', now())",
            side.tenant.id.uuid()
        );
        app.database.run(&on).await.unwrap();
    }
    let dora = log_in(&app, "dora@a.test").await;
    let listed = async |who: &Person| {
        let answer = app.get("/api/v1/me/models").by(who).send().await.json();
        let all = answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["tenant"].as_str().unwrap().to_owned());
        all.collect::<Vec<_>>()
    };
    let (a, b) = (app.a.tenant.id.to_string(), app.b.tenant.id.to_string());
    assert_eq!(listed(&dora).await.len(), 2);
    for policy in [json!({ "require_totp": true }), json!({ "methods": ["oidc"], "require_totp": false })] {
        assert_eq!(set(&app, &app.operator, policy).await.status, StatusCode::OK);
        assert_eq!(listed(&dora).await, [b.as_str()]);
    }
    let free = json!({ "methods": ["oidc", "password"], "session_hours": 8 });
    assert_eq!(set(&app, &app.operator, free).await.status, StatusCode::OK);
    assert!(listed(&dora).await.contains(&a));
    let unknown = sign_in(&app, dora.user.clone()).await;
    assert_eq!(listed(&unknown).await, [b.as_str()], "a sign-in that is too long ago");
}
