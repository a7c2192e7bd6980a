//! People: accounts, signing up and in, the context of a request.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Fields, words};
use crate::problem::FieldError;
use crate::text::Secret;
use crate::token::Tokens;
use crate::{ApiKeyId, CtxRole, Email, Name, NewPassword, Permission, Slug, TenantId, Timestamp, UserId, WorkspaceId, WorkspaceRole};

words! {
    UserStatus, UserStatus {
        Active = "active",
        Disabled = "disabled",
    }
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    pub id: UserId,
    pub email: Email,
    pub name: String,
    pub status: UserStatus,
    /// Runs the server: owns providers, the catalogue, plans and all tenants.
    pub is_operator: bool,
    pub email_verified: bool,
    pub created_at: Timestamp,
    pub last_active_at: Option<Timestamp>,
}

/// `POST /auth/register`.
#[derive(Debug, Clone)]
pub struct Registration {
    pub email: Email,
    pub name: Name,
    pub password: NewPassword,
    /// The name of the first tenant; made from the person's name when absent.
    pub tenant_name: Option<Name>,
}

impl Registration {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let email = f.required("email");
            let name = f.required("name");
            let password = f.required("password");
            let tenant_name = f.optional("tenant_name");
            Some(Self {
                email: email?,
                name: name?,
                password: password?,
                tenant_name: tenant_name?,
            })
        })
    }
}

/// `POST /auth/login`.
#[derive(Debug, Clone)]
pub struct Login {
    pub email: Email,
    pub password: Secret,
    /// A one-time code, or a recovery code.
    pub totp: Option<Secret>,
}

impl Login {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let email = f.required("email");
            let password = f.required("password");
            let totp = f.optional("totp");
            Some(Self {
                email: email?,
                password: password?,
                totp: totp?,
            })
        })
    }
}

/// `PATCH /me`.
#[derive(Debug, Clone, Default)]
pub struct MePatch {
    pub name: Option<Name>,
}

impl MePatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.change("name");
            f.read_only(&["id", "email", "status", "is_operator", "email_verified", "created_at", "last_active_at"]);
            Some(Self { name: name? })
        })
    }
}

/// `PATCH /platform/users/{id}`.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    pub status: Option<UserStatus>,
    pub is_operator: Option<bool>,
}

impl UserPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let status = f.change("status");
            let is_operator = f.change("is_operator");
            f.read_only(&["id", "email", "name", "email_verified", "created_at", "last_active_at"]);
            Some(Self {
                status: status?,
                is_operator: is_operator?,
            })
        })
    }
}

/// A tenant that somebody may enter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AvailableTenant {
    pub id: TenantId,
    pub slug: Slug,
    pub name: String,
    pub role: CtxRole,
    pub status: crate::tenant::TenantStatus,
    /// One of the twelve tenant colours, 0..11.
    pub colour: u8,
    pub last_used_at: Option<Timestamp>,
}

/// Where the tenant of a request was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ContextSource {
    Path,
    /// The body, in `/auth/context/validate`.
    Body,
    Header,
    Subdomain,
    /// The claims of the access token.
    Token,
    /// The API key, which belongs to one tenant.
    Key,
    Session,
    OnlyTenant,
    None,
}

/// The API key that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyRef {
    pub id: ApiKeyId,
    pub name: String,
    /// The person whose key it is; null for a key of the tenant.
    pub user_id: Option<UserId>,
}

/// A thing by id, slug and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantRef {
    pub id: TenantId,
    pub slug: Slug,
    pub name: String,
}

/// A workspace by id, slug and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkspaceRef {
    pub id: WorkspaceId,
    pub slug: Slug,
    pub name: String,
}

/// `GET /auth/context`: who asks, where they stand, and what they may do there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Context {
    /// Null when an API key asks.
    pub user: Option<User>,
    pub key: Option<KeyRef>,
    pub tenant: Option<TenantRef>,
    pub workspace: Option<WorkspaceRef>,
    pub tenant_role: Option<CtxRole>,
    pub workspace_role: Option<WorkspaceRole>,
    pub permissions: Vec<Permission>,
    pub source: ContextSource,
    /// Only for the bearer of an access token who switches: tokens that stand there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tokens: Option<Tokens>,
}
