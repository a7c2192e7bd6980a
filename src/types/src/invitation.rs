//! Invitations: how people come into a tenant.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Bounded, Fields, words};
use crate::problem::{Fault, FieldError};
use crate::{Email, InvitationId, Name, NewPassword, Slug, TenantRole, Timestamp, WorkspaceId, WorkspaceRole};

words! {
    InvitationStatus, InvitationStatus {
        Pending = "pending",
        Accepted = "accepted",
        Expired = "expired",
        Revoked = "revoked",
    }
}

/// A role in a workspace that comes with an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitedWorkspace {
    pub workspace: WorkspaceId,
    pub role: WorkspaceRole,
}

/// An invitation, as those who may invite see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    pub id: InvitationId,
    pub email: Email,
    pub role: TenantRole,
    pub workspaces: Vec<InvitedWorkspace>,
    pub status: InvitationStatus,
    /// The name of who invited.
    pub invited_by: String,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    /// Only in the answers of create and resend.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub link: Option<String>,
}

/// What the invited person sees before accepting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationPreview {
    pub tenant_name: String,
    pub tenant_slug: Slug,
    pub tenant_colour: u8,
    pub email: Email,
    pub role: TenantRole,
    pub invited_by: String,
    pub expires_at: Timestamp,
    pub status: InvitationStatus,
}

/// An invitation that waits for the person who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MyInvitation {
    pub id: InvitationId,
    pub tenant_name: String,
    pub role: TenantRole,
    pub invited_by: String,
    pub expires_at: Timestamp,
}

/// `POST /invitations`: one address or many.
#[derive(Debug, Clone)]
pub struct NewInvitations {
    pub emails: Vec<Email>,
    /// Whether the body held a list: then the answer is a list as well.
    pub many: bool,
    pub role: TenantRole,
    pub workspaces: Vec<InvitedWorkspace>,
    pub expires_in_days: Option<u16>,
}

/// At most so many addresses in one go.
pub const MAX_INVITATIONS: u32 = 200;

impl NewInvitations {
    /// `email` holds one address, or several separated by commas, semicolons, spaces or lines.
    ///
    /// # Errors
    /// All faults of the body; a bad address is named by its place: `email[2]`.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let text = f.required::<String>("email");
            let role = f.optional("role");
            let workspaces = f.objects("workspaces", 50, |f| {
                let workspace = f.required("workspace");
                let role = f.optional("role");
                Some(InvitedWorkspace {
                    workspace: workspace?,
                    role: role?.unwrap_or(WorkspaceRole::Annotator),
                })
            });
            let days = f.optional::<Bounded<1, 90>>("expires_in_days");
            let text = text?;
            let parts: Vec<&str> = text
                .split(|c: char| c == ',' || c == ';' || c.is_whitespace())
                .map(|p| p.trim_matches(['<', '>']))
                .filter(|p| !p.is_empty())
                .collect();
            if parts.len() > MAX_INVITATIONS as usize {
                f.fault("email", Fault::TooMany { max: MAX_INVITATIONS });
                return None;
            }
            let mut emails: Vec<Email> = Vec::with_capacity(parts.len());
            for (place, part) in parts.iter().enumerate() {
                match Email::parse(part) {
                    Ok(email) if emails.contains(&email) => {}
                    Ok(email) => emails.push(email),
                    Err(fault) if parts.len() == 1 => f.fault("email", fault),
                    Err(fault) => f.fault(&format!("email[{place}]"), fault),
                }
            }
            Some(Self {
                many: parts.len() > 1,
                emails,
                role: role?.unwrap_or(TenantRole::Developer),
                workspaces: workspaces?,
                expires_in_days: days?.and_then(|d| u16::try_from(d.0).ok()),
            })
        })
    }
}

/// `POST /invitations/{token}/accept` without a session: the account that is made.
#[derive(Debug, Clone)]
pub struct Acceptance {
    pub name: Name,
    pub password: NewPassword,
}

impl Acceptance {
    /// None for an empty body: the caller is signed in.
    ///
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Option<Self>, Vec<FieldError>> {
        if body.as_object().is_some_and(serde_json::Map::is_empty) || body.is_null() {
            return Ok(None);
        }
        Fields::read(body, |f| {
            let name = f.required("name");
            let password = f.required("password");
            Some(Some(Self {
                name: name?,
                password: password?,
            }))
        })
    }
}
