//! What every answer carries for the browser's sake; and what none carries: passwords, keys and
//! tokens, neither in answers nor in the log.

use http::{Method, StatusCode};

use crate::support::call::Answer;
use crate::support::server::TestApp;
use crate::support::walk::{Things, operations};

fn directive<'a>(policy: &'a str, name: &str) -> &'a str {
    policy
        .split(';')
        .map(str::trim)
        .find_map(|part| part.strip_prefix(name))
        .unwrap_or_else(|| panic!("no {name} in {policy}"))
        .trim()
}

fn nonce(answer: &Answer) -> String {
    let scripts = directive(answer.header("content-security-policy"), "script-src");
    scripts
        .split("'nonce-")
        .nth(1)
        .unwrap_or_else(|| panic!("no nonce: {scripts}"))
        .split('\'')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn every_answer_carries_its_headers() {
    let app = TestApp::new().await;
    pages(&app).await;
    everything_else(&app).await;
    caches(&app).await;
}

async fn pages(app: &TestApp) {
    let tenant = &app.a.tenant.slug;
    let mut nonces = Vec::new();
    for path in ["/login", "/register", "/invite/nonsense", "/nowhere"] {
        nonces.push(nonce(&page(app, path, false).await));
    }
    for path in ["", "/members", "/invitations", "/workspaces", "/models", "/keys", "/settings"] {
        for _ in 0..2 {
            nonces.push(nonce(&page(app, &format!("/t/{tenant}{path}"), true).await));
        }
    }
    nonces.push(nonce(&page(app, "/account", true).await));
    let count = nonces.len();
    assert!(nonces.iter().all(|nonce| nonce.len() >= 22), "128 bits at least: {nonces:?}");
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), count, "each page has its own");
    // A form that comes back with its faults is a page as well.
    let again = app.post("/login").form(&[("email", "x")]).send().await;
    assert!(again.status.is_client_error());
    assert!(again.text().contains(&nonce(&again)));
}

async fn page(app: &TestApp, path: &str, signed_in: bool) -> Answer {
    let call = app.get(path).header("accept", "text/html");
    // A page that is not there leads a stranger to the log-in.
    let answer = if signed_in || path == "/nowhere" { call.by(&app.a.owner) } else { call }.send().await;
    assert!(
        answer.header("content-type").starts_with("text/html"),
        "{path}: {} {}",
        answer.status,
        answer.header("location")
    );
    let policy = answer.header("content-security-policy");
    for (name, value) in [
        ("default-src", "'self'"),
        ("object-src", "'none'"),
        ("base-uri", "'none'"),
        ("frame-ancestors", "'none'"),
        ("form-action", "'self'"),
        ("style-src", "'self'"),
    ] {
        assert_eq!(directive(policy, name), value, "{path}");
    }
    let scripts = directive(policy, "script-src");
    assert!(
        scripts.contains("'strict-dynamic'") && !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
        "{path}: {policy}"
    );
    assert_eq!(answer.headers.get_all("content-security-policy").iter().count(), 1, "{path}");

    let (text, nonce) = (answer.text(), nonce(&answer));
    for tag in text.split("<script").skip(1) {
        let tag = tag.split('>').next().unwrap();
        assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{tag}>");
    }
    // What the policy would not let through.
    for forbidden in [" style=\"", " onclick=", " onload=", "javascript:", "<style", "http-equiv"] {
        assert!(!text.contains(forbidden), "{path} has {forbidden}");
    }
    answer
}

async fn everything_else(app: &TestApp) {
    for path in [
        "/login",
        "/api/v1/me",
        "/api/v1/nowhere",
        "/api/docs",
        "/api/openapi.json",
        "/api/docs.css",
        "/health",
        "/ready",
        "/pkg/nowhere.js",
        "/favicon.svg",
        "/",
        "/_fn/session",
    ] {
        for by in [None, Some(&app.a.owner)] {
            let call = app.get(path);
            let answer = match by {
                Some(person) => call.by(person),
                None => call,
            }
            .send()
            .await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
            assert_eq!(directive(answer.header("content-security-policy"), "frame-ancestors"), "'none'", "{path}");
            assert_eq!(directive(answer.header("content-security-policy"), "base-uri"), "'none'", "{path}");
            assert!(answer.header("x-request-id").len() >= 22, "{path}");
            for header in ["server", "x-powered-by", "access-control-allow-origin"] {
                assert_eq!(answer.header(header), "", "{path}");
            }
        }
    }
    // No other origin may read anything, whatever it calls itself.
    let preflight = app
        .call(Method::OPTIONS, "/api/v1/me")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "GET")
        .send()
        .await;
    assert!(
        preflight.headers.iter().all(|(name, _)| !name.as_str().starts_with("access-control")),
        "{:?}",
        preflight.headers
    );
    // Traces would give cookies to scripts.
    assert!(
        app.call(Method::TRACE, "/api/v1/me")
            .by(&app.a.owner)
            .send()
            .await
            .status
            .is_client_error()
    );
}

async fn caches(app: &TestApp) {
    let tenant = app.a.tenant.slug.as_str();
    let mut things = Things::unknown();
    things.tenant = app.a.tenant.id.to_string();
    things.workspace = app.a.research.id.to_string();
    things.user = app.a.viewer.user.id.to_string();
    for operation in operations()
        .into_iter()
        .filter(|operation| operation.method == Method::GET && operation.path.starts_with("/api/v1/"))
    {
        let answer = app.get(&things.path(&operation)).by(&app.operator).send().await;
        assert_eq!(answer.header("cache-control"), "no-store", "{}", operation.name());
    }
    let csv = app
        .get(&format!("/api/v1/tenants/{tenant}/models/report?format=csv"))
        .by(&app.a.owner)
        .send()
        .await;
    assert_eq!(csv.header("cache-control"), "no-store");
    assert!(csv.header("content-disposition").starts_with("attachment"));
    for path in [
        "/account".to_owned(),
        format!("/t/{tenant}"),
        format!("/t/{tenant}/members"),
        "/".to_owned(),
    ] {
        assert_eq!(app.get(&path).by(&app.a.owner).send().await.header("cache-control"), "no-store", "{path}");
    }
    let function = app
        .post("/_fn/session")
        .by(&app.a.owner)
        .header("accept", "application/json")
        .form(&[])
        .send()
        .await;
    assert_eq!((function.status, function.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(
        app.get("/api/v1/me").send().await.header("cache-control"),
        "no-store",
        "a refusal as well"
    );
}

/// Two headers of one name are worth less than one, and another rule in front would hide what is said here.
#[test]
fn the_example_of_a_proxy_leaves_our_headers_alone() {
    let example = include_str!("../../../../deploy/nginx.conf").to_lowercase();
    let added: Vec<_> = example.lines().map(str::trim).filter(|line| line.starts_with("add_header")).collect();
    let hidden: Vec<_> = example
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("proxy_hide_header"))
        .collect();
    assert!(added.is_empty() && hidden.is_empty(), "{added:?} {hidden:?}");
    assert!(example.contains("proxy_set_header x-forwarded-proto"));
}
