//! What stands in the path. An id that is not one names nothing: 404, like an id that is unknown.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use tenantry_types::ProblemCode;

use crate::ApiError;

/// The last thing that the path names: `{user}` in `/tenants/{tenant}/members/{user}`.
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = params(parts, state).await?;
        let last = params.iter().last().and_then(|(_, value)| value.parse().ok());
        last.map(Self).ok_or_else(|| ProblemCode::NotFound.into())
    }
}

/// A path that is not UTF-8 names nothing, either.
async fn params<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<RawPathParams, ApiError> {
    RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| ProblemCode::NotFound.into())
}

/// The part of the path called `name`, when the route has one.
///
/// # Errors
/// 404 when the path cannot be read.
pub async fn find_param<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Result<Option<String>, ApiError> {
    let params = params(parts, state).await?;
    Ok(params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()))
}
