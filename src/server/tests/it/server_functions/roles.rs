//! Every server function by every role, in a tenant that is active and in one that is suspended: what the matrix says of the
//! permission that the function needs is held against what it does. A function without a row here fails.

use http::StatusCode;
use tenantry_types::permission::Kind;
use tenantry_types::{CtxRole, Permission, TenantRole, WorkspaceRole};

use super::{OWN, PUBLIC, call, code, functions};
use crate::support::fixture::Person;
use crate::support::walk::World;

/// About the caller alone, beside `OWN`.
const SELF: &[&str] = &[
    "/_fn/account/accept",
    "/_fn/account/delete",
    "/_fn/account/leave",
    "/_fn/account/sessions/end",
    "/_fn/notifications/read",
];

/// Every member, whatever their role and the state of the tenant: what of it is shown is decided piece by piece, or it is
/// about how the caller sees it.
const ANY: &[&str] = &["/_fn/here", "/_fn/find", "/_fn/permissions/of", "/_fn/tenant/dismiss_steps"];

const NEEDS: &[(&str, Permission)] = &[
    ("/_fn/audit", Permission::AuditRead),
    ("/_fn/invitations", Permission::InvitationsRead),
    ("/_fn/invitations/revoke", Permission::MembersInvite),
    ("/_fn/keys", Permission::KeysRead),
    ("/_fn/keys/revoke", Permission::KeysCreate),
    ("/_fn/members", Permission::MembersRead),
    ("/_fn/members/add", Permission::MembersAdd),
    ("/_fn/members/change", Permission::MembersUpdate),
    ("/_fn/members/one", Permission::MembersRead),
    ("/_fn/members/remove", Permission::MembersRemove),
    ("/_fn/members/role", Permission::MembersUpdate),
    ("/_fn/members/status", Permission::MembersUpdate),
    ("/_fn/models", Permission::ModelsRead),
    // Somebody is named, whose models it is about.
    ("/_fn/models/one", Permission::ModelsReport),
    ("/_fn/models/report", Permission::ModelsReport),
    ("/_fn/models/rules", Permission::ModelsRead),
    ("/_fn/models/rules/change", Permission::ModelsToggle),
    ("/_fn/models/toggle", Permission::ModelsToggle),
    ("/_fn/notifications", Permission::TenantRead),
    ("/_fn/notifications/update", Permission::TenantUpdate),
    ("/_fn/permissions/set", Permission::PermissionsManage),
    ("/_fn/playground/models", Permission::GatewayUse),
    ("/_fn/tenant/activate", Permission::TenantLifecycle),
    ("/_fn/tenant/deactivate", Permission::TenantLifecycle),
    ("/_fn/tenant/domains/add", Permission::TenantUpdate),
    ("/_fn/tenant/domains/confirm", Permission::DomainsConfirm),
    ("/_fn/tenant/domains/remove", Permission::TenantUpdate),
    ("/_fn/tenant/domains/update", Permission::TenantUpdate),
    ("/_fn/tenant/limits", Permission::QuotasUpdate),
    ("/_fn/tenant/overview", Permission::TenantRead),
    ("/_fn/tenant/plan", Permission::QuotasUpdate),
    ("/_fn/tenant/settings", Permission::TenantRead),
    ("/_fn/tenant/sign-in", Permission::TenantUpdate),
    ("/_fn/tenant/suspend", Permission::TenantLifecycle),
    ("/_fn/tenant/update", Permission::TenantUpdate),
    ("/_fn/usage", Permission::UsageRead),
    ("/_fn/webhooks/delete", Permission::WebhooksManage),
    ("/_fn/webhooks/one", Permission::WebhooksRead),
    ("/_fn/webhooks/test", Permission::WebhooksManage),
    ("/_fn/webhooks/update", Permission::WebhooksManage),
    ("/_fn/workspaces", Permission::WorkspacesRead),
    ("/_fn/workspaces/archive", Permission::WorkspacesArchive),
    ("/_fn/workspaces/create", Permission::WorkspacesCreate),
    ("/_fn/workspaces/members/remove", Permission::WorkspaceMembersManage),
    ("/_fn/workspaces/members/set", Permission::WorkspaceMembersManage),
    ("/_fn/workspaces/models", Permission::WorkspaceModelsManage),
    ("/_fn/workspaces/one", Permission::WorkspacesRead),
    ("/_fn/workspaces/restore", Permission::WorkspacesArchive),
    ("/_fn/workspaces/update", Permission::WorkspacesUpdate),
];

