//! Roles. Order means power: an earlier role may do more.

use crate::input::words;

words! {
    /// What a person is in a tenant.
    TenantRole, TenantRole {
        Owner = "owner",
        Admin = "admin",
        Developer = "developer",
        Viewer = "viewer",
    }
}

words! {
    /// What a person is in a workspace. Owners and admins of the tenant are `admin` in each.
    WorkspaceRole, WorkspaceRole {
        Admin = "admin",
        Reviewer = "reviewer",
        Annotator = "annotator",
        Viewer = "viewer",
    }
}

impl TenantRole {
    const fn power(self) -> u8 {
        match self {
            Self::Owner => 4,
            Self::Admin => 3,
            Self::Developer => 2,
            Self::Viewer => 1,
        }
    }

    /// Whether this role stands at or above `other`: the rule for handing out and taking away roles.
    pub const fn covers(self, other: TenantRole) -> bool {
        self.power() >= other.power()
    }

    /// Owners and admins are `admin` in every workspace.
    pub const fn inherits_workspaces(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Developer => "Developer",
            Self::Viewer => "Viewer",
        }
    }
}

impl WorkspaceRole {
    const fn power(self) -> u8 {
        match self {
            Self::Admin => 4,
            Self::Reviewer => 3,
            Self::Annotator => 2,
            Self::Viewer => 1,
        }
    }

    /// Whether this role stands at or above `other`.
    pub const fn covers(self, other: WorkspaceRole) -> bool {
        self.power() >= other.power()
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::Reviewer => "Reviewer",
            Self::Annotator => "Annotator",
            Self::Viewer => "Viewer",
        }
    }
}

/// How somebody stands in a tenant: by membership, or as an operator of the server without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CtxRole {
    Member(TenantRole),
    Operator,
}

impl CtxRole {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member(role) => role.as_str(),
            Self::Operator => "operator",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        if word == "operator" {
            Some(Self::Operator)
        } else {
            TenantRole::from_word(word).map(Self::Member)
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Member(role) => role.label(),
            Self::Operator => "Operator",
        }
    }

    /// Whether this one may hand out, change or take away `role`. Operators may: they set up tenants.
    pub const fn covers(self, role: TenantRole) -> bool {
        match self {
            Self::Member(own) => own.covers(role),
            Self::Operator => true,
        }
    }
}

impl serde::Serialize for CtxRole {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for CtxRole {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let word = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::from_word(&word).ok_or_else(|| serde::de::Error::custom("not a role"))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for CtxRole {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(["owner", "admin", "developer", "viewer", "operator"]))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for CtxRole {
    fn name() -> std::borrow::Cow<'static, str> {
        "CtxRole".into()
    }
}
