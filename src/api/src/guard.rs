//! Nobody gets in unnamed: a route that is not in the list of public ones needs a caller before its
//! handler runs, so that a forgotten extractor does not open a door. What a caller may do is then
//! the handler's grant.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use tenantry_domain::App;
use tenantry_types::ProblemCode;

use crate::ApiError;
use crate::extract::identify;
use crate::request::template;
use crate::routes::PUBLIC;

pub async fn require_caller(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_public(request.method(), &template(request.extensions())) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match identify(&mut parts, &app).await {
        Ok(Some(_)) => next.run(Request::from_parts(parts, body)).await,
        Ok(None) => ApiError::from(ProblemCode::Unauthenticated).into_response(),
        Err(error) => error.into_response(),
    }
}

/// HEAD is answered by the handler of GET.
fn is_public(method: &Method, template: &str) -> bool {
    let method = if method == Method::HEAD { Method::GET.as_str() } else { method.as_str() };
    PUBLIC.iter().any(|(m, t)| *m == method && *t == template)
}
