//! What a log-in gives is bound to how it was done: to its password, to what the tenant asks of
//! sign-ins, and to a person where a key would outlive itself.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::accounts::{self, passwords, sessions};
use tenantry_domain::session;
use tenantry_types::account::Login;
use tenantry_types::api_key::NO_SCOPES;
use tenantry_types::sign_in::{PasswordChange, SignInMethod};
use tenantry_types::{CtxRole, Permission, TenantRole};
use tower_sessions::Session;

use crate::support::call::Answer;
use crate::support::fixture::{PASSWORD, Person, Side, origin, principal, sign_in};
use crate::support::server::{Server, TestApp};

const NEW: &str = "quite another password";

async fn tokens(app: &Server, email: &str, tenant: Option<&str>) -> Value {
    let body = json!({ "email": email, "password": PASSWORD, "tenant": tenant });
    let answer = app.post("/api/v1/auth/token").json(&body).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

fn access(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

async fn is_in(app: &Server, cookie: &str) -> bool {
    app.get("/api/v1/me").header("cookie", cookie).send().await.status == StatusCode::OK
}

async fn opens(app: &Server, tokens: &Value) -> bool {
    app.get("/api/v1/me").bearing(access(tokens)).send().await.status == StatusCode::OK
}

async fn refresh(app: &Server, tokens: &Value) -> Answer {
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    app.post("/api/v1/auth/refresh").json(&body).send().await
}

/// The log-in is done, the password changes, and only then the session begins.
#[tokio::test]
async fn a_session_that_begins_while_the_password_changes_is_over() {
    let app = TestApp::new().await;
    let owner = &app.a.owner;
    let cmd = Login::parse(&json!({ "email": owner.user.email, "password": PASSWORD })).unwrap();
    let begin = async |entered: &accounts::Entered| {
        let session = Session::new(None, Arc::new(app.store.clone()), None);
        let how = sessions::signed_in(entered, &origin(), SignInMethod::Password);
        session::begin(&session, entered.user.id, &how).await.unwrap();
        session.save().await.unwrap();
        format!("{}={}", app.cookie, session.id().unwrap())
    };
    let entered = accounts::log_in(&app.app, &origin(), cmd).await.unwrap();
    let before = begin(&entered).await;
    assert!(is_in(&app, &before).await);
    let change = PasswordChange::parse(&json!({ "current_password": PASSWORD, "new_password": NEW })).unwrap();
    passwords::change(&app.app, &principal(&app, owner).await, change).await.unwrap();
    let late = begin(&entered).await;
    assert!(!is_in(&app, &late).await && !is_in(&app, &before).await);
    // For the pages, too, which look at the session first: no circle of redirects.
    assert_eq!(app.get("/login").header("cookie", &late).send().await.status, StatusCode::OK);
    let cmd = Login::parse(&json!({ "email": owner.user.email, "password": NEW })).unwrap();
    let again = begin(&accounts::log_in(&app.app, &origin(), cmd).await.unwrap()).await;
    assert!(is_in(&app, &again).await);
}

#[tokio::test]
async fn ending_sessions_ends_access_tokens_at_once() {
    let app = TestApp::new().await;
    let person = &app.a.developer;
    let email = person.user.email.as_str();
    let others = app.delete("/api/v1/auth/sessions");
    let first = tokens(&app, email, None).await;
    assert!(opens(&app, &first).await);
    assert_eq!(others.by(person).send().await.status, StatusCode::NO_CONTENT);
    assert!(!opens(&app, &first).await, "signed out everywhere else");
    assert_eq!(refresh(&app, &first).await.code(), "unauthenticated");

    let second = tokens(&app, email, Some("acme-a")).await;
    let elsewhere = sign_in(&app, person.user.clone()).await;
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    let changed = app.post("/api/v1/auth/password/change").by(person).json(&body).send().await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert!(!opens(&app, &second).await && !is_in(&app, &elsewhere.cookie).await);
    assert_eq!(refresh(&app, &second).await.code(), "unauthenticated");
    assert!(is_in(&app, &changed.cookie().unwrap()).await);
}

async fn set(app: &TestApp, by: &Person, policy: Value) {
    let path = format!("/api/v1/tenants/{}/sign-in-policy", app.a.tenant.id);
    let answer = app.patch(&path).by(by).json(&policy).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

#[tokio::test]
async fn tokens_obey_what_the_tenant_asks_of_sign_ins() {
    let app = TestApp::new().await;
    let email = app.a.developer.user.email.as_str();
    let members = format!("/api/v1/tenants/{}/members", app.a.tenant.id);
    let ask = async |tokens: &Value| app.get(&members).bearing(access(tokens)).send().await;
    let (named, unnamed) = (tokens(&app, email, Some("acme-a")).await, tokens(&app, email, None).await);
    set(&app, &app.operator, json!({ "session_hours": 8 })).await;
    assert_eq!((ask(&named).await.status, ask(&unnamed).await.status), (StatusCode::OK, StatusCode::OK));
    let named = refresh(&app, &named).await.json();
    let age = "update token_family set created_at = created_at - interval '9 hours'";
    app.database.run(age).await.unwrap();
    for old in [&named, &unnamed] {
        let answer = ask(old).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "sign_in_again"));
    }
    assert_eq!(refresh(&app, &named).await.code(), "sign_in_again", "a refresh is no log-in");
    // Elsewhere the log-in is as good as before.
    let other = refresh(&app, &unnamed).await.json();
    assert!(opens(&app, &other).await);
    assert_eq!(ask(&other).await.code(), "sign_in_again");
    assert_eq!(ask(&tokens(&app, email, Some("acme-a")).await).await.status, StatusCode::OK);

    set(&app, &app.operator, json!({ "session_hours": null, "methods": ["oidc"] })).await;
    assert_eq!(ask(&other).await.code(), "sign_in_method");
    let body = json!({ "email": email, "password": PASSWORD, "tenant": "acme-a" });
    assert_eq!(app.post("/api/v1/auth/token").json(&body).send().await.code(), "sign_in_method");
}

async fn key(app: &TestApp, side: &Side, body: Value) -> String {
    let path = format!("/api/v1/tenants/{}/api-keys", side.tenant.id);
    let answer = app.post(&path).by(&side.owner).json(&body).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()["secret"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_asked_for_its_owners_codes() {
    let app = TestApp::new().await;
    let scopes = json!(["members:read"]);
    let own = key(&app, &app.a, json!({ "name": "Own", "scopes": scopes })).await;
    let service = key(&app, &app.a, json!({ "name": "Service", "scopes": scopes, "owner": "tenant" })).await;
    let members = format!("/api/v1/tenants/{}/members", app.a.tenant.id);
    let ask = async |secret: &str| app.get(&members).bearing(secret).send().await;
    assert_eq!((ask(&own).await.status, ask(&service).await.status), (StatusCode::OK, StatusCode::OK));
    set(
        &app,
        &app.operator,
        json!({ "require_totp": true, "session_hours": 1, "methods": ["oidc"] }),
    )
    .await;
    assert_eq!(ask(&own).await.code(), "totp_required_by_tenant");
    assert_eq!(ask(&service).await.status, StatusCode::OK, "nobody's key has no codes");
    let codes = format!(
        "insert into totp (user_id, secret_sealed, confirmed_at, created_at) select id, '', now(), now() from user_account where email = '{}'",
        app.a.owner.user.email
    );
    app.database.run(&codes).await.unwrap();
    assert_eq!(
        ask(&own).await.status,
        StatusCode::OK,
        "a key is no sign-in: ways and hours are not asked of it"
    );
}

/// What a key may do by its scopes, and still not: it would outlive the key, or weaken what people are asked.
#[tokio::test]
async fn what_outlives_a_key_takes_a_person() {
    let app = TestApp::new().await;
    let side = &app.a;
    // All that an owner has: what is refused is not for want of a scope.
    let scopes: Vec<Permission> = Permission::ALL
        .iter()
        .copied()
        .filter(|p| CtxRole::Member(TenantRole::Owner).allows(*p) && !NO_SCOPES.contains(p))
        .collect();
    let own = key(&app, side, json!({ "name": "Own", "scopes": scopes })).await;
    let service = key(&app, side, json!({ "name": "Service", "scopes": scopes, "owner": "tenant" })).await;
    let at = |rest: &str| format!("/api/v1/tenants/{}{rest}", side.tenant.id);
    let admin = at(&format!("/members/{}", side.admin.user.id));
    let owner = at(&format!("/members/{}", side.owner.user.id));
    let direct = app
        .patch(&at(""))
        .by(&side.owner)
        .json(&json!({ "settings": { "members_join": "direct" } }));
    assert_eq!(direct.send().await.status, StatusCode::OK);
    let body = json!({ "email": "heir@example.com", "role": "owner" });
    let heir = app.post(&at("/invitations")).by(&side.owner).json(&body).send().await.json();
    let invited = at(&format!("/invitations/{}", heir["id"].as_str().unwrap()));
    for secret in [&own, &service] {
        let refused = [
            app.patch(&at("/sign-in-policy"))
                .json(&json!({ "require_totp": false, "session_hours": null })),
            app.post(&at("/invitations"))
                .json(&json!({ "email": "new@example.com", "role": "owner" })),
            app.post(&at("/members"))
                .json(&json!({ "user_id": app.a.viewer.user.id, "role": "owner" })),
            app.patch(&admin).json(&json!({ "role": "owner" })),
            app.patch(&owner).json(&json!({ "role": "viewer" })),
            app.patch(&owner).json(&json!({ "status": "disabled" })),
            app.delete(&owner),
            app.delete(&invited),
            app.post(&format!("{invited}/resend")),
            app.put(&format!("{admin}/overrides")).json(&json!([])),
        ];
        for (n, call) in refused.into_iter().enumerate() {
            let answer = call.bearing(secret).send().await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::FORBIDDEN, "needs_person"),
                "{n}: {}",
                answer.text()
            );
        }
        // Below that it does what it was given.
        let renamed = app.patch(&at("")).bearing(secret).json(&json!({ "name": "Acme" })).send().await;
        assert_eq!(renamed.status, StatusCode::OK, "{}", renamed.text());
        let role = app.patch(&admin).bearing(secret).json(&json!({ "role": "admin" })).send().await;
        assert_eq!(role.status, StatusCode::OK, "{}", role.text());
    }
    let mine = app
        .patch(&at("/sign-in-policy"))
        .by(&side.owner)
        .json(&json!({ "session_hours": 9 }))
        .send()
        .await;
    assert_eq!(mine.json()["session_hours"], 9);
}
