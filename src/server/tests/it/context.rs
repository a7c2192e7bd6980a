//! Which tenant a request is about: sources that disagree are refused, and what is not the caller's
//! is not there, by whichever source it is named.

use http::StatusCode;
use serde_json::{Value, json};
use tenantry_server::router::Surroundings;
use tenantry_types::{CtxRole, TenantRole, permission};

use crate::support::call::{Answer, Call};
use crate::support::fixture::{PASSWORD, Person, person};
use crate::support::server::{TestApp, Wish};

fn code_of(answer: &Answer) -> (u16, String) {
    (
        answer.status.as_u16(),
        if answer.status.is_success() { String::new() } else { answer.code() },
    )
}

fn conflict() -> (u16, String) {
    (400, "context_conflict".to_owned())
}

fn missing() -> (u16, String) {
    (404, "not_found".to_owned())
}

fn fine() -> (u16, String) {
    (200, String::new())
}

/// A person in both tenants, with a workspace in each.
struct Both {
    app: TestApp,
    who: Person,
    a: [String; 2],
    b: [String; 2],
    research: [String; 2],
    support: String,
    research_of_b: String,
}

impl Both {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let who = person(&app, "both@example.com", "Both").await;
        for tenant in [&app.a.tenant, &app.b.tenant] {
            let body = json!({ "user_id": who.user.id, "role": "admin" });
            let answer = app
                .post(&format!("/api/v1/tenants/{}/members", tenant.id))
                .by(&app.operator)
                .json(&body)
                .send()
                .await;
            assert_eq!(answer.status, StatusCode::CREATED);
        }
        Self {
            a: [app.a.tenant.id.to_string(), app.a.tenant.slug.to_string()],
            b: [app.b.tenant.id.to_string(), app.b.tenant.slug.to_string()],
            research: [app.a.research.id.to_string(), app.a.research.slug.to_string()],
            support: app.a.support.id.to_string(),
            research_of_b: app.b.research.id.to_string(),
            who,
            app,
        }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        with(self.app.get(path).by(&self.who), headers).send().await
    }

    async fn context(&self, headers: &[(&str, &str)]) -> Answer {
        self.get("/api/v1/auth/context", headers).await
    }
}

fn with<'a>(call: Call<'a>, headers: &[(&str, &str)]) -> Call<'a> {
    headers.iter().fold(call, |call, (name, value)| call.header(name, value))
}

#[tokio::test]
async fn sources_agree_or_the_request_is_refused() {
    let both = Both::new().await;
    the_path_and_the_tenant_header(&both).await;
    the_path_and_the_workspace_header(&both).await;
    a_workspace_without_its_tenant(&both).await;
    headers_alone(&both).await;
    what_is_not_theirs(&both).await;
    switching(&both).await;
}

async fn the_path_and_the_tenant_header(both: &Both) {
    for path in &both.a {
        for mount in ["tenants", "organizations"] {
            let path = format!("/api/v1/{mount}/{path}");
            for same in &both.a {
                assert_eq!(code_of(&both.get(&path, &[("x-tenant-id", same)]).await), fine());
                assert_eq!(code_of(&both.get(&path, &[("x-tenant-id", same), ("x-tenant-id", same)]).await), fine());
            }
            assert_eq!(code_of(&both.get(&path, &[("x-tenant-id", "")]).await), fine());
            for other in [&both.b[0], &both.b[1], "nobodys", "ten_06fzz0000e00800000000zzzzz"] {
                assert_eq!(code_of(&both.get(&path, &[("x-tenant-id", other)]).await), conflict(), "{other}");
            }
            assert_eq!(
                code_of(&both.get(&path, &[("x-tenant-id", &both.a[0]), ("x-tenant-id", &both.b[0])]).await),
                conflict()
            );
        }
    }
    // A write is refused before it is one.
    let path = format!("/api/v1/tenants/{}", both.a[1]);
    let rename = both
        .app
        .patch(&path)
        .by(&both.who)
        .header("x-tenant-id", &both.b[1])
        .json(&json!({ "name": "Wrong" }));
    assert_eq!(code_of(&rename.send().await), conflict());
    assert_eq!(
        both.app.database.count("select count(*) from tenant where name = 'Wrong'").await.unwrap(),
        0
    );
}

