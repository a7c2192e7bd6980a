//! Nobody gets in unnamed: a route that is not in the list of public ones needs a caller before its
//! handler runs, so that a forgotten extractor does not open a door. What a caller may do is then
//! the handler's grant. A path that is not there is 404 for everyone, and a method that a path does
//! not take is 405: signing in would change neither.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use tenantry_domain::App;
use tenantry_types::ProblemCode;

use crate::extract::identify;
use crate::routes::PUBLIC;
use crate::{ApiError, document};

pub async fn require_caller(State(app): State<App>, request: Request, next: Next) -> Response {
    let template = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if template.is_none_or(|template| !needs_caller(request.method(), template)) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match identify(&mut parts, &app).await {
        Ok(Some(_)) => next.run(Request::from_parts(parts, body)).await,
        Ok(None) => ApiError::from(ProblemCode::Unauthenticated).into_response(),
        Err(error) => error.into_response(),
    }
}

fn needs_caller(method: &Method, template: &str) -> bool {
    // HEAD is answered by the handler of GET.
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    if PUBLIC.iter().any(|(m, t)| *m == method && *t == template) {
        return false;
    }
    // What the document does not know at all is not let through.
    document()["paths"]
        .get(template)
        .is_none_or(|item| item.get(method.to_ascii_lowercase()).is_some())
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::needs_caller;

    #[test]
    fn only_public_routes_and_wrong_methods_go_without() {
        assert!(needs_caller(&Method::GET, "/api/v1/me"));
        assert!(needs_caller(&Method::HEAD, "/api/v1/me"));
        assert!(needs_caller(&Method::GET, "/api/v1/something/forgotten"));
        assert!(!needs_caller(&Method::POST, "/api/v1/auth/login"));
        assert!(!needs_caller(&Method::PUT, "/api/v1/auth/login"), "405, not 401");
        assert!(!needs_caller(&Method::HEAD, "/api/docs"));
    }
}
