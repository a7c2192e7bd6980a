//! Which account an identity leads to, and whose account it is.

use http::StatusCode;
use serde_json::json;
use totp_rs::{Builder, Secret};

use super::{STALE, START, app_of, assert_refused, count, me, verify};
use crate::support::call::Answer;
use crate::support::fixture::PASSWORD;
use crate::support::openid::{Browser, Provider, Somebody, target};
use crate::support::server::TestApp;

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
    let mut third = Browser::new(&app);
    assert_eq!(target(&third.sign_in(START, dora).await), "/");
    let gone = send(&mut other, &unlink("")).await;
    assert_eq!(
        (gone.status, gone.header("location")),
        (StatusCode::SEE_OTHER, "/account?done=identity-unlinked")
    );
    assert_eq!(me(&mut third).await.status, StatusCode::UNAUTHORIZED, "what was begun with it ends");
    assert_eq!(me(&mut other).await.status, StatusCode::OK);
    assert_eq!(count(&app, "select count(*) from identity").await, 1);
    for (action, n) in [("user.identity_linked", 2), ("user.identity_unlinked", 1)] {
        let sql = format!("select count(*) from platform_audit where action = '{action}'");
        assert_eq!(count(&app, &sql).await, n, "{action}");
    }
}

/// Signs in with a password.
async fn log_in(app: &TestApp, email: &str) -> Answer {
    let body = json!({ "email": email, "password": PASSWORD });
    app.post("/api/v1/auth/login").json(&body).send().await
}

async fn is_in(app: &TestApp, cookie: &str) -> bool {
    app.get("/api/v1/me").header("cookie", cookie).send().await.status == StatusCode::OK
}

