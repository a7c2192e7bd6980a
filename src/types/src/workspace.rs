//! Workspaces: parts of a tenant with members of their own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Fields, Metadata, Patch, Text, words};
use crate::problem::FieldError;
use crate::{Email, Name, Slug, Timestamp, UserId, WorkspaceId, WorkspaceRole};

words! {
    WorkspaceStatus, WorkspaceStatus {
        Active = "active",
        /// Readable, refuses writes until it is restored.
        Archived = "archived",
    }
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
}

impl WorkspacePatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.change("name");
            let slug = f.change("slug");
            let description = f.patch("description");
            let metadata = f.patch("metadata");
            f.read_only(&["id", "status", "members", "created_at", "updated_at"]);
            Some(Self {
                name: name?,
                slug: slug?,
                description: description?,
                metadata: metadata?,
            })
        })
    }
}

/// `PUT /workspaces/{workspace}/members/{user}`.
#[derive(Debug, Clone, Copy)]
pub struct WorkspaceRoleChange {
    pub role: WorkspaceRole,
}

impl WorkspaceRoleChange {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let role = f.required("role");
            f.read_only(&["user_id", "email", "name", "inherited"]);
            Some(Self { role: role? })
        })
    }
}
