//! The record through its doors: lists, files, verification, and the command line.

use serde_json::Value;

mod watched;

use crate::support::fixture::Person;
use crate::support::server::TestApp;

async fn get(test: &TestApp, path: &str, by: &Person) -> Value {
    let answer = test.get(path).by(by).send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let test = TestApp::new().await;
    let at = format!("/api/v1/tenants/{}/audit", test.a.tenant.slug);
    let all = get(&test, &at, &test.a.owner).await;
    assert_eq!(all["total"], Value::Null);
    let first = &all["items"][0];
    for field in [
        "id",
        "at",
        "actor",
        "action",
        "target",
        "tenant",
        "workspace",
        "outcome",
        "door",
        "ip",
        "request_id",
        "changes",
    ] {
        assert!(first.get(field).is_some(), "{field}");
    }
    assert_eq!(first.as_object().unwrap().len(), 12);
    assert_eq!(first["tenant"], test.a.tenant.id.to_string());

    let page = get(&test, &format!("{at}?limit=2"), &test.a.owner).await;
    assert_eq!(page["items"].as_array().unwrap()[..], all["items"].as_array().unwrap()[..2]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = get(&test, &format!("{at}?limit=2&cursor={cursor}"), &test.a.owner).await;
    let skipped = get(&test, &format!("{at}?limit=2&skip=2"), &test.a.owner).await;
    assert_eq!(next["items"].as_array().unwrap()[..], all["items"].as_array().unwrap()[2..4]);
    assert_eq!(next["items"], skipped["items"]);

    let mine = get(
        &test,
        &format!("{at}?actor={}&action=workspace.created", test.a.owner.user.id),
        &test.a.admin,
    )
    .await;
    assert_eq!(mine["items"].as_array().unwrap().len(), 2);
    for (query, field) in [
        ("cursor=s0", "cursor"),
        ("cursor=s1&skip=1", "cursor"),
        ("outcome=maybe", "outcome"),
        ("door=window", "door"),
        ("from=yesterday", "from"),
        ("to=2026-13-01T00:00:00Z", "to"),
        ("actor=a%00b", "actor"),
        ("who=me", "who"),
    ] {
        let answer = test.get(&format!("{at}?{query}")).by(&test.a.owner).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["errors"][0]["field"].as_str()),
            (422, Some(field)),
            "{query}"
        );
    }
    // What cannot be in a name is found nowhere.
    assert_eq!(
        get(&test, &format!("{at}?q=%00"), &test.a.owner).await["items"].as_array().map(Vec::len),
        Some(all["items"].as_array().unwrap().len())
    );
}

#[tokio::test]
async fn files_are_downloads_and_events() {
    let test = TestApp::new().await;
    let at = format!("/api/v1/tenants/{}/audit", test.a.tenant.slug);
    for (query, kind, name) in [
        ("", "application/x-ndjson", "audit-of-acme-a.ndjson"),
        ("?format=csv&action=tenant", "text/csv; charset=utf-8", "audit-of-acme-a.csv"),
    ] {
        let answer = test.get(&format!("{at}/export{query}")).by(&test.a.owner).send().await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, kind));
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{name}\""));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.text().contains("tenant.created"), "{}", answer.text());
    }
    assert_eq!(test.get(&format!("{at}/export?format=pdf")).by(&test.a.owner).send().await.status, 422);
    let taken = get(&test, &format!("{at}?action=audit.exported"), &test.a.owner).await;
    assert_eq!(taken["items"].as_array().unwrap().len(), 2);
    assert_eq!(taken["items"][0]["changes"]["format"], "csv");
    assert_eq!(get(&test, &format!("{at}/verify"), &test.a.owner).await["ok"], true);
    // Nothing of B is in A's file, and the other way round.
    let ours = test.get(&format!("{at}/export")).by(&test.a.owner).send().await.text();
    assert!(!ours.contains(&test.b.tenant.id.to_string()) && !ours.contains("@b.test"));
}

