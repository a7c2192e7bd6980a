//! Permissions through the doors: the page of the matrix, the page of a member with its reasons and its
//! form without JavaScript, and the API; and settings with their sources.

use http::StatusCode;
use serde_json::json;

use crate::support::server::TestApp;

#[tokio::test]
async fn pages_show_who_may_what_and_why() {
    let app = TestApp::new().await;
    let (slug, owner) = (app.a.tenant.slug.as_str(), &app.a.owner);
    let matrix = app.get(&format!("/t/{slug}/permissions")).by(&app.a.viewer).send().await;
    assert_eq!(matrix.status, StatusCode::OK);
    let text = matrix.text();
    for word in ["members:invite", "workspace_members:manage", "Reviewer", "Operator"] {
        assert!(text.contains(word), "{word}");
    }

    let user = app.a.developer.user.id.to_string();
    let page = format!("/t/{slug}/members/{user}");
    let before = app.get(&page).by(owner).send().await.text();
    assert!(
        before.contains("as developer of the tenant") && before.contains("nothing gives it"),
        "{before}"
    );
    assert!(!before.contains("granted in the whole tenant"));
    let own = app.get(&page).by(&app.a.viewer).send().await.text();
    assert!(!own.contains("as developer of the tenant"), "reasons of others are not for viewers");

    let send = async |fields: &[(&str, &str)]| {
        let to = format!("{page}?act=override:/_fn/permissions/set");
        app.post(&to).by(owner).header("accept", "text/html").form(fields).send().await
    };
    let grant = [
        ("tenant", slug),
        ("user", &user),
        ("permission", "audit:read"),
        ("effect", "grant"),
        ("workspace", ""),
    ];
    let answer = send(&grant).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(answer.header("location"), format!("{page}?done=override-saved"));
    let after = app.get(&page).by(owner).send().await.text();
    assert!(
        after.contains("granted in the whole tenant") && after.contains("Clear audit:read"),
        "{after}"
    );
    // Faults come back in their place.
    let research = app.a.research.id.to_string();
    let bad = [
        ("tenant", slug),
        ("user", &user),
        ("permission", "audit:read"),
        ("effect", "grant"),
        ("workspace", &research),
    ];
    let answer = send(&bad).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("name no workspace"), "{}", answer.text());
    let clear = [
        ("tenant", slug),
        ("user", &user),
        ("permission", "audit:read"),
        ("effect", ""),
        ("workspace", ""),
    ];
    assert_eq!(send(&clear).await.status, StatusCode::SEE_OTHER);
    assert!(!app.get(&page).by(owner).send().await.text().contains("granted in the whole tenant"));
    // Nobody is offered to rule on an owner, or on themselves.
    for who in [owner, &app.a.admin] {
        let page = format!("/t/{slug}/members/{}", app.a.owner.user.id);
        assert!(!app.get(&page).by(who).send().await.text().contains("Grant or deny"));
    }
}

#[tokio::test]
async fn the_api_answers_with_reasons_and_takes_overrides() {
    let app = TestApp::new().await;
    let at = format!("/api/v1/tenants/{}", app.a.tenant.id);
    let (owner, developer) = (&app.a.owner, &app.a.developer);
    let overrides = format!("{at}/users/{}/overrides", developer.user.id);
    let list = json!([
        { "permission": "audit:read", "effect": "grant", "workspace": null },
        { "permission": "workspaces:read", "effect": "deny", "workspace": app.a.support.id },
    ]);
    let answer = app.put(&overrides).by(owner).json(&list).send().await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, list.clone()));
    assert_eq!(app.get(&overrides).by(owner).send().await.json(), list);
    let shown = app.get(&format!("{at}/permissions")).by(developer).send().await.json();
    let rows = shown["matrix"].as_array().unwrap();
    assert!(
        rows.iter()
            .any(|row| row["permission"] == "tenant:lifecycle" && row["tenant_roles"] == json!(["owner", "operator"]))
    );
    let held = shown["effective"]["permissions"].as_array().unwrap();
    assert!(held.contains(&json!({ "permission": "audit:read", "allowed": true, "reason": "granted" })));
    assert!(
        !shown.to_string().contains(&app.a.support.id.to_string()),
        "what is hidden from them is not named to them"
    );
    let of = format!("{at}/permissions?user={}", developer.user.id);
    let seen = app.get(&of).by(owner).send().await.json();
    let support = seen["effective"]["workspaces"]
        .as_array()
        .unwrap()
        .iter()
        .find(|w| w["workspace"]["id"] == json!(app.a.support.id))
        .unwrap()
        .clone();
    assert!(support["permissions"].as_array().unwrap().iter().all(|p| p["allowed"] == false));
    assert_eq!(app.get(&of).by(&app.a.viewer).send().await.code(), "forbidden");
    let foreign = format!("{at}/permissions?user={}", app.b.developer.user.id);
    assert_eq!(app.get(&foreign).by(owner).send().await.code(), "not_found");
    for (by, list, code) in [
        (
            &app.a.admin,
            json!([{ "permission": "tenant:lifecycle", "effect": "grant" }]),
            "permission_too_high",
        ),
        (owner, json!([{ "permission": "quotas:update", "effect": "grant" }]), "invalid"),
        (owner, json!({ "permission": "audit:read", "effect": "grant" }), "invalid"),
        (developer, json!([]), "forbidden"),
    ] {
        assert_eq!(app.put(&overrides).by(by).json(&list).send().await.code(), code, "{list}");
    }
    let own = format!("{at}/members/{}/overrides", owner.user.id);
    assert_eq!(app.put(&own).by(owner).json(&json!([])).send().await.code(), "own_permissions");
}

#[tokio::test]
async fn settings_say_where_they_come_from() {
    let app = TestApp::new().await;
    let at = format!("/api/v1/tenants/{}", app.a.tenant.id);
    let (of_tenant, of_workspace) = (format!("{at}/configuration"), format!("{at}/workspaces/research/configuration"));
    let owner = &app.a.owner;
    let shown = app.get(&of_tenant).by(&app.a.viewer).send().await.json();
    assert_eq!(shown["invitation_days"], json!({ "value": 7, "source": "default" }));
    let change = json!({ "invitation_days": 3, "member_role": "reviewer" });
    let shown = app.patch(&of_tenant).by(owner).json(&change).send().await.json();
    assert_eq!(shown["invitation_days"], json!({ "value": 3, "source": "tenant" }));
    let shown = app.get(&of_workspace).by(owner).send().await.json();
    assert_eq!(shown["member_role"], json!({ "value": "reviewer", "source": "tenant" }));
    let shown = app
        .patch(&of_workspace)
        .by(owner)
        .json(&json!({ "member_role": "viewer" }))
        .send()
        .await
        .json();
    assert_eq!(shown["member_role"], json!({ "value": "viewer", "source": "workspace" }));
    // Null: the default again, and what is inherited.
    app.patch(&of_tenant).by(owner).json(&json!({ "member_role": null })).send().await;
    let shown = app.put(&of_workspace).by(owner).json(&json!({ "member_role": null })).send().await.json();
    assert_eq!(shown["member_role"], json!({ "value": "annotator", "source": "default" }));
    let refused = app
        .patch(&of_workspace)
        .by(owner)
        .json(&json!({ "colour": 12, "name": "x" }))
        .send()
        .await;
    assert_eq!(
        (refused.status, refused.json()["errors"].as_array().map(Vec::len)),
        (StatusCode::UNPROCESSABLE_ENTITY, Some(2))
    );
}
