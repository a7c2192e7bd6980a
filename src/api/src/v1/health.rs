//! Whether the server is up, and whether it can serve: for balancers and monitoring.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tenantry_domain::{App, health};
use utoipa::ToSchema;

use crate::respond::Answer;

/// How the server is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`: when it is not, the answer is a problem.
    #[schema(example = "ok")]
    status: &'static str,
}

/// What the server needs to serve.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// Always `ok`: when it is not, the answer is a problem.
    #[schema(example = "ok")]
    status: &'static str,
    /// Whether this server shares a Redis with others.
    #[schema(example = "not_configured")]
    redis: &'static str,
}

/// Say that the process is up
#[utoipa::path(get, path = "", operation_id = "get_health", responses((status = 200, body = Health)))]
pub async fn up() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Say whether the server can serve
///
/// Looks at the database and at the migrations; 503 when one of them is not as it must be.
#[utoipa::path(get, path = "", operation_id = "get_readiness", responses((status = 200, body = Readiness)))]
pub async fn ready(State(app): State<App>) -> Answer<Json<Readiness>> {
    health::ready(&app).await?;
    Ok(Json(Readiness {
        status: "ok",
        redis: "not_configured",
    }))
}
