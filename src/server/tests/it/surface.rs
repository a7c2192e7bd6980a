//! What every request meets before a front end: facts, limits, headers, sessions, origins.

use http::{Method, StatusCode};
use serde_json::json;
use tenantry_server::config::SameSite;

use crate::support::fixture::{PASSWORD, person};
use crate::support::server::{Server, TestApp, Wish};

fn registration(email: &str) -> serde_json::Value {
    json!({ "email": email, "name": "Somebody", "password": PASSWORD })
}

#[tokio::test]
async fn health_and_readiness_need_nobody() {
    let server = Server::new().await;
    let health = server.get("/health").send().await;
    assert_eq!((health.status, health.json()), (StatusCode::OK, json!({ "status": "ok" })));
    assert_eq!(server.get("/ready").send().await.status, StatusCode::OK);
    server.database.db.close().await;
    assert_eq!(server.get("/ready").send().await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.get("/health").send().await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let app = TestApp::new().await;
    let page = format!("/t/{}", app.a.tenant.slug);
    for path in [
        "/health",
        "/login",
        "/api/v1/me",
        "/nowhere",
        "/api/nowhere",
        "/pkg/nowhere.js",
        "/",
        &page,
    ] {
        let answer = app.get(path).by(&app.a.owner).send().await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("x-xss-protection"), "0", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!answer.header("content-security-policy").contains("unsafe-inline"), "{path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}");
    }
    for path in ["/api/v1/me", "/api/v1/tenants", &page] {
        assert_eq!(app.get(path).by(&app.a.owner).send().await.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn https_makes_the_cookie_a_host_cookie() {
    let mut wish = Wish::default();
    wish.surroundings.public_url = Some("https://tenantry.test".to_owned());
    wish.surroundings.sessions.secure = true;
    wish.surroundings.sessions.same_site = SameSite::Strict;
    let server = Server::with(wish).await;
    let answer = server.post("/api/v1/auth/register").json(&registration("ada@example.com")).send().await;
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Host-session="), "{set}");
    for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/", "Max-Age=86400"] {
        assert!(set.contains(part), "{part} in {set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn a_session_begins_with_a_log_in_and_ends_with_a_log_out() {
    let server = Server::new().await;
    let registered = server.post("/api/v1/auth/register/").json(&registration("ada@example.com")).send().await;
    assert_eq!(registered.status, StatusCode::CREATED);
    let first = registered.cookie().unwrap();
    assert!(first.starts_with("session="), "{first}");

    let login = json!({ "email": "ada@example.com", "password": PASSWORD });
    let again = server.post("/api/v1/auth/login").header("cookie", &first).json(&login).send().await;
    let second = again.cookie().unwrap();
    assert_ne!(first, second, "a log-in rotates the id");
    assert_eq!(
        server.get("/api/v1/me").header("cookie", &first).send().await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        server.get("/api/v1/me").header("cookie", &second).send().await.json()["email"],
        "ada@example.com"
    );

    assert_eq!(
        server.post("/api/v1/auth/logout").header("cookie", &second).send().await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        server.get("/api/v1/me").header("cookie", &second).send().await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn other_sites_cannot_write() {
    let app = TestApp::new().await;
    let create = |origin: &'static str, site: &'static str| {
        let call = app.post("/api/v1/tenants").by(&app.a.owner).json(&json!({ "name": "New" }));
        let call = if origin.is_empty() { call } else { call.header("origin", origin) };
        if site.is_empty() { call } else { call.header("sec-fetch-site", site) }
    };
    for (origin, site) in [
        ("https://evil.example", "cross-site"),
        ("https://evil.example", ""),
        ("", "cross-site"),
        ("null", ""),
        ("http://a.tenantry.test", "same-site"),
    ] {
        let answer = create(origin, site).send().await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "foreign_origin"),
            "{origin} {site}"
        );
        assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
    }
    for (origin, site) in [("http://tenantry.test", "same-origin"), ("http://tenantry.test", ""), ("", "")] {
        assert_eq!(create(origin, site).send().await.status, StatusCode::CREATED, "{origin} {site}");
    }
    // Reading is free: the answer cannot be read by the other site.
    assert_eq!(
        app.get("/api/v1/me")
            .by(&app.a.owner)
            .header("origin", "https://evil.example")
            .send()
            .await
            .status,
        StatusCode::OK
    );

    let page = app
        .post("/logout")
        .by(&app.a.owner)
        .header("origin", "https://evil.example")
        .form(&[])
        .send()
        .await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.header("content-type").starts_with("text/html"));
    let function = app
        .post("/_fn/anything")
        .by(&app.a.owner)
        .header("origin", "https://evil.example")
        .form(&[])
        .send()
        .await;
    assert_eq!(function.code(), "foreign_origin");
    assert_eq!(
        app.get("/api/v1/me").by(&app.a.owner).send().await.status,
        StatusCode::OK,
        "nobody was signed out"
    );
}

#[tokio::test]
async fn pages_lead_to_the_log_in() {
    let app = TestApp::new().await;
    let page = format!("/t/{}", app.a.tenant.slug);
    let answer = app.get(&page).header("accept", "text/html").send().await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(answer.header("location").starts_with("/login"), "{}", answer.header("location"));
    assert_eq!(app.get(&page).by(&app.a.owner).send().await.status, StatusCode::OK);
    assert_eq!(app.get(&page).by(&app.b.owner).send().await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get("/").by(&app.a.viewer).send().await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn one_address_may_not_try_for_ever() {
    let mut wish = Wish::default();
    wish.surroundings.sign_ups_per_hour = 2;
    wish.surroundings.log_ins_per_minute = 3;
    let server = Server::with(wish).await;
    for n in 0..2 {
        let answer = server
            .post("/api/v1/auth/register")
            .json(&registration(&format!("p{n}@example.com")))
            .send()
            .await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
    let answer = server.post("/api/v1/auth/register").json(&registration("p3@example.com")).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "rate_limited"));
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 60);
    let page = server.post("/register").form(&[("email", "p4@example.com")]).send().await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.header("content-type").starts_with("text/html"));
    let other = server
        .post("/api/v1/auth/register")
        .from("198.51.100.7")
        .json(&registration("p5@example.com"))
        .send()
        .await;
    assert_eq!(other.status, StatusCode::CREATED);

    let login = json!({ "email": "p0@example.com", "password": "not the password" });
    for _ in 0..3 {
        assert_eq!(server.post("/api/v1/auth/login").json(&login).send().await.code(), "bad_credentials");
    }
    assert_eq!(server.post("/api/v1/auth/login").json(&login).send().await.code(), "rate_limited");
    // A client that names another address for itself is not believed.
    let forged = server
        .post("/api/v1/auth/login")
        .header("x-forwarded-for", "203.0.113.9")
        .json(&login)
        .send()
        .await;
    assert_eq!(forged.code(), "rate_limited");
}

#[tokio::test]
async fn behind_a_proxy_each_client_counts_for_itself() {
    let mut wish = Wish::default();
    wish.surroundings.log_ins_per_minute = 1;
    wish.surroundings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let server = Server::with(wish).await;
    let login = json!({ "email": "p0@example.com", "password": "not the password" });
    let call = |client: &str| {
        server
            .post("/api/v1/auth/login")
            .header("x-forwarded-for", client)
            .header("x-request-id", "from-the-proxy-1")
            .json(&login)
    };
    let first = call("203.0.113.1").send().await;
    assert_eq!(first.code(), "bad_credentials");
    assert_eq!(first.json()["request_id"], "from-the-proxy-1");
    assert_eq!(call("203.0.113.1").send().await.code(), "rate_limited");
    assert_eq!(call("203.0.113.2").send().await.code(), "bad_credentials");
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let app = TestApp::new().await;
    let body = vec![b' '; 3 * 1024 * 1024];
    let api = app
        .post("/api/v1/tenants")
        .by(&app.a.owner)
        .header("content-type", "application/json")
        .raw(body.clone())
        .send()
        .await;
    assert_eq!((api.status, api.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    let length = body.len().to_string();
    let said = app
        .post("/api/v1/tenants")
        .by(&app.a.owner)
        .header("content-length", &length)
        .raw(body.clone())
        .send()
        .await;
    assert_eq!(said.code(), "too_large");
    let page = app.post("/login").header("content-length", &length).raw(body).send().await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_path_of_the_api_that_is_not_there_is_a_problem() {
    let app = TestApp::new().await;
    for (method, path, status, code) in [
        (Method::GET, "/api/v1/nowhere", StatusCode::NOT_FOUND, "not_found"),
        (Method::GET, "/api", StatusCode::NOT_FOUND, "not_found"),
        (Method::DELETE, "/api/v1/me/models", StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        (Method::PUT, "/api/v1/auth/login/", StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
    ] {
        let answer = app.call(method, path).by(&app.a.owner).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
    }
}

#[tokio::test]
async fn the_fixture_has_two_tenants_that_look_the_same() {
    let app = TestApp::new().await;
    assert_eq!(app.a.tenant.name, app.b.tenant.name);
    assert_eq!(app.a.owner.user.name, app.b.owner.user.name);
    assert_eq!((&app.a.research.slug, &app.a.support.name), (&app.b.research.slug, &app.b.support.name));
    assert_ne!(app.a.research.id, app.b.research.id);
    let members = format!("/api/v1/tenants/{}/members", app.a.tenant.id);
    assert_eq!(app.get(&members).by(&app.a.admin).send().await.json()["total"], 5);
    for (tenant, by) in [(&app.a.tenant, &app.b.owner), (&app.b.tenant, &app.a.owner)] {
        assert_eq!(app.get(&format!("/api/v1/tenants/{}", tenant.id)).by(by).send().await.code(), "not_found");
    }
    let stranger = person(&app, "stranger@example.com", "Olga Owner").await;
    assert_eq!(
        app.get(&format!("/api/v1/tenants/{}", app.a.tenant.slug))
            .by(&stranger)
            .send()
            .await
            .code(),
        "not_found"
    );
    assert_eq!(
        app.get(&format!("/api/v1/tenants/{}", app.a.tenant.id))
            .by(&app.operator)
            .send()
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_fixture_has_every_role() {
    let app = TestApp::new().await;
    let tenant = format!("/api/v1/tenants/{}", app.a.tenant.id);
    let workspaces = format!("{tenant}/workspaces");
    for (person, sees) in [(&app.a.developer, 3), (&app.a.reviewer, 1), (&app.a.viewer, 0)] {
        assert_eq!(app.get(&workspaces).by(person).send().await.json()["total"], sees, "{}", person.user.name);
    }
    let name = json!({ "name": "Renamed" });
    assert_eq!(app.patch(&tenant).by(&app.a.developer).json(&name).send().await.code(), "forbidden");
    assert_eq!(app.patch(&tenant).by(&app.a.admin).json(&name).send().await.json()["name"], "Renamed");
    let place = format!("{workspaces}/{}/members/{}", app.a.support.id, app.a.viewer.user.id);
    assert_eq!(
        app.put(&place).by(&app.a.admin).json(&json!({ "role": "viewer" })).send().await.status,
        StatusCode::OK
    );
    assert_eq!(app.delete(&place).by(&app.b.admin).send().await.code(), "not_found");
    assert_eq!(app.delete(&place).by(&app.a.admin).send().await.status, StatusCode::NO_CONTENT);
}
