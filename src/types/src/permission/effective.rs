//! The matrix and what it comes to for one person, as answers and pages show them; and the reading of
//! overrides from bodies.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Effect, Kind, Override, Permission, Reason, Subject, decide};
use crate::input::Fields;
use crate::problem::{Fault, FieldError};
use crate::role::{CtxRole, TenantRole, WorkspaceRole};
use crate::{UserId, WorkspaceId, WorkspaceRef};

/// The columns of the matrix, in the order in which they are shown.
pub const TENANT_COLUMNS: [CtxRole; 5] = [
    CtxRole::Member(TenantRole::Owner),
    CtxRole::Member(TenantRole::Admin),
    CtxRole::Member(TenantRole::Developer),
    CtxRole::Member(TenantRole::Viewer),
    CtxRole::Operator,
];

/// One row of the matrix: who has a permission by their role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatrixRow {
    pub permission: Permission,
    /// What it lets one do.
    pub description: &'static str,
    pub kind: Kind,
    /// Roles that have it in the tenant.
    pub tenant_roles: Vec<CtxRole>,
    /// Roles that have it in a workspace.
    pub workspace_roles: Vec<WorkspaceRole>,
    /// Whether an override may stand in a single workspace.
    pub per_workspace: bool,
    /// Whether a tenant can give it.
    pub grantable: bool,
}

/// The whole matrix.
pub fn matrix() -> Vec<MatrixRow> {
    let row = |permission: Permission| MatrixRow {
        permission,
        description: permission.describe(),
        kind: permission.kind(),
        tenant_roles: TENANT_COLUMNS.into_iter().filter(|role| role.allows(permission)).collect(),
        workspace_roles: WorkspaceRole::ALL.iter().copied().filter(|role| role.allows(permission)).collect(),
        per_workspace: permission.per_workspace(),
        grantable: permission.grantable(),
    };
    Permission::ALL.iter().copied().map(row).collect()
}

/// Whether a permission holds, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ruling {
    pub permission: Permission,
    pub allowed: bool,
    pub reason: Reason,
}

/// What holds in one workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkspaceRulings {
    pub workspace: WorkspaceRef,
    /// The role there; `admin` for those who inherit it.
    pub role: Option<WorkspaceRole>,
    pub permissions: Vec<Ruling>,
}

/// What somebody may in a tenant, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Effective {
    pub user_id: UserId,
    pub role: CtxRole,
    /// In the tenant as such.
    pub permissions: Vec<Ruling>,
    /// In the workspaces where they have a role of their own, or an override.
    pub workspaces: Vec<WorkspaceRulings>,
}

/// `GET /permissions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Permissions {
    pub matrix: Vec<MatrixRow>,
    pub effective: Effective,
}

/// Every permission in the tenant as such, or every one that is asked for in a workspace.
pub fn rulings(who: Subject<'_>, place: Option<WorkspaceId>) -> Vec<Ruling> {
    let asked = Permission::ALL.iter().copied().filter(|p| place.is_none() || p.per_workspace());
    asked
        .map(|permission| {
            let reason = decide(who, permission, place);
            Ruling {
                permission,
                allowed: reason.allows(),
                reason,
            }
        })
        .collect()
}

/// An override as answers show it, and as `PUT .../overrides` takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OverrideItem {
    pub permission: Permission,
    pub effect: Effect,
    /// Null: in the whole tenant.
    pub workspace: Option<WorkspaceId>,
}

impl From<Override> for OverrideItem {
    fn from(o: Override) -> Self {
        Self {
            permission: o.permission,
            effect: o.effect,
            workspace: o.workspace,
        }
    }
}

/// `PUT /members/{user}/overrides`: all overrides of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides(pub Vec<Override>);

impl Overrides {
    pub const MAX: u32 = 500;

    /// A list of `{"permission", "effect", "workspace"?}`.
    ///
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        if !body.is_array() {
            return Err(vec![FieldError::new("", Fault::ExpectedList)]);
        }
        // Faults name `[0].permission`.
        let named = json!({ "": body });
        let all = Fields::read(&named, |f| f.objects("", Self::MAX, item))?;
        let mut faults = Vec::new();
        for (place, one) in all.iter().enumerate() {
            let same = |o: &&Override| o.permission == one.permission && o.workspace == one.workspace;
            if all.iter().take(place).any(|o| same(&o)) {
                faults.push(FieldError::new(format!("[{place}].permission"), Fault::Twice));
            }
        }
        if faults.is_empty() { Ok(Self(all)) } else { Err(faults) }
    }
}

fn item(f: &mut Fields<'_>) -> Option<Override> {
    let permission = f.required::<Permission>("permission");
    let effect = f.required("effect");
    let workspace = f.optional::<WorkspaceId>("workspace");
    let (permission, effect, workspace) = (permission?, effect?, workspace?);
    check(f, permission, effect, workspace);
    Some(Override {
        permission,
        effect,
        workspace,
    })
}

fn check(f: &mut Fields<'_>, permission: Permission, effect: Effect, workspace: Option<WorkspaceId>) {
    if workspace.is_some() && !permission.per_workspace() {
        f.fault("workspace", Fault::NotPerWorkspace);
    }
    if effect == Effect::Grant && !permission.grantable() {
        f.fault("permission", Fault::OperatorsOnly);
    }
}

/// A form about one permission: a word on it, or none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverrideChange {
    pub permission: Permission,
    /// None: cleared.
    pub effect: Option<Effect>,
    pub workspace: Option<WorkspaceId>,
}

impl OverrideChange {
    /// `{"permission", "effect": "grant"|"deny"|"", "workspace"?}`.
    ///
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let permission = f.required::<Permission>("permission");
            let effect = f.optional::<Effect>("effect");
            let workspace = f.optional::<WorkspaceId>("workspace");
            let (permission, effect, workspace) = (permission?, effect?, workspace?);
            check(f, permission, effect.unwrap_or(Effect::Deny), workspace);
            Some(Self {
                permission,
                effect,
                workspace,
            })
        })
    }
}
