//! Links of accounts: having one sent, using one, and making one for somebody else as operator.
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::Error;
use tenantry_domain::accounts::{passwords, verification};
use tenantry_types::ProblemCode;
use tenantry_types::sign_in::{EmailVerification, ForgottenPassword, PasswordReset};
use tower_sessions::Session;

use super::{Kit, again, info_of, page, read};
use crate::rpc::What;
use crate::server::{origin_of, principal_of, with_done};
use crate::state::Posted;

pub async fn forgot(State(kit): State<Kit>, request: Request) -> Response {
    let info = info_of(&request);
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tried = async {
        let cmd = ForgottenPassword::parse(&Value::Object(typed.body(&["email"])))?;
        passwords::forgot(&kit.app, &origin_of(&info), cmd, &info.public_origin).await
    };
    match tried.await {
        Ok(()) => Redirect::to(&with_done("/login", What::ResetSent)).into_response(),
        Err(error) => again(&kit, parts, "forgot", &typed, error).await,
    }
}

pub async fn reset(State(kit): State<Kit>, Path(token): Path<String>, request: Request) -> Response {
    let origin = origin_of(&info_of(&request));
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tried = async {
        let mut body = typed.body(&["new_password"]);
        body.insert("token".into(), token.into());
        passwords::reset(&kit.app, &origin, PasswordReset::parse(&Value::Object(body))?).await
    };
    match tried.await {
        Ok(()) => Redirect::to(&with_done("/login", What::PasswordSet)).into_response(),
        Err(error) => again(&kit, parts, "reset", &typed, error).await,
    }
}

pub async fn verify(State(kit): State<Kit>, session: Session, Path(token): Path<String>, request: Request) -> Response {
    let info = info_of(&request);
    let origin = origin_of(&info);
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tried = async {
        let cmd = EmailVerification::parse(&json!({ "token": token }))?;
        let who = principal_of(&kit.app, &session, &info).await.map_err(|e| Error::Code(e.code))?;
        verification::verify(&kit.app, &origin, who.map(|who| who.id()), cmd).await
    };
    match tried.await {
        Ok(_) => Redirect::to(&with_done("/account", What::EmailVerified)).into_response(),
        Err(error) => again(&kit, parts, "verify", &typed, error).await,
    }
}

/// `POST /admin/users`: a link to a new password for the account in the field `user`. The answer is
/// a page with the link, never a redirect: it is stored nowhere.
pub async fn make(State(kit): State<Kit>, session: Session, request: Request) -> Response {
    let info = info_of(&request);
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tried = async {
        let who = principal_of(&kit.app, &session, &info)
            .await
            .map_err(|e| Error::Code(e.code))?
            .ok_or(ProblemCode::Unauthenticated)?;
        let by = who.operator()?;
        let user = typed.get("user").and_then(|id| id.parse().ok()).ok_or(Error::NOT_FOUND)?;
        passwords::make_reset_link(&kit.app, &by, user, &info.public_origin).await
    };
    match tried.await {
        Ok(link) => {
            let posted = Posted {
                form: "reset-link".into(),
                reset_link: Some(link),
                ..Posted::default()
            };
            page(&kit, parts, posted, StatusCode::OK).await
        }
        Err(error) => again(&kit, parts, "reset-link", &typed, error).await,
    }
}
