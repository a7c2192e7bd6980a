//! Every source of the context, absent or naming one of two tenants, all combinations: they agree or
//! the request is refused. A subdomain counts as a source when the server has a base domain.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::fixture::{PASSWORD, person};
use crate::support::server::{TestApp, Wish};

struct Two {
    app: TestApp,
    email: &'static str,
}

/// A person who is in both tenants.
async fn two(proxy: Option<&str>) -> Two {
    let mut wish = Wish::default();
    wish.surroundings.base_domain = Some("tenantry.test".to_owned());
    wish.surroundings.trusted_proxies = proxy.iter().map(|p| p.parse().unwrap()).collect();
    let app = TestApp::with(wish).await;
    let email = "both@example.com";
    let who = person(&app, email, "Both").await;
    for tenant in [&app.a.tenant, &app.b.tenant] {
        let body = json!({ "user_id": who.user.id, "role": "owner" });
        let path = format!("/api/v1/tenants/{}/members", tenant.id);
        assert_eq!(app.post(&path).by(&app.operator).json(&body).send().await.status, StatusCode::CREATED);
    }
    Two { app, email }
}

impl Two {
    async fn token(&self, tenant: Option<&str>) -> String {
        let body = json!({ "email": self.email, "password": PASSWORD, "tenant": tenant });
        let tokens = self.app.post("/api/v1/auth/token").json(&body).send().await.json();
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    async fn key(&self, tenant: &str) -> String {
        let path = format!("/api/v1/tenants/{tenant}/api-keys");
        let body = json!({ "name": "CI", "scopes": ["members:read", "workspaces:read"] });
        let bearer = self.token(None).await;
        let made: Value = self.app.post(&path).bearing(&bearer).json(&body).send().await.json();
        made["secret"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn checklist_21_every_combination_of_sources_agrees_or_is_refused() {
    let two = two(None).await;
    let app = &two.app;
    let sides = [&app.a, &app.b];
    // By credential: an access token that names nothing or a tenant, or a key.
    let credentials = [
        (None, false, two.token(None).await),
        (Some(0), false, two.token(Some("acme-a")).await),
        (Some(1), false, two.token(Some("acme-b")).await),
        (Some(0), true, two.key("acme-a").await),
        (Some(1), true, two.key("acme-b").await),
    ];
    let choices = [None, Some(0), Some(1)];
    let (mut asked, mut faults) = (0, Vec::new());
    for (claimed, is_key, secret) in &credentials {
        for path in choices {
            for header in choices {
                for workspace in choices {
                    for subdomain in choices {
                        let url = path.map_or_else(
                            || "/api/v1/auth/context".to_owned(),
                            |side: usize| format!("/api/v1/tenants/{}/members", sides[side].tenant.slug),
                        );
                        let mut call = app.get(&url).bearing(secret);
                        if let Some(side) = header {
                            call = call.header("x-tenant-id", &sides[side].tenant.id.to_string());
                        }
                        if let Some(side) = workspace {
                            call = call.header("x-workspace-id", &sides[side].research.id.to_string());
                        }
                        if let Some(side) = subdomain {
                            call = call.host(&format!("{}.tenantry.test", sides[side].tenant.slug));
                        }
                        let answer = call.send().await;
                        asked += 1;
                        let named: Vec<usize> = [*claimed, path, header, workspace, subdomain].into_iter().flatten().collect();
                        let disagree = named.windows(2).any(|pair| pair[0] != pair[1]);
                        let right = match (disagree, is_key) {
                            (false, _) => answer.status == StatusCode::OK,
                            (true, false) => answer.status == StatusCode::BAD_REQUEST && answer.code() == "context_conflict",
                            // To a key nothing else is there: what it cannot see is missing, and no word more.
                            (true, true) => matches!(answer.code().as_str(), "context_conflict" | "not_found"),
                        };
                        if !right {
                            faults.push(format!(
                                "{claimed:?} {is_key} {path:?} {header:?} {workspace:?} {subdomain:?}: {}",
                                answer.text()
                            ));
                        }
                    }
                }
            }
        }
    }
    assert_eq!(asked, 5 * 81);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn a_subdomain_behind_a_proxy_counts_when_the_proxy_is_trusted() {
    for (proxy, believed) in [(None, false), (Some("127.0.0.1"), true)] {
        let two = two(proxy).await;
        let secret = two.token(None).await;
        let ask = |host: &'static str| {
            let call = two.app.get("/api/v1/auth/context").bearing(&secret).header("x-forwarded-host", host);
            call.send()
        };
        let context = ask("elsewhere.example, acme-b.tenantry.test").await.json();
        assert_eq!(context["source"] == "subdomain", believed, "{context}");
        assert_eq!(context["tenant"]["slug"] == "acme-b", believed, "{context}");
        for none in [
            "www.tenantry.test",
            "tenantry.test",
            "acme-b.tenantry.test.evil.example",
            "a.acme-b.tenantry.test",
        ] {
            assert_ne!(ask(none).await.json()["source"], "subdomain", "{none}");
        }
    }
}

/// The cookie of one subdomain is of no use to a page of another, and its own page may write.
#[tokio::test]
async fn a_page_of_another_subdomain_does_not_write() {
    let two = two(None).await;
    let owner = &two.app.a.owner;
    let path = format!("/api/v1/tenants/{}/workspaces", two.app.a.tenant.id);
    let write = |from: &'static str, site: &'static str| {
        let call = two.app.post(&path).by(owner).host("acme-a.tenantry.test");
        let call = call.header("origin", from).header("sec-fetch-site", site);
        call.json(&json!({ "name": "Made there" })).send()
    };
    for (from, site) in [
        ("http://acme-b.tenantry.test", "same-site"),
        ("http://acme-b.tenantry.test", "none of these"),
        ("http://evil.example", "cross-site"),
    ] {
        assert_eq!(write(from, site).await.code(), "foreign_origin", "{from} {site}");
    }
    assert_eq!(write("http://acme-a.tenantry.test", "same-origin").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_context_can_be_tried() {
    let two = two(None).await;
    let secret = two.token(None).await;
    let try_it = |body: Value| two.app.post("/api/v1/auth/context/validate").bearing(&secret).json(&body).send();
    let research = two.app.b.research.id.to_string();
    let answer = try_it(json!({ "tenant": "acme-b", "workspace": "research" })).await.json();
    assert_eq!((&answer["workspace"]["id"], &answer["source"]), (&json!(research), &json!("body")));
    assert_eq!(try_it(json!({ "workspace": research })).await.json()["tenant"]["slug"], "acme-b");
    assert_eq!(try_it(json!({ "tenant": "acme-a", "workspace": research })).await.code(), "not_found");
    assert_eq!(try_it(json!({ "tenant": "nobodys" })).await.code(), "not_found");
    assert_eq!(try_it(json!({ "tenants": "acme-a" })).await.code(), "invalid");
    let named = two.token(Some("acme-a")).await;
    let call = two.app.post("/api/v1/auth/context/validate").bearing(&named);
    assert_eq!(call.json(&json!({ "tenant": "acme-b" })).send().await.code(), "context_conflict");
    // Whoever asks stands where they stood, and nothing says that they went.
    let log_in = two
        .app
        .post("/api/v1/auth/login")
        .json(&json!({ "email": two.email, "password": PASSWORD }));
    let session = log_in.send().await.cookie().unwrap();
    let to = two.app.post("/api/v1/auth/switch-tenant").header("cookie", &session);
    assert_eq!(to.json(&json!({ "tenant": "acme-a" })).send().await.status, StatusCode::OK);
    let went = async || {
        let count = "select count(*) from platform_audit where action = 'user.switched_tenant'";
        two.app.database.count(count).await.unwrap()
    };
    let at = async || {
        let context = two.app.get("/api/v1/auth/context").header("cookie", &session).send().await;
        context.json()["tenant"]["slug"].clone()
    };
    let before = went().await;
    let ask = two.app.post("/api/v1/auth/context/validate").header("cookie", &session);
    let answer = ask.json(&json!({ "tenant": "acme-b" })).send().await;
    assert_eq!((answer.status, &answer.json()["tenant"]["slug"]), (StatusCode::OK, &json!("acme-b")));
    assert_eq!((at().await, went().await), (json!("acme-a"), before));
    // A page under the subdomain of another tenant is none.
    let owner = &two.app.a.owner;
    let page = two.app.get("/t/acme-a").by(owner).host("acme-b.tenantry.test").send().await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        two.app.get("/t/acme-a").by(owner).host("acme-a.tenantry.test").send().await.status,
        StatusCode::OK
    );
}
