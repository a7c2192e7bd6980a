//! Overrides: what is granted and denied beside the matrix, in one tenant of two and in one workspace of
//! two; and who may say so about whom.

use serde_json::{Value, json};
use tenantry_domain::{Principal, TenantCtx, access, audit, invitations, members, needs, permissions, workspaces};
use tenantry_types::member::MemberPatch;
use tenantry_types::permission::{OverrideChange, Overrides, Reason};
use tenantry_types::workspace::{NewWorkspace, Workspace};
use tenantry_types::{PageQuery, Permission, ProblemCode, TenantRole, UserId, WorkspaceRole};

use crate::support::{URL, World, code, ctx, invitation, join, world};

/// Makes these all the overrides of somebody, by somebody.
async fn set(w: &World, by: &TenantCtx, user: UserId, all: Value) -> tenantry_domain::Result<usize> {
    let all = Overrides::parse(&all).unwrap();
    Ok(permissions::set_overrides(&w.app, by.grant()?, user, all).await?.len())
}

async fn a(w: &World, who: &Principal) -> TenantCtx {
    ctx(&w.app, who, &w.a.slug).await
}

/// A second workspace of A; the first is `labelling`.
async fn second(w: &World) -> Workspace {
    let owner = a(w, &w.a.owner).await;
    let new = NewWorkspace::parse(&json!({ "name": "Support" })).unwrap();
    workspaces::create(&w.app, owner.grant().unwrap(), new).await.unwrap()
}

#[tokio::test]
async fn a_grant_gives_and_a_deny_takes_at_once_and_in_one_tenant_only() {
    let w = world().await;
    // The developer of A is one in B, too.
    let also = join(&w.app, &w.b.owner, &w.b.slug, "other@b.example", "Other", TenantRole::Developer).await;
    let owner = a(&w, &w.a.owner).await;
    let dora = w.a.developer.id();
    let list = json!([
        { "permission": "audit:read", "effect": "grant" },
        { "permission": "members:read", "effect": "deny" },
    ]);
    assert_eq!(set(&w, &owner, dora, list.clone()).await.unwrap(), 2);
    let there = a(&w, &w.a.developer).await;
    assert!(there.grant::<needs::AuditRead>().is_ok());
    assert!(there.grant::<needs::MembersRead>().is_err());
    assert!(there.permissions().contains(&Permission::AuditRead));
    assert!(!there.permissions().contains(&Permission::MembersRead));

    let b = ctx(&w.app, &w.b.owner, &w.b.slug).await;
    assert_eq!(code(set(&w, &b, dora, list.clone()).await), ProblemCode::NotFound, "not a member of B");
    set(&w, &b, also.id(), list).await.unwrap();
    assert_eq!(w.test.count("select count(*) from permission_override").await.unwrap(), 4);
    set(&w, &owner, dora, json!([])).await.unwrap();
    let there = a(&w, &w.a.developer).await;
    assert!(there.grant::<needs::AuditRead>().is_err() && there.grant::<needs::MembersRead>().is_ok());
    let also = ctx(&w.app, &also, &w.b.slug).await;
    assert!(also.grant::<needs::AuditRead>().is_ok(), "the other tenant's word stands");
}

