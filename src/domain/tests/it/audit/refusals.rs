//! What was refused: folded, in the right record, and told to those concerned.

use serde_json::json;
use tenantry_domain::audit;
use tenantry_domain::{Operator, Origin, access, accounts, needs};
use tenantry_types::audit::Outcome;
use tenantry_types::{ProblemCode, Slug};

use super::{list, platform, verified};
use crate::support::{World, ctx, world};

async fn notified(w: &World, kind: &str) -> i64 {
    let mut conn = w.test.superuser().await.unwrap();
    sqlx::query_scalar("select count(*) from notification where kind = $1")
        .bind(kind)
        .fetch_one(&mut conn)
        .await
        .unwrap()
}

#[tokio::test]
async fn refusals_are_folded_into_the_record() {
    let w = world().await;
    let viewer = ctx(&w.app, &w.a.viewer, &w.a.slug).await;
    for _ in 0..15 {
        let denied = viewer.grant::<needs::MembersInvite>().unwrap_err();
        assert_eq!(audit::denied(&w.app, &viewer, denied).code(), ProblemCode::Forbidden);
    }
    assert_eq!(audit::write_all_refusals(&w.app).await.unwrap(), 1);
    let events = list(&w, json!({ "outcome": "denied" }), None, 10).await.items;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(
        (event.action.as_str(), event.actor.id.as_deref()),
        ("access.denied", Some(&*w.a.viewer.id().to_string()))
    );
    assert_eq!(
        (event.changes["count"].as_u64(), event.changes["permission"].as_str()),
        (Some(15), Some("members:invite"))
    );
    assert_eq!(notified(&w, "denied_burst").await, 0);

    // Some more are a burst: the tenant's owner and admin are told, once.
    for _ in 0..2 {
        for _ in 0..30 {
            let denied = viewer.grant::<needs::MembersInvite>().unwrap_err();
            audit::denied(&w.app, &viewer, denied);
        }
        audit::write_all_refusals(&w.app).await.unwrap();
    }
    assert_eq!(notified(&w, "denied_burst").await, 2);
    let raised = list(&w, json!({ "action": "security.suspicious" }), None, 10).await.items;
    assert_eq!((raised.len(), raised[0].changes["kind"].as_str()), (1, Some("denied_burst")));
    assert!(verified(&w).await.ok);
}

/// Whoever changes members, or the tenant itself, holds its row until the end and wants the record then; whoever writes to the
/// record meanwhile must not wait for the row, else each waits for the other.
#[tokio::test]
async fn who_holds_a_tenant_holds_up_no_record() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let viewer = ctx(&w.app, &w.a.viewer, &w.a.slug).await;
    let by = owner.grant::<needs::TenantUpdate>().unwrap();
    for renames in [false, true] {
        let mut tx = w.app.db().tenant(&by).await.unwrap();
        tenantry_db::member::lock(&mut tx).await.unwrap();
        if renames {
            let mut tenant = tenantry_db::tenant::get(&mut tx).await.unwrap();
            tenant.slug = Slug::parse("another-name").unwrap();
            tenantry_db::tenant::update(&mut tx, &tenant).await.unwrap();
        }
        let denied = viewer.grant::<needs::MembersInvite>().unwrap_err();
        audit::denied(&w.app, &viewer, denied);
        assert_eq!(audit::write_all_refusals(&w.app).await.unwrap(), 1, "renames: {renames}");
        tx.commit().await.unwrap();
    }
    assert!(verified(&w).await.ok);
}

#[tokio::test]
async fn probes_at_a_foreign_tenant_never_reach_its_record() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let before = verified(&w).await.last;
    for _ in 0..12 {
        for named in [w.a.slug.clone(), owner.tenant().id.to_string(), "a-slip-of-the-pen".to_owned()] {
            assert!(access::tenant(&w.app, &w.b.viewer, &named).await.is_err());
        }
    }
    audit::write_all_refusals(&w.app).await.unwrap();
    assert_eq!(verified(&w).await.last, before);
    let events = platform(&w, json!({ "action": "tenant.probed" })).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].actor.id.as_deref(), Some(&*w.b.viewer.id().to_string()));
    assert_eq!(
        (events[0].changes["count"].as_u64(), &events[0].changes["tenants"]),
        (Some(36), &json!([owner.tenant().id]))
    );
    assert_eq!(notified(&w, "tenants_probed").await, 1);
    // Names that lead nowhere are nobody's news.
    assert!(access::tenant(&w.app, &w.b.viewer, "nowhere").await.is_err());
    assert_eq!(audit::write_all_refusals(&w.app).await.unwrap(), 0);
}

#[tokio::test]
async fn failed_sign_ins_are_recorded_by_account_and_by_network() {
    let w = world().await;
    let try_in = async |email: &str| {
        let cmd = tenantry_types::account::Login::parse(&json!({ "email": email, "password": "not the password" })).unwrap();
        accounts::log_in(&w.app, &crate::support::origin(), cmd)
            .await
            .expect_err("a wrong password");
    };
    for _ in 0..3 {
        try_in("viewer@a.example").await;
        try_in("nobody@nowhere.example").await;
    }
    audit::write_all_refusals(&w.app).await.unwrap();
    let events = platform(&w, json!({ "action": "user.log_in_failed" })).await;
    assert_eq!(events.len(), 2);
    for event in &events {
        assert_eq!(
            (event.outcome, event.actor.kind.as_str(), event.changes["count"].as_u64()),
            (Outcome::Failed, "anonymous", Some(3))
        );
        assert!(!format!("{event:?}").contains("not the password"));
    }
    assert!(
        events
            .iter()
            .any(|event| event.target.id.as_deref() == Some(&*w.a.viewer.id().to_string()))
    );
    let cli = Operator::of_command_line(Origin::cli("test"));
    assert!(audit::verify_platform(&w.app, &cli).await.unwrap().ok);
}