async fn the_path_and_the_workspace_header(both: &Both) {
    let members = format!("/api/v1/tenants/{}/members", both.a[1]);
    for same in &both.research {
        assert_eq!(code_of(&both.get(&members, &[("x-workspace-id", same)]).await), fine());
    }
    assert_eq!(code_of(&both.get(&members, &[("x-workspace-id", &both.research_of_b)]).await), conflict());
    assert_eq!(code_of(&both.get(&members, &[("x-workspace-id", "nobodys")]).await), missing());
    let research = format!("/api/v1/tenants/{}/workspaces/{}", both.a[0], both.research[1]);
    for same in &both.research {
        assert_eq!(
            code_of(&both.get(&research, &[("x-workspace-id", same), ("x-tenant-id", &both.a[1])]).await),
            fine()
        );
    }
    for other in [&both.support, "support", &both.research_of_b, "nobodys"] {
        assert_eq!(code_of(&both.get(&research, &[("x-workspace-id", other)]).await), conflict(), "{other}");
    }
    assert_eq!(
        code_of(
            &both
                .get(&research, &[("x-workspace-id", &both.research[0]), ("x-workspace-id", &both.support)])
                .await
        ),
        conflict()
    );
    // A workspace of the other tenant under this one's path is not there.
    let mixed = format!("/api/v1/tenants/{}/workspaces/{}", both.a[0], both.research_of_b);
    assert_eq!(code_of(&both.get(&mixed, &[]).await), missing());
}

async fn a_workspace_without_its_tenant(both: &Both) {
    let path = format!("/api/v1/workspaces/{}", both.research[0]);
    assert_eq!(both.get(&path, &[]).await.json()["id"], both.research[0].as_str());
    for same in &both.a {
        assert_eq!(code_of(&both.get(&path, &[("x-tenant-id", same)]).await), fine());
    }
    for other in [&both.b[0], &both.b[1], "nobodys"] {
        assert_eq!(code_of(&both.get(&path, &[("x-tenant-id", other)]).await), conflict());
    }
    assert_eq!(code_of(&both.get(&path, &[("x-workspace-id", &both.support)]).await), conflict());
    // Slugs are unique in a tenant only.
    assert_eq!(code_of(&both.get("/api/v1/workspaces/research", &[]).await), missing());
    assert_eq!(
        code_of(&both.get("/api/v1/workspaces/research", &[("x-tenant-id", &both.a[0])]).await),
        missing()
    );
}

async fn headers_alone(both: &Both) {
    for tenant in &both.a {
        let context = both.context(&[("x-tenant-id", tenant)]).await.json();
        assert_eq!((&context["tenant"]["id"], &context["source"]), (&json!(both.a[0]), &json!("header")));
        assert_eq!((&context["tenant_role"], &context["workspace"]), (&json!("admin"), &Value::Null));
        let expected = permission::of(CtxRole::Member(TenantRole::Admin));
        assert_eq!(context["permissions"], json!(expected));
        for workspace in &both.research {
            let context = both.context(&[("x-tenant-id", tenant), ("x-workspace-id", workspace)]).await.json();
            assert_eq!(
                (&context["workspace"]["id"], &context["workspace_role"]),
                (&json!(both.research[0]), &json!("admin"))
            );
        }
    }
    let by_workspace = both.context(&[("x-workspace-id", &both.research_of_b)]).await.json();
    assert_eq!(
        (&by_workspace["tenant"]["id"], &by_workspace["source"]),
        (&json!(both.b[0]), &json!("header"))
    );
    for (headers, expected) in [
        (
            vec![("x-tenant-id", both.a[1].as_str()), ("x-workspace-id", &both.research_of_b)],
            conflict(),
        ),
        (vec![("x-tenant-id", &both.a[1]), ("x-tenant-id", &both.b[1])], conflict()),
        (vec![("x-tenant-id", &both.a[1]), ("x-workspace-id", "nobodys")], missing()),
        (vec![("x-tenant-id", "nobodys")], missing()),
        (vec![("x-tenant-id", "nobodys"), ("x-workspace-id", &both.research[0])], missing()),
    ] {
        assert_eq!(code_of(&both.context(&headers).await), expected, "{headers:?}");
    }
}