#[tokio::test]
async fn an_override_of_a_workspace_counts_there_only() {
    let w = world().await;
    let support = second(&w).await;
    let owner = a(&w, &w.a.owner).await;
    let labelling = access::workspace(&w.app, &owner, "labelling").await.unwrap();
    for (place, role) in [("labelling", WorkspaceRole::Annotator), ("support", WorkspaceRole::Admin)] {
        let there = access::workspace(&w.app, &owner, place).await.unwrap();
        workspaces::set_member(&w.app, there.grant().unwrap(), w.a.viewer.id(), Some(role))
            .await
            .unwrap();
    }
    let list = json!([
        { "permission": "workspaces:update", "effect": "grant", "workspace": labelling.workspace().id },
        { "permission": "workspaces:archive", "effect": "grant", "workspace": labelling.workspace().id },
        { "permission": "workspace_models:manage", "effect": "deny", "workspace": support.id },
    ]);
    set(&w, &owner, w.a.viewer.id(), list).await.unwrap();
    let viewer = a(&w, &w.a.viewer).await;
    let first = access::workspace(&w.app, &viewer, "labelling").await.unwrap();
    let other = access::workspace(&w.app, &viewer, "support").await.unwrap();
    assert!(first.grant::<needs::WorkspacesUpdate>().is_ok() && first.grant::<needs::WorkspacesArchive>().is_ok());
    assert!(other.grant::<needs::WorkspacesUpdate>().is_ok(), "by the role there");
    assert!(other.grant::<needs::WorkspacesArchive>().is_err());
    assert!(other.grant::<needs::WorkspaceModelsManage>().is_err(), "denied there");
    assert!(viewer.grant::<needs::WorkspacesUpdate>().is_err(), "in the tenant as such: no");
    assert!(first.permissions().contains(&Permission::WorkspacesArchive));

    let shown = permissions::of_member(&w.app, owner.grant().unwrap(), w.a.viewer.id()).await.unwrap();
    let reason = |slug: &str, permission| {
        let at = shown.workspaces.iter().find(|x| x.workspace.slug.as_str() == slug).unwrap();
        at.permissions.iter().find(|r| r.permission == permission).unwrap().reason
    };
    assert_eq!(reason("labelling", Permission::WorkspacesArchive), Reason::GrantedHere);
    assert_eq!(reason("labelling", Permission::WorkspacesRead), Reason::Inherited);
    assert_eq!(reason("support", Permission::WorkspacesUpdate), Reason::WorkspaceRole);
    assert_eq!(reason("support", Permission::WorkspaceModelsManage), Reason::DeniedHere);
    assert_eq!(reason("support", Permission::WorkspacesArchive), Reason::NoRole);
}

/// What may not be seen is not there: for the one it is denied to, and in every list.
#[tokio::test]
async fn a_workspace_that_is_denied_is_not_there() {
    let w = world().await;
    let support = second(&w).await;
    let owner = a(&w, &w.a.owner).await;
    let deny = json!([{ "permission": "workspaces:read", "effect": "deny", "workspace": support.id }]);
    for who in [&w.a.developer, &w.a.admin] {
        set(&w, &owner, who.id(), deny.clone()).await.unwrap();
        let there = a(&w, who).await;
        assert_eq!(code(access::workspace(&w.app, &there, "support").await), ProblemCode::NotFound);
        assert!(access::workspace(&w.app, &there, "labelling").await.is_ok());
        let list = workspaces::list(&w.app, there.grant().unwrap(), PageQuery::default(), None)
            .await
            .unwrap();
        assert!(!list.items.is_empty() && list.items.iter().all(|x| x.id != support.id));
    }
    // Who makes one sees it.
    let admin = a(&w, &w.a.admin).await;
    let new = NewWorkspace::parse(&json!({ "name": "Support" })).unwrap();
    let made = workspaces::create(&w.app, admin.grant().unwrap(), new).await.unwrap();
    assert_eq!(made.slug.as_str(), "support-2");
    let admin = a(&w, &w.a.admin).await;
    assert!(access::workspace(&w.app, &admin, "support-2").await.is_ok());

    // The other way round: a viewer is let in by a grant, there and nowhere else.
    let vera = w.a.viewer.id();
    let viewer = a(&w, &w.a.viewer).await;
    assert_eq!(code(access::workspace(&w.app, &viewer, "support").await), ProblemCode::NotFound);
    let let_in = json!([{ "permission": "workspaces:read", "effect": "grant", "workspace": support.id }]);
    set(&w, &owner, vera, let_in).await.unwrap();
    let viewer = a(&w, &w.a.viewer).await;
    let there = access::workspace(&w.app, &viewer, "support").await.unwrap();
    assert!(there.grant::<needs::WorkspacesRead>().is_ok() && there.grant::<needs::ModelsRead>().is_err());
    assert_eq!(code(access::workspace(&w.app, &viewer, "labelling").await), ProblemCode::NotFound);
    set(&w, &owner, vera, json!([{ "permission": "workspaces:read", "effect": "grant" }]))
        .await
        .unwrap();
    let viewer = a(&w, &w.a.viewer).await;
    assert!(access::workspace(&w.app, &viewer, "labelling").await.is_ok(), "in the whole tenant");
}

