//! The settings of a tenant and of a workspace by themselves, each with the source of its value: set
//! in the workspace, set in the tenant, or the default of the server.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::WorkspaceRole;
use crate::input::{Bounded, Fields, Patch};
use crate::problem::FieldError;
use crate::tenant::{MembersJoin, TenantPatch, TenantSettings};
use crate::workspace::{Inherited, SettingSource, WorkspacePatch, WorkspaceSettings};

/// `GET /tenants/{tenant}/configuration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantConfiguration {
    pub members_join: Inherited<MembersJoin>,
    /// Days until an invitation expires, 1..90.
    pub invitation_days: Inherited<u16>,
    /// One of the twelve tenant colours, 0..11.
    pub colour: Inherited<u8>,
    /// The role of who is put into a workspace without one being named.
    pub member_role: Inherited<WorkspaceRole>,
}

/// A value of the tenant: its own, unless it is what every tenant begins with.
fn of_tenant<T: PartialEq>(value: T, default: &T) -> Inherited<T> {
    let source = if value == *default {
        SettingSource::Default
    } else {
        SettingSource::Tenant
    };
    Inherited { value, source }
}

impl TenantConfiguration {
    pub fn of(settings: &TenantSettings) -> Self {
        let default = TenantSettings::default();
        Self {
            members_join: of_tenant(settings.members_join, &default.members_join),
            invitation_days: of_tenant(settings.invitation_days, &default.invitation_days),
            colour: of_tenant(settings.colour, &default.colour),
            member_role: of_tenant(settings.member_role, &default.member_role),
        }
    }
}

/// `GET /workspaces/{workspace}/configuration`: what a workspace may have of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkspaceConfiguration {
    /// One of the twelve colours, 0..11.
    pub colour: Inherited<u8>,
    /// The role of who is put into the workspace without one being named.
    pub member_role: Inherited<WorkspaceRole>,
}

impl WorkspaceConfiguration {
    pub fn of(settings: &WorkspaceSettings) -> Self {
        let default = TenantSettings::default();
        Self {
            colour: in_workspace(settings.colour, &default.colour),
            member_role: in_workspace(settings.member_role, &default.member_role),
        }
    }
}

fn in_workspace<T: PartialEq>(setting: Inherited<T>, default: &T) -> Inherited<T> {
    match setting.source {
        SettingSource::Workspace => setting,
        SettingSource::Tenant | SettingSource::Default => of_tenant(setting.value, default),
    }
}

/// `PATCH /tenants/{tenant}/configuration`: null brings the default back.
#[derive(Debug, Clone, Default)]
pub struct TenantConfigurationPatch(pub TenantPatch);

/// What a field becomes: None where it stays.
fn or_default<T>(patch: Patch<T>, default: T) -> Option<T> {
    match patch {
        Patch::Keep => None,
        Patch::Clear => Some(default),
        Patch::Set(value) => Some(value),
    }
}

impl TenantConfigurationPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        let default = TenantSettings::default();
        Fields::read(body, |f| {
            let members_join = f.patch("members_join");
            let invitation_days = f.patch("invitation_days");
            let colour = f.patch("colour");
            let member_role = f.patch("member_role");
            Some(Self(TenantPatch {
                members_join: or_default(members_join?, default.members_join),
                invitation_days: or_default(invitation_days?, Bounded(default.invitation_days.into())),
                colour: or_default(colour?, Bounded(default.colour.into())),
                member_role: or_default(member_role?, default.member_role),
                ..TenantPatch::default()
            }))
        })
    }
}

/// `PATCH /workspaces/{workspace}/configuration`: null inherits.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceConfigurationPatch(pub WorkspacePatch);

impl WorkspaceConfigurationPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let colour = f.patch("colour");
            let member_role = f.patch("member_role");
            Some(Self(WorkspacePatch {
                colour: colour?,
                member_role: member_role?,
                ..WorkspacePatch::default()
            }))
        })
    }
}
