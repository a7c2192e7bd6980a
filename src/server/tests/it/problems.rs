//! The form of everything that goes wrong under `/api`: one shape, whoever refuses.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::call::Answer;
use crate::support::fixture::PASSWORD;
use crate::support::server::TestApp;

/// Checks the form, and gives the code and the faults as `field code`.
fn read(answer: &Answer, status: u16, instance: &str) -> (String, Vec<String>) {
    let text = answer.text();
    assert_eq!(answer.status.as_u16(), status, "{text}");
    let problem = answer.json();
    let code = answer.code();
    let keys: Vec<&String> = problem.as_object().unwrap().keys().collect();
    let mut expected = ["type", "title", "status", "detail", "instance", "code", "errors", "request_id"];
    expected.sort_unstable();
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(sorted, expected, "{text}");
    assert_eq!(problem["status"], status, "{text}");
    assert_eq!(problem["type"], format!("/api/docs#problem-{code}"));
    assert_eq!(problem["instance"], instance, "{text}");
    assert!(problem["request_id"].as_str().is_some_and(|id| id.len() >= 8), "{text}");
    assert_eq!(problem["request_id"], answer.header("x-request-id"));
    assert_eq!(answer.header("cache-control"), "no-store", "{text}");
    let faults = problem["errors"].as_array().unwrap().iter().map(|fault| {
        assert!(fault["message"].as_str().is_some_and(|message| message.ends_with('.')), "{fault}");
        format!("{} {}", fault["field"].as_str().unwrap(), fault["code"].as_str().unwrap())
    });
    let mut faults: Vec<String> = faults.collect();
    faults.sort();
    (code, faults)
}

const TENANTS: &str = "/api/v1/tenants";
const TENANT: &str = "/api/v1/tenants/{tenant}";

#[tokio::test]
async fn every_refusal_has_one_form() {
    let app = TestApp::new().await;
    what_has_no_body(&app).await;
    bodies_that_cannot_be_read(&app).await;
    fields_that_are_not_right(&app).await;
    fields_that_are_not_to_be_written(&app).await;
    queries(&app).await;
    ids_that_are_none(&app).await;
    zero_bytes(&app).await;
    trailing_slashes(&app).await;
    the_documentation_explains_them(&app).await;
}

async fn what_has_no_body(app: &TestApp) {
    let owner = &app.a.owner;
    let anonymous = app.get("/api/v1/me").send().await;
    assert_eq!(read(&anonymous, 401, "/api/v1/me"), ("unauthenticated".into(), vec![]));
    assert!(anonymous.header("www-authenticate").starts_with("Bearer"));

    let path = format!("/api/v1/tenants/{}/quotas", app.a.tenant.slug);
    let forbidden = app.patch(&path).by(owner).json(&json!({ "members": 5 })).send().await;
    assert_eq!(read(&forbidden, 403, "/api/v1/tenants/{tenant}/quotas").0, "forbidden");

    let nowhere = app.get("/api/v1/secret-place/secret-token").by(owner).send().await;
    assert_eq!(read(&nowhere, 404, "/api/*").0, "not_found");
    assert!(!nowhere.text().contains("secret"));

    let wrong = app.delete("/api/v1/me/models").by(owner).send().await;
    assert_eq!(read(&wrong, 405, "/api/v1/me/models").0, "method_not_allowed");
    assert!(wrong.header("allow").contains("GET"), "{:?}", wrong.headers);
}

async fn bodies_that_cannot_be_read(app: &TestApp) {
    let owner = &app.a.owner;
    let post = |kind: &str, body: String| app.post("/api/v1/tenants").by(owner).header("content-type", kind).raw(body);
    let deep = "[".repeat(100_000);
    for body in [
        "{",
        "",
        "nul",
        "{\"name\": \"a\"} x",
        "{\"name\": \"\\ud800\"}",
        "{'name': 'a'}",
        "{\"name\": 1e999}",
        &deep,
    ] {
        let answer = post("application/json", body.to_owned()).send().await;
        assert_eq!(read(&answer, 400, TENANTS).0, "bad_json", "{body:.40}");
    }
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "",
        "application",
    ] {
        let answer = post(kind, json!({ "name": "New" }).to_string()).send().await;
        assert_eq!(read(&answer, 415, TENANTS).0, "unsupported_media_type", "{kind}");
    }
    for kind in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"] {
        let answer = post(kind, json!({ "name": "New" }).to_string()).send().await;
        assert_eq!(answer.status, StatusCode::CREATED, "{kind} {}", answer.text());
    }
    let large = json!({ "name": "x".repeat(tenantry_api::MAX_BODY) }).to_string();
    let answer = post("application/json", large).send().await;
    assert_eq!(read(&answer, 413, TENANTS).0, "too_large");
}