#[tokio::test]
async fn refusals_of_every_door_are_recorded_and_stay_refusals() {
    let test = TestApp::new().await;
    let (slug, viewer) = (test.a.tenant.slug.as_str(), &test.a.viewer);
    let research = test.a.research.id.to_string();
    let api = test
        .post(&format!("/api/v1/tenants/{slug}/invitations"))
        .by(viewer)
        .json(&serde_json::json!({ "email": "x@a.test", "role": "viewer" }))
        .send()
        .await;
    assert_eq!(api.status, 403);
    let console = test
        .post("/_fn/workspaces/archive")
        .by(&test.a.reviewer)
        .header("accept", "application/json")
        .form(&[("tenant", slug), ("workspace", &research)])
        .send()
        .await;
    assert_eq!(console.status, 403, "{}", console.text());
    let form = [("name", "mine"), ("scopes", "members:read")];
    let plain = test.post(&format!("/t/{slug}/keys")).by(viewer).form(&form).send().await;
    assert_eq!(plain.status, 403, "{}", plain.text());
    assert_eq!(test.get(&format!("/api/v1/tenants/{slug}")).by(&test.b.owner).send().await.status, 404);
    assert_eq!(test.get("/api/v1/plans").by(viewer).send().await.status, 404);

    tenantry_domain::audit::write_all_refusals(&test.app).await.unwrap();
    let denied = get(&test, &format!("/api/v1/tenants/{slug}/audit?outcome=denied"), &test.a.owner).await;
    let mut seen: Vec<(&str, &str, &str)> = denied["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            (
                event["actor"]["name"].as_str().unwrap(),
                event["door"].as_str().unwrap(),
                event["changes"]["permission"].as_str().unwrap(),
            )
        })
        .collect();
    seen.sort_unstable();
    let (viewer, reviewer) = (test.a.viewer.user.name.as_str(), test.a.reviewer.user.name.as_str());
    // The form comes back on its page, which they may not see either.
    let mut expected = [
        (viewer, "api", "members:invite"),
        (viewer, "web", "keys:create"),
        (viewer, "web", "keys:read"),
        (reviewer, "web", "workspaces:archive"),
    ];
    expected.sort_unstable();
    assert_eq!(seen, expected);
    // Who is in no tenant of this name, and who is no operator, fill nobody's record.
    let server = get(&test, "/api/v1/platform/audit?outcome=denied", &test.operator).await;
    let mut actions: Vec<&str> = server["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .collect();
    actions.sort_unstable();
    assert_eq!(actions, ["access.denied", "tenant.probed"]);
}

/// Where the caller is at home; what they named beside it stands in no record.
#[tokio::test]
async fn checklist_21_sources_that_disagree_are_recorded() {
    let test = TestApp::new().await;
    let (a, b) = (test.a.tenant.slug.as_str(), test.b.tenant.slug.as_str());
    for _ in 0..3 {
        let call = test
            .get(&format!("/api/v1/tenants/{a}/members"))
            .header("x-tenant-id", b)
            .by(&test.a.admin);
        assert_eq!(call.send().await.code(), "context_conflict");
    }
    tenantry_domain::audit::write_all_refusals(&test.app).await.unwrap();
    let events = get(&test, &format!("/api/v1/tenants/{a}/audit?action=context.conflict"), &test.a.owner).await;
    let [event] = events["items"].as_array().unwrap().as_slice() else {
        panic!("{events}")
    };
    assert_eq!((&event["outcome"], &event["changes"]["count"]), (&"denied".into(), &3.into()));
    assert!(!event.to_string().contains(b), "{event}");
    let others = get(&test, &format!("/api/v1/tenants/{b}/audit?action=context.conflict"), &test.b.owner).await;
    assert_eq!(others["items"].as_array().unwrap().len(), 0);
}

/// Whatever can be changed of a workspace and a tenant is told apart before and after; of the metadata, names.
#[tokio::test]
async fn what_changed_is_in_the_record() {
    let test = TestApp::new().await;
    let (a, owner) = (test.a.tenant.slug.as_str(), &test.a.owner);
    let at = format!("/api/v1/tenants/{a}");
    let metadata = serde_json::json!({ "cost_center": "hush-4711" });
    let workspace = serde_json::json!({ "description": "For all", "member_role": "reviewer", "metadata": metadata });
    let path = format!("{at}/workspaces/{}", test.a.research.id);
    for (path, body) in [
        (&path, workspace),
        (&at, serde_json::json!({ "external_id": "acme-7", "metadata": metadata })),
    ] {
        let changed = test.patch(path).by(owner).json(&body).send().await;
        assert_eq!(changed.status, 200, "{}", changed.text());
    }
    let changes = async |action: &str| get(&test, &format!("{at}/audit?action={action}"), owner).await["items"][0]["changes"].clone();
    let of_workspace = changes("workspace.updated").await;
    let of_tenant = changes("tenant.updated").await;
    for (changes, pointer, value) in [
        (&of_workspace, "/to/description", "For all"),
        (&of_workspace, "/to/member_role", "reviewer"),
        (&of_workspace, "/to/metadata/0", "cost_center"),
        (&of_tenant, "/to/external_id", "acme-7"),
        (&of_tenant, "/to/metadata/0", "cost_center"),
    ] {
        assert_eq!(changes.pointer(pointer).unwrap(), value, "{pointer} of {changes}");
        assert_ne!(
            changes.pointer(&pointer.replace("/to", "/from")),
            Some(&value.into()),
            "{pointer} of {changes}"
        );
        assert!(!changes.to_string().contains("hush"), "{changes}");
    }
    let user = format!("/api/v1/platform/users/{}", test.a.viewer.user.id);
    let disable = serde_json::json!({ "status": "disabled" });
    assert_eq!(test.patch(&user).by(&test.operator).json(&disable).send().await.status, 200);
    let events = get(&test, "/api/v1/platform/audit?action=user.standing_changed", &test.operator).await;
    let changes = &events["items"][0]["changes"];
    assert_eq!(
        (&changes["from"]["status"], &changes["to"]["status"]),
        (&"active".into(), &"disabled".into())
    );
}

