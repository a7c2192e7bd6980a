//! Plans: whom a change puts over a limit.

use serde_json::json;
use tenantry_domain::{invitations, members, plans, quotas};
use tenantry_types::PageQuery;
use tenantry_types::invitation::InvitationStatus;
use tenantry_types::member::NewMembers;
use tenantry_types::plan::{PlanPatch, QuotaPatch};

use crate::support::{URL, ctx, invitation, world};

#[tokio::test]
async fn a_change_says_whom_it_puts_over_a_limit() {
    let w = world().await;
    let by = w.operator.operator().unwrap();
    let plan = plans::list(&w.app, &by).await.unwrap().into_iter().find(|p| p.is_default).unwrap();
    let a = ctx(&w.app, &w.operator, &w.a.slug).await;
    // A's own limit counts instead of the plan's.
    let own = QuotaPatch::parse(&json!({ "members": 40 })).unwrap();
    quotas::set(&w.app, a.grant().unwrap(), None, own).await.unwrap();
    let patch = PlanPatch::parse(&json!({ "limits": { "members": 2 } })).unwrap();
    let changed = plans::update(&w.app, &by, plan.id, patch).await.unwrap();
    let over: Vec<_> = changed.over_limit.iter().map(|t| t.slug.as_str()).collect();
    assert!(over.contains(&w.b.slug.as_str()), "{over:?}");
    assert!(!over.contains(&w.a.slug.as_str()), "{over:?}");
}

#[tokio::test]
async fn plan_and_limits_are_set_together_or_not_at_all() {
    let w = world().await;
    let a = ctx(&w.app, &w.operator, &w.a.slug).await;
    let patch = || QuotaPatch::parse(&json!({ "members": 33 })).unwrap();
    let nowhere = tenantry_types::PlanId::new(uuid::Uuid::nil());
    assert!(quotas::set(&w.app, a.grant().unwrap(), Some(Some(nowhere)), patch()).await.is_err());
    let limit = async || quotas::show(&w.app, a.grant().unwrap()).await.unwrap().items[0].limit;
    assert_ne!(limit().await, Some(33));
    quotas::set(&w.app, a.grant().unwrap(), Some(None), patch()).await.unwrap();
    assert_eq!(limit().await, Some(33));
}

#[tokio::test]
async fn who_is_added_needs_their_invitation_no_more() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let wanted = invitation(json!({ "email": "owner@b.example" }));
    invitations::create(&w.app, owner.grant().unwrap(), wanted, URL).await.unwrap();
    let operator = ctx(&w.app, &w.operator, &w.a.slug).await;
    let add = NewMembers::parse(&json!({ "email": "owner@b.example", "role": "viewer" })).unwrap();
    members::add(&w.app, operator.grant().unwrap(), &w.operator, add).await.unwrap();
    let pending = invitations::list(&w.app, owner.grant().unwrap(), PageQuery::default(), Some(InvitationStatus::Pending))
        .await
        .unwrap();
    assert_eq!(pending.total, Some(0));
}
