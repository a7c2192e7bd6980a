//! How often one address may sign up and try passwords: by default as the contract says, and not
//! more by writing the address or the path in another way.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;
use http::{Method, StatusCode};
use serde_json::json;
use tenantry_domain::accounts::passwords;
use tenantry_domain::{Operator, Origin, Policy};
use tenantry_server::config::{Config, Flags};
use tenantry_types::Email;

use crate::support::call::Call;
use crate::support::fixture::{PASSWORD, Side, person};
use crate::support::server::{Postbox, Server, TestApp, Wish};

async fn server(sign_ups_per_hour: u32, log_ins_per_minute: u32) -> Server {
    let mut wish = Wish::default();
    wish.surroundings.sign_ups_per_hour = sign_ups_per_hour;
    wish.surroundings.log_ins_per_minute = log_ins_per_minute;
    Server::with(wish).await
}

/// A try that costs nothing: what counts is counted before the body is read.
async fn status(call: Call<'_>) -> u16 {
    call.json(&json!({})).send().await.status.as_u16()
}

#[tokio::test]
async fn sixty_sign_ups_an_hour_and_a_hundred_and_twenty_log_ins_a_minute() {
    let dir = tempfile::tempdir().unwrap();
    let environment = BTreeMap::from([("TENANTRY_DATA_DIR".to_owned(), dir.path().as_os_str().to_owned())]);
    let config = Config::load(&environment, &Flags::default()).unwrap();
    assert_eq!((config.sign_ups_per_hour, config.log_ins_per_minute), (60, 120));
    let server = server(config.sign_ups_per_hour, config.log_ins_per_minute).await;

    for n in 0..60 {
        assert_eq!(status(server.post("/api/v1/auth/register")).await, 422, "sign-up {n}");
    }
    let refused = server.post("/api/v1/auth/register").json(&json!({})).send().await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(refused.json()["request_id"], refused.header("x-request-id"));

    let mut passed = 0;
    let refused = loop {
        let answer = server.post("/api/v1/auth/login").json(&json!({})).send().await;
        if answer.status != StatusCode::UNPROCESSABLE_ENTITY {
            break answer;
        }
        passed += 1;
    };
    // One comes back every half a second meanwhile.
    assert!((120..130).contains(&passed), "{passed}");
    assert_eq!(refused.code(), "rate_limited");
    assert!((1..=60).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    // What is not a try at a password is not counted with them.
    assert_eq!(server.get("/api/v1/me").send().await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get("/login").send().await.status, StatusCode::OK);
    assert_eq!(server.post("/api/v1/auth/logout").send().await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn no_way_around_them() {
    let server = server(1, 2).await;
    assert_eq!(status(server.post("/api/v1/auth/register")).await, 422);
    for path in [
        "/api/v1/auth/register",
        "/api/v1/auth/register/",
        "/api/v1/auth/register//",
        "/api//v1/auth/register",
        "/api///v1/auth/register///",
        "/api/v1/auth/register?x=1",
        "/register",
    ] {
        assert_eq!(status(server.post(path)).await, 429, "{path}");
    }
    // What the router does not take for the same path is not a way in, either.
    for path in [
        "/api/v1/auth/%72egister",
        "/api/v1//auth/register",
        "/API/v1/auth/register",
        "//api/v1/auth/register",
        "/register/",
        "/api/v1/auth/./register",
    ] {
        assert!(matches!(status(server.post(path)).await, 404 | 405 | 429 | 303), "{path}");
    }

    for path in ["/api/v1/auth/login", "/api/v1/invitations/guess/accept"] {
        assert!(matches!(status(server.post(path)).await, 404 | 422), "{path}");
    }
    for path in [
        "/api/v1/auth/login",
        "/api/v1/auth/login//",
        "/api//v1/auth/login",
        "/login",
        "/invite/guess",
        "/api/v1/invitations/guess/accept/",
        "/api//v1/invitations/guess/accept",
    ] {
        assert_eq!(status(server.post(path)).await, 429, "{path}");
    }
    // Nobody believes what a client says of itself.
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.1"),
        ("x-forwarded-for", "203.0.113.1, 198.51.100.2"),
        ("forwarded", "for=203.0.113.1"),
        ("x-real-ip", "203.0.113.1"),
        ("cf-connecting-ip", "203.0.113.1"),
        ("x-request-id", "another-one"),
    ] {
        assert_eq!(status(server.post("/api/v1/auth/login").header(name, value)).await, 429, "{name}");
    }
    // Another address counts for itself; a network of IPv6 is one client.
    assert_eq!(status(server.post("/api/v1/auth/register").from("2001:db8:1:2::1")).await, 422);
    assert_eq!(status(server.post("/api/v1/auth/register").from("2001:db8:1:2:ffff::9")).await, 429);
    assert_eq!(status(server.post("/api/v1/auth/register").from("2001:db8:1:3::1")).await, 422);
    assert_eq!(status(server.post("/api/v1/auth/register").from("198.51.100.9")).await, 422);
    assert_eq!(status(server.post("/api/v1/auth/register").from("::ffff:198.51.100.9")).await, 429);
}

#[tokio::test]
async fn a_trusted_proxy_names_the_client_and_nobody_else_does() {
    let mut wish = Wish::default();
    wish.surroundings.sign_ups_per_hour = 1;
    wish.surroundings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let server = Server::with(wish).await;
    let try_as = |peer: &str, chain: &str| {
        server
            .call(Method::POST, "/api/v1/auth/register")
            .from(peer)
            .header("x-forwarded-for", chain)
    };
    assert_eq!(status(try_as("10.0.0.1", "203.0.113.1")).await, 422);
    assert_eq!(status(try_as("10.0.0.1", "203.0.113.1")).await, 429);
    assert_eq!(status(try_as("10.0.0.1", "203.0.113.2")).await, 422);
    // What a client writes in front of its own address does not change who it is.
    assert_eq!(status(try_as("10.0.0.1", "198.51.100.77, 203.0.113.2")).await, 429);
    assert_eq!(status(try_as("10.0.0.1", "198.51.100.77, 203.0.113.2, 10.0.0.2")).await, 429);
    // Past the proxy, the chain is worth nothing.
    assert_eq!(status(try_as("192.0.2.1", "203.0.113.3")).await, 422);
    assert_eq!(status(try_as("192.0.2.1", "203.0.113.4")).await, 429);
}

/// 5: whoever guesses at one account is slowed down, from however many networks; its owner is not
/// locked out, and whether there is such an account is not to be seen.
#[tokio::test]
async fn guessing_at_one_account_does_not_lock_its_owner_out() {
    let mut wish = Wish::default();
    wish.policy.slow_guesses = true;
    let server = Server::with(wish).await;
    person(&server, "ada@example.com", "Ada").await;
    let log_in = async |ip: &str, email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        server.post("/api/v1/auth/login").from(ip).json(&body).send().await
    };
    assert_eq!(log_in("203.0.113.9", "ada@example.com", PASSWORD).await.status, StatusCode::OK);
    let mut told: Vec<BTreeMap<String, usize>> = Vec::new();
    for email in ["ada@example.com", "nobody@example.com"] {
        let mut codes = BTreeMap::<String, usize>::new();
        for n in 0..110 {
            let answer = log_in(&format!("198.51.100.{n}"), email, "not the password").await;
            *codes.entry(answer.code()).or_default() += 1;
        }
        told.push(codes);
    }
    // One more or less: the log-in above counted, and one comes back a minute.
    assert!(
        told[0]["rate_limited"].abs_diff(told[1]["rate_limited"]) <= 2,
        "addresses without an account are counted alike: {told:?}"
    );
    assert!(told[0]["rate_limited"] >= 5, "{told:?}");
    let stranger = log_in("192.0.2.77", "ada@example.com", PASSWORD).await;
    assert_eq!(
        stranger.code(),
        "rate_limited",
        "not even with the right one, from where nobody knows them"
    );
    assert!(stranger.header("retry-after").parse::<u64>().unwrap() <= 60);
    assert_eq!(log_in("203.0.113.9", "ada@example.com", PASSWORD).await.status, StatusCode::OK);

    // By a link, where they are now becomes a place that they know.
    let by = Operator::of_command_line(Origin::system("test"));
    let email = Email::parse("ada@example.com").unwrap();
    let made = passwords::make_reset_link_for(&server.app, &by, &email, "http://tenantry.test")
        .await
        .unwrap();
    let body = json!({ "token": made.link.rsplit('/').next().unwrap(), "new_password": "quite another password" });
    let reset = server.post("/api/v1/auth/password/reset").from("192.0.2.77").json(&body).send().await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT);
    let now_known = log_in("192.0.2.77", "ada@example.com", "quite another password").await;
    assert_eq!(now_known.status, StatusCode::OK, "{}", now_known.text());
}

