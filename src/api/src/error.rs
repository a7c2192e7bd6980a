//! Errors on their way out: every one becomes `application/problem+json` (RFC 9457). A handler only
//! names what went wrong; `render` writes the body, because only there the route and the request id
//! are known. Rejections of axum, 404 and 405 pass through the same place and take the same form.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use tenantry_domain::{Denied, Error};
use tenantry_types::problem::ProblemField;
use tenantry_types::{FieldError, Problem, ProblemCode};

use crate::request::{RequestInfo, template};

/// What an answer is called that is a problem.
pub const PROBLEM: &str = "application/problem+json";

/// An error of a use case, or of reading the request.
#[derive(Debug)]
pub struct ApiError(pub Error);

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        Self(denied.into())
    }
}

impl From<ProblemCode> for ApiError {
    fn from(code: ProblemCode) -> Self {
        Self(Error::Code(code))
    }
}

impl From<Vec<FieldError>> for ApiError {
    fn from(errors: Vec<FieldError>) -> Self {
        Self(errors.into())
    }
}

impl From<tower_sessions::session::Error> for ApiError {
    fn from(error: tower_sessions::session::Error) -> Self {
        tracing::error!(%error, "the session store failed");
        Self(Error::Unavailable)
    }
}

/// What `render` makes the body of.
#[derive(Debug, Clone)]
struct Raised {
    code: ProblemCode,
    detail: String,
    fields: Vec<FieldError>,
    retry_after: Option<u64>,
}

impl Raised {
    fn plain(code: ProblemCode) -> Self {
        Self {
            code,
            detail: code.title().to_owned(),
            fields: Vec::new(),
            retry_after: None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = self.0;
        if error.code().status() >= 500 {
            tracing::error!(error = ?error, "a request failed");
        }
        let raised = Raised {
            code: error.code(),
            detail: error.detail(),
            fields: error.fields().to_vec(),
            retry_after: error.retry_after(),
        };
        let mut response = status(raised.code).into_response();
        response.extensions_mut().insert(raised);
        response
    }
}

fn status(code: ProblemCode) -> StatusCode {
    StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

pub async fn not_found() -> ApiError {
    ProblemCode::NotFound.into()
}

pub async fn method_not_allowed() -> ApiError {
    ProblemCode::MethodNotAllowed.into()
}

/// The code of an answer that was not made by us: an extractor or a layer of a library.
fn code_of(status: StatusCode) -> ProblemCode {
    match status {
        StatusCode::UNAUTHORIZED => ProblemCode::Unauthenticated,
        StatusCode::FORBIDDEN => ProblemCode::Forbidden,
        StatusCode::NOT_FOUND => ProblemCode::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ProblemCode::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemCode::UnsupportedMediaType,
        StatusCode::UNPROCESSABLE_ENTITY => ProblemCode::Invalid,
        StatusCode::TOO_MANY_REQUESTS => ProblemCode::RateLimited,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => ProblemCode::Unavailable,
        status if status.is_client_error() => ProblemCode::BadRequest,
        _ => ProblemCode::Internal,
    }
}

/// Writes the body of every error that has none in our form yet.
pub async fn render(request: Request, next: Next) -> Response {
    let instance = template(request.extensions());
    let request_id = RequestInfo::of(request.extensions()).request_id;
    let response = next.run(request).await;
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if !failed || response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM) {
        return response;
    }
    let (mut head, _) = response.into_parts();
    let raised = head.extensions.remove::<Raised>().unwrap_or_else(|| Raised::plain(code_of(head.status)));
    head.status = status(raised.code);
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    if let Some(seconds) = raised.retry_after {
        head.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if head.status == StatusCode::UNAUTHORIZED {
        head.headers
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tenantry\""));
    }
    let problem = problem(raised, instance, request_id);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    Response::from_parts(head, body.into())
}

fn problem(raised: Raised, instance: String, request_id: String) -> Problem {
    Problem {
        kind: kind(raised.code),
        title: raised.code.title().to_owned(),
        status: raised.code.status(),
        detail: raised.detail,
        instance,
        code: raised.code,
        errors: raised.fields.into_iter().map(ProblemField::from).collect(),
        request_id,
    }
}

/// The `type` of a problem: where the documentation page explains it. Relative, so that it is the
/// same under every address of the server (RFC 9457, 3.1.1, allows that).
pub fn kind(code: ProblemCode) -> String {
    format!("/api/docs#problem-{}", code.code())
}

#[cfg(test)]
mod tests;
