use serde_json::json;
use tenantry_domain::members::{Removal, Stays};
use tenantry_domain::{Principal, access, invitations, members, quotas};
use tenantry_types::member::{MemberPatch, NewMembers};
use tenantry_types::plan::QuotaPatch;
use tenantry_types::{PageQuery, ProblemCode, TenantRole, UserId};

use crate::support::{URL, code, ctx, invitation, join, origin, principal, token, world};

fn role(role: &str) -> MemberPatch {
    MemberPatch::parse(&json!({ "role": role })).unwrap()
}

#[tokio::test]
async fn lists_are_searched_sorted_and_paged() {
    let w = world().await;
    let ctx = ctx(&w.app, &w.a.viewer, &w.a.slug).await;
    let query = PageQuery {
        limit: 2,
        sort: "-email".into(),
        ..PageQuery::default()
    };
    let page = members::list(&w.app, ctx.grant().unwrap(), query.clone(), None).await.unwrap();
    let emails: Vec<_> = page.items.iter().map(|m| m.email.as_str().to_owned()).collect();
    assert_eq!(emails, ["viewer@a.example", "owner@a.example"]);
    assert_eq!((page.total, page.next_cursor.as_deref()), (Some(4), Some("o2")));
    let page = members::list(&w.app, ctx.grant().unwrap(), PageQuery { skip: 2, ..query }, None)
        .await
        .unwrap();
    assert_eq!((page.items.len(), page.next_cursor), (2, None));
    let search = PageQuery {
        q: "DORA".into(),
        ..PageQuery::default()
    };
    assert_eq!(members::list(&w.app, ctx.grant().unwrap(), search, None).await.unwrap().total, Some(1));
    let search = PageQuery {
        q: "%".into(),
        ..PageQuery::default()
    };
    assert_eq!(
        members::list(&w.app, ctx.grant().unwrap(), search, None).await.unwrap().total,
        Some(0),
        "a wildcard is a character"
    );
    assert_eq!(
        members::list(&w.app, ctx.grant().unwrap(), PageQuery::default(), Some(TenantRole::Admin))
            .await
            .unwrap()
            .total,
        Some(1)
    );
    let bad = PageQuery {
        sort: "password_hash".into(),
        ..PageQuery::default()
    };
    assert_eq!(code(members::list(&w.app, ctx.grant().unwrap(), bad, None).await), ProblemCode::Invalid);
}

#[tokio::test]
async fn nobody_hands_out_or_touches_a_role_above_their_own() {
    let w = world().await;
    let admin = ctx(&w.app, &w.a.admin, &w.a.slug).await;
    assert_eq!(
        code(members::update(&w.app, admin.grant().unwrap(), w.a.developer.id(), role("owner")).await),
        ProblemCode::RoleTooHigh
    );
    assert_eq!(
        code(members::update(&w.app, admin.grant().unwrap(), w.a.owner.id(), role("viewer")).await),
        ProblemCode::RoleTooHigh
    );
    assert_eq!(
        code(members::remove(&w.app, admin.grant().unwrap(), w.a.owner.id()).await),
        ProblemCode::RoleTooHigh
    );
    let bad = invitation(json!({ "email": "x@y.example", "role": "owner" }));
    assert_eq!(
        code(invitations::create(&w.app, admin.grant().unwrap(), bad, URL).await),
        ProblemCode::RoleTooHigh
    );
    assert!(
        ctx(&w.app, &w.a.developer, &w.a.slug)
            .await
            .grant::<tenantry_domain::needs::MembersUpdate>()
            .is_err()
    );
}

#[tokio::test]
async fn the_last_owner_stays() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    assert_eq!(code(members::leave(&w.app, &owner).await), ProblemCode::LastOwner);
    assert_eq!(
        code(members::update(&w.app, owner.grant().unwrap(), w.a.owner.id(), role("admin")).await),
        ProblemCode::LastOwner
    );
    assert_eq!(
        code(members::remove(&w.app, owner.grant().unwrap(), w.a.owner.id()).await),
        ProblemCode::LastOwner
    );
}

#[tokio::test]
async fn of_sixteen_owners_who_leave_at_once_one_stays() {
    let w = world().await;
    let mut owners = vec![w.a.owner.clone()];
    for n in 0..15 {
        owners.push(join(&w.app, &w.a.owner, &w.a.slug, &format!("o{n}@a.example"), "Owner", TenantRole::Owner).await);
    }
    let mut tasks = Vec::new();
    for owner in owners {
        let (app, ctx) = (w.app.clone(), ctx(&w.app, &owner, &w.a.slug).await);
        tasks.push(tokio::spawn(async move { members::leave(&app, &ctx).await }));
    }
    let mut stayed = 0;
    for task in tasks {
        stayed += usize::from(task.await.unwrap().is_err());
    }
    assert_eq!(stayed, 1);
}