#[tokio::test]
async fn invitations_are_counted_by_tenant_and_address() {
    let wish = Wish {
        policy: Policy {
            invitations_per_hour: 8,
            ..Policy::default()
        },
        mailer: Some(Arc::new(Postbox::default())),
        ..Wish::default()
    };
    let app = TestApp::with(wish).await;
    let invite = async |side: &Side, to: &str| {
        let path = format!("/api/v1/tenants/{}/invitations", side.tenant.id);
        app.post(&path)
            .by(&side.owner)
            .json(&json!({ "email": to, "role": "viewer" }))
            .send()
            .await
    };
    let made = invite(&app.a, "ivy@example.com").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let again = format!(
        "/api/v1/tenants/{}/invitations/{}/resend",
        app.a.tenant.id,
        made.json()["id"].as_str().unwrap()
    );
    let resend = async || app.post(&again).by(&app.a.owner).send().await;
    for _ in 0..4 {
        assert_eq!(resend().await.status, StatusCode::OK);
    }
    // Five mails a day to one address, however they come about.
    for refused in [
        resend().await,
        invite(&app.a, "Ivy@example.com").await,
        invite(&app.a, "max@example.com, ivy@example.com").await,
    ] {
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((86_000..=86_401).contains(&wait), "{wait}");
    }
    // What was refused made nothing and counts for nothing; others are invited, until the hour is full.
    assert_eq!(
        invite(&app.a, "one@example.com, two@example.com, three@example.com").await.status,
        StatusCode::CREATED
    );
    let full = invite(&app.a, "four@example.com").await;
    assert_eq!(full.code(), "rate_limited");
    assert!((3500..=3601).contains(&full.header("retry-after").parse::<u64>().unwrap()));
    assert_eq!(
        invite(&app.b, "ivy@example.com").await.status,
        StatusCode::CREATED,
        "another tenant counts for itself"
    );
    // It is counted in the database, where every node looks.
    assert_eq!(app.database.count("select count(*) from invitation_sent").await.unwrap(), 9);
    app.database
        .run("update invitation_sent set sent_at = sent_at - interval '1 hour'")
        .await
        .unwrap();
    assert_eq!(invite(&app.a, "four@example.com").await.status, StatusCode::CREATED);
    assert_eq!(invite(&app.a, "ivy@example.com").await.code(), "rate_limited");
    app.database
        .run("update invitation_sent set sent_at = sent_at - interval '23 hours'")
        .await
        .unwrap();
    assert_eq!(invite(&app.a, "ivy@example.com").await.status, StatusCode::CREATED);
    assert_eq!(
        app.database
            .count("select count(*) from invitation_sent where sent_at < now() - interval '1 day'")
            .await
            .unwrap(),
        1,
        "that of the other tenant"
    );
}

/// Of sixteen at once as many come through as there is room for.
#[tokio::test]
async fn sixteen_invitations_at_once_take_the_room_there_is() {
    let wish = Wish {
        policy: Policy {
            invitations_per_hour: 5,
            ..Policy::default()
        },
        ..Wish::default()
    };
    let app = Arc::new(TestApp::with(wish).await);
    let tasks = (0..16).map(|n| {
        let app = app.clone();
        tokio::spawn(async move {
            let path = format!("/api/v1/tenants/{}/invitations", app.a.tenant.id);
            let body = json!({ "email": format!("n{n}@example.com"), "role": "viewer" });
            app.post(&path).by(&app.a.owner).json(&body).send().await.status.as_u16()
        })
    });
    let answers: Vec<u16> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 5, "{answers:?}");
    assert!(answers.iter().all(|status| [201, 429].contains(status)), "{answers:?}");
}