async fn fields_that_are_not_right(app: &TestApp) {
    let body = json!({ "email": 1, "name": "", "password": "kurz", "tenant_name": "x".repeat(101), "role": "owner" });
    let answer = app.post("/api/v1/auth/register").json(&body).send().await;
    let (code, faults) = read(&answer, 422, "/api/v1/auth/register");
    assert_eq!(code, "invalid");
    assert_eq!(
        faults,
        [
            "email expected_text",
            "name required",
            "password too_short",
            "role unknown_field",
            "tenant_name too_long"
        ]
    );
    assert!(!answer.text().contains("kurz"), "what was typed is not repeated: {}", answer.text());

    let body = json!({ "email": "nobody", "role": "king", "workspaces": [{ "workspace": "x", "role": 3 }, 5], "expires_in_days": 1000 });
    let path = format!("/api/v1/tenants/{}/invitations", app.a.tenant.slug);
    let answer = app.post(&path).by(&app.a.owner).json(&body).send().await;
    let (_, faults) = read(&answer, 422, "/api/v1/tenants/{tenant}/invitations");
    assert_eq!(
        faults.iter().map(|fault| fault.split_once(' ').unwrap().0).collect::<Vec<_>>(),
        [
            "email",
            "expires_in_days",
            "role",
            "workspaces[0].role",
            "workspaces[0].workspace",
            "workspaces[1]"
        ]
    );

    for body in [json!([]), json!("x"), json!(null), json!(1)] {
        let answer = app.post("/api/v1/tenants").by(&app.a.owner).json(&body).send().await;
        assert_eq!(read(&answer, 422, TENANTS).0, "invalid", "{body}");
    }
}

async fn fields_that_are_not_to_be_written(app: &TestApp) {
    let owner = &app.a.owner;
    let path = format!("/api/v1/tenants/{}", app.a.tenant.slug);
    let refused = |answer: Answer, instance: &str| read(&answer, 422, instance).1;
    let body = json!({ "name": "Other", "id": "x", "status": "active", "created_at": "2026-01-01T00:00:00Z", "plan": null, "owner": "me" });
    for method in [Method::PATCH, Method::PUT] {
        let faults = refused(app.call(method, &path).by(owner).json(&body).send().await, TENANT);
        assert_eq!(
            faults,
            [
                "created_at read_only",
                "id read_only",
                "owner unknown_field",
                "plan read_only",
                "status read_only"
            ]
        );
    }
    let me = json!({ "name": "Other", "is_operator": true, "email": "x@example.com", "password": "x" });
    let faults = refused(app.patch("/api/v1/me").by(owner).json(&me).send().await, "/api/v1/me");
    assert_eq!(faults, ["email read_only", "is_operator read_only", "password unknown_field"]);
    let member = format!("{path}/members/{}", app.a.viewer.user.id);
    let body = json!({ "role": "admin", "user_id": app.b.owner.user.id, "tenant_id": app.b.tenant.id });
    let faults = refused(
        app.patch(&member).by(owner).json(&body).send().await,
        "/api/v1/tenants/{tenant}/members/{user}",
    );
    assert_eq!(faults, ["tenant_id unknown_field", "user_id read_only"]);
    let body = json!({ "name": "New", "id": "ten_06fzz0000e00800000000zzzzz", "status": "suspended", "used": 3 });
    let answer = app.post("/api/v1/tenants").by(owner).json(&body).send().await;
    assert_eq!(read(&answer, 422, TENANTS).1.len(), 3, "{}", answer.text());
    let after = app.get(&path).by(owner).send().await.json();
    assert_eq!(after["name"], "Acme", "nothing was written");
}

