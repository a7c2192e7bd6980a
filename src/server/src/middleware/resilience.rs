//! A request must not take the server down, hang for ever, or fill its memory: panics, time and the
//! size of bodies.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use tenantry_types::ProblemCode;

use super::refusal;
use super::request::Known;

/// The largest body that is read: 2 MiB.
pub const MAX_BODY: usize = 2 * 1024 * 1024;
/// How long an answer may take to begin.
const TIME: Duration = Duration::from_secs(30);

pub async fn catch_panic(request: Request, next: Next) -> Response {
    let (path, known) = (request.uri().path().to_owned(), Known::of(&request));
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let said = panic
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("no message");
            tracing::error!(panic = said, "a request panicked");
            refusal::answer(ProblemCode::Internal, &path, &known.request_id, None)
        }
    }
}

pub async fn within_time(request: Request, next: Next) -> Response {
    let (path, known) = (request.uri().path().to_owned(), Known::of(&request));
    match tokio::time::timeout(TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!("a request took too long");
            refusal::answer(ProblemCode::Timeout, &path, &known.request_id, Some(5))
        }
    }
}

/// Gives the plain answer of the body's limit our form.
pub async fn say_too_large(request: Request, next: Next) -> Response {
    let (path, known) = (request.uri().path().to_owned(), Known::of(&request));
    let response = next.run(request).await;
    let plain = response
        .headers()
        .get(CONTENT_TYPE)
        .is_none_or(|kind| kind == HeaderValue::from_static("text/plain; charset=utf-8"));
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE && plain {
        return refusal::answer(ProblemCode::TooLarge, &path, &known.request_id, None);
    }
    response
}
