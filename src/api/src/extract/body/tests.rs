use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use http::header::CONTENT_TYPE;
use tenantry_types::ProblemCode;
use tenantry_types::account::MePatch;
use tenantry_types::invitation::Acceptance;
use tower::{Layer, ServiceExt};

use super::{Body, FromBody};

async fn read<T: FromBody + Send + 'static>(kind: &str, body: &'static str) -> Result<T, ProblemCode> {
    let mut request = Request::builder().method("POST");
    if !kind.is_empty() {
        request = request.header(CONTENT_TYPE, kind);
    }
    let request = request.body(axum::body::Body::from(body)).unwrap();
    let read = tower::service_fn(|request: Request| async { Ok::<_, std::convert::Infallible>(Body::<T>::from_request(request, &()).await) });
    let answer = DefaultBodyLimit::max(64).layer(read).oneshot(request).await.unwrap();
    answer.map(|body| body.0).map_err(|error| error.0.code())
}

#[tokio::test]
async fn json_of_any_name_is_read() {
    for kind in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
    ] {
        assert!(read::<MePatch>(kind, r#"{"name":"Ada"}"#).await.is_ok(), "{kind}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_apart() {
    assert_eq!(read::<MePatch>("text/plain", "{}").await.unwrap_err(), ProblemCode::UnsupportedMediaType);
    assert_eq!(read::<MePatch>("", "{}").await.unwrap_err(), ProblemCode::UnsupportedMediaType);
    assert_eq!(read::<MePatch>("application/json", "{").await.unwrap_err(), ProblemCode::BadJson);
    assert_eq!(read::<MePatch>("application/json", "").await.unwrap_err(), ProblemCode::BadJson);
    assert_eq!(
        read::<MePatch>("application/json", r#"{"nmae":1}"#).await.unwrap_err(),
        ProblemCode::Invalid
    );
    let long: &'static str = "\"0123456789012345678901234567890123456789012345678901234567890123456789\"";
    assert_eq!(read::<MePatch>("application/json", long).await.unwrap_err(), ProblemCode::TooLarge);
}

#[tokio::test]
async fn some_bodies_may_be_missing() {
    assert!(read::<Option<Acceptance>>("", "").await.unwrap().is_none());
    assert!(read::<Option<Acceptance>>("application/json", "{}").await.unwrap().is_none());
    assert_eq!(
        read::<Option<Acceptance>>("application/json", r#"{"name":"Ada"}"#).await.unwrap_err(),
        ProblemCode::Invalid
    );
}
