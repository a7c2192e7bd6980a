//! What a tenant asks of those who sign in and enter it.

use axum::Json;
use axum::extract::State;
use tenantry_domain::{App, needs, sign_in_policy};
use tenantry_types::permission::Needs;
use tenantry_types::sign_in::{SignInPolicy, SignInPolicyPatch};

use crate::bodies;
use crate::extract::{Anyone, Body, May};
use crate::respond::Answer;

/// Show what signing in to a tenant takes
#[utoipa::path(get, path = "", operation_id = "get_sign_in_policy", responses((status = 200, body = SignInPolicy)),
    extensions(("x-permission" = json!(needs::TenantRead::PERMISSION))))]
pub async fn show(State(app): State<App>, May(by): May<needs::TenantRead>) -> Answer<Json<SignInPolicy>> {
    Ok(Json(sign_in_policy::show(&app, by).await?))
}

/// Set what signing in to a tenant takes
///
/// Members who do not meet it get 403: `totp_required_by_tenant`, `sign_in_method`, or `sign_in_again` after `session_hours`.
/// Access tokens are as old as the log-in they follow from; the key of a person is refused while that person lacks the codes.
/// 409 `totp_off` when the caller asks for codes and has none; 403 `needs_person` for a key.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_sign_in_policy", request_body = bodies::SignInPolicyPatch,
    responses((status = 200, body = SignInPolicy)), extensions(("x-permission" = json!(needs::TenantUpdate::PERMISSION))))]
pub async fn update(
    State(app): State<App>,
    May(by): May<needs::TenantUpdate>,
    Anyone(who): Anyone,
    Body(patch): Body<SignInPolicyPatch>,
) -> Answer<Json<SignInPolicy>> {
    Ok(Json(sign_in_policy::update(&app, by, &who, patch).await?))
}
