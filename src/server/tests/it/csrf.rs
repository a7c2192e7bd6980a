//! Which requests may use a session: those of our own origin. A credential in a header is another
//! way to say who one is, and then the cookie counts for nothing.

use http::{Method, StatusCode};
use serde_json::json;
use tenantry_server::config::SameSite;

use crate::support::call::Call;
use crate::support::fixture::PASSWORD;
use crate::support::server::{Server, TestApp, Wish};
use crate::support::walk::{Things, operations};

/// What browsers say of a request that another site made.
const FOREIGN: &[&[(&str, &str)]] = &[
    &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
    &[("origin", "https://evil.example")],
    &[("origin", "http://tenantry.test.evil.example")],
    &[("origin", "http://tenantry.test:8080")],
    &[("origin", "https://tenantry.test.")],
    &[("origin", "http://sub.tenantry.test"), ("sec-fetch-site", "same-site")],
    &[("origin", "null")],
    &[("origin", "file://")],
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "nonsense")],
];

fn with<'a>(call: Call<'a>, headers: &[(&str, &str)]) -> Call<'a> {
    headers.iter().fold(call, |call, (name, value)| call.header(name, value))
}

#[tokio::test]
async fn only_our_own_origin_writes_with_a_session() {
    let app = TestApp::new().await;
    no_write_of_the_api(&app).await;
    no_form(&app).await;
    no_server_function(&app).await;
    our_own_origin_may(&app).await;
    a_credential_in_a_header_wins(&app).await;
    reading_never_writes(&app).await;
}

async fn no_write_of_the_api(app: &TestApp) {
    let mut things = Things::unknown();
    things.tenant = app.a.tenant.id.to_string();
    let mut seen = 0;
    for operation in operations() {
        if operation.method == Method::GET {
            continue;
        }
        seen += 1;
        let path = things.path(&operation);
        let call = app
            .call(operation.method.clone(), &path)
            .by(&app.a.owner)
            .header("origin", "https://evil.example");
        let call = match things.body(&operation) {
            Some(body) => call.json(&body),
            None => call,
        };
        let answer = call.send().await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "foreign_origin"),
            "{}",
            operation.name()
        );
        assert!(answer.cookie().is_none(), "{}", operation.name());
    }
    assert!(seen > 50, "{seen}");
    for headers in FOREIGN {
        let call = app.post("/api/v1/tenants").by(&app.a.owner).json(&json!({ "name": "Planted" }));
        let answer = with(call, headers).send().await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "foreign_origin"),
            "{headers:?}"
        );
        // Signing somebody in as somebody else is an attack, too.
        let login = app
            .post("/api/v1/auth/login")
            .json(&json!({ "email": "olga@a.test", "password": PASSWORD }));
        let answer = with(login, headers).send().await;
        assert_eq!((answer.status, answer.cookie()), (StatusCode::FORBIDDEN, None), "{headers:?}");
    }
    assert_eq!(app.database.count("select count(*) from tenant where name = 'Planted'").await.unwrap(), 0);
    assert_eq!(
        app.get("/api/v1/me").by(&app.a.owner).send().await.status,
        StatusCode::OK,
        "nobody was signed out"
    );
}

async fn no_form(app: &TestApp) {
    let invitations = format!("/t/{}/invitations", app.a.tenant.slug);
    let keys = format!("/t/{}/keys", app.a.tenant.slug);
    for path in [
        "/login",
        "/register",
        "/logout",
        "/theme",
        "/invite/nonsense",
        "/account",
        "/forgot",
        "/reset/nonsense",
        "/verify/nonsense",
        "/register/nonsense",
        "/admin/users",
        "/_fn/playground",
        &invitations,
        &keys,
    ] {
        for headers in FOREIGN {
            let form = [
                ("email", "olga@a.test"),
                ("password", PASSWORD),
                ("name", "New"),
                ("theme", "dark"),
                ("role", "admin"),
                ("scopes", "members:read"),
            ];
            let answer = with(app.post(path).by(&app.a.owner).form(&form), headers).send().await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert!(answer.cookie().is_none(), "{path}");
        }
    }
    assert_eq!(app.database.count("select count(*) from invitation").await.unwrap(), 0);
    assert_eq!(app.database.count("select count(*) from api_key").await.unwrap(), 0);
}

async fn no_server_function(app: &TestApp) {
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        if method == Method::GET {
            continue;
        }
        let fields = [("tenant", app.a.tenant.slug.as_str()), ("name", "Planted"), ("confirm", "Acme")];
        let answer = app
            .call(method, path)
            .by(&app.a.owner)
            .header("origin", "https://evil.example")
            .form(&fields)
            .send()
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "foreign_origin"),
            "{path}"
        );
    }
}

