//! Bodies about what is in a tenant: members, invitations, workspaces, limits.

use std::collections::BTreeMap;

use tenantry_types::account::UserStatus;
use tenantry_types::invitation::Invitation;
use tenantry_types::member::{Member, MembersAdded};
use tenantry_types::openid::JoinRole;
use tenantry_types::plan::{Limits, Resource};
use tenantry_types::tenant::MembersJoin;
use tenantry_types::{Page, PlanId, TenantRole, UserId, WorkspaceId, WorkspaceRole};
use utoipa::ToSchema;

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    #[schema(min_length = 1, max_length = 100, example = "Acme Labs")]
    name: String,
    /// Made from the name when absent; a given one that is taken is 409.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 63, example = "acme-labs")]
    slug: Option<String>,
    /// What another system calls this tenant.
    #[schema(max_length = 200, example = "crm-4711")]
    external_id: Option<String>,
    /// At most 50 keys of 40 characters, values of 500.
    #[schema(example = json!({"team": "research"}))]
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantPatch {
    #[schema(required = false, min_length = 1, max_length = 100, example = "Acme Laboratories")]
    name: String,
    #[schema(required = false, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 63, example = "acme-laboratories")]
    slug: String,
    #[schema(max_length = 200, example = "crm-4711")]
    external_id: Option<String>,
    #[schema(example = json!({"team": "research"}))]
    metadata: Option<BTreeMap<String, String>>,
    #[schema(required = false)]
    settings: TenantSettingsPatch,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantSettingsPatch {
    #[schema(required = false)]
    members_join: MembersJoin,
    #[schema(required = false, minimum = 1, maximum = 90, example = 14)]
    invitation_days: u16,
    #[schema(required = false, minimum = 0, maximum = 11, example = 3)]
    colour: u8,
    /// The role of who is put into a workspace without one being named.
    #[schema(required = false)]
    member_role: WorkspaceRole,
}

/// One of `user_id`, `email` and `users`.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "grace@example.com", "role": "developer"}))]
pub struct NewMembers {
    user_id: Option<UserId>,
    #[schema(format = Email, example = "grace@example.com")]
    email: Option<String>,
    /// Ids or addresses, at most 500.
    #[schema(max_items = 500, example = json!(["grace@example.com"]))]
    users: Option<Vec<String>>,
    /// `developer` when absent.
    role: Option<TenantRole>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPatch {
    #[schema(required = false)]
    role: TenantRole,
    #[schema(required = false)]
    status: UserStatus,
}

/// A member, or with `users` all that were added.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum MembersAnswer {
    One(Member),
    Many(MembersAdded),
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitations {
    /// One address, or at most 200 separated by commas, semicolons, spaces or lines.
    #[schema(example = "grace@example.com")]
    email: String,
    /// `developer` when absent.
    role: Option<TenantRole>,
    /// Roles in workspaces that come with it.
    #[schema(max_items = 50)]
    workspaces: Option<Vec<InvitedWorkspace>>,
    /// What the tenant has set when absent.
    #[schema(minimum = 1, maximum = 90, example = 7)]
    expires_in_days: Option<u16>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvitedWorkspace)]
pub struct InvitedWorkspace {
    workspace: WorkspaceId,
    /// `annotator` when absent.
    role: Option<WorkspaceRole>,
}

/// An invitation, or with several addresses all of them.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum InvitationsAnswer {
    One(Invitation),
    Many(Page<Invitation>),
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    #[schema(min_length = 1, max_length = 100, example = "Research")]
    name: String,
    /// Made from the name when absent.
    #[schema(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 63, example = "research")]
    slug: Option<String>,
    #[schema(max_length = 500, example = "Labels for the spring study")]
    description: Option<String>,
    #[schema(example = json!({"cost-centre": "42"}))]
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspacePatch {
    #[schema(required = false, min_length = 1, max_length = 100, example = "Research 2")]
    name: String,
    #[schema(required = false, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 63, example = "research-2")]
    slug: String,
    #[schema(max_length = 500, example = "Labels for the autumn study")]
    description: Option<String>,
    #[schema(example = json!({"cost-centre": "42"}))]
    metadata: Option<BTreeMap<String, String>>,
    #[schema(required = false)]
    settings: WorkspaceSettingsPatch,
}

/// Null: inherited from the tenant.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceSettingsPatch {
    #[schema(minimum = 0, maximum = 11, example = 3)]
    colour: Option<u8>,
    member_role: Option<WorkspaceRole>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceRoleChange {
    /// Absent: the workspace's `member_role`.
    #[schema(required = false)]
    role: WorkspaceRole,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    #[schema(min_length = 1, max_length = 100, example = "Team")]
    name: String,
    #[schema(value_type = Option<Limits>, example = json!({"members": 50, "documents": 1000}))]
    limits: Option<Limits>,
    /// New tenants get the default plan.
    #[schema(example = false)]
    is_default: Option<bool>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanPatch {
    #[schema(required = false, min_length = 1, max_length = 100, example = "Team")]
    name: String,
    #[schema(required = false, example = json!({"members": 80, "documents": null}))]
    limits: Limits,
    #[schema(required = false, example = true)]
    is_default: bool,
}

/// A limit of the tenant's own, instead of the plan's; null is no limit.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaPatch {
    plan: Option<PlanId>,
    #[schema(minimum = 0, example = 80)]
    members: Option<i64>,
    #[schema(minimum = 0, example = 2000)]
    documents: Option<i64>,
    #[schema(minimum = 0, example = 5000)]
    storage_mb: Option<i64>,
    #[schema(minimum = 0, example = 1000)]
    api_calls_per_hour: Option<i64>,
    #[schema(minimum = 0, example = 10)]
    processing_jobs: Option<i64>,
    #[schema(minimum = 0, example = 5)]
    vector_collections: Option<i64>,
    #[schema(minimum = 0, example = 1_000_000)]
    tokens_per_day: Option<i64>,
    /// Micro-USD.
    #[schema(minimum = 0, example = 50_000_000)]
    spend_per_month: Option<i64>,
    #[schema(minimum = 0, example = 20)]
    concurrent_requests: Option<i64>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaQuestion {
    #[schema(example = "tokens_per_day")]
    resource: Resource,
    /// 1 when absent.
    #[schema(required = false, minimum = 1, example = 1000)]
    amount: i64,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDomain {
    /// What stands behind the `@` of addresses.
    #[schema(max_length = 253, example = "example.com")]
    domain: String,
    /// What people of it become once it is confirmed; nothing when absent.
    #[schema(example = "viewer")]
    join_role: Option<JoinRole>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainPatch {
    /// What people of it become; null: nothing.
    #[schema(example = "developer")]
    join_role: Option<JoinRole>,
}