/// Mallory signs up with Vera's address and waits. Vera opens the link of the mail, and later comes by a provider.
#[tokio::test]
async fn an_account_that_somebody_made_for_a_foreign_address_becomes_its_owners_alone() {
    let provider = Provider::start().await;
    let app = app_of(&provider, "tenantry").await;
    let person = crate::support::fixture::person(&app, "vera@corp.example", "Vera").await;
    let mut mallory = Browser::signed_in(&app, &person.cookie);
    // What Mallory can get of it: an identity of their own, tokens, a key.
    let link = [("what", "openid-link"), ("provider", "test"), ("password", PASSWORD)];
    let away = mallory.post("/account", &link).await;
    let own = Somebody::verified("mallory", "mallory@evil.example");
    let back = mallory.visit(&away, Some(own)).await;
    assert_eq!(target(&mallory.get(&back).await), "/account?done=identity-linked");
    let body = json!({ "email": "vera@corp.example", "password": PASSWORD });
    let tokens = app.post("/api/v1/auth/token").json(&body).send().await.json();
    let bearer = tokens["access_token"].as_str().unwrap().to_owned();
    let tenants = mallory.get("/api/v1/auth/available-tenants").await.json();
    let tenant = tenants
        .as_array()
        .map_or_else(|| tenants["items"][0]["id"].clone(), |all| all[0]["id"].clone());
    let keys = format!("/api/v1/tenants/{}/api-keys", tenant.as_str().unwrap());
    let key = json!({ "name": "CI", "scopes": ["members:read"] });
    let made = app.post(&keys).by(&person).json(&key).send().await.json();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let members = format!("/api/v1/tenants/{}/members", tenant.as_str().unwrap());
    assert_eq!(app.get(&members).bearing(&secret).send().await.status, StatusCode::OK);
    // The link of the mail, opened by somebody who is not in the account.
    verify(&app, &person).await;

    let mut vera = Browser::new(&app);
    let at = Somebody::verified("vera-at-corp", "vera@corp.example");
    assert_eq!(target(&vera.sign_in(START, at).await), "/");
    assert_eq!(me(&mut vera).await.json()["id"], json!(person.user.id));

    assert!(!is_in(&app, &person.cookie).await, "sessions of before");
    assert_eq!(
        log_in(&app, "vera@corp.example").await.code(),
        "bad_credentials",
        "the password of before"
    );
    assert_eq!(app.get("/api/v1/me").bearing(&bearer).send().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(app.get(&members).bearing(&secret).send().await.status, StatusCode::UNAUTHORIZED);
    let mut again = Browser::new(&app);
    assert_eq!(target(&again.sign_in(START, own).await), "/");
    assert_ne!(
        me(&mut again).await.json()["id"],
        json!(person.user.id),
        "the identity of before leads to an account of its own"
    );
    for (action, table) in [("user.taken_over", "platform_audit"), ("key.revoked", "audit_event")] {
        let sql = format!("select count(*) from {table} where action = '{action}'");
        assert_eq!(count(&app, &sql).await, 1, "{action}");
    }
    // It is hers by now, and another way in leaves it as it is but for the sessions.
    let before = count(&app, "select count(*) from identity").await;
    let mut later = Browser::new(&app);
    assert_eq!(
        target(&later.sign_in(START, Somebody::verified("vera-2", "vera@corp.example")).await),
        "/"
    );
    assert_eq!(count(&app, "select count(*) from identity").await, before + 1);
    assert_eq!(me(&mut vera).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        count(&app, "select count(*) from platform_audit where action = 'user.taken_over'").await,
        1
    );
}

#[tokio::test]
async fn who_proved_their_address_in_their_account_keeps_the_password() {
    let provider = Provider::start().await;
    let app = app_of(&provider, "tenantry").await;
    let dora = &app.a.developer;
    let token = "a token of a mail";
    let hash = format!("sha256(convert_to('{token}', 'UTF8'))");
    app.database
        .run(&format!(
            "insert into account_token (token_hash, kind, user_id, email, created_at, expires_at)
             values ({hash}, 'verify', '{}', 'dora@a.test', now(), now() + interval '1 hour')",
            dora.user.id.uuid()
        ))
        .await
        .unwrap();
    let proved = app
        .post(&format!("/verify/{}", token.replace(' ', "%20")))
        .by(dora)
        .form(&[])
        .send()
        .await;
    assert_eq!(proved.status, StatusCode::SEE_OTHER, "{}", proved.text());
    let mut browser = Browser::new(&app);
    assert_eq!(target(&browser.sign_in(START, Somebody::verified("dora", "dora@a.test")).await), "/");
    assert_eq!(me(&mut browser).await.json()["id"], json!(dora.user.id));
    assert!(!is_in(&app, &dora.cookie).await, "other sessions end");
    assert_eq!(log_in(&app, "dora@a.test").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_account_that_the_command_line_made_is_not_proved_by_that() {
    let provider = Provider::start().await;
    let app = app_of(&provider, "tenantry").await;
    let mut browser = Browser::new(&app);
    let refused = browser.sign_in(START, Somebody::verified("x", "operator@tenantry.test")).await;
    assert_refused(&refused, StatusCode::CONFLICT, "which is not verified here: sign in with its password");
}

#[tokio::test]
async fn who_has_no_password_turns_codes_on_after_a_sign_in_of_just_now() {
    let provider = Provider::start().await;
    let app = app_of(&provider, "tenantry").await;
    let ada = Somebody::verified("ada", "ada@example.test");
    let mut browser = Browser::new(&app);
    assert_eq!(target(&browser.sign_in(START, ada).await), "/");
    let age = "update session set data = jsonb_set(data, '{sign_in,at}', to_jsonb(to_char(now() at time zone 'utc' - interval '11 minutes', \
               'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))) where data ? 'sign_in'";
    app.database.run(age).await.unwrap();
    let begin = async |browser: &mut Browser<'_>| browser.post("/account", &[("what", "totp-begin")]).await;
    assert_refused(&begin(&mut browser).await, StatusCode::FORBIDDEN, "a sign-in of the last ten minutes");
    assert_eq!(target(&browser.sign_in(START, ada).await), "/");
    let page = browser.get("/account").await.text();
    assert!(page.contains("Turn on one-time codes"), "{page}");
    let begun = begin(&mut browser).await.text();
    let secret = begun.split("secret=").nth(1).or_else(|| begun.split("\"secret\":\"").nth(1)).unwrap();
    let secret: String = secret.chars().take_while(char::is_ascii_alphanumeric).collect();
    let totp = Builder::new().with_secret(Secret::try_from_base32(&secret).unwrap()).build().unwrap();
    let code = totp.generate_current().to_string();
    let on = browser.post("/account", &[("what", "totp-confirm"), ("code", &code)]).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.text());
    let mut other = Browser::new(&app);
    let asked = other.sign_in(START, ada).await;
    assert!(asked.text().contains("One more step"), "{}", asked.text());
    // Off takes a code, and a sign-in of just now, too.
    app.database.run("update totp set last_step = 0").await.unwrap();
    let off = async |browser: &mut Browser<'_>| {
        let code = totp.generate_current().to_string();
        browser.post("/account", &[("what", "totp-off"), ("totp", &code)]).await
    };
    app.database.run(age).await.unwrap();
    assert_refused(&off(&mut browser).await, StatusCode::FORBIDDEN, "a sign-in of the last ten minutes");
    // Who has a password gives it, however fresh the sign-in.
    let dora = app.post("/api/v1/auth/totp").by(&app.a.developer).json(&json!({})).send().await;
    assert_eq!(dora.json()["errors"][0]["field"], "password");
}

#[tokio::test]
async fn at_the_subdomain_of_a_tenant_one_goes_to_the_public_address_first() {
    let provider = Provider::start().await;
    let mut wish = crate::support::server::Wish {
        openid: Some(provider.by("tenantry")),
        ..Default::default()
    };
    wish.surroundings.base_domain = Some("tenantry.test".to_owned());
    let app = TestApp::with(wish).await;
    let at = |path: &str| app.get(path).host("acme-a.tenantry.test");
    let away = at("/auth/openid/test?next=%2Ft%2Facme-a%2Fmembers").send().await;
    assert_eq!(
        (away.status, away.header("location")),
        (
            StatusCode::SEE_OTHER,
            "http://tenantry.test/auth/openid/test?next=%2Ft%2Facme-a%2Fmembers"
        )
    );
    assert!(!away.headers.contains_key("set-cookie"), "nothing is begun there");
    let mut browser = Browser::new(&app);
    verify(&app, &app.a.developer).await;
    let path = away.header("location").strip_prefix("http://tenantry.test").unwrap();
    let arrived = browser.sign_in(path, Somebody::verified("dora", "dora@a.test")).await;
    assert_eq!(target(&arrived), "/t/acme-a/members");
    assert_eq!(browser.get("/t/acme-a/members").await.status, StatusCode::OK);
    // To link an identity one goes to the account there.
    let link = [("what", "openid-link"), ("provider", "test"), ("password", PASSWORD)];
    let vera = &app.a.viewer;
    let away = app.post("/account").by(vera).host("acme-a.tenantry.test").form(&link).send().await;
    assert_eq!(target(&away), "http://tenantry.test/account");
    assert_eq!(count(&app, "select count(*) from openid_attempt").await, 0);
}

#[tokio::test]
async fn the_page_of_an_invitation_offers_the_providers() {
    let provider = Provider::start().await;
    let app = app_of(&provider, "tenantry").await;
    let path = format!("/api/v1/tenants/{}/invitations", app.a.tenant.id);
    let body = json!({ "email": "new@corp.example", "role": "viewer" });
    let made = app.post(&path).by(&app.a.owner).json(&body).send().await;
    let text = made.text();
    let token = text.split("/invite/").nth(1).unwrap_or_else(|| panic!("{text}"));
    let token: String = token.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    let mut browser = Browser::new(&app);
    let page = browser.get(&format!("/invite/{token}")).await.text();
    assert!(page.contains(&format!("/auth/openid/test?next=%2Finvite%2F{token}")), "{page}");
    let way = format!("{START}?next=%2Finvite%2F{token}");
    let arrived = browser.sign_in(&way, Somebody::verified("new", "new@corp.example")).await;
    assert_eq!(target(&arrived), format!("/invite/{token}"));
    let joined = browser.post(&format!("/invite/{token}"), &[]).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.text());
    let member = "select count(*) from membership m join user_account u on u.id = m.user_id where u.email = 'new@corp.example' and m.role = 'viewer'";
    assert_eq!(count(&app, member).await, 1);
}