#[tokio::test]
async fn nobody_gives_what_they_lack() {
    let w = world().await;
    let owner = a(&w, &w.a.owner).await;
    let (adam, dora, vera) = (w.a.admin.id(), w.a.developer.id(), w.a.viewer.id());
    let one = |permission: &str, effect: &str| json!([{ "permission": permission, "effect": effect }]);
    // Only owners have it.
    let admin = a(&w, &w.a.admin).await;
    assert_eq!(
        code(set(&w, &admin, dora, one("tenant:lifecycle", "grant")).await),
        ProblemCode::PermissionTooHigh
    );
    set(&w, &owner, dora, one("tenant:lifecycle", "grant")).await.unwrap();
    // What stands already is not given again; and taking is not giving.
    let more = json!([{ "permission": "tenant:lifecycle", "effect": "grant" }, { "permission": "audit:read", "effect": "grant" }]);
    set(&w, &admin, dora, more).await.unwrap();
    set(&w, &admin, dora, json!([])).await.unwrap();
    // To take back a denial is to give.
    set(&w, &owner, dora, one("tenant:lifecycle", "deny")).await.unwrap();
    assert_eq!(code(set(&w, &admin, dora, json!([])).await), ProblemCode::PermissionTooHigh);
    // What was denied to the admin, they cannot give: not by an override, a role or an invitation.
    set(&w, &owner, adam, one("audit:read", "deny")).await.unwrap();
    let admin = a(&w, &w.a.admin).await;
    assert_eq!(
        code(set(&w, &admin, vera, one("audit:read", "grant")).await),
        ProblemCode::PermissionTooHigh
    );
    let role = |role: &str| MemberPatch::parse(&json!({ "role": role })).unwrap();
    assert_eq!(
        code(members::update(&w.app, admin.grant().unwrap(), vera, role("admin")).await),
        ProblemCode::RoleTooHigh
    );
    let invite = invitation(json!({ "email": "me@again.example", "role": "admin" }));
    assert_eq!(
        code(invitations::create(&w.app, admin.grant().unwrap(), invite, URL).await),
        ProblemCode::RoleTooHigh
    );
    assert!(
        members::update(&w.app, admin.grant().unwrap(), vera, role("developer")).await.is_ok(),
        "it gives no audit"
    );
    // What only operators have, no tenant gives.
    assert!(Overrides::parse(&one("quotas:update", "grant")).is_err());
    w.test
        .run("insert into permission_override select tenant_id, user_id, 'quotas:update', 'grant', null, now() from membership where role = 'owner'")
        .await
        .unwrap();
    assert!(a(&w, &w.a.owner).await.grant::<needs::QuotasUpdate>().is_err());
}

