//! Signing in with OpenID Connect: who somebody is at a provider, and the domains whose people may
//! come into a tenant by themselves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Fields, FromInput, Patch, words};
use crate::problem::{Fault, FieldError};
use crate::{IdentityId, TenantRole, Timestamp};

words! {
    /// What somebody becomes who comes in by the domain of their address.
    JoinRole, JoinRole {
        Developer = "developer",
        Viewer = "viewer",
    }
}

impl From<JoinRole> for TenantRole {
    fn from(role: JoinRole) -> Self {
        match role {
            JoinRole::Developer => Self::Developer,
            JoinRole::Viewer => Self::Viewer,
        }
    }
}

/// What stands behind the `@` of addresses, lower case: at least two labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, max_length = 253, example = "example.com"))]
#[serde(transparent)]
pub struct Domain(String);

impl Domain {
    /// # Errors
    /// When the text is no domain.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim().trim_start_matches('@').to_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        // The last label is never a number: an address of a network is no domain.
        let last = text.rsplit('.').next().unwrap_or_default();
        let fits = text.len() <= 253 && text.contains('.') && text.split('.').all(label) && !last.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Self(text)) } else { Err(Fault::NotADomain) }
    }

    /// Takes a text that was a domain when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Domain {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::parse(text)
    }
}

impl FromInput for Domain {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        Self::parse(value.as_str().ok_or(Fault::ExpectedText)?)
    }
}

/// A domain that a tenant says is its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantDomain {
    pub domain: Domain,
    /// When an operator confirmed it; null: it waits, and does nothing yet.
    pub confirmed_at: Option<Timestamp>,
    /// What people of it become when they sign in with a provider that verified their address; null: nothing.
    pub join_role: Option<JoinRole>,
    pub created_at: Timestamp,
}

/// `POST /domains`.
#[derive(Debug, Clone)]
pub struct NewDomain {
    pub domain: Domain,
    pub join_role: Option<JoinRole>,
}

impl NewDomain {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let domain = f.required("domain");
            let join_role = f.optional("join_role");
            Some(Self {
                domain: domain?,
                join_role: join_role?,
            })
        })
    }
}

/// `PATCH /domains/{domain}`.
#[derive(Debug, Clone, Default)]
pub struct DomainPatch {
    pub join_role: Patch<JoinRole>,
}

impl DomainPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            Some(Self {
                join_role: f.patch("join_role")?,
            })
        })
    }
}

/// Who the owner of an account is at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub id: IdentityId,
    /// What the provider is called here.
    pub provider: String,
    /// What the provider said the last time.
    pub email: Option<String>,
    pub last_used_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_what_stands_behind_an_at() {
        for (text, domain) in [
            ("Example.COM", "example.com"),
            (" @a.example ", "a.example"),
            ("b\u{fc}ro.example", "b\u{fc}ro.example"),
        ] {
            assert_eq!(Domain::parse(text).map(|d| d.to_string()), Ok(domain.to_owned()), "{text}");
        }
        let long = format!("{}.example", "a".repeat(64));
        for text in [
            "",
            "localhost",
            "a..b",
            ".a.b",
            "a.b.",
            "-a.example",
            "a b.example",
            "192.0.2.1",
            "a@b.example",
            "*.example.com",
            &long,
        ] {
            assert_eq!(Domain::parse(text), Err(Fault::NotADomain), "{text}");
        }
    }
}
