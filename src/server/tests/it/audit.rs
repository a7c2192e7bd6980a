//! The record through its doors: lists, files, verification, and the command line.

use serde_json::Value;
use tenantry_db::testing::TestDb;

use crate::support::fixture::Person;
use crate::support::program::{run, stderr, stdout};
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

#[tokio::test]
async fn the_server_has_a_record_of_its_own() {
    let test = TestApp::new().await;
    let all = get(&test, "/api/v1/platform/audit?action=user.registered", &test.operator).await;
    assert!(all["items"].as_array().unwrap().len() > 5);
    assert_eq!(all["items"][0]["tenant"], Value::Null);
    let file = test.get("/api/v1/platform/audit/export?format=csv").by(&test.operator).send().await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"audit-of-server.csv\"");
    assert_eq!(get(&test, "/api/v1/platform/audit/verify", &test.operator).await["chain"], "platform");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_finds_what_was_tampered_with() {
    let test = TestDb::new().await;
    let login = test.login_url();
    let dir = tempfile::tempdir().unwrap();
    let heads = dir.path().join("heads.ndjson");
    let environment = [
        ("DATABASE_URL", login.as_str()),
        ("TENANTRY_SECRET_KEY", "a key that is long enough for this"),
        ("TENANTRY_ADMIN_PASSWORD", "a password for tests"),
        ("TENANTRY_AUDIT_HEADS", heads.to_str().unwrap()),
    ];
    let made = run(&["admin", "create", "ada@example.com"], &environment);
    assert!(made.status.success(), "{}", stderr(&made));
    let verify = |words: &[&str]| run(&[&["audit", "verify"], words].concat(), &environment);

    let sound = verify(&["--json"]);
    assert!(sound.status.success(), "{}", stderr(&sound));
    let told: Value = serde_json::from_str(&stdout(&sound)).unwrap();
    assert_eq!(
        (&told["ok"], &told["chains"][0]["chain"], &told["chains"][0]["events"]),
        (&true.into(), &"platform".into(), &1.into())
    );
    assert_eq!(verify(&["--tenant", "nobody"]).status.code(), Some(1));
    assert!(stderr(&verify(&["--tenant", "nobody"])).contains("there is no tenant nobody"));

    test.run("update platform_audit set action = 'user.forgotten'").await.unwrap();
    let broken = verify(&[]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(
        stderr(&broken).contains("platform: event 1 is not what was written"),
        "{}",
        stderr(&broken)
    );
    assert!(stderr(&broken).contains("1 of 1 chains do not hold"), "{}", stderr(&broken));
}
