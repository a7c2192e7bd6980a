//! The permission matrix, as data: the one source for `grant()`, for the hiding of buttons, for
//! `x-permission` in OpenAPI and for the table in the documentation. What follows from it for one
//! person, overrides included, is decided in `decide`.

mod decide;
mod effective;

pub use decide::{Effect, Override, Reach, Reason, Subject, decide};
pub use effective::{
    Effective, MatrixRow, OverrideChange, OverrideItem, Overrides, Permissions, Ruling, TENANT_COLUMNS, WorkspaceRulings, matrix, rulings,
};

use crate::role::{CtxRole, TenantRole, WorkspaceRole};

macro_rules! permissions {
    ($($name:ident = $text:literal, $kind:ident, tenant: [$($role:ident)*], workspace: [$($wrole:ident)*], $what:literal;)*) => {
        /// One thing that may be done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission { $($name,)* }

        impl Permission {
            pub const ALL: &'static [Permission] = &[$(Permission::$name,)*];

            /// `members:invite`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Permission::$name => $text,)* }
            }

            /// What it lets one do, in words.
            pub const fn describe(self) -> &'static str {
                match self { $(Permission::$name => $what,)* }
            }

            /// Whether it changes anything: such things are refused in a tenant that is not active.
            pub const fn kind(self) -> Kind {
                match self { $(Permission::$name => Kind::$kind,)* }
            }

            fn tenant_roles(self) -> &'static [Column] {
                match self { $(Permission::$name => &[$(Column::$role,)*],)* }
            }

            fn workspace_roles(self) -> &'static [WorkspaceRole] {
                match self { $(Permission::$name => &[$(WorkspaceRole::$wrole,)*],)* }
            }
        }

        /// One marker type a permission, so that a use case names what it needs in its signature.
        pub mod needs {
            use super::{Needs, Permission};
            $(
                #[doc = $what]
                #[derive(Debug, Clone, Copy)]
                pub enum $name {}
                impl Needs for $name {
                    const PERMISSION: Permission = Permission::$name;
                }
            )*
        }
    };
}

/// A type that stands for one permission.
pub trait Needs: Send + Sync + 'static {
    const PERMISSION: Permission;
}

/// Reads, writes, and what must work in a tenant that is not active, because it brings it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Read,
    Write,
    Lifecycle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Owner,
    Admin,
    Developer,
    Viewer,
    Operator,
}

