//! Answers that are given before a front end was asked: in the form of the JSON API under `/api`,
//! else as a small page. They say what to do, and nothing of what is inside.

use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use tenantry_types::{Problem, ProblemCode};

/// The answer to a request for `path` that ends here.
pub fn answer(code: ProblemCode, path: &str, request_id: &str, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = if is_for_machines(path) {
        problem(code, request_id)
    } else {
        page(code, request_id)
    };
    *response.status_mut() = status;
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Under `/api`, and the calls that the pages' own scripts make.
pub fn is_for_machines(path: &str) -> bool {
    path.starts_with("/api/") || path == "/api" || path.starts_with("/_fn/")
}

fn problem(code: ProblemCode, request_id: &str) -> Response {
    let problem = Problem {
        kind: format!("/api/docs#problem-{}", code.code()),
        title: code.title().to_owned(),
        status: code.status(),
        detail: code.title().to_owned(),
        // The route is not known here, and the path may hold a token.
        instance: "/api/*".to_owned(),
        code,
        errors: Vec::new(),
        request_id: request_id.to_owned(),
    };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

fn page(code: ProblemCode, request_id: &str) -> Response {
    // All texts are ours: there is nothing to escape. The id is letters and digits.
    let title = code.title();
    Html(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · Tenantry</title></head><body><main><h1>{title}</h1><p><a href=\"/\">Back to the start</a></p>\
         <p><small>Request {request_id}</small></p></main></body></html>"
    ))
    .into_response()
}
