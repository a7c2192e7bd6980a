//! The server as a whole: its numbers and its users. For operators.

use axum::Json;
use axum::extract::State;
use tenantry_domain::{App, platform};
use tenantry_types::account::{User, UserPatch};
use tenantry_types::overview::PlatformStats;
use tenantry_types::{Page, UserId};

use crate::bodies;
use crate::extract::{AsOperator, Body, Id, Listing, Paging, Params, Search};
use crate::respond::Answer;
use crate::routes::OPERATOR;

/// Show the numbers of the server
#[utoipa::path(get, path = "", operation_id = "get_platform_stats", responses((status = 200, body = PlatformStats)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn stats(State(app): State<App>, AsOperator(by): AsOperator) -> Answer<Json<PlatformStats>> {
    Ok(Json(platform::stats(&app, &by).await?))
}

/// List everyone who has an account
#[utoipa::path(get, path = "", operation_id = "list_users", params(Paging, Search), responses((status = 200, body = Page<User>)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn users(State(app): State<App>, AsOperator(by): AsOperator, Params(list): Params<Listing>) -> Answer<Json<Page<User>>> {
    Ok(Json(platform::users(&app, &by, list.page).await?))
}

/// Show an account
#[utoipa::path(get, path = "", operation_id = "get_user", responses((status = 200, body = User)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn user(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<UserId>) -> Answer<Json<User>> {
    Ok(Json(platform::user(&app, &by, id).await?))
}

/// Disable an account, or make somebody operator
///
/// A disabled account is signed out everywhere. The last operator stays one.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_user", request_body = bodies::UserPatch,
    responses((status = 200, body = User)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn update_user(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<UserId>, Body(patch): Body<UserPatch>) -> Answer<Json<User>> {
    Ok(Json(platform::update_user(&app, &by, id, patch).await?))
}
