//! What the first page of a tenant and of the operator's area show.

use serde::{Deserialize, Serialize};

use crate::audit::AuditEvent;
use crate::plan::Quota;
use crate::tenant::{Tenant, TenantStats};

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

/// The overview of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub tenant: Tenant,
    pub stats: TenantStats,
    /// Resources with a limit.
    pub quotas: Vec<Quota>,
    pub steps: FirstSteps,
    /// Empty for those who may not read the audit.
    pub activity: Vec<AuditEvent>,
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

/// A tenant in the operator's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantRow {
    #[serde(flatten)]
    pub tenant: Tenant,
    pub members: i64,
    pub plan_name: Option<String>,
}
