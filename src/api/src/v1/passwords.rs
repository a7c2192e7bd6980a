//! Passwords and addresses: changing the one, setting it anew by a link, proving the other.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use tenantry_domain::App;
use tenantry_domain::accounts::{passwords, verification};
use tenantry_types::account::User;
use tenantry_types::sign_in::{EmailVerification, ForgottenPassword, PasswordChange, PasswordReset};

use crate::bodies;
use crate::extract::{Body, Caller, Info, SignIn};
use crate::respond::Answer;

/// Change the caller's password
///
/// Takes the present one. Ends all other sessions, and gives the caller's a new id.
#[utoipa::path(post, path = "", operation_id = "change_password", request_body = bodies::PasswordChange, responses((status = 200, body = User)))]
pub async fn change(State(app): State<App>, Caller(who): Caller, session: SignIn, Body(cmd): Body<PasswordChange>) -> Answer<Json<User>> {
    session.renew(passwords::change(&app, &who, cmd).await?).await?;
    Ok(Json(who.user().clone()))
}

/// Have a link to a new password sent
///
/// The answer is the same whether there is an account with the address or not. 409 `no_mail` on a server that sends no mail:
/// its operator can make such a link.
#[utoipa::path(post, path = "", operation_id = "forgot_password", request_body = bodies::ForgottenPassword, responses((status = 204)))]
pub async fn forgot(State(app): State<App>, info: Info, Body(cmd): Body<ForgottenPassword>) -> Answer<StatusCode> {
    passwords::forgot(&app, &info.origin, cmd, &info.public_origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set a new password by a link
///
/// The link works once, for 30 minutes. Ends all sessions of the account and signs nobody in. 410 `link_not_valid` when it was
/// used, has expired or never was.
#[utoipa::path(post, path = "", operation_id = "reset_password", request_body = bodies::PasswordReset, responses((status = 204)))]
pub async fn reset(State(app): State<App>, info: Info, Body(cmd): Body<PasswordReset>) -> Answer<StatusCode> {
    passwords::reset(&app, &info.origin, cmd).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Prove an address by the link of a mail
#[utoipa::path(post, path = "", operation_id = "verify_email", request_body = bodies::EmailVerification, responses((status = 200, body = User)))]
pub async fn verify(State(app): State<App>, info: Info, who: Option<Caller>, Body(cmd): Body<EmailVerification>) -> Answer<Json<User>> {
    let who = who.map(|Caller(who)| who.id());
    Ok(Json(verification::verify(&app, &info.origin, who, cmd).await?))
}

/// Have the mail that proves the caller's address sent again
#[utoipa::path(post, path = "", operation_id = "send_verification", responses((status = 204)))]
pub async fn send(State(app): State<App>, info: Info, Caller(who): Caller) -> Answer<StatusCode> {
    verification::send(&app, &who, &info.public_origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