async fn queries(app: &TestApp) {
    let path = format!("/api/v1/tenants/{}/members", app.a.tenant.slug);
    let get = |query: &str| app.get(&format!("{path}?{query}")).by(&app.a.owner);
    let at = "/api/v1/tenants/{tenant}/members";
    let (_, faults) = read(&get("limit=0&skip=-1&sort=shoe&role=king&Limit=5").send().await, 422, at);
    assert_eq!(
        faults.iter().map(|fault| fault.split_once(' ').unwrap().0).collect::<Vec<_>>(),
        ["Limit", "limit", "role", "skip", "sort"]
    );
    for query in ["limit=101", "skip=10001", "limit=x", "cursor=nonsense", "cursor=", "limit="] {
        let answer = get(query).send().await;
        if query.ends_with('=') {
            assert_eq!(
                answer.status,
                StatusCode::OK,
                "an empty field counts as absent: {query} {}",
                answer.text()
            );
        } else {
            assert_eq!(read(&answer, 422, at).0, "invalid", "{query}");
        }
    }
    // What a search holds is text, not a pattern.
    for query in ["q=%25", "q=_", "q=%5C", "q=%27"] {
        let answer = get(query).send().await;
        assert_eq!(answer.json()["total"], 0, "{query} {}", answer.text());
    }
    assert_eq!(get("q=OLGA").send().await.json()["total"], 1);
    // Page after page gives each member once.
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = get(&query).send().await.json();
        assert_eq!(page["total"], 5);
        seen.extend(page["items"].as_array().unwrap().iter().map(|member| member["email"].to_string()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("limit=2&cursor={cursor}");
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((count, seen.len()), (5, 5));
}

async fn ids_that_are_none(app: &TestApp) {
    let (tenant, workspace) = (&app.a.tenant.slug, &app.a.research.slug);
    let usr = app.a.viewer.user.id.to_string();
    let cut = &usr[..29];
    let upper = usr.to_uppercase();
    let other_kind = app.a.tenant.id.to_string();
    for bad in [
        "nonsense",
        "usr_",
        "1",
        "0199f0c4-0000-7000-8000-000000000000",
        cut,
        &upper,
        &other_kind,
        "%ff",
        "%2e%2e",
        "a%20b",
        "usr_zzzzzzzzzzzzzzzzzzzzzzzzzz",
    ] {
        for (method, path, instance) in [
            (Method::GET, format!("/api/v1/tenants/{bad}-"), TENANT),
            (
                Method::GET,
                format!("/api/v1/tenants/{tenant}/members/{bad}"),
                "/api/v1/tenants/{tenant}/members/{user}",
            ),
            (
                Method::DELETE,
                format!("/api/v1/tenants/{tenant}/invitations/{bad}"),
                "/api/v1/tenants/{tenant}/invitations/{invitation}",
            ),
            (
                Method::GET,
                format!("/api/v1/tenants/{tenant}/workspaces/{bad}"),
                "/api/v1/tenants/{tenant}/workspaces/{workspace}",
            ),
            (Method::GET, format!("/api/v1/workspaces/{bad}"), "/api/v1/workspaces/{workspace}"),
            (
                Method::DELETE,
                format!("/api/v1/tenants/{tenant}/workspaces/{workspace}/members/{bad}"),
                "/api/v1/tenants/{tenant}/workspaces/{workspace}/members/{user}",
            ),
            (Method::GET, format!("/api/v1/invitations/{bad}"), "/api/v1/invitations/{token}"),
        ] {
            let answer = app.call(method, &path).by(&app.a.owner).send().await;
            let instance = match instance {
                "/api/v1/tenants/{tenant}/workspaces/{workspace}" | "/api/v1/workspaces/{workspace}" => format!("{instance}/"),
                other => other.to_owned(),
            };
            let got = answer.json()["instance"].as_str().unwrap_or_default().to_owned();
            assert_eq!(got.trim_end_matches('/'), instance.trim_end_matches('/'), "{path}");
            assert_eq!(read(&answer, 404, &got).0, "not_found", "{path}");
            assert!(bad.len() < 3 || !answer.text().contains(bad), "{path}: {}", answer.text());
        }
        let model = app
            .put(&format!("/api/v1/tenants/{tenant}/models/{bad}"))
            .by(&app.a.owner)
            .json(&json!({ "enabled": true }));
        assert_eq!(model.send().await.code(), "not_found", "{bad}");
        for kind in ["providers", "models", "plans", "platform/users"] {
            let answer = app.get(&format!("/api/v1/{kind}/{bad}")).by(&app.operator).send().await;
            assert_eq!(answer.code(), "not_found", "{kind} {bad}");
        }
    }
    // A slug of the wrong case is another slug.
    assert_eq!(app.get("/api/v1/tenants/ACME-A").by(&app.a.owner).send().await.code(), "not_found");
}

/// A zero byte cannot be stored in a text: it must not get as far as the database.
async fn zero_bytes(app: &TestApp) {
    let tenant = &app.a.tenant.slug;
    let owner = &app.a.owner;
    for path in [
        "/api/v1/tenants/a%00b".to_owned(),
        format!("/api/v1/tenants/{tenant}/workspaces/a%00b"),
        format!("/api/v1/tenants/{tenant}/members/usr_%00"),
        "/api/v1/invitations/a%00b".to_owned(),
        "/api/v1/workspaces/a%00b".to_owned(),
    ] {
        assert_eq!(app.get(&path).by(owner).send().await.code(), "not_found", "{path}");
    }
    for list in ["members", "invitations", "workspaces", "models", "models/report"] {
        let answer = app.get(&format!("/api/v1/tenants/{tenant}/{list}?q=a%00b")).by(owner).send().await;
        assert!(
            answer.status.is_success() || answer.status == StatusCode::UNPROCESSABLE_ENTITY,
            "{list}: {}",
            answer.text()
        );
    }
    let answer = app.get(&format!("/api/v1/tenants/{tenant}/models?provider=a%00b")).by(owner).send().await;
    assert!(!answer.status.is_server_error(), "{}", answer.text());
    for list in ["providers", "models", "platform/users", "tenants"] {
        let answer = app.get(&format!("/api/v1/{list}?q=a%00b")).by(&app.operator).send().await;
        assert!(!answer.status.is_server_error(), "{list}: {}", answer.text());
    }
    for (method, path, body) in [
        (Method::POST, "/api/v1/tenants".to_owned(), json!({ "name": "a\u{0}b" })),
        (
            Method::POST,
            "/api/v1/tenants".to_owned(),
            json!({ "name": "ab", "external_id": "a\u{0}b", "metadata": { "a\u{0}": "b" } }),
        ),
        (
            Method::POST,
            "/api/v1/tenants".to_owned(),
            json!({ "name": "ab", "metadata": { "a": "\u{0}" } }),
        ),
        (Method::POST, "/api/v1/auth/switch-tenant".to_owned(), json!({ "tenant": "a\u{0}b" })),
        (
            Method::POST,
            "/api/v1/auth/switch-tenant".to_owned(),
            json!({ "tenant": tenant, "workspace": "a\u{0}b" }),
        ),
        (
            Method::POST,
            "/api/v1/auth/login".to_owned(),
            json!({ "email": "a\u{0}b@example.com", "password": "\u{0}" }),
        ),
        (
            Method::POST,
            "/api/v1/auth/login".to_owned(),
            json!({ "email": "olga@a.test", "password": "\u{0}" }),
        ),
        (Method::PATCH, "/api/v1/me".to_owned(), json!({ "name": "a\u{0}b" })),
        (
            Method::POST,
            format!("/api/v1/tenants/{tenant}/workspaces"),
            json!({ "name": "ab", "description": "a\u{0}b" }),
        ),
        (Method::POST, format!("/api/v1/tenants/{tenant}/members"), json!({ "users": ["a\u{0}b"] })),
        (
            Method::POST,
            format!("/api/v1/tenants/{tenant}/invitations"),
            json!({ "email": "a\u{0}b@example.com" }),
        ),
    ] {
        let answer = app.call(method, &path).by(owner).json(&body).send().await;
        assert!(answer.status.is_client_error(), "{path} {body}: {} {}", answer.status, answer.text());
    }
    for (path, body) in [
        ("/api/v1/providers", json!({ "name": "ab", "base_url": "https://a.example.com/\u{0}/v1" })),
        ("/api/v1/models", json!({ "name": "a\u{0}b" })),
        ("/api/v1/models", json!({ "name": "ab", "modalities": ["a\u{0}b"] })),
        ("/api/v1/models", json!({ "name": "ab", "display_name": "a\u{0}b" })),
        ("/api/v1/plans", json!({ "name": "a\u{0}b" })),
    ] {
        let answer = app.post(path).by(&app.operator).json(&body).send().await;
        assert!(answer.status.is_client_error(), "{path} {body}: {} {}", answer.status, answer.text());
    }
}

async fn trailing_slashes(app: &TestApp) {
    let tenant = &app.a.tenant.slug;
    for path in [
        "/api/v1/me".to_owned(),
        "/api/v1/tenants".to_owned(),
        format!("/api/v1/tenants/{tenant}"),
        format!("/api/v1/tenants/{tenant}/members"),
        "/api/docs".to_owned(),
    ] {
        let (plain, slash) = (
            app.get(&path).by(&app.a.owner).send().await,
            app.get(&format!("{path}/")).by(&app.a.owner).send().await,
        );
        assert_eq!((plain.status, slash.status), (StatusCode::OK, StatusCode::OK), "{path}");
        assert_eq!(plain.body, slash.body, "{path}");
        let query = app.get(&format!("{path}/?limit=1")).by(&app.a.owner).send().await;
        assert!(matches!(query.status.as_u16(), 200 | 422), "{path}");
    }
}

async fn the_documentation_explains_them(app: &TestApp) {
    let page = app.get("/api/docs").send().await.text();
    for code in tenantry_types::ProblemCode::ALL {
        assert!(page.contains(&format!("id=\"problem-{}\"", code.code())), "{}", code.code());
    }
    let document: Value = app.get("/api/openapi.json").send().await.json();
    assert_eq!(&document, tenantry_api::document());
    assert!(!document.to_string().contains(PASSWORD));
}
