//! Ids: UUIDv7 inside, on the wire a prefix and 26 characters of base32 (Crockford's alphabet,
//! lower case). They sort by time of creation. A text that is not such an id names nothing: doors
//! answer it with 404, like an id that does not exist. Ids are made by `tenantry-domain`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::input::FromInput;
use crate::problem::Fault;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TEXT_LEN: usize = 26;

/// The text is not an id of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct BadId;

fn encode(prefix: &str, id: Uuid) -> String {
    let mut bits = id.as_u128();
    let mut text = [0u8; TEXT_LEN];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    let mut out = String::with_capacity(prefix.len() + 1 + TEXT_LEN);
    out.push_str(prefix);
    out.push('_');
    out.extend(text.iter().map(|b| char::from(*b)));
    out
}

fn decode(prefix: &str, text: &str) -> Result<Uuid, BadId> {
    let digits = text.strip_prefix(prefix).and_then(|t| t.strip_prefix('_')).ok_or(BadId)?;
    if digits.len() != TEXT_LEN {
        return Err(BadId);
    }
    let mut bits: u128 = 0;
    for (place, digit) in digits.bytes().enumerate() {
        let value = ALPHABET.iter().position(|a| *a == digit).ok_or(BadId)? as u128;
        // 26 x 5 bits are two more than 128: the first digit may only carry three.
        if place == 0 && value > 7 {
            return Err(BadId);
        }
        bits = (bits << 5) | value;
    }
    Ok(Uuid::from_u128(bits))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&encode($prefix, self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                decode($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl FromInput for $name {
            fn from_input(value: &serde_json::Value) -> Result<Self, Fault> {
                let text = value.as_str().ok_or(Fault::ExpectedText)?;
                text.trim().parse().map_err(|_| Fault::NotAnId)
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-9a-hjkmnp-tv-z]{26}$")))
                    .examples([serde_json::json!(encode($prefix, Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000)))])
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

ids! {
    /// An organization.
    TenantId = "ten";
    /// A person with an account.
    UserId = "usr";
    /// A part of a tenant.
    WorkspaceId = "wsp";
    /// An invitation to a tenant.
    InvitationId = "inv";
    /// A model of the catalogue.
    ModelId = "mod";
    /// An upstream that serves models.
    ProviderId = "prv";
    /// A named set of limits.
    PlanId = "pln";
    /// A recorded event.
    EventId = "evt";
    /// Something that somebody should look at.
    NotificationId = "ntf";
    /// A session of a browser.
    SessionId = "ses";
    /// An API key, not its secret.
    ApiKeyId = "key";
    /// A person as a provider of OpenID Connect knows them.
    IdentityId = "idn";
    /// Where a tenant wants to be told over HTTP.
    WebhookId = "whk";
    /// One thing that was sent to a webhook.
    DeliveryId = "dlv";
}

#[cfg(test)]
mod tests;