permissions! {
    TenantRead = "tenant:read", Read, tenant: [Owner Admin Developer Viewer Operator], workspace: [], "see the tenant, its plan and its numbers";
    TenantUpdate = "tenant:update", Write, tenant: [Owner Admin Operator], workspace: [], "change the tenant's name, slug, settings and metadata";
    TenantLifecycle = "tenant:lifecycle", Lifecycle, tenant: [Owner Operator], workspace: [], "suspend, activate and deactivate the tenant";
    MembersRead = "members:read", Read, tenant: [Owner Admin Developer Viewer Operator], workspace: [], "see who is a member";
    MembersAdd = "members:add", Write, tenant: [Owner Admin Operator], workspace: [], "add people who have an account already";
    MembersUpdate = "members:update", Write, tenant: [Owner Admin Operator], workspace: [], "change a member's role";
    MembersRemove = "members:remove", Write, tenant: [Owner Admin Operator], workspace: [], "remove a member";
    MembersInvite = "members:invite", Write, tenant: [Owner Admin Operator], workspace: [], "invite people, resend and revoke invitations";
    InvitationsRead = "invitations:read", Read, tenant: [Owner Admin Operator], workspace: [], "see invitations";
    WorkspacesRead = "workspaces:read", Read, tenant: [Owner Admin Developer Viewer Operator], workspace: [Admin Reviewer Annotator Viewer], "see workspaces and who is in them";
    WorkspacesCreate = "workspaces:create", Write, tenant: [Owner Admin], workspace: [], "create workspaces";
    WorkspacesUpdate = "workspaces:update", Write, tenant: [Owner Admin], workspace: [Admin], "change a workspace's name, description and metadata";
    WorkspacesArchive = "workspaces:archive", Write, tenant: [Owner Admin], workspace: [], "archive and restore workspaces";
    WorkspaceMembersManage = "workspace_members:manage", Write, tenant: [Owner Admin], workspace: [Admin], "give and take roles in a workspace";
    ModelsRead = "models:read", Read, tenant: [Owner Admin Developer Viewer Operator], workspace: [Admin Reviewer Annotator Viewer], "see models";
    ModelsToggle = "models:toggle", Write, tenant: [Owner Admin Operator], workspace: [], "decide which models the tenant may use, and who in it";
    ModelsReport = "models:report", Read, tenant: [Owner Admin Operator], workspace: [], "see who can use what";
    WorkspaceModelsManage = "workspace_models:manage", Write, tenant: [Owner Admin], workspace: [Admin], "narrow the models of a workspace";
    QuotasRead = "quotas:read", Read, tenant: [Owner Admin Developer Viewer Operator], workspace: [], "see limits and how much of them is used";
    QuotasUpdate = "quotas:update", Lifecycle, tenant: [Operator], workspace: [], "set the tenant's plan and its own limits";
    DomainsConfirm = "domains:confirm", Lifecycle, tenant: [Operator], workspace: [], "confirm that a domain is the tenant's";
    KeysRead = "keys:read", Read, tenant: [Owner Admin Developer Operator], workspace: [], "see one's own API keys; who manages keys sees all";
    KeysCreate = "keys:create", Write, tenant: [Owner Admin Developer], workspace: [], "make, change, rotate and revoke one's own API keys";
    KeysManage = "keys:manage", Write, tenant: [Owner Admin], workspace: [], "make keys of the tenant itself, change and revoke everyone's";
    GatewayUse = "gateway:use", Write, tenant: [Owner Admin Developer], workspace: [Admin Reviewer Annotator], "use models through the gateway";
    UsageRead = "usage:read", Read, tenant: [Owner Admin Developer Operator], workspace: [], "see what one used of the gateway; who manages keys sees all";
    AuditRead = "audit:read", Read, tenant: [Owner Admin Operator], workspace: [], "see what happened in the tenant";
    WebhooksRead = "webhooks:read", Read, tenant: [Owner Admin], workspace: [], "see webhooks and what was delivered to them";
    WebhooksManage = "webhooks:manage", Write, tenant: [Owner Admin], workspace: [], "make, change, test and remove webhooks";
    PermissionsRead = "permissions:read", Read, tenant: [Owner Admin Operator], workspace: [], "see what members may, and why";
    PermissionsManage = "permissions:manage", Write, tenant: [Owner Admin], workspace: [], "grant and deny permissions to members";
}

impl CtxRole {
    fn column(self) -> Column {
        match self {
            Self::Member(TenantRole::Owner) => Column::Owner,
            Self::Member(TenantRole::Admin) => Column::Admin,
            Self::Member(TenantRole::Developer) => Column::Developer,
            Self::Member(TenantRole::Viewer) => Column::Viewer,
            Self::Operator => Column::Operator,
        }
    }

    /// Whether this role has the permission in the whole tenant.
    pub fn allows(self, permission: Permission) -> bool {
        permission.tenant_roles().contains(&self.column())
    }
}

impl WorkspaceRole {
    /// Whether this role has the permission in its workspace.
    pub fn allows(self, permission: Permission) -> bool {
        permission.workspace_roles().contains(&self)
    }
}

/// The permissions of a role, for the answer of `/auth/context` and for pages.
pub fn of(role: CtxRole) -> Vec<Permission> {
    Permission::ALL.iter().copied().filter(|p| role.allows(*p)).collect()
}

impl Permission {
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|p| p.as_str() == text)
    }
}

impl crate::FromInput for Permission {
    fn from_input(value: &serde_json::Value) -> Result<Self, crate::Fault> {
        crate::input::word(value, crate::problem::Choice::Permission, Self::from_text)
    }
}

impl serde::Serialize for Permission {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Permission {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::from_text(&text).ok_or_else(|| serde::de::Error::custom("not a permission"))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Permission {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(Permission::ALL.iter().map(|p| p.as_str())))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Permission {
    fn name() -> std::borrow::Cow<'static, str> {
        "Permission".into()
    }
}

#[cfg(test)]
mod tests;
