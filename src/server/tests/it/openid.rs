//! Signing in with a real provider of OpenID Connect, over HTTP, there and back.

use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::{Policy, RegistrationPolicy};

mod accounts;
mod domains;

use crate::support::call::Answer;
use crate::support::fixture::{PASSWORD, Person};
use crate::support::openid::{Browser, Provider, Somebody, target};
use crate::support::server::{Server, TestApp, Wish};

const START: &str = "/auth/openid/test";

async fn app_of(provider: &Provider, client: &str) -> TestApp {
    TestApp::with(Wish {
        openid: Some(provider.by(client)),
        ..Wish::default()
    })
    .await
}

async fn me(browser: &mut Browser<'_>) -> Answer {
    browser.get("/api/v1/me").await
}

/// The problem that a page shows.
#[track_caller]
fn assert_refused(answer: &Answer, status: StatusCode, says: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().contains(says), "{says} is not in {}", answer.text());
    assert!(!answer.headers.contains_key("location"));
}

const STALE: &str = "This sign-in was used, has expired or was begun in another browser";

async fn verify(app: &Server, person: &Person) {
    let sql = format!("update user_account set email_verified = true where email = '{}'", person.user.email);
    app.database.run(&sql).await.unwrap();
}

async fn count(app: &Server, sql: &str) -> i64 {
    app.database.count(sql).await.unwrap()
}

