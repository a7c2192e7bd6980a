//! Two kinds of requests: those that browsers send, with a cookie that they send by themselves, and
//! those that carry a credential in a header, which no other site can make a browser send. The
//! second kind has no session, and no origin to be checked: its cookie is not even looked at.

use std::convert::Infallible;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::AUTHORIZATION;
use tower::ServiceExt;

/// Where such a credential counts. Not where a session begins or ends, and not the pages.
const BY_HEADER: &[&str] = &[
    "/api/v1/tenants",
    "/api/v1/organizations",
    "/api/v1/workspaces",
    "/api/v1/me",
    "/api/v1/models",
    "/api/v1/providers",
    "/api/v1/plans",
    "/api/v1/platform",
    "/api/v1/auth/context",
    "/api/v1/auth/available-tenants",
    "/api/v1/auth/switch-tenant",
];

/// Sends a request with a credential in a header past sessions and the check of origins.
pub async fn part(State(without): State<Router>, request: Request, next: Next) -> Response {
    if !stands_alone(&request) {
        return next.run(request).await;
    }
    match without.oneshot(request).await {
        Ok(response) => response,
        Err(impossible) => {
            let impossible: Infallible = impossible;
            match impossible {}
        }
    }
}

fn stands_alone(request: &Request) -> bool {
    let headers = request.headers();
    let path = request.uri().path();
    let counts = BY_HEADER
        .iter()
        .any(|start| path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    counts && (headers.contains_key(AUTHORIZATION) || headers.contains_key("x-api-key"))
}