/// By header as by path: one that is there and one that is not look the same.
async fn what_is_not_theirs(both: &Both) {
    let app = &both.app;
    let stranger = &app.a.viewer;
    let unknown_tenant = "ten_06fzz0000e00800000000zzzzz";
    let unknown_workspace = "wsp_06fzz0000e00800000000zzzzz";
    let bare = |answer: Answer| {
        let mut body = answer.json();
        body["request_id"].take();
        (answer.status, body)
    };
    let ask = |path: &'static str, name: &'static str, value: String| app.get(path).by(stranger).header(name, &value).send();
    for (name, theirs, none) in [
        ("x-tenant-id", both.b[0].clone(), unknown_tenant.to_owned()),
        ("x-tenant-id", both.b[1].clone(), "nobodys".to_owned()),
        ("x-workspace-id", both.research_of_b.clone(), unknown_workspace.to_owned()),
        // Of their own tenant, and not theirs to enter.
        ("x-workspace-id", both.research[0].clone(), unknown_workspace.to_owned()),
    ] {
        let (there, not) = (
            ask("/api/v1/auth/context", name, theirs.clone()).await,
            ask("/api/v1/auth/context", name, none.clone()).await,
        );
        assert_eq!(code_of(&there), missing(), "{name}: {theirs}");
        assert_eq!(bare(there), bare(not));
        // Beside a path of their own, too.
        let (there, not) = (
            ask("/api/v1/tenants/acme-a", name, theirs.clone()).await,
            ask("/api/v1/tenants/acme-a", name, none).await,
        );
        assert!(there.status.is_client_error());
        assert_eq!(bare(there), bare(not), "{name}: {theirs}");
    }
}