async fn our_own_origin_may(app: &TestApp) {
    let own: &[&[(&str, &str)]] = &[
        &[("origin", "http://tenantry.test"), ("sec-fetch-site", "same-origin")],
        &[("origin", "http://tenantry.test")],
        &[("sec-fetch-site", "same-origin")],
        // Typed into the address bar, or from a program.
        &[("sec-fetch-site", "none")],
        &[],
    ];
    for headers in own {
        let call = app.patch("/api/v1/me").by(&app.a.owner).json(&json!({ "name": "Olga Owner" }));
        assert_eq!(with(call, headers).send().await.status, StatusCode::OK, "{headers:?}");
        let form = app.post("/theme").form(&[("theme", "dark")]);
        assert_eq!(with(form, headers).send().await.status, StatusCode::SEE_OTHER, "{headers:?}");
    }
}

async fn a_credential_in_a_header_wins(app: &TestApp) {
    let me = || app.get("/api/v1/me").by(&app.a.owner);
    assert_eq!(me().send().await.status, StatusCode::OK);
    for (name, value) in [
        ("authorization", "Bearer x"),
        ("authorization", "Bearer tnt_0123456789"),
        ("authorization", "Basic b2xnYTpwYXNz"),
        ("authorization", "Bearer"),
        ("authorization", ""),
        ("x-api-key", "tnt_0123456789"),
        ("x-api-key", ""),
    ] {
        assert_eq!(me().header(name, value).send().await.code(), "unauthenticated", "{name}: {value}");
        let write = app
            .post("/api/v1/tenants")
            .by(&app.a.owner)
            .header(name, value)
            .json(&json!({ "name": "By header" }));
        assert_eq!(write.send().await.code(), "unauthenticated", "{name}: {value}");
    }
    let both = me().header("authorization", "Bearer x").header("x-api-key", "y").send().await;
    assert_eq!((both.status, both.code().as_str()), (StatusCode::BAD_REQUEST, "bad_request"));
    let twice = me().header("x-api-key", "x").header("x-api-key", "y").send().await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    // Not a credential of this API.
    let proxy = me().header("proxy-authorization", "Basic x").send().await;
    assert_eq!(proxy.status, StatusCode::OK);
}

/// A link to another site's choosing changes nothing, whoever follows it.
async fn reading_never_writes(app: &TestApp) {
    let writes = operations().into_iter().filter(|operation| operation.method != Method::GET);
    let things = Things::unknown();
    for operation in writes {
        let path = things.path(&operation);
        let answer = app.get(&path).by(&app.a.owner).header("sec-fetch-site", "cross-site").send().await;
        let known = matches!(answer.status.as_u16(), 200 | 404 | 405);
        assert!(known, "GET {path}: {}", answer.status);
    }
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        if method != Method::POST {
            continue;
        }
        let query = format!("{path}?tenant={}&name=Planted&confirm=Acme", app.a.tenant.slug);
        let answer = app.get(&query).by(&app.a.owner).header("sec-fetch-site", "cross-site").send().await;
        assert!(answer.status.is_client_error(), "GET {path}: {}", answer.status);
    }
    assert_eq!(
        app.database
            .count("select count(*) from tenant where name = 'Planted' or status <> 'active'")
            .await
            .unwrap(),
        0
    );
    assert_eq!(app.get("/logout").by(&app.a.owner).send().await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_public_address_decides_what_our_origin_is() {
    let mut wish = Wish::default();
    wish.surroundings.public_url = Some("https://tenantry.test".to_owned());
    wish.surroundings.sessions.secure = true;
    wish.surroundings.sessions.same_site = SameSite::Lax;
    let server = Server::with(wish).await;
    let register = |n: u32, origin: &'static str| {
        let body = json!({ "email": format!("p{n}@example.com"), "name": "Somebody", "password": PASSWORD });
        server.post("/api/v1/auth/register").header("origin", origin).json(&body)
    };
    // Behind a proxy that speaks https, the server sees http and its own name.
    assert_eq!(register(1, "https://tenantry.test").send().await.status, StatusCode::CREATED);
    assert_eq!(register(2, "https://other.test").send().await.code(), "foreign_origin");
    assert_eq!(register(3, "https://tenantry.test:444").send().await.code(), "foreign_origin");
    // A cookie of the other name is none.
    let cookie = register(4, "https://tenantry.test").send().await.cookie().unwrap();
    assert_eq!(server.get("/api/v1/me").header("cookie", &cookie).send().await.status, StatusCode::OK);
    let plain = cookie.replace("__Host-", "");
    assert_eq!(server.get("/api/v1/me").header("cookie", &plain).send().await.code(), "unauthenticated");
}