#[tokio::test]
async fn somebody_new_signs_up_and_comes_back_as_the_same_person() {
    let provider = Provider::start().await;
    let app = app_of(&provider, "tenantry").await;
    let mut browser = Browser::new(&app);
    let login = browser.get("/login?next=%2Faccount").await.text();
    assert!(
        login.contains("Continue with The test provider") && login.contains("/auth/openid/test?next=%2Faccount"),
        "{login}"
    );
    assert!(browser.get("/register").await.text().contains("Continue with The test provider"));

    let away = browser.get(&format!("{START}?next=%2Faccount")).await;
    let url = target(&away);
    for part in [
        "response_type=code",
        "code_challenge_method=S256",
        "code_challenge=",
        "nonce=",
        "state=",
        "client_id=tenantry",
    ] {
        assert!(url.contains(part), "{part} in {url}");
    }
    let set = away.header("set-cookie");
    for part in ["openid=", "HttpOnly", "SameSite=Lax", "Max-Age=600", "Path=/"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    let back = browser.visit(&away, Some(Somebody::verified("ada-1", "Ada@Example.test"))).await;
    let arrived = browser.get(&back).await;
    assert_eq!(target(&arrived), "/account");
    assert!(!browser.cookies().contains("openid="), "its cookie is gone");
    let ada = me(&mut browser).await.json();
    assert_eq!(
        (ada["email"].as_str(), ada["email_verified"].as_bool(), ada["name"].as_str()),
        (Some("ada@example.test"), Some(true), Some("Ada Example"))
    );
    // As a sign-up by a form, with a tenant of one's own.
    let tenants = browser.get("/api/v1/auth/available-tenants").await.json();
    assert_eq!(
        tenants.as_array().map_or_else(|| tenants["items"].as_array().unwrap().len(), Vec::len),
        1,
        "{tenants}"
    );
    assert_eq!(
        count(&app, "select count(*) from session where data->'sign_in'->>'method' = 'oidc'").await,
        1
    );
    for action in ["user.registered", "user.logged_in"] {
        let sql = format!("select count(*) from platform_audit where action = '{action}' and changes->>'provider' = 'test'");
        assert_eq!(count(&app, &sql).await, 1, "{action}");
    }

    // The provider has another address for them by now: the subject counts.
    let mut other = Browser::new(&app);
    assert_eq!(
        target(&other.sign_in(START, Somebody::verified("ada-1", "ada@elsewhere.test")).await),
        "/"
    );
    assert_eq!(me(&mut other).await.json()["id"], ada["id"]);
    // The address alone is nothing: this is somebody else there, whom nobody links to the account of before.
    let unverified = Somebody {
        sub: "ada-2",
        email: "ada@example.test",
        verified: false,
    };
    let refused = other.sign_in(START, unverified).await;
    assert_refused(&refused, StatusCode::FORBIDDEN, "does not say that your address is verified");
}

#[tokio::test]
async fn a_state_is_good_once_in_one_browser_and_for_one_provider() {
    let (provider, second) = tokio::join!(Provider::start(), Provider::start());
    let app = TestApp::with(Wish {
        openid: Some(provider.and_others(&second)),
        ..Wish::default()
    })
    .await;
    let ada = Somebody::verified("ada", "ada@example.test");
    let mut browser = Browser::new(&app);

    let away = browser.get(START).await;
    let back = browser.visit(&away, Some(ada)).await;
    let mut foreign = Browser::new(&app);
    assert_refused(&foreign.get(&back).await, StatusCode::FORBIDDEN, STALE);
    // Also with a cookie of its own.
    foreign.get(START).await;
    assert_refused(&foreign.get(&back).await, StatusCode::FORBIDDEN, STALE);
    assert_eq!(me(&mut foreign).await.status, StatusCode::UNAUTHORIZED);
    // At another provider's address.
    assert_refused(&browser.get(&back.replace("/test/", "/other/")).await, StatusCode::FORBIDDEN, STALE);
    // Which has used it up.
    assert_refused(&browser.get(&back).await, StatusCode::FORBIDDEN, STALE);

    let away = browser.get(START).await;
    let cookies = browser.cookies();
    let back = browser.visit(&away, Some(ada)).await;
    assert_eq!(target(&browser.get(&back).await), "/");
    let replayed = app.get(&back).header("cookie", &cookies).send().await;
    assert_refused(&replayed, StatusCode::FORBIDDEN, STALE);

    // It dies by itself, too.
    let mut late = Browser::new(&app);
    let away = late.get(START).await;
    let back = late.visit(&away, Some(ada)).await;
    app.database
        .run("update openid_attempt set expires_at = now() - interval '1 second'")
        .await
        .unwrap();
    assert_refused(&late.get(&back).await, StatusCode::FORBIDDEN, STALE);
    // Another provider that answers in its name (RFC 9207).
    let away = late.get(START).await;
    let back = late.visit(&away, Some(ada)).await;
    let (path, query) = back.split_once('?').unwrap();
    let query: Vec<&str> = query.split('&').filter(|part| !part.starts_with("iss=")).collect();
    let mixed = format!("{path}?{}&iss=http%3A%2F%2F127.0.0.1%3A1", query.join("&"));
    assert_refused(&late.get(&mixed).await, StatusCode::FORBIDDEN, "The provider did not sign you in.");

    for bare in ["/auth/openid/test/callback", "/auth/openid/test/callback?state=x&code=y"] {
        assert_refused(&late.get(bare).await, StatusCode::FORBIDDEN, STALE);
    }
    assert_eq!(late.get("/auth/openid/nobody").await.status, StatusCode::NOT_FOUND);
    let down = late.get("/auth/openid/down").await;
    assert_refused(&down, StatusCode::SERVICE_UNAVAILABLE, "The provider cannot be reached");
    assert!(down.text().contains("Forgot your password?"), "the other way stands on the same page");
    // Who says no there is not signed in here.
    let mut late = Browser::new(&app);
    let away = late.get(START).await;
    let back = late.visit(&away, None).await;
    assert_refused(&late.get(&back).await, StatusCode::FORBIDDEN, "The provider did not sign you in.");
    assert_eq!(me(&mut late).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_word_of_a_provider_is_checked() {
    let provider = Provider::with("in-token").await;
    let ada = Somebody::verified("ada", "ada@example.test");
    for (client, works) in [("tenantry", true), ("by-post", true), ("elliptic", true), ("symmetric", false)] {
        let app = app_of(&provider, client).await;
        let mut browser = Browser::new(&app);
        let arrived = browser.sign_in(START, ada).await;
        if works {
            assert_eq!(target(&arrived), "/", "{client}");
        } else {
            assert_refused(&arrived, StatusCode::FORBIDDEN, "The provider did not sign you in.");
        }
    }
    let app = app_of(&provider, "tenantry").await;
    let change = |url: &str, name: &str| {
        let (path, query) = url.split_once('?').unwrap();
        let parts = query.split('&').map(|part| match part.split_once('=') {
            Some((key, value)) if key == name => format!("{key}={}", value.chars().rev().collect::<String>()),
            _ => part.to_owned(),
        });
        format!("{path}?{}", parts.collect::<Vec<_>>().join("&"))
    };
    // As somebody in between might: another nonce, another challenge.
    for name in ["nonce", "code_challenge"] {
        let mut browser = Browser::new(&app);
        let url = target(&browser.get(START).await);
        assert_ne!(change(&url, name), url);
        let back = browser.visit_at(&change(&url, name), Some(ada)).await;
        assert_refused(&browser.get(&back).await, StatusCode::FORBIDDEN, "The provider did not sign you in.");
        assert_eq!(me(&mut browser).await.status, StatusCode::UNAUTHORIZED, "{name}");
    }
    assert_eq!(count(&app, "select count(*) from identity").await, 0);
}

#[tokio::test]
async fn nobody_is_led_elsewhere() {
    let provider = Provider::start().await;
    let app = app_of(&provider, "tenantry").await;
    for next in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "%2F%2Fevil.example",
        "/%09/evil.example",
    ] {
        let mut browser = Browser::new(&app);
        let arrived = browser
            .sign_in(&format!("{START}?next={next}"), Somebody::verified("ada", "ada@example.test"))
            .await;
        assert_eq!(target(&arrived), "/", "{next}");
    }
}

#[tokio::test]
async fn one_time_codes_and_the_policy_of_a_tenant_are_obeyed() {
    use totp_rs::{Builder, Secret};

    let provider = Provider::start().await;
    let app = app_of(&provider, "tenantry").await;
    let dora = app.a.developer.clone();
    verify(&app, &dora).await;
    let tenant = format!("/api/v1/tenants/{}", app.a.tenant.id);
    let policy = async |policy: Value| {
        let set = app
            .patch(&format!("{tenant}/sign-in-policy"))
            .by(&app.operator)
            .json(&policy)
            .send()
            .await;
        assert_eq!(set.status, StatusCode::OK);
    };
    let at = Somebody::verified("dora", "dora@a.test");
    let mut browser = Browser::new(&app);
    browser.sign_in(START, at).await;
    assert_eq!(browser.get(&tenant).await.status, StatusCode::OK);
    policy(json!({ "methods": ["password"] })).await;
    assert_eq!(browser.get(&tenant).await.code(), "sign_in_method");
    policy(json!({ "methods": ["oidc"] })).await;
    assert_eq!(browser.get(&tenant).await.status, StatusCode::OK);
    policy(json!({ "methods": ["oidc", "password"], "require_totp": true })).await;
    assert_eq!(browser.get(&tenant).await.code(), "totp_required_by_tenant");

    // With codes on, the provider's word is the first step only.
    let begun = browser.post("/account", &[("what", "totp-begin"), ("password", PASSWORD)]).await.text();
    let secret = begun.split("secret=").nth(1).or_else(|| begun.split("\"secret\":\"").nth(1)).unwrap();
    let secret: String = secret.chars().take_while(char::is_ascii_alphanumeric).collect();
    let totp = Builder::new().with_secret(Secret::try_from_base32(&secret).unwrap()).build().unwrap();
    let on = browser
        .post("/account", &[("what", "totp-confirm"), ("code", &totp.generate_current().to_string())])
        .await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.text());
    policy(json!({ "methods": ["oidc"] })).await;
    assert_eq!(browser.get(&tenant).await.status, StatusCode::OK, "how they came in stays");

    let mut other = Browser::new(&app);
    let asked = other.sign_in(&format!("{START}?next=%2Faccount"), at).await;
    assert!(
        asked.status == StatusCode::OK && asked.text().contains("One more step"),
        "{}",
        asked.text()
    );
    assert_eq!(me(&mut other).await.status, StatusCode::UNAUTHORIZED);
    let text = asked.text();
    let field = |name: &str| {
        let rest = text.split(&format!("name=\"{name}\"")).nth(1).unwrap_or_else(|| panic!("{text}"));
        rest.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    assert_eq!(field("next"), "/account");
    let ticket = field("ticket");
    let wrong = other.post("/login", &[("ticket", &ticket), ("totp", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    app.database.run("update totp set last_step = 0").await.unwrap();
    let code = totp.generate_current().to_string();
    let done = other.post("/login", &[("ticket", &ticket), ("totp", &code), ("next", "/account")]).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/account"));
    assert_eq!(other.get(&tenant).await.status, StatusCode::OK, "by a provider, and with a code");
}

#[tokio::test]
async fn accounts_are_made_where_the_server_says_so() {
    let provider = Provider::start().await;
    for (registration, allowed) in [
        (RegistrationPolicy::Open, true),
        (RegistrationPolicy::Invite, false),
        (RegistrationPolicy::Closed, false),
    ] {
        let server = Server::with(Wish {
            openid: Some(provider.by("tenantry")),
            policy: Policy {
                registration,
                ..Policy::default()
            },
            ..Wish::default()
        })
        .await;
        let ada = Somebody::verified("ada", "ada@example.test");
        let mut browser = Browser::new(&server);
        assert_refused(
            &browser.sign_in(START, ada).await,
            StatusCode::FORBIDDEN,
            "There is no account for you here",
        );
        // The first account runs the server: that is for who started it.
        crate::support::fixture::operator(&server).await;
        let arrived = browser.sign_in(START, ada).await;
        if allowed {
            assert_eq!(target(&arrived), "/");
        } else {
            assert_refused(&arrived, StatusCode::FORBIDDEN, "There is no account for you here");
            assert_eq!(count(&server, "select count(*) from user_account").await, 1);
        }
    }
}

#[tokio::test]
async fn going_there_and_back_is_throttled() {
    let provider = Provider::start().await;
    let mut wish = Wish {
        openid: Some(provider.by("tenantry")),
        ..Wish::default()
    };
    wish.surroundings.log_ins_per_minute = 3;
    let server = Server::with(wish).await;
    for path in [START, "/auth/openid/test/callback", "/auth/openid/test/callback"] {
        assert_ne!(server.get(path).send().await.status, StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(server.get(START).send().await.status, StatusCode::TOO_MANY_REQUESTS);
}
