//! What the first page of a tenant and of the operator's area show.

use serde::{Deserialize, Serialize};

use crate::counted;
use crate::input::Metadata;
use crate::plan::{Quota, QuotaState, Resource};
use crate::tenant::{Tenant, TenantSettings, TenantStats, TenantStatus};
use crate::{PlanId, Slug, TenantId, TenantRole, Timestamp, UserId};

/// One of the first steps in a new tenant; its state comes from the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstSteps {
    pub workspace: bool,
    pub invited: bool,
    pub model: bool,
    pub key: bool,
    /// Put away by the person who looks.
    pub dismissed: bool,
}

impl FirstSteps {
    pub fn done(self) -> bool {
        self.workspace && self.invited && self.model && self.key
    }
}

/// Something that somebody who runs the tenant should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    pub text: String,
    /// The page below the tenant's own that shows it.
    pub page: String,
    /// Something is stopped already.
    pub urgent: bool,
}

/// Counts of what is near an end, or does not work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Concerns {
    /// Invitations that expire within two days.
    pub invitations: i64,
    /// API keys that expire within a week.
    pub keys: i64,
    /// Enabled models that the operator has switched off.
    pub models_off: i64,
    /// Providers of enabled models whose last check failed.
    pub providers_down: i64,
}

impl Attention {
    /// Of what the tenant has, that which is near an end, or does not work.
    pub fn of(quotas: &[Quota], concerns: Concerns) -> Vec<Self> {
        let mut out: Vec<Self> = quotas
            .iter()
            .filter(|q| q.state != QuotaState::Ok)
            .map(|q| Self {
                text: format!(
                    "{}: {} of {} used",
                    q.resource.label(),
                    q.resource.shown(q.used),
                    q.resource.shown(q.limit.unwrap_or_default())
                ),
                page: "settings".into(),
                urgent: q.state == QuotaState::Exceeded,
            })
            .collect();
        let Concerns {
            invitations,
            keys,
            models_off,
            providers_down,
        } = concerns;
        let counts = [
            (
                invitations,
                "invitation expires",
                "invitations expire",
                "within two days",
                "invitations",
                false,
            ),
            (keys, "API key expires", "API keys expire", "within a week", "keys?status=active", false),
            (
                models_off,
                "enabled model is",
                "enabled models are",
                "switched off by the operator",
                "models?enabled=yes",
                true,
            ),
            (
                providers_down,
                "provider of enabled models",
                "providers of enabled models",
                "did not answer when last looked at",
                "models?enabled=yes",
                true,
            ),
        ];
        let some = counts.into_iter().filter(|(n, ..)| *n > 0);
        out.extend(some.map(|(n, one, many, rest, page, urgent)| Self {
            text: format!("{} {rest}", counted(n, one, many)),
            page: page.into(),
            urgent,
        }));
        out
    }
}

/// The overview of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub tenant: Tenant,
    pub stats: TenantStats,
    /// Resources with a limit.
    pub quotas: Vec<Quota>,
    pub steps: FirstSteps,
    pub attention: Vec<Attention>,
}

/// `GET /platform/stats`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlatformStats {
    pub tenants: i64,
    pub active_tenants: i64,
    pub users: i64,
    pub providers: i64,
    pub models: i64,
    pub version: String,
    pub database_version: String,
    pub migration: i64,
}

/// Who may enter a tenant, for a review of access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantAccess {
    pub id: TenantId,
    pub slug: String,
    pub name: String,
    pub status: TenantStatus,
    /// Active members whose accounts are active.
    pub active_users: i64,
    /// Models that are enabled in it and switched on.
    pub enabled_models: i64,
    /// How many active owners and admins there are; `admins` may name fewer.
    pub admin_count: i64,
    pub admins: Vec<TenantAdmin>,
}

/// An owner or admin of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantAdmin {
    pub user_id: UserId,
    pub email: String,
    pub name: String,
    pub role: TenantRole,
    /// When they were last in this tenant; null: never.
    pub last_active_at: Option<Timestamp>,
}

/// A tenant in the operator's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(from = "FlatRow")]
pub struct TenantRow {
    #[serde(flatten)]
    pub tenant: Tenant,
    pub members: i64,
    /// How many members it may have; null: any number.
    pub member_limit: Option<i64>,
    pub plan_name: Option<String>,
}

impl TenantRow {
    /// How near the tenant is to its limit of members.
    pub fn members_state(&self) -> QuotaState {
        Quota::new(Resource::Members, self.member_limit, self.members, false).state
    }
}

/// How a `TenantRow` is read: serde's own reader of flattened fields costs the browser twenty kilobytes.
#[derive(Deserialize)]
struct FlatRow {
    id: TenantId,
    slug: Slug,
    name: String,
    status: TenantStatus,
    plan: Option<PlanId>,
    external_id: Option<String>,
    metadata: Metadata,
    settings: TenantSettings,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(default)]
    stats: Option<TenantStats>,
    members: i64,
    #[serde(default)]
    member_limit: Option<i64>,
    plan_name: Option<String>,
}

impl From<FlatRow> for TenantRow {
    fn from(flat: FlatRow) -> Self {
        Self {
            tenant: Tenant {
                id: flat.id,
                slug: flat.slug,
                name: flat.name,
                status: flat.status,
                plan: flat.plan,
                external_id: flat.external_id,
                metadata: flat.metadata,
                settings: flat.settings,
                created_at: flat.created_at,
                updated_at: flat.updated_at,
                stats: flat.stats,
            },
            members: flat.members,
            member_limit: flat.member_limit,
            plan_name: flat.plan_name,
        }
    }
}