#[tokio::test]
async fn nobody_rules_on_themselves_or_above_them() {
    let w = world().await;
    let owner = a(&w, &w.a.owner).await;
    let (olga, adam, dora, vera) = (w.a.owner.id(), w.a.admin.id(), w.a.developer.id(), w.a.viewer.id());
    let deny = json!([{ "permission": "members:read", "effect": "deny" }]);
    let admin = a(&w, &w.a.admin).await;
    assert_eq!(code(set(&w, &admin, olga, deny.clone()).await), ProblemCode::RoleTooHigh);
    assert_eq!(code(set(&w, &admin, adam, json!([])).await), ProblemCode::OwnPermissions);
    assert_eq!(code(set(&w, &owner, olga, json!([])).await), ProblemCode::OwnPermissions);
    let developer = a(&w, &w.a.developer).await;
    assert_eq!(code(set(&w, &developer, vera, deny.clone()).await), ProblemCode::Forbidden);
    // With the permission to rule, but on nobody above them, and with no more than they have.
    set(&w, &owner, dora, json!([{ "permission": "permissions:manage", "effect": "grant" }]))
        .await
        .unwrap();
    let developer = a(&w, &w.a.developer).await;
    assert_eq!(code(set(&w, &developer, adam, deny.clone()).await), ProblemCode::RoleTooHigh);
    set(&w, &developer, vera, deny.clone()).await.unwrap();
    let grant = json!([{ "permission": "audit:read", "effect": "grant" }]);
    assert_eq!(code(set(&w, &developer, vera, grant).await), ProblemCode::PermissionTooHigh);
    // A second owner is not denied anything, not even by what stood before.
    let second = join(&w.app, &w.a.owner, &w.a.slug, "second@a.example", "Second", TenantRole::Owner).await;
    assert_eq!(code(set(&w, &owner, second.id(), deny).await), ProblemCode::OwnerHasAll);
    set(&w, &owner, vera, json!([{ "permission": "tenant:update", "effect": "deny" }]))
        .await
        .unwrap();
    let role = MemberPatch::parse(&json!({ "role": "owner" })).unwrap();
    members::update(&w.app, owner.grant().unwrap(), vera, role).await.unwrap();
    assert!(a(&w, &w.a.viewer).await.grant::<needs::TenantUpdate>().is_ok());
}

/// Checklist 28, in a workspace: managing it by a grant makes nobody its admin.
#[tokio::test]
async fn a_granted_permission_is_no_higher_role() {
    let w = world().await;
    let owner = a(&w, &w.a.owner).await;
    let there = access::workspace(&w.app, &owner, "labelling").await.unwrap();
    let id = there.workspace().id;
    let (dora, vera) = (w.a.developer.id(), w.a.viewer.id());
    for (user, role) in [(vera, WorkspaceRole::Annotator), (dora, WorkspaceRole::Admin)] {
        workspaces::set_member(&w.app, there.grant().unwrap(), user, Some(role)).await.unwrap();
    }
    let list = json!([
        { "permission": "workspace_members:manage", "effect": "grant", "workspace": id },
        { "permission": "members:invite", "effect": "grant" },
        { "permission": "members:update", "effect": "grant" },
    ]);
    set(&w, &owner, vera, list).await.unwrap();
    let viewer = a(&w, &w.a.viewer).await;
    let own = access::workspace(&w.app, &viewer, "labelling").await.unwrap();
    let too_high = ProblemCode::RoleTooHigh;
    for role in [WorkspaceRole::Admin, WorkspaceRole::Reviewer] {
        assert_eq!(
            code(workspaces::set_member(&w.app, own.grant().unwrap(), vera, Some(role)).await),
            too_high
        );
    }
    assert_eq!(
        code(workspaces::set_member(&w.app, own.grant().unwrap(), dora, Some(WorkspaceRole::Viewer)).await),
        too_high
    );
    assert_eq!(code(workspaces::remove_member(&w.app, own.grant().unwrap(), dora).await), too_high);
    let invite = |workspace_role: &str, role: &str| {
        invitation(json!({ "email": "x@new.example", "role": role, "workspaces": [{ "workspace": id, "role": workspace_role }] }))
    };
    assert_eq!(
        code(invitations::create(&w.app, viewer.grant().unwrap(), invite("admin", "viewer"), URL).await),
        too_high
    );
    assert_eq!(
        code(invitations::create(&w.app, viewer.grant().unwrap(), invite("viewer", "developer"), URL).await),
        too_high
    );
    assert!(
        invitations::create(&w.app, viewer.grant().unwrap(), invite("annotator", "viewer"), URL)
            .await
            .is_ok()
    );
    let role = MemberPatch::parse(&json!({ "role": "viewer" })).unwrap();
    assert_eq!(code(members::update(&w.app, viewer.grant().unwrap(), dora, role).await), too_high);
}

