//! The server as a whole: its numbers and its users. For operators.

use axum::extract::State;
use axum::{Extension, Json};
use http::StatusCode;
use tenantry_domain::accounts::{passwords, sessions, totp};
use tenantry_domain::{App, platform};
use tenantry_types::account::{User, UserPatch};
use tenantry_types::overview::PlatformStats;
use tenantry_types::sign_in::ResetLink;
use tenantry_types::{Fields, Page, Timestamp, UserId};
use utoipa::IntoParams;

use crate::bodies;
use crate::extract::{AsOperator, Body, Filter, Id, Info, Listing, Paging, Params, Search};
use crate::respond::{Answer, OnceOnly};
use crate::routes::OPERATOR;

/// Show the numbers of the server
#[utoipa::path(get, path = "", operation_id = "get_platform_stats", responses((status = 200, body = PlatformStats)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn stats(State(app): State<App>, AsOperator(by): AsOperator) -> Answer<Json<PlatformStats>> {
    Ok(Json(platform::stats(&app, &by).await?))
}

/// Which accounts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Only accounts that were made or changed since this time.
    since: Option<Timestamp>,
}

impl Filter for UserFilter {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        Some(Self { since: f.optional("since")? })
    }
}

/// List everyone who has an account
#[utoipa::path(get, path = "", operation_id = "list_users", params(Paging, Search, UserFilter), responses((status = 200, body = Page<User>)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn users(State(app): State<App>, AsOperator(by): AsOperator, Params(list): Params<Listing<UserFilter>>) -> Answer<Json<Page<User>>> {
    Ok(Json(platform::users(&app, &by, list.page, list.filter.since).await?))
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

/// Make a link with which somebody sets a new password
///
/// For handing over by other means than mail. It works once, for 30 minutes, and is shown this once.
#[utoipa::path(post, path = "", operation_id = "make_reset_link", responses((status = 200, body = ResetLink)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn make_reset_link(
    State(app): State<App>,
    AsOperator(by): AsOperator,
    info: Info,
    Id(id): Id<UserId>,
) -> Answer<(Extension<OnceOnly>, Json<ResetLink>)> {
    let made = passwords::make_reset_link(&app, &by, id, &info.public_origin).await?;
    Ok((Extension(OnceOnly), Json(made)))
}

/// Sign somebody out everywhere
#[utoipa::path(delete, path = "", operation_id = "end_sessions_of_user", responses((status = 204)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn end_sessions(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<UserId>) -> Answer<StatusCode> {
    sessions::end_all_of(&app, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Turn somebody's one-time codes off
///
/// For who lost their app and their recovery codes. Signs them out everywhere. 409 `totp_off` when they have none.
#[utoipa::path(delete, path = "", operation_id = "reset_totp", responses((status = 204)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn reset_totp(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<UserId>) -> Answer<StatusCode> {
    totp::reset(&app, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
