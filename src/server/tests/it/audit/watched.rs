//! Who is told of what looks like an attack, and what the record is worth.

use std::sync::Arc;

use serde_json::{Value, json};
use tenantry_db::testing::TestDb;
use tenantry_domain::ports::Mailer;

use super::{get, page};
use crate::support::fixture::{PASSWORD, Person};
use crate::support::program::{run, stderr, stdout};
use crate::support::receiver::Receiver;
use crate::support::server::{Postbox, TestApp, Wish};

#[tokio::test]
async fn what_looks_like_an_attack_waits_for_those_concerned() {
    let test = TestApp::new().await;
    let slug = test.a.tenant.slug.as_str();
    for _ in 0..25 {
        let denied = test.get(&format!("/api/v1/tenants/{slug}/audit")).by(&test.a.viewer).send().await;
        assert_eq!(denied.status, 403);
        assert_eq!(test.get(&format!("/api/v1/tenants/{slug}")).by(&test.b.owner).send().await.status, 404);
    }
    tenantry_domain::audit::write_all_refusals(&test.app).await.unwrap();

    let home = format!("/t/{slug}");
    let seen = page(&test, &home, &test.a.admin).await;
    let viewer = test.a.viewer.user.id.to_string();
    let link = format!("href=\"/t/{slug}/audit?actor={viewer}&amp;outcome=denied\"");
    assert!(seen.contains("Somebody was refused 25 times") && seen.contains(&link), "{seen}");
    // Not for the others, and not in another tenant.
    assert!(!page(&test, &home, &test.a.developer).await.contains("Somebody was refused"));
    assert!(
        !page(&test, &format!("/t/{}", test.b.tenant.slug), &test.b.owner)
            .await
            .contains("Somebody was refused")
    );
    let admin = page(&test, "/admin", &test.operator).await;
    assert!(
        admin.contains("Somebody asked 25 times for tenants") && admin.contains("Who has access"),
        "{admin}"
    );
    assert!(admin.contains(&test.a.admin.user.email.to_string()), "{admin}");

    let from = seen.find("name=\"id\" value=\"ntf_").unwrap() + "name=\"id\" value=\"".len();
    let id = &seen[from..seen[from..].find('"').unwrap() + from];
    let put_away = async |by: &Person| {
        let to = format!("{home}?act=seen:/_fn/notifications/read");
        test.post(&to).by(by).header("accept", "text/html").form(&[("id", id)]).send().await
    };
    // Each has their own: nobody puts away another's.
    assert_eq!(put_away(&test.a.owner).await.status, 404);
    assert!(page(&test, &home, &test.a.admin).await.contains("Somebody was refused"));
    let done = put_away(&test.a.admin).await;
    assert_eq!(
        (done.status.as_u16(), done.header("location")),
        (303, format!("{home}?done=notification-read").as_str())
    );
    assert!(!page(&test, &home, &test.a.admin).await.contains("Somebody was refused"));
    assert!(page(&test, &home, &test.a.owner).await.contains("Somebody was refused"));
}

