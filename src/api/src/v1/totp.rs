//! One-time codes of the caller.

use axum::extract::State;
use axum::{Extension, Json};
use http::StatusCode;
use tenantry_domain::App;
use tenantry_domain::accounts::{sessions, totp};
use tenantry_types::sign_in::{Reauthentication, RecoveryCodes, SecondFactor, TotpCode, TotpSecret, TotpState};

use crate::bodies;
use crate::extract::{Body, Caller, SignIn};
use crate::respond::{Answer, OnceOnly};

/// Show whether signing in takes a code
#[utoipa::path(get, path = "", operation_id = "get_totp", responses((status = 200, body = TotpState)))]
pub async fn state(State(app): State<App>, Caller(who): Caller) -> Answer<Json<TotpState>> {
    Ok(Json(totp::state(&app, &who).await?))
}

/// Make a secret for the caller's app
///
/// Takes the password, or of an account without one a sign-in of the last ten minutes (else 403 `not_fresh`). Nothing asks for codes before the first one was given to `confirm`.
#[utoipa::path(post, path = "", operation_id = "begin_totp", request_body = bodies::Reauthentication, responses((status = 200, body = TotpSecret)))]
pub async fn begin(
    State(app): State<App>,
    Caller(who): Caller,
    Body(cmd): Body<Reauthentication>,
) -> Answer<(Extension<OnceOnly>, Json<TotpSecret>)> {
    Ok((Extension(OnceOnly), Json(totp::begin(&app, &who, cmd).await?)))
}

/// Turn one-time codes on
///
/// Takes a first code. The answer holds the recovery codes, this once. All other sessions end, and the caller's gets a new id.
#[utoipa::path(post, path = "", operation_id = "confirm_totp", request_body = bodies::TotpCode, responses((status = 200, body = RecoveryCodes)))]
pub async fn confirm(
    State(app): State<App>,
    Caller(who): Caller,
    session: SignIn,
    Body(cmd): Body<TotpCode>,
) -> Answer<(Extension<OnceOnly>, Json<RecoveryCodes>)> {
    let codes = totp::confirm(&app, &who, cmd).await?;
    session.renew(sessions::renewed(&who)).await?;
    Ok((Extension(OnceOnly), Json(codes)))
}

/// Turn one-time codes off
///
/// Takes the password and a code, or a recovery code.
#[utoipa::path(post, path = "", operation_id = "disable_totp", request_body = bodies::SecondFactor, responses((status = 204)))]
pub async fn disable(State(app): State<App>, Caller(who): Caller, session: SignIn, Body(cmd): Body<SecondFactor>) -> Answer<StatusCode> {
    totp::disable(&app, &who, cmd).await?;
    session.renew(sessions::renewed(&who)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make new recovery codes
///
/// Takes the password and a code. Those of before work no longer.
#[utoipa::path(post, path = "", operation_id = "renew_recovery_codes", request_body = bodies::SecondFactor,
    responses((status = 200, body = RecoveryCodes)))]
pub async fn renew_recovery_codes(
    State(app): State<App>,
    Caller(who): Caller,
    Body(cmd): Body<SecondFactor>,
) -> Answer<(Extension<OnceOnly>, Json<RecoveryCodes>)> {
    Ok((Extension(OnceOnly), Json(totp::renew_recovery_codes(&app, &who, cmd).await?)))
}