/// Who calls: a name, the person, their role in the tenant and in the workspace of the walk.
type Caller<'a> = (&'a str, &'a Person, CtxRole, Option<WorkspaceRole>);

fn callers(world: &World) -> [Caller<'_>; 6] {
    let side = &world.test.a;
    let member = CtxRole::Member;
    [
        ("owner", &side.owner, member(TenantRole::Owner), Some(WorkspaceRole::Admin)),
        ("admin", &side.admin, member(TenantRole::Admin), Some(WorkspaceRole::Admin)),
        ("developer", &side.developer, member(TenantRole::Developer), None),
        ("viewer", &side.viewer, member(TenantRole::Viewer), None),
        ("reviewer", &side.reviewer, member(TenantRole::Viewer), Some(WorkspaceRole::Reviewer)),
        ("operator", &world.operator, CtxRole::Operator, None),
    ]
}

/// The code of the refusal that is due; none where the matrix lets them in.
fn due(path: &str, permission: Option<Permission>, (name, _, role, in_workspace): Caller<'_>, suspended: bool) -> Option<&'static str> {
    let permission = permission?;
    let of_workspace = path.starts_with("/_fn/workspaces/") && path != "/_fn/workspaces/create" || path == "/_fn/playground/models";
    if of_workspace && name == "viewer" {
        return Some("not_found");
    }
    if suspended && (!matches!(name, "owner" | "operator") || permission.kind() == Kind::Write) {
        return Some("tenant_suspended");
    }
    let let_in = role.allows(permission) || of_workspace && in_workspace.is_some_and(|role| role.allows(permission));
    (!let_in).then_some("forbidden")
}

async fn walk(world: &World, suspended: bool) {
    let mut faults = Vec::new();
    let mut walked = 0;
    for (path, method) in functions() {
        if PUBLIC.contains(&path) || OWN.contains(&path) || SELF.contains(&path) {
            continue;
        }
        if path.starts_with("/_fn/admin") {
            for (name, person, ..) in callers(world).into_iter().filter(|(name, ..)| *name != "operator") {
                let answer = call(world, &method, path, &world.a, Some(person)).await;
                if (answer.status, code(&answer).as_str()) != (StatusCode::NOT_FOUND, "not_found") {
                    faults.push(format!("{path} by {name}: {} {}", answer.status, answer.text()));
                }
            }
            continue;
        }
        let permission = NEEDS.iter().find(|(needing, _)| *needing == path).map(|(_, permission)| *permission);
        if permission.is_none() && !ANY.contains(&path) {
            faults.push(format!("{path}: what does it need?"));
            continue;
        }
        for caller in callers(world) {
            let answer = call(world, &method, path, &world.a, Some(caller.1)).await;
            if answer.status.is_success() {
                world.put_back().await;
            }
            let got = code(&answer);
            let fine = match due(path, permission, caller, suspended) {
                Some(refusal) => got == refusal,
                // What comes behind the door are rules of business, held elsewhere.
                None => !["unauthenticated", "forbidden", "tenant_suspended"].contains(&got.as_str()) && !answer.status.is_server_error(),
            };
            walked += 1;
            if !fine {
                let due = due(path, permission, caller, suspended);
                faults.push(format!("{path} by {}: {} {}, due {due:?}", caller.0, answer.status, answer.text()));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    assert!(walked > 200, "{walked}");
}

#[tokio::test]
async fn every_role_may_what_the_matrix_says() {
    walk(&World::new().await, false).await;
}

#[tokio::test]
async fn a_suspended_tenant_is_read_by_its_owner_and_written_by_nobody() {
    let world = World::new().await;
    let suspend = format!("/api/v1/tenants/{}/suspend", world.a.tenant);
    assert_eq!(world.post(&suspend).by(&world.test.a.owner).send().await.status, StatusCode::OK);
    world.keep().await;
    walk(&world, true).await;
}

/// What is listed is there.
#[test]
fn the_rows_name_functions() {
    let all = functions();
    let rows = NEEDS.iter().map(|(path, _)| path).chain(SELF).chain(ANY);
    let gone: Vec<_> = rows.filter(|row| !all.iter().any(|(path, _)| path == *row)).collect();
    assert!(gone.is_empty(), "{gone:?}");
}
