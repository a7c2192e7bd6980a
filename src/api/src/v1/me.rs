//! The caller's own account.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use tenantry_domain::{App, accounts, invitations};
use tenantry_types::account::{MePatch, User};
use tenantry_types::invitation::MyInvitation;
use tenantry_types::model::MyModel;
use tenantry_types::sign_in::AccountDeletion;
use tenantry_types::{InvitationId, Page, TenantRef};

use crate::bodies;
use crate::extract::{Body, Caller, Id, SignIn};
use crate::respond::Answer;

/// Show the caller's account
#[utoipa::path(get, path = "", operation_id = "get_me", responses((status = 200, body = User)))]
pub async fn get(Caller(who): Caller) -> Json<User> {
    Json(who.user().clone())
}

/// Change the caller's account
#[utoipa::path(method(patch, put), path = "", operation_id = "update_me", request_body = bodies::MePatch, responses((status = 200, body = User)))]
pub async fn update(State(app): State<App>, Caller(who): Caller, Body(patch): Body<MePatch>) -> Answer<Json<User>> {
    Ok(Json(accounts::update_me(&app, &who, patch).await?))
}

/// Delete the caller's account
///
/// Takes the password. Refused with 409 while they are the last owner of a tenant, or the last operator.
#[utoipa::path(delete, path = "", operation_id = "delete_me", request_body = Option<bodies::AccountDeletion>, responses((status = 204)))]
pub async fn delete(State(app): State<App>, Caller(who): Caller, session: SignIn, Body(cmd): Body<AccountDeletion>) -> Answer<StatusCode> {
    accounts::delete_me(&app, &who, &cmd).await?;
    session.leave().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List every model that the caller may use
///
/// Once for each tenant in which they may use it.
#[utoipa::path(get, path = "", operation_id = "list_my_models", responses((status = 200, body = Page<MyModel>)))]
pub async fn models(State(app): State<App>, Caller(who): Caller) -> Answer<Json<Page<MyModel>>> {
    Ok(Json(Page::whole(accounts::my_models(&app, &who).await?)))
}

/// List the invitations that wait for the caller's verified address
#[utoipa::path(get, path = "", operation_id = "list_my_invitations", responses((status = 200, body = Page<MyInvitation>)))]
pub async fn invitations(State(app): State<App>, Caller(who): Caller) -> Answer<Json<Page<MyInvitation>>> {
    Ok(Json(Page::whole(invitations::mine(&app, &who).await?)))
}

/// Accept an invitation that waits for the caller
#[utoipa::path(post, path = "", operation_id = "accept_my_invitation", responses((status = 200, body = TenantRef)))]
pub async fn accept_invitation(State(app): State<App>, Caller(who): Caller, Id(id): Id<InvitationId>) -> Answer<Json<TenantRef>> {
    Ok(Json(invitations::accept_mine(&app, &who, id).await?))
}
