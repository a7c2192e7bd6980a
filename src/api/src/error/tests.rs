use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Path;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::get;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tenantry_domain::Error;
use tenantry_types::{Fault, ProblemCode};
use tower::ServiceExt;

use super::{ApiError, method_not_allowed, not_found, render};
use crate::RequestInfo;

fn router() -> Router {
    Router::new()
        .route("/v1/things/{id}", get(|Path(_): Path<u8>| async { "fine" }))
        .route(
            "/v1/invalid/{token}",
            get(|| async { ApiError(Error::field("name", Fault::TooLong { max: 100 })) }),
        )
        .route("/v1/limited", get(|| async { ApiError(Error::RateLimited { retry_after_s: 30 }) }))
        .route("/v1/anonymous", get(|| async { ApiError::from(ProblemCode::Unauthenticated) }))
        .route("/v1/broken", get(|| async { ApiError(Error::internal("select * from secret")) }))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(render))
}

async fn ask(method: &str, path: &str) -> (Response<()>, Value) {
    let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    request.extensions_mut().insert(RequestInfo {
        request_id: "r1".into(),
        ..RequestInfo::default()
    });
    let outer = Router::new().nest_service("/api", router());
    let (head, body) = outer.oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 10_000).await.unwrap();
    assert_eq!(head.headers["content-type"], "application/problem+json", "{path}");
    (Response::from_parts(head, ()), serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_problem_has_all_members_and_names_the_template() {
    let (head, body) = ask("GET", "/api/v1/invalid/secret-token").await;
    assert_eq!(head.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let expected = json!({
        "type": "/api/docs#problem-invalid",
        "title": "Some fields are not right.",
        "status": 422,
        "detail": "Some fields are not right.",
        "instance": "/api/v1/invalid/{token}",
        "code": "invalid",
        "errors": [{"field": "name", "code": "too_long", "message": "Must have at most 100 characters."}],
        "request_id": "r1",
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn what_the_router_refuses_has_the_same_form() {
    for (method, path, status, code) in [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("POST", "/api/v1/things/1", 405, "method_not_allowed"),
        ("GET", "/api/v1/things/x", 400, "bad_request"),
    ] {
        let (head, body) = ask(method, path).await;
        assert_eq!(head.status().as_u16(), status, "{method} {path}");
        assert_eq!(
            (body["code"].as_str(), body["status"].as_u64()),
            (Some(code), Some(status.into())),
            "{method} {path}"
        );
        assert_eq!(body["request_id"], "r1");
    }
    let (head, _) = ask("POST", "/api/v1/things/1").await;
    assert_eq!(head.headers()["allow"], "GET,HEAD");
}

#[tokio::test]
async fn headers_say_when_and_how_to_come_back() {
    assert_eq!(ask("GET", "/api/v1/limited").await.0.headers()["retry-after"], "30");
    assert_eq!(
        ask("GET", "/api/v1/anonymous").await.0.headers()["www-authenticate"],
        "Bearer realm=\"tenantry\""
    );
}

#[tokio::test]
async fn an_internal_error_tells_nothing() {
    let (head, body) = ask("GET", "/api/v1/broken").await;
    assert_eq!(head.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!body.to_string().contains("select"), "{body}");
}