#[tokio::test]
async fn sixteen_who_accept_at_once_take_the_seats_there_are() {
    let w = world().await;
    let operator = ctx(&w.app, &w.operator, &w.a.slug).await;
    quotas::set(
        &w.app,
        operator.grant().unwrap(),
        None,
        QuotaPatch::parse(&json!({ "members": 7 })).unwrap(),
    )
    .await
    .unwrap();
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let addresses: Vec<String> = (0..16).map(|n| format!("s{n}@a.example")).collect();
    let made = invitations::create(&w.app, owner.grant().unwrap(), invitation(json!({ "email": addresses.join(",") })), URL)
        .await
        .unwrap();
    let mut tasks = Vec::new();
    for one in made {
        let (app, token) = (w.app.clone(), token(one.link.as_deref().unwrap()));
        tasks.push(tokio::spawn(async move {
            let new = tenantry_types::invitation::Acceptance::parse(&json!({ "name": "S", "password": crate::support::PASSWORD })).unwrap();
            invitations::accept(&app, &origin(), &token, None, new).await
        }));
    }
    let mut joined = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => joined += 1,
            Err(error) => assert_eq!(error.code(), ProblemCode::QuotaExceeded),
        }
    }
    assert_eq!(joined, 3, "four were there, seven may be");
    let shown = quotas::show(&w.app, operator.grant().unwrap()).await.unwrap();
    assert_eq!((shown.items[0].used, shown.is_over_limit), (7, false));
}

#[tokio::test]
async fn people_are_added_directly_only_where_the_tenant_says_so() {
    let w = world().await;
    let add = |who: &str| NewMembers::parse(&json!({ "users": [who], "role": "viewer" })).unwrap();
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    assert_eq!(
        code(members::add(&w.app, owner.grant().unwrap(), &w.a.owner, add("owner@b.example")).await),
        ProblemCode::JoinByInvitation
    );
    let patch = tenantry_types::tenant::TenantPatch::parse(&json!({ "settings": { "members_join": "direct" } })).unwrap();
    tenantry_domain::tenants::update(&w.app, owner.grant().unwrap(), patch).await.unwrap();
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    // Somebody the caller shares no tenant with does not exist for them.
    assert_eq!(
        code(members::add(&w.app, owner.grant().unwrap(), &w.a.owner, add("owner@b.example")).await),
        ProblemCode::NotFound
    );
    // Nor among others: the answer names nobody, and nobody is added.
    let some = NewMembers::parse(&json!({ "users": ["admin@a.example", "owner@b.example", "dev@a.example"], "role": "viewer" })).unwrap();
    assert_eq!(
        code(members::add(&w.app, owner.grant().unwrap(), &w.a.owner, some).await),
        ProblemCode::NotFound
    );
    let operator = ctx(&w.app, &w.operator, &w.a.slug).await;
    let added = members::add(&w.app, operator.grant().unwrap(), &w.operator, add("owner@b.example"))
        .await
        .unwrap();
    assert_eq!((added.items.len(), added.skipped), (1, 0));
    let many = NewMembers::parse(&json!({ "users": ["owner@b.example", "dev@b.example"] })).unwrap();
    let added = members::add(&w.app, operator.grant().unwrap(), &w.operator, many).await.unwrap();
    assert_eq!((added.items.len(), added.skipped), (1, 1));
    // Nobody new is no new seat, also where the limit was lowered below what is taken.
    quotas::set(
        &w.app,
        operator.grant().unwrap(),
        None,
        QuotaPatch::parse(&json!({ "members": 1 })).unwrap(),
    )
    .await
    .unwrap();
    let again = NewMembers::parse(&json!({ "users": ["owner@b.example", "dev@b.example"] })).unwrap();
    let added = members::add(&w.app, operator.grant().unwrap(), &w.operator, again).await.unwrap();
    assert_eq!((added.items.len(), added.skipped), (0, 2));
}

#[tokio::test]
async fn who_is_removed_is_out_at_once_with_their_invitations() {
    let w = world().await;
    let admin = ctx(&w.app, &w.a.admin, &w.a.slug).await;
    let made = invitations::create(&w.app, admin.grant().unwrap(), invitation(json!({ "email": "new@a.example" })), URL)
        .await
        .unwrap();
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    members::remove(&w.app, owner.grant().unwrap(), w.a.admin.id()).await.unwrap();
    let again = principal(&w.app, w.a.admin.user()).await;
    assert_eq!(code(access::tenant(&w.app, &again, &w.a.slug).await), ProblemCode::NotFound);
    let preview = invitations::preview(&w.app, &token(made[0].link.as_deref().unwrap())).await.unwrap();
    assert_eq!(preview.status, tenantry_types::invitation::InvitationStatus::Revoked);
}

