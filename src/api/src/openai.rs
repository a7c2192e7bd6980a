//! The gateway's front: OpenAI's wire format. Who asks is found as everywhere, from a key or an access token and never
//! from a cookie; what they may is `tenantry_domain::gateway`'s to decide. A body is passed on byte for byte but for
//! what it must say differently, and an answer as it comes.

mod answer;
mod body;
mod error;

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use http::request::Parts;
use serde_json::{Value, json};
use tenantry_domain::gateway::{self, Listed, Operation, Seat};
use tenantry_domain::{App, context};
use tenantry_types::ProblemCode;

use crate::extract::Asked;
use body::Wire;
use error::GatewayError;

/// The largest body: 20 MiB, for images.
pub const MAX_BODY: usize = 20 * 1024 * 1024;
/// How long a client may take to send it.
const BODY_WITHIN: Duration = Duration::from_secs(60);

/// What stands under `/v1`. As for `router`, the caller puts a `RequestInfo` into the extensions of each request.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/v1/models", get(models))
        // Names of models have slashes.
        .route("/v1/models/{*model}", get(model))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/completions", post(completions))
        .route("/v1/embeddings", post(embeddings))
        .route("/v1/{*path}", any(async || GatewayError::from(ProblemCode::NotFound)))
        .method_not_allowed_fallback(async || GatewayError::from(ProblemCode::MethodNotAllowed))
        .with_state(app)
}

async fn seat(app: &App, parts: &mut Parts) -> Result<Seat, GatewayError> {
    let Asked(who, sources) = Asked::from_request_parts(parts, app).await?;
    let standing = context::standing(app, &who, &sources).await?;
    Ok(gateway::seat(app, &standing).await?)
}

fn described(model: &Listed) -> Value {
    json!({ "id": model.name, "object": "model", "created": model.created_at.0.unix_timestamp(), "owned_by": "tenantry" })
}

async fn models(State(app): State<App>, request: Request) -> Result<Json<Value>, GatewayError> {
    let seat = seat(&app, &mut request.into_parts().0).await?;
    let models: Vec<Value> = seat.models().iter().map(described).collect();
    Ok(Json(json!({ "object": "list", "data": models })))
}

async fn model(State(app): State<App>, Path(name): Path<String>, request: Request) -> Result<Json<Value>, GatewayError> {
    let seat = seat(&app, &mut request.into_parts().0).await?;
    let model = seat.model(&name).map_err(|error| GatewayError::about(error, &name))?;
    Ok(Json(described(&model)))
}

async fn chat(State(app): State<App>, request: Request) -> Response {
    respond(&app, Operation::Chat, request).await
}

async fn completions(State(app): State<App>, request: Request) -> Response {
    respond(&app, Operation::Completions, request).await
}

async fn embeddings(State(app): State<App>, request: Request) -> Response {
    respond(&app, Operation::Embeddings, request).await
}

async fn respond(app: &App, operation: Operation, request: Request) -> Response {
    match work(app, operation, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn work(app: &App, operation: Operation, request: Request) -> Result<Response, GatewayError> {
    let (mut parts, body) = request.into_parts();
    let seat = seat(app, &mut parts).await?;
    let bytes = read(body).await?;
    let wire = Wire::read(&bytes)?;
    let name = wire.model.clone();
    let how = (operation, wire.streams && operation != Operation::Embeddings);
    let estimate = wire.estimate(operation);
    let answer = gateway::send(app, &seat, &name, how, estimate, |upstream| {
        wire.written(upstream, seat.external_id(), how.1)
    })
    .await
    .map_err(|error| GatewayError::about(error, &name))?;
    Ok(answer::pass_on(answer, how.1 && !wire.wants_usage, estimate).await)
}

async fn read(body: Body) -> Result<bytes::Bytes, GatewayError> {
    match tokio::time::timeout(BODY_WITHIN, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // Either too large, or the client is gone, and then nobody reads this.
        Ok(Err(_)) => Err(ProblemCode::TooLarge.into()),
        Err(_) => Err(GatewayError::bad("The body did not arrive in time.", None)),
    }
}
