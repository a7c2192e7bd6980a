//! HTTP for machines: the JSON API v1, its OpenAPI document and the page that shows it. Handlers
//! parse, resolve, grant, call one use case of `tenantry-domain` and answer; nothing is decided here.
//! What stands around the router (sessions, origin checks, rate limits, logs) is the server's part.
#![cfg(not(target_family = "wasm"))]

mod bodies;
mod context;
mod docs;
mod document;
mod error;
mod extract;
mod guard;
mod idempotency;
mod openai;
mod request;
mod respond;
mod routes;
mod v1;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use tenantry_domain::App;
use tower::Layer;
use tower_http::normalize_path::NormalizePathLayer;

pub use document::build as document;
pub use error::ApiError;
pub use openai::router as gateway;
pub use request::RequestInfo;
pub use routes::{OPERATOR, PUBLIC, SELF_SERVICE};

/// The largest body that is read: 1 MiB.
pub const MAX_BODY: usize = 1024 * 1024;

/// Everything under `/api`. The caller lays sessions around it and puts a `RequestInfo` into the
/// extensions of each request; without one, answers name no request and links are relative.
pub fn router(app: App) -> Router {
    let inner: Router = finish(Router::from(routes::table()).merge(docs::router()), &app).with_state(app);
    // A trailing slash is accepted; the path has to lose it before it is matched.
    Router::new().nest_service("/api", NormalizePathLayer::trim_trailing_slash().layer(inner))
}

/// `/health`, `/ready` and the keys of access tokens, which stand outside `/api`.
pub fn health(app: App) -> Router {
    Router::from(routes::health()).layer(from_fn(error::render)).with_state(app)
}

/// The layers, outermost last. Errors are rendered twice: inside, so that a stored answer is whole,
/// and outside, for what the layers themselves refuse.
fn finish(router: Router<App>, app: &App) -> Router<App> {
    router
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn(error::render))
        .layer(from_fn_with_state(app.clone(), idempotency::replay))
        .layer(from_fn_with_state(app.clone(), guard::require_caller))
        .layer(from_fn(error::render))
        .layer(from_fn(respond::never_store))
        .layer(from_fn(respond::name_route))
        .layer(DefaultBodyLimit::max(MAX_BODY))
}
