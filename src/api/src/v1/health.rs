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

const OK: Json<Health> = Json(Health { status: "ok" });

/// Say that the process is up
#[utoipa::path(get, path = "", operation_id = "get_health", responses((status = 200, body = Health)))]
pub async fn up() -> Json<Health> {
    OK
}

/// Say whether the server can serve
///
/// Looks at the database and at the migrations; 503 when one of them is not as it must be.
#[utoipa::path(get, path = "", operation_id = "get_readiness", responses((status = 200, body = Health)))]
pub async fn ready(State(app): State<App>) -> Answer<Json<Health>> {
    health::ready(&app).await?;
    Ok(OK)
}
