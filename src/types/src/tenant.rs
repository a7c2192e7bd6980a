//! Tenants: organizations, the unit of isolation.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Bounded, Fields, Metadata, Patch, Text, words};
use crate::problem::FieldError;
use crate::{Name, PlanId, Slug, TenantId, Timestamp, WorkspaceRole};

words! {
    TenantStatus, TenantStatus {
        Active = "active",
        /// Readable by its owner, refuses writes.
        Suspended = "suspended",
        /// Deactivated; an operator may purge it.
        Inactive = "inactive",
    }
}

words! {
    /// Who may become a member without an invitation.
    MembersJoin, MembersJoin {
        /// Nobody: people are invited.
        Invitation = "invitation",
        /// Whoever may add members adds people who have an account.
        Direct = "direct",
    }
}

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tenant {
    pub id: TenantId,
    pub slug: Slug,
    pub name: String,
    pub status: TenantStatus,
    pub plan: Option<PlanId>,
    /// What another system calls this tenant.
    pub external_id: Option<String>,
    pub metadata: Metadata,
    pub settings: TenantSettings,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stats: Option<TenantStats>,
}

/// What a tenant decides for itself; workspaces inherit what concerns them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TenantSettings {
    pub members_join: MembersJoin,
    /// Days until an invitation expires, 1..90.
    pub invitation_days: u16,
    /// One of the twelve tenant colours, 0..11.
    pub colour: u8,
    /// The role of who is put into a workspace without one being named.
    pub member_role: WorkspaceRole,
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self {
            members_join: MembersJoin::Invitation,
            invitation_days: 7,
            colour: 0,
            member_role: WorkspaceRole::Annotator,
        }
    }
}

/// Numbers of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantStats {
    pub members: i64,
    pub pending_invitations: i64,
    pub workspaces: i64,
    /// Models that are enabled.
    pub models: i64,
    /// Keys that open something.
    pub api_keys: i64,
    /// Requests that were sent to models since midnight, UTC.
    pub calls_today: i64,
    /// And ever.
    pub total_api_calls: i64,
    pub last_active_at: Option<Timestamp>,
}

/// `POST /tenants`.
#[derive(Debug, Clone)]
pub struct NewTenant {
    pub name: Name,
    /// Made from the name when absent.
    pub slug: Option<Slug>,
    pub external_id: Option<Text<200>>,
    pub metadata: Metadata,
}

impl NewTenant {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.required("name");
            let slug = f.optional("slug");
            let external_id = f.optional("external_id");
            let metadata = f.optional("metadata");
            Some(Self {
                name: name?,
                slug: slug?,
                external_id: external_id?,
                metadata: metadata?.unwrap_or_default(),
            })
        })
    }
}

/// `PATCH /tenants/{tenant}`.
#[derive(Debug, Clone, Default)]
pub struct TenantPatch {
    pub name: Option<Name>,
    pub slug: Option<Slug>,
    pub external_id: Patch<Text<200>>,
    pub metadata: Patch<Metadata>,
    pub members_join: Option<MembersJoin>,
    pub invitation_days: Option<Bounded<1, 90>>,
    pub colour: Option<Bounded<0, 11>>,
    pub member_role: Option<WorkspaceRole>,
}

impl TenantPatch {
    /// Settings stand in an object of their own (`settings.colour`); forms, which are flat, may send
    /// them beside the other fields.
    ///
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.change("name");
            let slug = f.change("slug");
            let external_id = f.patch("external_id");
            let metadata = f.patch("metadata");
            let settings = f.object("settings", |f| {
                let members_join = f.change("members_join");
                let invitation_days = f.change("invitation_days");
                let colour = f.change("colour");
                let member_role = f.change("member_role");
                Some((members_join?, invitation_days?, colour?, member_role?))
            });
            let members_join = f.change("members_join");
            let invitation_days = f.change("invitation_days");
            let colour = f.change("colour");
            let member_role = f.change("member_role");
            f.read_only(&["id", "status", "plan", "created_at", "updated_at", "stats"]);
            let inner = settings?.unwrap_or_default();
            Some(Self {
                name: name?,
                slug: slug?,
                external_id: external_id?,
                metadata: metadata?,
                members_join: members_join?.or(inner.0),
                invitation_days: invitation_days?.or(inner.1),
                colour: colour?.or(inner.2),
                member_role: member_role?.or(inner.3),
            })
        })
    }
}
