//! Bodies about permissions and settings.

use tenantry_types::permission::Effect;
use tenantry_types::tenant::MembersJoin;
use tenantry_types::{Permission, WorkspaceId, WorkspaceRole};
use utoipa::ToSchema;

/// All overrides of a member, at most 500, one on each permission in each place.
#[derive(ToSchema)]
#[schema(max_items = 500, example = json!([{"permission": "audit:read", "effect": "grant"}, {"permission": "members:remove", "effect": "deny"}]))]
pub struct Overrides(Vec<NewOverride>);

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOverride {
    permission: Permission,
    effect: Effect,
    /// Absent: in the whole tenant. Only for permissions that are asked for in workspaces.
    workspace: Option<WorkspaceId>,
}

/// Null: the default.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantConfigurationPatch {
    members_join: Option<MembersJoin>,
    #[schema(minimum = 1, maximum = 90, example = 14)]
    invitation_days: Option<u16>,
    #[schema(minimum = 0, maximum = 11, example = 3)]
    colour: Option<u8>,
    /// The role of who is put into a workspace without one being named.
    member_role: Option<WorkspaceRole>,
}

/// Null: inherited from the tenant.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceConfigurationPatch {
    #[schema(minimum = 0, maximum = 11, example = 3)]
    colour: Option<u8>,
    member_role: Option<WorkspaceRole>,
}
