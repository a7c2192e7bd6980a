//! What a tenant is told of, and where.

use axum::Json;
use axum::extract::State;
use tenantry_domain::{App, alerts, needs};
use tenantry_types::alert::{NotificationPatch, NotificationSettings};
use tenantry_types::permission::Needs;

use crate::bodies;
use crate::extract::{Body, May};
use crate::respond::Answer;

/// Show what a tenant is told of
///
/// Each kind goes to the console (`in_app`) and by mail to owners and admins, and to the tenant's webhooks. A key that ends
/// is its owner's to hear of, unless it is the tenant's.
#[utoipa::path(get, path = "", operation_id = "get_notifications", responses((status = 200, body = NotificationSettings)),
    extensions(("x-permission" = json!(needs::TenantRead::PERMISSION))))]
pub async fn show(State(app): State<App>, May(by): May<needs::TenantRead>) -> Answer<Json<NotificationSettings>> {
    Ok(Json(alerts::show(&app, by).await?))
}

/// Say what a tenant is told of
///
/// Changes the kinds and channels that are named. Null brings the default of a number back.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_notifications", request_body = bodies::NotificationPatch,
    responses((status = 200, body = NotificationSettings)), extensions(("x-permission" = json!(needs::TenantUpdate::PERMISSION))))]
pub async fn update(
    State(app): State<App>,
    May(by): May<needs::TenantUpdate>,
    Body(patch): Body<NotificationPatch>,
) -> Answer<Json<NotificationSettings>> {
    Ok(Json(alerts::update(&app, by, patch).await?))
}
