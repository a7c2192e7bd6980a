//! One line for each request, and a span around what is logged meanwhile. The line has the template
//! of the route, never the path: paths and queries hold tokens.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Level, field};

use super::request::Known;

/// Where an inner layer leaves the route for the line that is written outside.
#[derive(Clone, Default)]
struct Route(Arc<OnceLock<MatchedPath>>);

pub async fn log(mut request: Request, next: Next) -> Response {
    let known = Known::of(&request);
    let route = Route::default();
    request.extensions_mut().insert(route.clone());
    let area = area(request.uri().path());
    let method = request.method().clone();
    let span = tracing::info_span!("request", id = known.request_id, %method, route = field::Empty);
    let since = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    // The front end may know a finer one than the router around it.
    let template = response
        .extensions()
        .get::<MatchedPath>()
        .or_else(|| route.0.get())
        .map_or(area, MatchedPath::as_str);
    span.record("route", template);
    let _entered = span.enter();
    let (status, ms) = (response.status().as_u16(), since.elapsed().as_millis());
    let ip = known.ip.map(field::display);
    if area == "/pkg/*" || area == "/health" {
        tracing::event!(Level::DEBUG, status, ms, ip, "answered");
    } else {
        tracing::event!(Level::INFO, status, ms, ip, "answered");
    }
    response
}

/// Stands inside of a router, where the route is known.
pub async fn note_route(request: Request, next: Next) -> Response {
    if let (Some(route), Some(matched)) = (request.extensions().get::<Route>(), request.extensions().get::<MatchedPath>()) {
        drop(route.0.set(matched.clone()));
    }
    next.run(request).await
}

/// What is known of a route without the router: where it begins.
fn area(path: &str) -> &'static str {
    match path.split('/').nth(1).unwrap_or_default() {
        "api" => "/api/*",
        "_fn" => "/_fn/*",
        "pkg" => "/pkg/*",
        "health" | "ready" => "/health",
        _ => "/*",
    }
}
