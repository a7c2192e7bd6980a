//! Tokens for programs: minutes for the one, a single use for the other, and an end of all of them
//! when what they hang on ends.

use std::sync::Arc;

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::{Actor, Origin, tokens};

use crate::support::call::Answer;
use crate::support::fixture::{PASSWORD, Person};
use crate::support::server::TestApp;

async fn issue(app: &TestApp, person: &Person, tenant: Option<&str>) -> Value {
    let body = json!({ "email": person.user.email, "password": PASSWORD, "tenant": tenant });
    let answer = app.post("/api/v1/auth/token").json(&body).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(answer.cookie().is_none());
    answer.json()
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.post("/api/v1/auth/refresh").json(&json!({ "refresh_token": token })).send().await
}

/// The status that this access token gets for the caller's context.
async fn opens(app: &TestApp, tokens: &Value) -> u16 {
    let call = app.get("/api/v1/auth/context").bearing(&text(tokens, "access_token"));
    call.send().await.status.as_u16()
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    app.database.count(sql).await.unwrap()
}

#[tokio::test]
async fn a_log_in_over_the_api_gives_tokens() {
    let app = TestApp::new().await;
    let owner = &app.a.owner;
    let tokens = issue(&app, owner, Some("acme-a")).await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    let me = app.get("/api/v1/me").bearing(&text(&tokens, "access_token")).send().await.json();
    assert_eq!(me["id"], json!(owner.user.id));
    let members = format!("/api/v1/tenants/{}/members", app.a.tenant.id);
    let write = app
        .post(&format!("/api/v1/tenants/{}/workspaces", app.a.tenant.id))
        .bearing(&text(&tokens, "access_token"))
        .header("origin", "https://elsewhere.example")
        .json(&json!({ "name": "By token" }));
    assert_eq!(write.send().await.status, StatusCode::CREATED);
    assert_eq!(
        app.get(&members).bearing(&text(&tokens, "access_token")).send().await.status,
        StatusCode::OK
    );
    // A bad token is not made good by a cookie; one in the other header is none.
    for call in [
        app.get(&members).by(owner).bearing("a.b.c"),
        app.get(&members).header("x-api-key", &text(&tokens, "access_token")),
        app.get(&members).bearing(&text(&tokens, "refresh_token")),
    ] {
        assert_eq!(call.send().await.code(), "unauthenticated");
    }
    let wrong = json!({ "email": owner.user.email, "password": "not the password" });
    assert_eq!(app.post("/api/v1/auth/token").json(&wrong).send().await.code(), "bad_credentials");
    let foreign = json!({ "email": owner.user.email, "password": PASSWORD, "tenant": app.b.tenant.slug });
    assert_eq!(app.post("/api/v1/auth/token").json(&foreign).send().await.code(), "not_found");
    assert_eq!(count(&app, "select count(*) from platform_audit where action = 'token.issued'").await, 1);
    // Nothing of a token is kept.
    let mut conn = app.database.superuser().await.unwrap();
    let sql = format!(
        "select count(*) from refresh_token t where t::text like '%{}%'",
        text(&tokens, "refresh_token")
    );
    let (found,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(&mut conn).await.unwrap();
    assert_eq!(found, 0);
}

#[tokio::test]
async fn a_refresh_token_is_used_once_and_reuse_ends_the_family() {
    let app = TestApp::new().await;
    let first = issue(&app, &app.a.owner, None).await;
    let second = refresh(&app, &text(&first, "refresh_token")).await.json();
    let other = issue(&app, &app.a.owner, None).await;
    // At once, two requests of one client met: nothing happens.
    assert_eq!(refresh(&app, &text(&first, "refresh_token")).await.code(), "refresh_raced");
    assert_eq!(opens(&app, &second).await, 200);
    // Later, somebody else has it.
    app.database
        .run("update refresh_token set used_at = used_at - interval '11 seconds'")
        .await
        .unwrap();
    assert_eq!(refresh(&app, &text(&first, "refresh_token")).await.code(), "unauthenticated");
    assert_eq!((opens(&app, &first).await, opens(&app, &second).await), (401, 401));
    assert_eq!(refresh(&app, &text(&second, "refresh_token")).await.code(), "unauthenticated");
    assert_eq!(opens(&app, &other).await, 200, "another log-in goes on");
    assert_eq!(count(&app, "select count(*) from platform_audit where action = 'token.reused'").await, 1);
    assert_eq!(refresh(&app, "nonsense").await.code(), "unauthenticated");
}

#[tokio::test]
async fn sixteen_refreshes_at_once_make_one_pair() {
    let app = Arc::new(TestApp::new().await);
    let tokens = issue(&app, &app.a.owner, None).await;
    let token = text(&tokens, "refresh_token");
    let tasks = (0..16).map(|_| {
        let (app, token) = (app.clone(), token.clone());
        tokio::spawn(async move { refresh(&app, &token).await })
    });
    let answers: Vec<Answer> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == StatusCode::OK);
    assert_eq!((won.len(), lost.len()), (1, 15));
    assert!(lost.iter().all(|a| a.code() == "refresh_raced"));
    // The winner's tokens are good.
    let next = won[0].json();
    assert_eq!(opens(&app, &next).await, 200);
    assert_eq!(refresh(&app, &text(&next, "refresh_token")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn tokens_end_with_what_they_hang_on() {
    let app = TestApp::new().await;
    let side = &app.a;
    // A revoked family.
    let tokens = issue(&app, &side.owner, None).await;
    let revoke = async |token: &str| {
        let call = app.post("/api/v1/auth/revoke").json(&json!({ "refresh_token": token }));
        call.send().await.status
    };
    assert_eq!(revoke(&text(&tokens, "refresh_token")).await, StatusCode::NO_CONTENT);
    assert_eq!(revoke("nonsense").await, StatusCode::NO_CONTENT);
    assert_eq!(opens(&app, &tokens).await, 401);
    // A membership: of what names the tenant.
    let (named, unnamed) = (issue(&app, &side.admin, Some("acme-a")).await, issue(&app, &side.admin, None).await);
    assert_eq!(opens(&app, &named).await, 200);
    let member = format!("/api/v1/tenants/{}/members/{}", side.tenant.id, side.admin.user.id);
    assert_eq!(app.delete(&member).by(&side.owner).send().await.status, StatusCode::NO_CONTENT);
    assert_eq!((opens(&app, &named).await, opens(&app, &unnamed).await), (401, 200));
    assert_eq!(refresh(&app, &text(&named, "refresh_token")).await.code(), "unauthenticated");
    // Another password, whoever sets it and however.
    let tokens = issue(&app, &side.viewer, None).await;
    app.database
        .run("update user_account set password_hash = password_hash || 'x' where email = 'vera@a.test'")
        .await
        .unwrap();
    assert_eq!(opens(&app, &tokens).await, 401);
    assert_eq!(refresh(&app, &text(&tokens, "refresh_token")).await.code(), "unauthenticated");
    // A disabled account.
    let tokens = issue(&app, &side.developer, None).await;
    let user = format!("/api/v1/platform/users/{}", side.developer.user.id);
    let disabled = app.patch(&user).by(&app.operator).json(&json!({ "status": "disabled" })).send().await;
    assert_eq!(disabled.status, StatusCode::OK);
    assert_eq!(opens(&app, &tokens).await, 401);
    assert_eq!(refresh(&app, &text(&tokens, "refresh_token")).await.code(), "unauthenticated");
    // Time.
    let tokens = issue(&app, &side.owner, None).await;
    app.database
        .run("update refresh_token set created_at = now() - interval '8 days'")
        .await
        .unwrap();
    assert_eq!(refresh(&app, &text(&tokens, "refresh_token")).await.code(), "unauthenticated");
    app.database.run("update token_family set expires_at = now()").await.unwrap();
    assert_eq!(opens(&app, &tokens).await, 401);
    tokens::sweep(&app.app).await.unwrap();
    assert_eq!(count(&app, "select count(*) from token_family").await, 0);
}

#[tokio::test]
async fn checklist_38_keys_rotate_and_nobody_is_signed_out() {
    let app = TestApp::new().await;
    let before = issue(&app, &app.a.owner, None).await;
    let jwks = async || app.get("/.well-known/jwks.json").send().await.json()["keys"].as_array().unwrap().clone();
    let first = jwks().await;
    assert_eq!((first.len(), &first[0]["crv"], &first[0]["use"]), (1, &json!("Ed25519"), &json!("sig")));
    let by = Actor::system(Origin::cli("keys rotate"));
    let kid = tokens::signing::rotate(&app.app, &by).await.unwrap();
    let after = issue(&app, &app.a.owner, None).await;
    assert_eq!((opens(&app, &before).await, opens(&app, &after).await), (200, 200));
    let both = jwks().await;
    assert_eq!((both.len(), &both[0]["kid"]), (2, &json!(kid.to_string())));
    assert!(both.contains(&first[0]));
    assert_eq!(count(&app, "select count(*) from signing_key where retired_at is null").await, 1);
    // On a schedule, and what is no longer needed goes.
    let month = "update signing_key set created_at = created_at - interval '31 days', retired_at = retired_at - interval '2 hours'";
    app.database.run(month).await.unwrap();
    tokens::signing::tend(&app.app).await.unwrap();
    assert_eq!(count(&app, "select count(*) from signing_key").await, 2);
    assert_eq!(
        count(
            &app,
            "select count(*) from signing_key where retired_at is null and created_at > now() - interval '1 day'"
        )
        .await,
        1
    );
    // No private half is readable as it stands.
    assert_eq!(
        count(
            &app,
            "select count(*) from signing_key where position('\\x302e0201'::bytea in private_sealed) > 0"
        )
        .await,
        0
    );
}

#[tokio::test]
async fn switching_gives_a_bearer_tokens_for_the_other_tenant() {
    let app = TestApp::new().await;
    let owner = &app.a.owner;
    let tokens = issue(&app, owner, Some("acme-a")).await;
    let context = app.get("/api/v1/auth/context").bearing(&text(&tokens, "access_token")).send().await;
    assert_eq!(context.json().get("tokens"), None);
    let own = app.get("/api/v1/auth/available-tenants").by(owner).send().await.json();
    let other = own["items"].as_array().unwrap().iter().find(|t| t["slug"] != "acme-a").unwrap()["id"].clone();
    let switch = async |tenant: &Value| {
        let call = app.post("/api/v1/auth/switch-tenant").bearing(&text(&tokens, "access_token"));
        call.json(&json!({ "tenant": tenant })).send().await
    };
    let answer = switch(&other).await.json();
    assert_eq!((&answer["tenant"]["id"], &answer["source"]), (&other, &json!("token")));
    let next = &answer["tokens"];
    assert_eq!(opens(&app, next).await, 200);
    // It is the family of before: the refresh token is used up, and no second way to stay was made.
    assert_eq!(count(&app, "select count(*) from token_family").await, 1);
    assert_eq!(refresh(&app, &text(&tokens, "refresh_token")).await.code(), "refresh_raced");
    let refreshed = refresh(&app, &text(next, "refresh_token")).await;
    assert_eq!(refreshed.status, StatusCode::OK);
    assert_eq!(switch(&json!(app.b.tenant.id)).await.code(), "not_found");
    // A session is remembered as before, and gets none.
    let by_cookie = app
        .post("/api/v1/auth/switch-tenant")
        .by(owner)
        .json(&json!({ "tenant": other }))
        .send()
        .await;
    assert_eq!(by_cookie.json().get("tokens"), None);
}