async fn switching(both: &Both) {
    let app = &both.app;
    let switch = |body: Value| app.post("/api/v1/auth/switch-tenant").by(&both.who).json(&body);
    let listed = async || {
        both.get("/api/v1/auth/available-tenants", &[]).await.json()["items"]
            .as_array()
            .unwrap()
            .clone()
    };
    assert_eq!(listed().await.len(), 3, "two tenants and the one of the sign-up");

    for (tenant, id) in [(&both.a[1], &both.a[0]), (&both.b[0], &both.b[0])] {
        let answer = switch(json!({ "tenant": tenant })).send().await;
        assert_eq!(
            (answer.status, &answer.json()["tenant"]["id"]),
            (StatusCode::OK, &json!(id)),
            "{}",
            answer.text()
        );
        let context = both.context(&[]).await.json();
        assert_eq!((&context["tenant"]["id"], &context["source"]), (&json!(id), &json!("session")));
        assert_eq!(listed().await[0]["id"], json!(id), "the last one comes first");
    }
    let keys: Vec<String> = listed().await[0].as_object().unwrap().keys().cloned().collect();
    for key in ["id", "slug", "name", "role", "status", "last_used_at"] {
        assert!(keys.contains(&key.to_owned()), "{keys:?}");
    }
    let answer = switch(json!({ "tenant": both.a[1], "workspace": "research" })).send().await;
    assert_eq!(answer.json()["workspace"]["id"], json!(both.research[0]));
    // It is the default of this session, workspace and all; another one starts where the account was last,
    // and goes its own way from there.
    let context = both.context(&[]).await.json();
    assert_eq!(
        (&context["tenant"]["id"], &context["workspace"]["id"], &context["source"]),
        (&json!(both.a[0]), &json!(both.research[0]), &json!("session"))
    );
    let body = json!({ "email": both.who.user.email, "password": PASSWORD });
    let cookie = app.post("/api/v1/auth/login").json(&body).send().await.cookie().unwrap();
    let there = async || app.get("/api/v1/auth/context").header("cookie", &cookie).send().await.json();
    let new = there().await;
    assert_eq!((&new["tenant"]["id"], &new["workspace"]), (&json!(both.a[0]), &Value::Null));
    switch(json!({ "tenant": both.b[0] })).send().await;
    assert_eq!(both.context(&[]).await.json()["workspace"], Value::Null);
    assert_eq!(there().await["tenant"]["id"], json!(both.a[0]), "each session stands where it was put");
    switch(json!({ "tenant": both.a[1], "workspace": "research" })).send().await;
    // A header is a source like another, and the session's default is none.
    assert_eq!(
        both.context(&[("x-tenant-id", &both.b[0])]).await.json()["tenant"]["id"],
        json!(both.b[0])
    );
    for (body, expected) in [
        (json!({ "tenant": "nobodys" }), missing()),
        (json!({ "tenant": both.a[1], "workspace": both.research_of_b }), missing()),
        (json!({ "tenant": both.a[1], "workspace": "nobodys" }), missing()),
        (json!({}), (422, "invalid".to_owned())),
        (json!({ "tenant": both.a[1], "x": 1 }), (422, "invalid".to_owned())),
    ] {
        assert_eq!(code_of(&switch(body.clone()).send().await), expected, "{body}");
    }
    let conflicting = switch(json!({ "tenant": both.b[1] })).header("x-tenant-id", &both.a[1]).send().await;
    assert_eq!(code_of(&conflicting), conflict());
    assert_eq!(
        both.context(&[]).await.json()["tenant"]["id"],
        json!(both.a[0]),
        "what failed changed nothing"
    );

    // Whoever is put out of it does not stand in it any more.
    let left = app
        .delete(&format!("/api/v1/tenants/{}/members/me", both.a[0]))
        .by(&both.who)
        .send()
        .await;
    assert_eq!(left.status, StatusCode::NO_CONTENT);
    let context = both.context(&[]).await.json();
    assert_eq!((&context["tenant"], &context["source"]), (&Value::Null, &json!("none")));
    assert_eq!(context["permissions"], json!([]));
    assert_eq!(listed().await.len(), 2);
}

#[tokio::test]
async fn the_only_tenant_is_a_fallback_that_can_be_turned_off() {
    let surroundings: Surroundings = Wish::default().surroundings;
    for (on, source) in [(true, "only_tenant"), (false, "none")] {
        let mut wish = Wish {
            surroundings: surroundings.clone(),
            ..Wish::default()
        };
        wish.policy.only_tenant_fallback = on;
        let app = TestApp::with(wish).await;
        let alone = person(&app, "alone@example.com", "Alone").await;
        // The sign-up led into it; that is another fallback.
        let context = app.get("/api/v1/auth/context").by(&alone).send().await.json();
        assert_eq!(context["source"], "session");
        app.database.run("update user_account set last_tenant = null").await.unwrap();
        let context = app.get("/api/v1/auth/context").by(&alone).send().await.json();
        assert_eq!(context["source"], source);
        assert_eq!(context["tenant"].is_null(), !on);
        assert_eq!(context["user"]["email"], "alone@example.com");
        // It never helps a path, and never stands against a source.
        let other = app
            .get("/api/v1/auth/context")
            .by(&alone)
            .header("x-tenant-id", app.a.tenant.slug.as_str())
            .send()
            .await;
        assert_eq!(code_of(&other), missing());
    }
}