/// Who stays, in the order of their addresses, and why.
fn staying(removal: &Removal) -> Vec<(&str, Stays)> {
    let mut stay: Vec<_> = removal.stay.iter().map(|(m, why)| (m.email.as_str(), *why)).collect();
    stay.sort_unstable();
    stay
}

#[tokio::test]
async fn of_many_those_are_removed_who_may_be() {
    let w = world().await;
    let remove = async |by: &Principal, users: &[UserId]| {
        let ctx = ctx(&w.app, by, &w.a.slug).await;
        members::remove_many(&w.app, ctx.grant().unwrap(), users).await
    };
    let all = [w.a.owner.id(), w.a.admin.id(), w.a.developer.id(), w.a.viewer.id()];
    // One of another tenant among them: nobody goes.
    assert_eq!(code(remove(&w.a.owner, &[w.a.viewer.id(), w.b.viewer.id()]).await), ProblemCode::NotFound);

    let second = join(&w.app, &w.a.owner, &w.a.slug, "second@a.example", "Second", TenantRole::Owner).await;
    let gone = remove(&w.a.admin, &[&all[..3], &[second.id(), w.a.developer.id()]].concat())
        .await
        .unwrap();
    assert_eq!(gone.removed.iter().map(|m| m.user_id).collect::<Vec<_>>(), [w.a.developer.id()]);
    let expected = [
        ("admin@a.example", Stays::Oneself),
        ("owner@a.example", Stays::RoleTooHigh),
        ("second@a.example", Stays::RoleTooHigh),
    ];
    assert_eq!(staying(&gone), expected);

    // An operator takes all: the owners stay together, as none would be left. Who is out is marked, who stays is not.
    let rest = [w.a.owner.id(), w.a.admin.id(), w.a.viewer.id(), second.id()];
    let gone = remove(&w.operator, &rest).await.unwrap();
    assert_eq!(gone.removed.len(), 2);
    let expected = [("owner@a.example", Stays::LastOwner), ("second@a.example", Stays::LastOwner)];
    assert_eq!(staying(&gone), expected);
    for (table, expected) in [("former_member", 3), ("former_address", 3)] {
        assert_eq!(w.test.count(&format!("select count(*) from {table}")).await.unwrap(), expected, "{table}");
    }
    // With another owner left, one goes.
    let gone = remove(&w.a.owner, &[second.id(), w.a.owner.id()]).await.unwrap();
    assert_eq!((gone.removed.len(), staying(&gone)), (1, vec![("owner@a.example", Stays::Oneself)]));
    let events = w
        .test
        .count("select count(*) from audit_event where action = 'member.removed'")
        .await
        .unwrap();
    assert_eq!(events, 4);
}

#[tokio::test]
async fn many_are_changed_at_once_or_none() {
    let w = world().await;
    let ctx = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let people = [w.a.admin.id(), w.a.developer.id(), w.a.viewer.id()];
    let change = async |users: &[UserId], patch: MemberPatch| {
        let changes: Vec<_> = users.iter().map(|user| (*user, patch.clone())).collect();
        members::update_many(&w.app, ctx.grant().unwrap(), &changes).await
    };
    let roles = async || {
        let query = PageQuery {
            sort: "email".into(),
            ..PageQuery::default()
        };
        let page = members::list(&w.app, ctx.grant().unwrap(), query, None).await.unwrap();
        page.items.iter().map(|m| m.role.as_str()).collect::<Vec<_>>().join(" ")
    };
    let before = "admin developer owner viewer";
    assert_eq!(roles().await, before);
    // One that is not there, and the last owner among them: nobody is changed.
    assert_eq!(
        code(change(&[w.a.viewer.id(), w.b.viewer.id()], role("admin")).await),
        ProblemCode::NotFound
    );
    let all = [&people[..], &[w.a.owner.id()]].concat();
    assert_eq!(code(change(&all, role("viewer")).await), ProblemCode::LastOwner);
    assert_eq!(roles().await, before);

    let changed = change(&[&people[..], &people[..]].concat(), role("viewer")).await.unwrap();
    assert_eq!(changed.len(), 3, "a person named twice is one");
    assert_eq!(roles().await, "viewer viewer owner viewer");
    let events = tenantry_domain::audit::recent(&w.app, ctx.grant().unwrap(), 50).await.unwrap();
    let events: Vec<_> = events.iter().filter(|e| e.action == "member.updated").collect();
    assert_eq!(events.len(), 2, "who was it already is not in the record");

    // Two owners together are as much the last ones as one is.
    change(&[w.a.admin.id()], role("owner")).await.unwrap();
    let both = [w.a.owner.id(), w.a.admin.id()];
    let off = MemberPatch::parse(&json!({ "status": "disabled" })).unwrap();
    assert_eq!(code(change(&both, off.clone()).await), ProblemCode::LastOwner);
    change(&both[1..], off).await.unwrap();
    assert_eq!(roles().await, "owner viewer owner viewer", "a status leaves the role");
}
