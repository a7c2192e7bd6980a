//! The page that shows the OpenAPI document, and the document itself. Rendered here, once, from the
//! document: no script, no style attribute and nothing from elsewhere, so that the strictest content
//! policy lets it through. The stylesheet is a file of our own.

mod page;

use std::sync::LazyLock;

use axum::Router;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tenantry_domain::App;

use crate::document;

const STYLE: &str = include_str!("docs/docs.css");
/// The document changes with the server only; a new one should still be seen soon.
const BRIEFLY: &str = "public, max-age=300";

pub fn router() -> Router<App> {
    Router::new()
        .route("/openapi.json", get(json))
        .route("/docs", get(html))
        .route("/docs.css", get(style))
}

async fn json() -> impl IntoResponse {
    static TEXT: LazyLock<String> = LazyLock::new(|| document::build().to_string());
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, BRIEFLY)], TEXT.as_str())
}

async fn html() -> impl IntoResponse {
    static TEXT: LazyLock<String> = LazyLock::new(|| page::render(document::build()));
    ([(CACHE_CONTROL, BRIEFLY)], Html(TEXT.as_str()))
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, BRIEFLY)], STYLE)
}
