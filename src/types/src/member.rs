//! Members of a tenant.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account::UserStatus;
use crate::input::{Fields, words};
use crate::problem::{Fault, FieldError};
use crate::{Email, TenantRole, Timestamp, UserId, WorkspaceRef, WorkspaceRole};

/// A person in a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    pub user_id: UserId,
    pub email: Email,
    pub name: String,
    pub role: TenantRole,
    /// `disabled` keeps the membership but lets nobody in by it.
    pub status: UserStatus,
    pub joined_at: Timestamp,
    pub last_active_at: Option<Timestamp>,
}

/// A member with the workspaces they are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(from = "FlatMember")]
pub struct MemberDetail {
    #[serde(flatten)]
    pub member: Member,
    pub workspaces: Vec<MemberWorkspace>,
}

/// How a `MemberDetail` is read: serde's own reader of flattened fields costs the browser twenty kilobytes.
#[derive(Deserialize)]
struct FlatMember {
    user_id: UserId,
    email: Email,
    name: String,
    role: TenantRole,
    status: UserStatus,
    joined_at: Timestamp,
    last_active_at: Option<Timestamp>,
    workspaces: Vec<MemberWorkspace>,
}

impl From<FlatMember> for MemberDetail {
    fn from(flat: FlatMember) -> Self {
        Self {
            member: Member {
                user_id: flat.user_id,
                email: flat.email,
                name: flat.name,
                role: flat.role,
                status: flat.status,
                joined_at: flat.joined_at,
                last_active_at: flat.last_active_at,
            },
            workspaces: flat.workspaces,
        }
    }
}

/// A workspace of a member and the role there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberWorkspace {
    pub workspace: WorkspaceRef,
    pub role: WorkspaceRole,
}

words! {
    MemberSort, MemberSort {
        Name = "name",
        NameDesc = "-name",
        Email = "email",
        EmailDesc = "-email",
        Role = "role",
        RoleDesc = "-role",
        JoinedAt = "joined_at",
        JoinedAtDesc = "-joined_at",
        LastActiveAt = "last_active_at",
        LastActiveAtDesc = "-last_active_at",
    }
}

/// `POST /members`: people who have an account, by address or id, one or many.
#[derive(Debug, Clone)]
pub struct NewMembers {
    pub who: Vec<Who>,
    pub role: TenantRole,
}

/// A person, by address or by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Email(Email),
    Id(UserId),
}

impl crate::FromInput for Who {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let text = value.as_str().ok_or(Fault::ExpectedText)?.trim();
        match text.parse::<UserId>() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => Email::parse(text).map(Self::Email),
        }
    }
}

impl NewMembers {
    /// `{"user_id"|"email": "...", "role"}` for one, `{"users": ["...", ...], "role"}` for many.
    ///
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let one = f.optional::<UserId>("user_id");
            let email = f.optional::<Email>("email");
            let users = f.list::<Who>("users", 500);
            let role = f.optional("role");
            let mut who = users?;
            who.extend(one?.map(Who::Id));
            who.extend(email?.map(Who::Email));
            if who.is_empty() {
                f.fault("users", Fault::Required);
            }
            Some(Self {
                who,
                role: role?.unwrap_or(TenantRole::Developer),
            })
        })
    }
}

/// What adding of several people came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MembersAdded {
    pub items: Vec<Member>,
    /// How many were members already and were left as they are.
    pub skipped: u32,
}

/// `PATCH /members/{user}`.
#[derive(Debug, Clone, Default)]
pub struct MemberPatch {
    pub role: Option<TenantRole>,
    pub status: Option<UserStatus>,
}

impl MemberPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let role = f.change("role");
            let status = f.change("status");
            f.read_only(&["user_id", "email", "name", "joined_at", "last_active_at", "workspaces"]);
            Some(Self {
                role: role?,
                status: status?,
            })
        })
    }
}
