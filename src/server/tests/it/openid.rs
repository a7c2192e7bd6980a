//! Signing in with a real provider of OpenID Connect, over HTTP, there and back.

use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::{Policy, RegistrationPolicy};

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
async fn an_account_is_linked_by_an_address_that_both_sides_verified() {
    let provider = Provider::start().await;
    let app = app_of(&provider, "tenantry").await;
    let olga = &app.a.owner;
    let at = Somebody::verified("olga-at-provider", "olga@a.test");
    let mut browser = Browser::new(&app);
    assert_refused(
        &browser.sign_in(START, at).await,
        StatusCode::CONFLICT,
        "which is not verified here: sign in with its password",
    );
    assert_eq!(count(&app, "select count(*) from identity").await, 0);
    verify(&app, olga).await;
    let unverified = Somebody { verified: false, ..at };
    assert_refused(
        &browser.sign_in(START, unverified).await,
        StatusCode::FORBIDDEN,
        "does not say that your address",
    );
    assert_eq!(target(&browser.sign_in(START, at).await), "/");
    assert_eq!(me(&mut browser).await.json()["id"], json!(olga.user.id));
    assert_eq!(
        count(&app, "select count(*) from platform_audit where action = 'user.identity_linked'").await,
        1
    );
    // From now on the provider's word on the address does not matter.
    let mut again = Browser::new(&app);
    assert_eq!(target(&again.sign_in(START, unverified).await), "/");

    app.database
        .run("update user_account set status = 'disabled' where email = 'olga@a.test'")
        .await
        .unwrap();
    let refused = again.sign_in(START, at).await;
    assert_refused(&refused, StatusCode::FORBIDDEN, "There is no account for you here");
    assert_eq!(me(&mut again).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn identities_are_linked_and_taken_away_by_hand() {
    let provider = Provider::start().await;
    let app = app_of(&provider, "tenantry").await;
    let dora = app.a.developer.clone();
    let mut browser = Browser::signed_in(&app, &dora.cookie);
    let page = browser.get("/account").await.text();
    assert!(page.contains("The test provider"), "{page}");
    let wrong = [("what", "openid-link"), ("provider", "test"), ("password", "not it")];
    assert_eq!(browser.post("/account", &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = [("what", "openid-link"), ("provider", "test"), ("password", PASSWORD)];
    // With another address: who is signed in to both says so.
    let away = browser.post("/account", &right).await;
    let back = browser.visit(&away, Some(Somebody::verified("dora", "dora@home.test"))).await;
    assert_eq!(target(&browser.get(&back).await), "/account?done=identity-linked");
    let mut other = Browser::new(&app);
    assert_eq!(target(&other.sign_in(START, Somebody::verified("dora", "dora@home.test")).await), "/");
    assert_eq!(me(&mut other).await.json()["id"], json!(dora.user.id));

    // It is hers, and nobody else's.
    let mut vera = Browser::signed_in(&app, &app.a.viewer.cookie);
    let away = vera.post("/account", &right).await;
    let back = vera.visit(&away, Some(Somebody::verified("dora", "dora@home.test"))).await;
    assert_refused(&vera.get(&back).await, StatusCode::CONFLICT, "linked to another account");
    // An attempt to link ends with the session that began it.
    let away = vera.post("/account", &right).await;
    let back = vera.visit(&away, Some(Somebody::verified("vera", "vera@home.test"))).await;
    app.database
        .run(&format!("delete from session where user_id = '{}'", app.a.viewer.user.id.uuid()))
        .await
        .unwrap();
    assert_refused(&vera.get(&back).await, StatusCode::FORBIDDEN, STALE);

    let page = browser.get("/account").await.text();
    assert!(page.contains("dora@home.test"), "{page}");
    let at = page.find("idn_").unwrap();
    let id = page[at..at + 30].to_owned();
    let unlink = |password: &'static str| {
        [
            ("what", "openid-unlink".to_owned()),
            ("id", id.clone()),
            ("password", password.to_owned()),
        ]
    };
    let send = async |browser: &mut Browser<'_>, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post("/account", &fields).await
    };
    let mut adam = Browser::signed_in(&app, &app.a.admin.cookie);
    assert_eq!(send(&mut adam, &unlink(PASSWORD)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(send(&mut browser, &unlink("not it")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Without a password it is the last way in, and a sign-in of just now is what it takes.
    app.database
        .run("update user_account set password_hash = null where email = 'dora@a.test'")
        .await
        .unwrap();
    let dora = Somebody::verified("dora", "dora@home.test");
    assert_eq!(target(&other.sign_in(START, dora).await), "/");
    let age = "update session set data = jsonb_set(data, '{sign_in,at}', to_jsonb(to_char(now() at time zone 'utc' - interval '11 minutes', \
               'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))) where data ? 'sign_in'";
    app.database.run(age).await.unwrap();
    assert_refused(
        &send(&mut other, &unlink("")).await,
        StatusCode::FORBIDDEN,
        "a sign-in of the last ten minutes",
    );
    assert_eq!(target(&other.sign_in(START, dora).await), "/");
    assert_refused(
        &send(&mut other, &unlink("")).await,
        StatusCode::CONFLICT,
        "This is the only way into your account",
    );
    let away = other.post("/account", &right).await;
    let back = other.visit(&away, Some(Somebody::verified("dora-2", "dora@other.test"))).await;
    other.get(&back).await;
    let gone = send(&mut other, &unlink("")).await;
    assert_eq!(
        (gone.status, gone.header("location")),
        (StatusCode::SEE_OTHER, "/account?done=identity-unlinked")
    );
    assert_eq!(count(&app, "select count(*) from identity").await, 1);
    for (action, n) in [("user.identity_linked", 2), ("user.identity_unlinked", 1)] {
        let sql = format!("select count(*) from platform_audit where action = '{action}'");
        assert_eq!(count(&app, &sql).await, n, "{action}");
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
async fn people_of_a_confirmed_domain_become_members_where_an_admin_says_so() {
    let provider = Provider::start().await;
    let app = TestApp::with(Wish {
        openid: Some(provider.by("tenantry")),
        ..Wish::default()
    })
    .await;
    let at = |side: &crate::support::server::TestApp, rest: &str| format!("/api/v1/tenants/{}/domains{rest}", side.a.tenant.id);
    let members = format!("select count(*) from membership where tenant_id = '{}'", app.a.tenant.id.uuid());
    let before = count(&app, &members).await;
    let come = async |sub: &str, email: &str| {
        let mut browser = Browser::new(&app);
        assert_eq!(target(&browser.sign_in(START, Somebody::verified(sub, email)).await), "/");
        browser
    };

    let new = json!({ "domain": "Corp.Example", "join_role": "viewer" });
    assert_eq!(app.post(&at(&app, "")).by(&app.a.developer).json(&new).send().await.code(), "forbidden");
    for role in ["owner", "admin"] {
        let high = json!({ "domain": "corp.example", "join_role": role });
        assert_eq!(app.post(&at(&app, "")).by(&app.a.owner).json(&high).send().await.code(), "invalid");
    }
    let added = app.post(&at(&app, "")).by(&app.a.admin).json(&new).send().await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text());
    assert_eq!(added.json()["confirmed_at"], Value::Null);
    assert_eq!(app.post(&at(&app, "")).by(&app.a.admin).json(&new).send().await.code(), "domain_taken");
    // Named, and not confirmed.
    come("one", "one@corp.example").await;
    assert_eq!(count(&app, &members).await, before);

    let confirm = at(&app, "/corp.example/confirm");
    assert_eq!(app.post(&confirm).by(&app.a.owner).send().await.code(), "forbidden");
    assert_eq!(app.post(&confirm).by(&app.operator).send().await.status, StatusCode::OK);
    assert_eq!(app.post(&confirm).by(&app.operator).send().await.status, StatusCode::OK, "twice is once");
    // The same on the page of the settings.
    let settings = format!("/t/{}/settings", app.a.tenant.slug);
    let page = app.get(&settings).by(&app.a.admin).send().await.text();
    assert!(page.contains("corp.example") && !page.contains("domains%2Fconfirm") && !page.contains("domains/confirm"));
    let act = |function: &str| format!("{settings}?act=domain:/_fn/tenant/domains/{function}");
    let fields = [("tenant", app.a.tenant.slug.as_str()), ("domain", "second.example"), ("join_role", "")];
    let saved = app.post(&act("add")).by(&app.a.admin).form(&fields).send().await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (StatusCode::SEE_OTHER, &*format!("{settings}?done=domains-saved"))
    );
    let again = app.post(&act("add")).by(&app.a.admin).form(&fields).send().await;
    assert_refused(&again, StatusCode::CONFLICT, "This domain is there already");
    assert_refused(
        &app.post(&act("confirm")).by(&app.a.admin).form(&fields).send().await,
        StatusCode::FORBIDDEN,
        "",
    );
    let page = app.get(&settings).by(&app.operator).send().await.text();
    assert!(
        page.contains("Confirm second.example") && !page.contains("Confirm corp.example"),
        "{page}"
    );
    let confirmed = app.post(&act("confirm")).by(&app.operator).form(&fields).send().await;
    assert_eq!(confirmed.status, StatusCode::SEE_OTHER, "{}", confirmed.text());
    assert_eq!(count(&app, "select count(*) from confirmed_domain").await, 2);
    let removed = app.post(&act("remove")).by(&app.a.admin).form(&fields).send().await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    // Another tenant may say so as well, and gets nothing by it.
    let other = format!("/api/v1/tenants/{}/domains", app.b.tenant.id);
    assert_eq!(app.post(&other).by(&app.b.owner).json(&new).send().await.status, StatusCode::CREATED);
    let taken = app.post(&format!("{other}/corp.example/confirm")).by(&app.operator).send().await;
    assert_eq!(taken.code(), "domain_taken");

    // Confirmed, and turned off.
    let set = async |role: Value| {
        let set = app
            .patch(&at(&app, "/corp.example"))
            .by(&app.a.admin)
            .json(&json!({ "join_role": role }))
            .send()
            .await;
        assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    };
    set(Value::Null).await;
    come("two", "two@corp.example").await;
    assert_eq!(count(&app, &members).await, before);
    set(json!("developer")).await;
    let mut three = come("three", "three@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 1);
    let tenant = format!("/api/v1/tenants/{}", app.a.tenant.id);
    assert_eq!(three.get(&tenant).await.status, StatusCode::OK);
    let joined = "select count(*) from audit_event where action = 'member.joined' and changes->>'domain' = 'true' and changes->>'role' = 'developer'";
    assert_eq!(count(&app, joined).await, 1);
    // One tenant, which is not their own.
    let person = me(&mut three).await.json()["id"].as_str().unwrap().to_owned();
    let mine = "select count(*) from membership m join user_account u on u.id = m.user_id where u.email = 'three@corp.example'";
    assert_eq!(count(&app, mine).await, 1);
    // Those of before come in by their next sign-in; a subdomain and other domains do not.
    come("two", "two@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 2);
    for email in ["four@sub.corp.example", "four@corp.example.test", "four@notcorp.example"] {
        come(email, email).await;
    }
    assert_eq!(count(&app, &members).await, before + 2);

    // Who was removed does not come back by themselves.
    let gone = app.delete(&format!("{tenant}/members/{person}")).by(&app.a.admin).send().await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let back = come("three", "three@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 1);
    // Not even after their account, which is all that said so, was deleted.
    let deleted = app.delete("/api/v1/me").header("cookie", &back.cookies()).send().await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.text());
    come("three", "three@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 1);
    // Nor does anybody where there is no seat; they sign in without.
    let limits = json!({ "members": before + 1 });
    let set = app.patch(&format!("{tenant}/quotas")).by(&app.operator).json(&limits).send().await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    come("five", "five@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 1);
    let free = json!({ "members": null });
    app.patch(&format!("{tenant}/quotas")).by(&app.operator).json(&free).send().await;
    // A suspended tenant lets nobody in, and a domain that was given up leads nowhere.
    app.post(&format!("{tenant}/suspend")).by(&app.a.owner).send().await;
    come("six", "six@corp.example").await;
    app.post(&format!("{tenant}/activate")).by(&app.a.owner).send().await;
    assert_eq!(count(&app, &members).await, before + 1);
    assert_eq!(
        app.delete(&at(&app, "/corp.example")).by(&app.a.admin).send().await.status,
        StatusCode::NO_CONTENT
    );
    come("six", "six@corp.example").await;
    assert_eq!(count(&app, &members).await, before + 1);
    assert_eq!(count(&app, "select count(*) from confirmed_domain").await, 0);
    for action in [
        "tenant.domain_added",
        "tenant.domain_confirmed",
        "tenant.domain_updated",
        "tenant.domain_removed",
    ] {
        let sql = format!("select count(*) from audit_event where action = '{action}'");
        assert!(count(&app, &sql).await > 0, "{action}");
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
