//! The account page's forms that change the session, or whose answer is shown once.
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;
use tenantry_domain::accounts::passwords;
use tenantry_domain::{Error, Principal};
use tenantry_types::ProblemCode;
use tenantry_types::sign_in::PasswordChange;
use tower_sessions::Session;

use super::{Kit, Typed, again, enter, info_of, read};
use crate::rpc::What;
use crate::server::{principal_of, with_done};

/// `POST /account`: the field `what` says which form it is.
pub async fn change(State(kit): State<Kit>, session: Session, request: Request) -> Response {
    let info = info_of(&request);
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let who = match principal_of(&kit.app, &session, &info).await {
        Ok(Some(who)) => who,
        Ok(None) => return Redirect::to("/login").into_response(),
        Err(error) => return again(&kit, parts, "", &typed, Error::Code(error.code)).await,
    };
    match typed.get("what") {
        Some("password") => match change_password(&kit, &session, &who, &typed).await {
            Ok(()) => Redirect::to(&with_done("/account", What::PasswordChanged)).into_response(),
            Err(error) => again(&kit, parts, "password", &typed, error).await,
        },
        _ => again(&kit, parts, "", &typed, ProblemCode::BadRequest.into()).await,
    }
}

async fn change_password(kit: &Kit, session: &Session, who: &Principal, typed: &Typed) -> Result<(), Error> {
    let cmd = PasswordChange::parse(&Value::Object(typed.body(&["current_password", "new_password"])))?;
    passwords::change(&kit.app, who, cmd).await?;
    enter(session, who.id(), who.origin()).await
}
