//! A reverse proxy that does nothing: axum in front, reqwest behind. What the gateway adds is measured beside it.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

#[derive(Clone)]
struct To {
    client: reqwest::Client,
    url: String,
}

pub fn router(url: String) -> Router {
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(512)
        .tcp_nodelay(true)
        .no_proxy()
        .build();
    let Ok(client) = client else { return Router::new() };
    Router::new().route("/{*path}", any(pass)).with_state(To { client, url })
}

async fn pass(State(to): State<To>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut request = to.client.post(format!("{}{}", to.url, uri.path())).body(body);
    for name in [header::CONTENT_TYPE, header::AUTHORIZATION] {
        if let Some(value) = headers.get(&name) {
            request = request.header(name, value);
        }
    }
    match request.send().await {
        Ok(answer) => {
            let (status, kind) = (answer.status(), answer.headers().get(header::CONTENT_TYPE).cloned());
            let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
            *response.status_mut() = status;
            if let Some(kind) = kind {
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
            }
            response
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
