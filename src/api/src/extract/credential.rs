//! The credential in a request's headers, if there is one: read, not checked. Pure.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use tenantry_domain::api_keys::secret::PREFIX;
use tenantry_types::ProblemCode;

use crate::ApiError;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What a header holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Credential<'a> {
    /// The text of an API key, as far as its beginning says so.
    Key(&'a str),
    /// What may be an access token.
    Token(&'a str),
    /// Something that is none of ours.
    Other,
}

/// # Errors
/// When a request carries more than one: which of them is meant is not for us to guess.
pub fn credential(headers: &HeaderMap) -> Result<Option<Credential<'_>>, ApiError> {
    let bearer = headers.get_all(AUTHORIZATION).iter().map(|value| (value, true));
    let key = headers.get_all(API_KEY).iter().map(|value| (value, false));
    let mut all = bearer.chain(key);
    let (Some((value, is_bearer)), None) = (all.next(), all.next()) else {
        return if headers.contains_key(AUTHORIZATION) || headers.contains_key(API_KEY) {
            Err(ProblemCode::BadRequest.into())
        } else {
            Ok(None)
        };
    };
    let Ok(text) = value.to_str() else { return Ok(Some(Credential::Other)) };
    let text = if is_bearer { bearer_token(text) } else { Some(text.trim()) };
    Ok(Some(match text {
        Some(text) if text.starts_with(PREFIX) => Credential::Key(text),
        Some(text) if is_bearer => Credential::Token(text),
        _ => Credential::Other,
    }))
}

/// What stands behind `Bearer`, in any case (RFC 9110, 11.1).
fn bearer_token(text: &str) -> Option<&str> {
    let (scheme, token) = text.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests;