#[tokio::test]
async fn what_looks_like_an_attack_is_mailed_and_goes_to_webhooks() {
    let postbox = Arc::new(Postbox::default());
    let mailer: Arc<dyn Mailer> = postbox.clone();
    let wish = Wish {
        mailer: Some(mailer),
        ..Wish::default()
    };
    let test = TestApp::with(wish).await;
    let receiver = Receiver::start().await;
    let at = format!("/api/v1/tenants/{}", test.a.tenant.id);
    let new = json!({ "name": "Ops", "url": receiver.url(), "events": ["security"] });
    assert_eq!(test.post(&format!("{at}/webhooks")).by(&test.a.owner).json(&new).send().await.status, 201);
    tenantry_domain::outbox::work(&test.app).await.unwrap();
    postbox.take();
    let burst = async |by: &Person| {
        for _ in 0..25 {
            assert_eq!(test.get(&format!("{at}/audit")).by(by).send().await.status, 403);
            assert_eq!(test.get(&at).by(&test.b.owner).send().await.status, 404);
        }
        tenantry_domain::audit::write_all_refusals(&test.app).await.unwrap();
        tenantry_domain::outbox::work(&test.app).await.unwrap();
        let mut mails: Vec<_> = postbox.take().into_iter().map(|mail| (mail.to.to_string(), mail.text)).collect();
        mails.sort();
        (mails, receiver.take())
    };
    let (mails, came) = burst(&test.a.viewer).await;
    let operator = test.operator.user.email.to_string();
    let to: Vec<_> = mails.iter().map(|(to, _)| to.as_str()).filter(|to| *to != operator).collect();
    assert_eq!(to, ["adam@a.test", "olga@a.test"]);
    assert!(
        mails[0].1.contains("Somebody was refused 25 times") && mails[0].1.contains("/t/acme-a/audit?actor="),
        "{}",
        mails[0].1
    );
    let server = mails.iter().find(|(to, _)| *to == operator).unwrap();
    assert!(server.1.contains("Somebody asked 25 times for tenants"), "{}", server.1);
    assert_eq!(came.len(), 1);
    assert_eq!(
        (&came[0].json()["type"], &came[0].json()["data"]["kind"]),
        (&json!("security"), &json!("denied_burst"))
    );

    // Who wants none of it gets none; in the record it stands all the same.
    let off = json!({ "kinds": { "security": { "in_app": false, "mail": false, "webhook": false } } });
    assert_eq!(
        test.patch(&format!("{at}/notifications"))
            .by(&test.a.owner)
            .json(&off)
            .send()
            .await
            .status,
        200
    );
    let (mails, came) = burst(&test.a.developer).await;
    assert!(came.is_empty() && mails.iter().all(|(to, _)| *to == operator), "{mails:?}");
    let record = get(&test, &format!("{at}/audit?action=security.suspicious"), &test.a.owner).await;
    assert_eq!(record["items"].as_array().unwrap().len(), 2);
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

    // Without noted heads a cut would not show, which is said, and is no success unless it is asked for.
    let unnoted = verify(&[]);
    assert_eq!(unnoted.status.code(), Some(1), "{}", stderr(&unnoted));
    assert!(
        stderr(&unnoted).contains("WARNING: of 1 of 1 chains no head is noted"),
        "{}",
        stderr(&unnoted)
    );
    let access = run(&["audit", "access", "--json"], &environment);
    assert!(access.status.success(), "{}", stderr(&access));
    assert_eq!(
        serde_json::from_str::<Value>(&stdout(&access)).unwrap()["tenants"],
        Value::Array(Vec::new())
    );

    let sound = verify(&["--json", "--allow-unnoted"]);
    assert!(sound.status.success(), "{}", stderr(&sound));
    assert!(stderr(&sound).contains("WARNING"), "{}", stderr(&sound));
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

/// 52: where the record refuses an event, nothing happens.
#[tokio::test]
async fn checklist_52_what_cannot_be_recorded_is_not_done() {
    let test = TestApp::new().await;
    let count = async |sql: &'static str| test.database.count(sql).await.unwrap();
    let (workspaces, accounts) = ("select count(*) from workspace", "select count(*) from user_account");
    let before = (count(workspaces).await, count(accounts).await);
    for table in ["audit_event", "platform_audit"] {
        let refuse = format!("alter table {table} add constraint refused check (false) not valid");
        test.database.run(&refuse).await.unwrap();
    }
    let path = format!("/api/v1/tenants/{}/workspaces", test.a.tenant.id);
    let made = test.post(&path).by(&test.a.owner).json(&json!({ "name": "Unrecorded" })).send().await;
    assert!(made.status.is_server_error(), "{}", made.text());
    let body = json!({ "email": "new@example.com", "name": "New", "password": PASSWORD });
    let registered = test.post("/api/v1/auth/register").json(&body).send().await;
    assert!(
        registered.status.is_server_error() && registered.cookie().is_none(),
        "{}",
        registered.text()
    );
    assert_eq!((count(workspaces).await, count(accounts).await), before);
    for table in ["audit_event", "platform_audit"] {
        let again = format!("alter table {table} drop constraint refused");
        test.database.run(&again).await.unwrap();
    }
    let made = test.post(&path).by(&test.a.owner).json(&json!({ "name": "Recorded" })).send().await;
    assert_eq!(made.status, 201, "{}", made.text());
}
