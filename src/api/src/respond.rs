//! The shapes of answers: created, listed, gone. Errors are in `error`.

use axum::Json;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::ApiError;

/// What handlers give back.
pub type Answer<T> = Result<T, ApiError>;

/// The answer holds a secret that is shown once: it is never stored for a replay.
#[derive(Debug, Clone, Copy)]
pub struct OnceOnly;

/// 201 with the place of the new thing.
pub fn created<T: Serialize>(location: String, body: T) -> Response {
    (StatusCode::CREATED, [(LOCATION, location)], Json(body)).into_response()
}

/// Hands the route to whoever writes the log around this router, which does not see its routes.
pub async fn name_route(request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(matched) = matched {
        response.extensions_mut().insert(matched);
    }
    response
}

/// Answers are about one caller at one moment: no cache may keep them, unless the handler says so.
pub async fn never_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