#[tokio::test]
async fn overrides_are_checked_recorded_and_go_with_the_member() {
    let w = world().await;
    let owner = a(&w, &w.a.owner).await;
    let dora = w.a.developer.id();
    let theirs = workspaces::list(
        &w.app,
        ctx(&w.app, &w.b.owner, &w.b.slug).await.grant().unwrap(),
        PageQuery::default(),
        None,
    )
    .await
    .unwrap()
    .items
    .remove(0);
    let foreign = json!([{ "permission": "workspaces:update", "effect": "grant", "workspace": theirs.id }]);
    let error = set(&w, &owner, dora, foreign).await.expect_err("a workspace of another tenant");
    assert_eq!(error.fields()[0].field, "[0].workspace");
    let bad = json!([
        { "permission": "members:read", "effect": "deny", "workspace": theirs.id },
        { "permission": "nothing", "effect": "maybe" },
        { "permission": "audit:read", "effect": "grant", "why": "x" },
    ]);
    let fields: Vec<_> = Overrides::parse(&bad).expect_err("faults").into_iter().map(|f| f.field).collect();
    assert_eq!(fields, ["[0].workspace", "[1].permission", "[1].effect", "[2].why"]);
    let twice = json!([{ "permission": "audit:read", "effect": "grant" }, { "permission": "audit:read", "effect": "deny" }]);
    assert!(Overrides::parse(&twice).is_err());

    let change = |effect: &str| OverrideChange::parse(&json!({ "permission": "audit:read", "effect": effect, "workspace": "" })).unwrap();
    for (effect, there) in [("grant", 1), ("deny", 1), ("deny", 1), ("", 0), ("grant", 1)] {
        let by = owner.grant().unwrap();
        permissions::change_override(&w.app, by, dora, change(effect)).await.unwrap();
        assert_eq!(w.test.count("select count(*) from permission_override").await.unwrap(), there, "{effect}");
    }
    let events = audit::recent(&w.app, owner.grant().unwrap(), 20).await.unwrap();
    let said: Vec<_> = events.iter().filter(|e| e.action == "member.overrides_set").collect();
    assert_eq!(said.len(), 4, "what changes nothing is no event");
    assert_eq!(said[0].sentence(), "changed the permissions of Dora Developer");
    assert_eq!(said[0].changes["before"], json!([]));
    assert_eq!(
        said[0].changes["after"],
        json!([{ "permission": "audit:read", "effect": "grant", "workspace": null }])
    );

    members::remove(&w.app, owner.grant().unwrap(), dora).await.unwrap();
    assert_eq!(w.test.count("select count(*) from permission_override").await.unwrap(), 0);
}

#[tokio::test]
async fn everyone_sees_their_own_reasons_and_few_those_of_others() {
    let w = world().await;
    let owner = a(&w, &w.a.owner).await;
    let dora = w.a.developer.id();
    set(&w, &owner, dora, json!([{ "permission": "members:read", "effect": "deny" }]))
        .await
        .unwrap();
    let there = a(&w, &w.a.developer).await;
    let own = permissions::show(&w.app, &there, there.grant().unwrap(), None).await.unwrap().effective;
    let reason = |p| own.permissions.iter().find(|r| r.permission == p).unwrap().reason;
    assert_eq!(reason(Permission::MembersRead), Reason::Denied);
    assert_eq!(reason(Permission::ModelsRead), Reason::Role);
    assert_eq!(reason(Permission::AuditRead), Reason::NoRole);
    let other = permissions::show(&w.app, &there, there.grant().unwrap(), Some(w.a.owner.id())).await;
    assert_eq!(code(other), ProblemCode::Forbidden);
    let seen = permissions::show(&w.app, &owner, owner.grant().unwrap(), Some(dora))
        .await
        .unwrap()
        .effective;
    assert_eq!(seen, own);
    let foreign = permissions::show(&w.app, &owner, owner.grant().unwrap(), Some(w.b.developer.id())).await;
    assert_eq!(code(foreign), ProblemCode::NotFound);
    let operator = a(&w, &w.operator).await;
    let shown = permissions::show(&w.app, &operator, operator.grant().unwrap(), None)
        .await
        .unwrap()
        .effective;
    assert!(
        shown
            .permissions
            .iter()
            .any(|r| r.permission == Permission::QuotasUpdate && r.reason == Reason::Operator)
    );
}