/// What is recorded of a person in the server's own chain, by action.
async fn done_by(test: &TestApp, person: &Person, action: &str) -> usize {
    let path = format!("/api/v1/platform/audit?actor={}&action={action}", person.user.id);
    get(test, &path, &test.operator).await["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn comings_goings_tokens_and_files_are_recorded() {
    let test = TestApp::new().await;
    let (a, b) = (test.a.tenant.slug.as_str(), test.b.tenant.slug.as_str());
    let owner = &test.a.owner;
    let credentials = serde_json::json!({ "email": owner.user.email, "password": crate::support::fixture::PASSWORD });
    assert_eq!(test.post("/api/v1/auth/login").json(&credentials).send().await.status, 200);
    assert_eq!(done_by(&test, owner, "user.logged_in").await, 1);

    // Another tenant of theirs, by session and by token.
    let new = serde_json::json!({ "name": "Elsewhere" });
    let made = test.post("/api/v1/tenants").by(owner).json(&new).send().await;
    assert_eq!(made.status, 201, "{}", made.text());
    let elsewhere = serde_json::json!({ "tenant": made.json()["slug"] });
    let back = serde_json::json!({ "tenant": a });
    let before = done_by(&test, owner, "user.switched_tenant").await;
    for to in [&back, &elsewhere] {
        assert_eq!(test.post("/api/v1/auth/switch-tenant").by(owner).json(to).send().await.status, 200);
    }
    assert!(done_by(&test, owner, "user.switched_tenant").await > before);
    let before = done_by(&test, owner, "user.switched_tenant").await;
    let issued = test.post("/api/v1/auth/token").json(&credentials).send().await;
    assert_eq!(issued.status, 200, "{}", issued.text());
    let bearer = format!("Bearer {}", issued.json()["access_token"].as_str().unwrap());
    let switched = test
        .post("/api/v1/auth/switch-tenant")
        .header("authorization", &bearer)
        .json(&back)
        .send()
        .await;
    assert_eq!(switched.status, 200, "{}", switched.text());
    assert_eq!(done_by(&test, owner, "token.issued").await, 1);
    assert_eq!(done_by(&test, owner, "user.switched_tenant").await, before + 1);
    // Where one may not go is no switch.
    let foreign = serde_json::json!({ "tenant": b });
    assert_eq!(test.post("/api/v1/auth/switch-tenant").by(owner).json(&foreign).send().await.status, 404);
    assert_eq!(done_by(&test, owner, "user.switched_tenant").await, before + 1);

    let report = test.get(&format!("/api/v1/tenants/{a}/models/report?format=csv")).by(owner).send().await;
    assert_eq!(report.status, 200);
    let taken = get(&test, &format!("/api/v1/tenants/{a}/audit?action=models.report_exported"), owner).await;
    assert_eq!(taken["items"].as_array().unwrap().len(), 1);

    let usage = format!("/api/v1/tenants/{a}/usage");
    assert_eq!(test.get(&usage).by(owner).send().await.status, 200);
    assert_eq!(test.get(&format!("{usage}?format=csv")).by(owner).send().await.status, 200);
    let taken = get(&test, &format!("/api/v1/tenants/{a}/audit?action=usage.exported"), owner).await;
    assert_eq!(taken["items"].as_array().unwrap().len(), 1, "what is looked at is not taken along");

    // Both ways out; who is not in leaves no trace.
    assert_eq!(test.post("/api/v1/auth/logout").by(owner).send().await.status, 204);
    assert_eq!(test.post("/api/v1/auth/logout").by(owner).send().await.status, 204);
    assert_eq!(done_by(&test, owner, "user.logged_out").await, 1);
    assert_eq!(test.post("/logout").by(&test.a.admin).form(&[]).send().await.status, 303);
    assert_eq!(done_by(&test, &test.a.admin, "user.logged_out").await, 1);
}

async fn page(test: &TestApp, path: &str, by: &Person) -> String {
    let answer = test.get(path).by(by).send().await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

#[tokio::test]
async fn the_page_shows_filters_and_verifies_the_record() {
    let test = TestApp::new().await;
    let (slug, owner) = (test.a.tenant.slug.as_str(), &test.a.owner);
    let at = format!("/t/{slug}/audit");
    let all = page(&test, &at, owner).await;
    assert!(all.contains("created the workspace"), "{all}");
    assert!(all.contains(&format!("href=\"/api/v1/tenants/{slug}/audit/export?format=csv\"")), "{all}");
    assert!(all.contains(&format!("href=\"/t/{slug}/audit\"")), "the rail leads here");
    // The filter holds for the list, the files and what stands in the fields; an empty field is no filter.
    let id = test.a.owner.user.id.to_string();
    let narrowed = page(&test, &format!("{at}?q=&actor={id}&action=workspace&from=2020-01-01&to="), owner).await;
    assert!(
        narrowed.contains("created the workspace") && !narrowed.contains("joined as"),
        "{narrowed}"
    );
    let file = format!("format=ndjson&amp;action=workspace&amp;actor={id}&amp;from=2020-01-01T00%3A00%3A00Z");
    assert!(narrowed.contains(&file), "{narrowed}");
    let form = &narrowed[narrowed.find("record-filters").unwrap()..];
    assert!(form.contains("value=\"workspace\"") && form.contains("value=\"2020-01-01\""), "{form}");
    let none = page(&test, &format!("{at}?action=nothing.such"), owner).await;
    assert!(none.contains("No event matches"), "{none}");
    // The last day counts whole.
    let today = tenantry_types::Timestamp(time::OffsetDateTime::now_utc()).to_string();
    let today = page(&test, &format!("{at}?to={}", &today[..10]), owner).await;
    assert!(today.contains("created the workspace"), "{today}");
    // What cannot be read is said at its field, and nothing is listed.
    let fault = page(&test, &format!("{at}?from=yesterday"), owner).await;
    assert!(fault.contains("audit-from-fault") && !fault.contains("activity record"), "{fault}");
    // Nothing was noted in this test's server: that is no good news.
    let verified = page(&test, &format!("{at}?verify=1"), owner).await;
    assert!(
        verified.contains("are what was written") && verified.contains("No head of it was noted"),
        "{verified}"
    );
    test.database
        .run("update audit_event set action = 'workspace.forgotten' where action = 'workspace.created'")
        .await
        .unwrap();
    assert!(
        page(&test, &format!("{at}?verify=1"), owner)
            .await
            .contains("The record was tampered with")
    );

    // Who may not read the record, sees who can let them.
    let refused = test.get(&at).by(&test.a.developer).send().await;
    assert_eq!(refused.status, 403);
    assert!(!refused.text().contains("workspace.forgotten"));
    assert_eq!(test.get(&at).by(&test.b.owner).send().await.status, 404);

    // A person's activity leads to all of it.
    let member = page(&test, &format!("/t/{slug}/members/{id}"), owner).await;
    assert!(member.contains(&format!("/t/{slug}/audit?actor={id}")), "{member}");
    assert!(member.contains(&format!("/audit/export?format=csv&amp;actor={id}")), "{member}");

    let server = page(&test, "/admin/audit?action=user.registered", &test.operator).await;
    assert!(
        server.contains("href=\"/api/v1/platform/audit/export?format=csv&amp;action=user.registered\""),
        "{server}"
    );
    assert_eq!(test.get("/admin/audit").by(owner).send().await.status, 404);
}

#[tokio::test]
async fn names_in_the_record_are_text() {
    let test = TestApp::new().await;
    let (slug, owner) = (test.a.tenant.slug.as_str(), &test.a.owner);
    let name = "<img src=x onerror=alert(1)>";
    let made = test
        .post(&format!("/api/v1/tenants/{slug}/workspaces"))
        .by(owner)
        .json(&serde_json::json!({ "name": name, "slug": "img" }))
        .send()
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    for path in [
        format!("/t/{slug}/audit?q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"),
        format!("/t/{slug}"),
    ] {
        let shown = page(&test, &path, owner).await;
        assert!(shown.contains("&lt;img src=x"), "{shown}");
        assert!(!shown.contains("<img src=x"), "{path}");
    }
}
