//! The one rule of what somebody may: their role in the tenant, their role in a workspace, and the
//! overrides that stand for them, made into yes or no with a reason. Pure: who asks it has read the
//! facts. Grants, the hiding of buttons and the answer to "why" all come from here.
//!
//! 1. A deny wins over everything that a tenant can give, but for its owners: a tenant stays manageable.
//! 2. Then the role in the tenant, the role in the workspace, and last a grant.
//! 3. In a workspace that one may not see, nothing holds.
//! 4. The operator's column stands beside all that: tenants do not change it.

use serde::{Deserialize, Serialize};

use super::Permission;
use crate::WorkspaceId;
use crate::input::words;
use crate::role::{CtxRole, TenantRole, WorkspaceRole};

words! {
    /// What an override does.
    Effect, Effect {
        Grant = "grant",
        Deny = "deny",
    }
}

/// A word about one person and one permission that stands beside the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Override {
    pub permission: Permission,
    pub effect: Effect,
    /// None: in the whole tenant.
    pub workspace: Option<WorkspaceId>,
}

/// How somebody stands in a tenant, as far as permissions go.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The role of an active membership; None without one.
    pub role: Option<TenantRole>,
    /// Whether they run the server.
    pub operator: bool,
    pub workspaces: &'a [(WorkspaceId, WorkspaceRole)],
    pub overrides: &'a [Override],
}

/// Why something is allowed, or is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PermissionReason))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The role in the tenant has it.
    Role,
    /// In a workspace: by the role in the tenant.
    Inherited,
    /// In a workspace: by the role there.
    WorkspaceRole,
    /// By an override for the whole tenant.
    Granted,
    /// By an override for this workspace.
    GrantedHere,
    /// By being an operator of the server.
    Operator,
    /// Taken away in the whole tenant.
    Denied,
    /// Taken away in this workspace.
    DeniedHere,
    /// They may not see this workspace.
    Unseen,
    /// Nothing gives it.
    NoRole,
}

impl Reason {
    pub const fn allows(self) -> bool {
        match self {
            Self::Role | Self::Inherited | Self::WorkspaceRole | Self::Granted | Self::GrantedHere | Self::Operator => true,
            Self::Denied | Self::DeniedHere | Self::Unseen | Self::NoRole => false,
        }
    }
}

impl Permission {
    /// Whether it is asked for in a single workspace, so that an override may stand in one.
    pub fn per_workspace(self) -> bool {
        !self.workspace_roles().is_empty() || self == Self::WorkspacesArchive
    }

    /// Whether a tenant can give it: what only operators have it cannot.
    pub fn grantable(self) -> bool {
        CtxRole::Member(TenantRole::Owner).allows(self)
    }
}

/// Whether, and why, somebody has a permission: in a workspace, or with None in the tenant as such.
pub fn decide(who: Subject<'_>, permission: Permission, place: Option<WorkspaceId>) -> Reason {
    let place = place.filter(|_| permission.per_workspace());
    let hidden = place.is_some() && permission != Permission::WorkspacesRead && !decide(who, Permission::WorkspacesRead, place).allows();
    let reason = if hidden { Reason::Unseen } else { as_member(who, permission, place) };
    if !reason.allows() && who.operator && CtxRole::Operator.allows(permission) {
        return Reason::Operator;
    }
    reason
}

fn as_member(who: Subject<'_>, permission: Permission, place: Option<WorkspaceId>) -> Reason {
    let Some(role) = who.role else { return Reason::NoRole };
    let stands = |effect, place| {
        who.overrides
            .iter()
            .any(|o| o.permission == permission && o.effect == effect && o.workspace == place)
    };
    if role != TenantRole::Owner {
        if stands(Effect::Deny, None) {
            return Reason::Denied;
        }
        if place.is_some() && stands(Effect::Deny, place) {
            return Reason::DeniedHere;
        }
    }
    let there = place.and_then(|place| who.workspaces.iter().find(|(id, _)| *id == place));
    // A viewer of the tenant sees the workspaces that they are in; all others see all.
    let reaches = role != TenantRole::Viewer || place.is_none() || there.is_some();
    let inherits = place.is_some() && role.inherits_workspaces() && WorkspaceRole::Admin.allows(permission);
    if inherits || reaches && CtxRole::Member(role).allows(permission) {
        return if place.is_some() { Reason::Inherited } else { Reason::Role };
    }
    if there.is_some_and(|(_, role)| role.allows(permission)) {
        return Reason::WorkspaceRole;
    }
    if permission.grantable() {
        if stands(Effect::Grant, None) {
            return Reason::Granted;
        }
        if place.is_some() && stands(Effect::Grant, place) {
            return Reason::GrantedHere;
        }
    }
    Reason::NoRole
}

/// The workspaces that somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    All,
    /// All but those where it is denied.
    AllBut(Vec<WorkspaceId>),
    Only(Vec<WorkspaceId>),
}

/// A workspace that nothing is said of: what holds there holds in every such one.
const ANY: WorkspaceId = WorkspaceId::new(uuid::Uuid::nil());

impl<'a> Subject<'a> {
    /// The workspaces that a role or an override names.
    pub fn named(self) -> impl Iterator<Item = WorkspaceId> + 'a {
        let by_override = self.overrides.iter().filter_map(|o| o.workspace);
        self.workspaces.iter().map(|(id, _)| *id).chain(by_override)
    }

    /// The workspaces in which `workspaces:read` holds: what `decide` says of each, said of all.
    pub fn reach(self) -> Reach {
        let sees = |place| decide(self, Permission::WorkspacesRead, Some(place)).allows();
        let all = sees(ANY);
        let mut apart: Vec<WorkspaceId> = self.named().filter(|id| sees(*id) != all).collect();
        apart.sort_unstable();
        apart.dedup();
        match all {
            true if apart.is_empty() => Reach::All,
            true => Reach::AllBut(apart),
            false => Reach::Only(apart),
        }
    }

    /// The role in a workspace: one of its own, or `admin` for those who inherit.
    pub fn role_in(self, place: WorkspaceId) -> Option<WorkspaceRole> {
        match self.role {
            Some(role) if role.inherits_workspaces() => Some(WorkspaceRole::Admin),
            _ => self.workspaces.iter().find(|(id, _)| *id == place).map(|(_, role)| *role),
        }
    }

    /// Whether somebody has what an override would give: in one workspace, or with None in the tenant
    /// and in each of its workspaces.
    pub fn holds(self, permission: Permission, place: Option<WorkspaceId>) -> bool {
        let has = |place| decide(self, permission, place).allows();
        has(place) && (place.is_some() || self.named().chain([ANY]).all(|id| has(Some(id))))
    }

    /// Whether a member may hand out a role in the tenant: one that is not above their own, and that
    /// gives nothing that they lack. Else what was denied to them would be a second account away.
    pub fn hands_out(self, role: TenantRole) -> bool {
        let has = |permission| match role {
            // It opens no workspace.
            TenantRole::Viewer => decide(self, permission, None).allows(),
            _ => self.holds(permission, None),
        };
        let mut given = Permission::ALL.iter().filter(|p| CtxRole::Member(role).allows(**p));
        self.role.is_some_and(|own| own.covers(role)) && given.all(|p| has(*p))
    }

    /// The same for a role in a workspace.
    pub fn hands_out_in(self, place: WorkspaceId, role: WorkspaceRole) -> bool {
        let mut given = Permission::ALL.iter().filter(|p| role.allows(**p));
        self.role_in(place).is_some_and(|own| own.covers(role)) && given.all(|p| self.holds(*p, Some(place)))
    }
}
