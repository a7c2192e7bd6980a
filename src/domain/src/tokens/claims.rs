//! What an access token says, and when it is believed. Pure: the keys and the time are given.

use std::collections::HashMap;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use tenantry_types::{TenantId, UserId, WorkspaceId};
use uuid::Uuid;

/// Seconds that an access token lives.
pub const LIFETIME: u32 = 15 * 60;
/// Seconds by which clocks may differ.
pub const SKEW: u64 = 30;
const AUDIENCE: &str = "tenantry";
/// RFC 9068: what stands in the header of an access token, so that no other JWT passes for one.
const TYPE: &str = "at+jwt";
/// Longer texts are none of ours.
const LONGEST: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: UserId,
    pub exp: i64,
    pub nbf: i64,
    pub iat: i64,
    /// `access`.
    pub typ: String,
    /// The family: what the log-in began.
    pub sid: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tid: Option<TenantId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wid: Option<WorkspaceId>,
}

impl Claims {
    pub fn new(issuer: &str, sub: UserId, sid: Uuid, place: (Option<TenantId>, Option<WorkspaceId>), now: i64) -> Self {
        Self {
            iss: issuer.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub,
            exp: now + i64::from(LIFETIME),
            nbf: now,
            iat: now,
            typ: "access".to_owned(),
            sid,
            tid: place.0,
            wid: place.1,
        }
    }
}

pub(super) fn sign(claims: &Claims, kid: &str, key: &EncodingKey) -> Result<String, jsonwebtoken::errors::Error> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    encode(&header, claims, key)
}

/// The id of the key that a token says it was signed with; None for what is no access token. Keys
/// and addresses of keys that a header brings along are not looked at.
pub(super) fn key_id(token: &str) -> Option<String> {
    if token.len() > LONGEST {
        return None;
    }
    let header = decode_header(token).ok()?;
    let ours = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(TYPE) && header.crit.is_none();
    header.kid.filter(|_| ours)
}

/// The claims of a token that is valid now; None for every other.
pub(super) fn verify(token: &str, issuer: &str, keys: &HashMap<String, DecodingKey>) -> Option<Claims> {
    let key = keys.get(&key_id(token)?)?;
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.algorithms = vec![Algorithm::EdDSA];
    rules.leeway = SKEW;
    rules.validate_nbf = true;
    rules.set_audience(&[AUDIENCE]);
    rules.set_issuer(&[issuer]);
    rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    let claims = decode::<Claims>(token, key, &rules).ok()?.claims;
    (claims.typ == "access").then_some(claims)
}

#[cfg(test)]
mod tests;
