//! Workspaces: parts of a tenant with members of their own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Bounded, Fields, Metadata, Patch, Text, words};
use crate::problem::FieldError;
use crate::tenant::TenantSettings;
use crate::{Email, Name, Slug, Timestamp, UserId, WorkspaceId, WorkspaceRole};

words! {
    WorkspaceStatus, WorkspaceStatus {
        Active = "active",
        /// Readable, refuses writes until it is restored.
        Archived = "archived",
    }
}

words! {
    /// Where a setting's value comes from.
    SettingSource, SettingSource {
        /// What every tenant begins with.
        Default = "default",
        /// Inherited.
        Tenant = "tenant",
        /// The workspace's own.
        Workspace = "workspace",
    }
}

/// A setting that a workspace has of its own or inherits from its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Inherited<T> {
    pub value: T,
    pub source: SettingSource,
}

impl<T> Inherited<T> {
    pub fn of(own: Option<T>, tenant: T) -> Self {
        match own {
            Some(value) => Self {
                value,
                source: SettingSource::Workspace,
            },
            None => Self {
                value: tenant,
                source: SettingSource::Tenant,
            },
        }
    }

    /// The value, when it is the workspace's own.
    pub fn own(self) -> Option<T> {
        (self.source == SettingSource::Workspace).then_some(self.value)
    }
}

/// The settings of a workspace, each with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkspaceSettings {
    /// One of the twelve colours, 0..11.
    pub colour: Inherited<u8>,
    /// The role of who is put into the workspace without one being named.
    pub member_role: Inherited<WorkspaceRole>,
}

impl WorkspaceSettings {
    pub fn of(own: OwnSettings, tenant: &TenantSettings) -> Self {
        Self {
            colour: Inherited::of(own.colour, tenant.colour),
            member_role: Inherited::of(own.member_role, tenant.member_role),
        }
    }

    pub fn own(&self) -> OwnSettings {
        OwnSettings {
            colour: self.colour.own(),
            member_role: self.member_role.own(),
        }
    }
}

/// What of the settings is a workspace's own: what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_role: Option<WorkspaceRole>,
}

/// A part of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Workspace {
    pub id: WorkspaceId,
    pub slug: Slug,
    pub name: String,
    pub description: String,
    pub status: WorkspaceStatus,
    pub metadata: Metadata,
    pub settings: WorkspaceSettings,
    /// People with a role of their own here; owners and admins of the tenant come on top.
    pub members: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A person in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkspaceMember {
    pub user_id: UserId,
    pub email: Email,
    pub name: String,
    pub role: WorkspaceRole,
    /// The role comes from being owner or admin of the tenant.
    pub inherited: bool,
}

/// `POST /workspaces`.
#[derive(Debug, Clone)]
pub struct NewWorkspace {
    pub name: Name,
    /// Made from the name when absent.
    pub slug: Option<Slug>,
    pub description: Text<500>,
    pub metadata: Metadata,
}

impl NewWorkspace {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.required("name");
            let slug = f.optional("slug");
            let description = f.optional("description");
            let metadata = f.optional("metadata");
            Some(Self {
                name: name?,
                slug: slug?,
                description: description?.unwrap_or(Text(String::new())),
                metadata: metadata?.unwrap_or_default(),
            })
        })
    }
}

/// `PATCH /workspaces/{workspace}`.
#[derive(Debug, Clone, Default)]
pub struct WorkspacePatch {
    pub name: Option<Name>,
    pub slug: Option<Slug>,
    pub description: Patch<Text<500>>,
    pub metadata: Patch<Metadata>,
    /// Cleared: inherited.
    pub colour: Patch<Bounded<0, 11>>,
    pub member_role: Patch<WorkspaceRole>,
}

impl WorkspacePatch {
    /// Settings stand in an object of their own (`settings.colour`); forms, which are flat, may send
    /// them beside the other fields. Null means: inherited.
    ///
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.change("name");
            let slug = f.change("slug");
            let description = f.patch("description");
            let metadata = f.patch("metadata");
            let nested = f.object("settings", |f| {
                let colour = f.patch("colour");
                let member_role = f.patch("member_role");
                Some((colour?, member_role?))
            });
            let colour = f.patch("colour");
            let member_role = f.patch("member_role");
            f.read_only(&["id", "status", "members", "created_at", "updated_at"]);
            let (nested_colour, nested_role) = nested?.unwrap_or_default();
            Some(Self {
                name: name?,
                slug: slug?,
                description: description?,
                metadata: metadata?,
                colour: colour?.or(nested_colour),
                member_role: member_role?.or(nested_role),
            })
        })
    }
}

/// `PUT /workspaces/{workspace}/members/{user}`.
#[derive(Debug, Clone, Copy)]
pub struct WorkspaceRoleChange {
    /// None: the workspace's `member_role`.
    pub role: Option<WorkspaceRole>,
}

impl WorkspaceRoleChange {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let role = f.optional("role");
            f.read_only(&["user_id", "email", "name", "inherited"]);
            Some(Self { role: role? })
        })
    }
}
