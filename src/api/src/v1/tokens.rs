//! Tokens for programs, and the keys that they are checked with.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use tenantry_domain::{App, tokens};
use tenantry_types::token::{Jwks, RefreshToken, TokenRequest, Tokens};

use crate::bodies;
use crate::extract::{Body, Info};
use crate::respond::{Answer, OnceOnly};

/// Get tokens for an address and a password
///
/// For programs that act for a person: no cookie is set. With `tenant` the tokens name it as their context. The answer and its
/// time are the same for an unknown address and for a wrong password.
#[utoipa::path(post, path = "", operation_id = "issue_tokens", request_body = bodies::TokenRequest, responses((status = 200, body = Tokens)))]
pub async fn issue(State(app): State<App>, info: Info, Body(body): Body<TokenRequest>) -> Answer<(Extension<OnceOnly>, Json<Tokens>)> {
    Ok((Extension(OnceOnly), Json(tokens::issue(&app, &info.origin, body).await?)))
}

/// Exchange a refresh token
///
/// Each is taken once. A second use within ten seconds is 409 `refresh_raced` and changes nothing; a later one is 401 and ends
/// all tokens of the log-in, because somebody else has the token.
#[utoipa::path(post, path = "", operation_id = "refresh_tokens", request_body = bodies::RefreshToken, responses((status = 200, body = Tokens)))]
pub async fn refresh(State(app): State<App>, info: Info, Body(body): Body<RefreshToken>) -> Answer<(Extension<OnceOnly>, Json<Tokens>)> {
    Ok((Extension(OnceOnly), Json(tokens::refresh(&app, &info.origin, &body.refresh_token).await?)))
}

/// End all tokens of a log-in
///
/// Also 204 for a token that is worth nothing already.
#[utoipa::path(post, path = "", operation_id = "revoke_tokens", request_body = bodies::RefreshToken, responses((status = 204)))]
pub async fn revoke(State(app): State<App>, info: Info, Body(body): Body<RefreshToken>) -> Answer<StatusCode> {
    tokens::revoke(&app, &info.origin, &body.refresh_token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the keys of access tokens
///
/// A JSON Web Key Set (RFC 7517): the key that signs, and those whose tokens may still live.
#[utoipa::path(get, path = "", operation_id = "list_signing_keys", responses((status = 200, body = Jwks)))]
pub async fn jwks(State(app): State<App>) -> Answer<impl IntoResponse> {
    let keys = tokens::signing::jwks(&app).await?;
    Ok(([(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))], Json(keys)))
}
