//! Signing in, up and out.
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use http::request::Parts;
use serde_json::Value;
use tenantry_domain::accounts::log_in::{self, LogIn};
use tenantry_domain::accounts::{self, Registered, SignUp, sign_up};
use tenantry_domain::{Error, Origin};
use tenantry_types::ProblemCode;
use tenantry_types::account::{Login, Registration};
use tenantry_types::sign_in::{RegistrationConfirmation, SignInMethod};
use tenantry_types::text::Secret;
use tower_sessions::Session;

use super::{Kit, Typed, again, enter, info_of, page, read};
use crate::rpc::What;
use crate::server::{origin_of, principal_of, with_done};
use crate::state::Posted;

pub async fn log_in(State(kit): State<Kit>, session: Session, request: Request) -> Response {
    let origin = origin_of(&info_of(&request));
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    // The second step has the ticket of the first.
    let (form, tried) = match typed.get("ticket") {
        Some(ticket) => ("login-code", finish(&kit, &origin, ticket, &typed).await),
        None => ("login", begin(&kit, &origin, &typed).await),
    };
    let done = match tried {
        Ok(LogIn::Done(entered, method)) => enter(&session, &entered, &origin, method).await,
        Ok(LogIn::CodeNeeded(ticket)) => return ask_for_code(&kit, parts, &typed, ticket).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Redirect::to(typed.next().unwrap_or("/")).into_response(),
        // The ticket is over, or worth nothing: from the beginning.
        Err(error) if form == "login-code" && error.code() == ProblemCode::BadCredentials => again(&kit, parts, "login", &typed, error).await,
        Err(error) => again(&kit, parts, form, &typed, error).await,
    }
}

async fn begin(kit: &Kit, origin: &Origin, typed: &Typed) -> Result<LogIn, Error> {
    let login = Login::parse(&Value::Object(typed.body(&["email", "password"])))?;
    log_in::begin(&kit.app, origin, login).await
}

async fn finish(kit: &Kit, origin: &Origin, ticket: &str, typed: &Typed) -> Result<LogIn, Error> {
    let code = Secret::new(typed.get("totp").unwrap_or_default());
    log_in::finish(&kit.app, origin, ticket, &code).await
}

/// The page again, which asks for the code now. The ticket goes along: nothing is kept in between.
pub async fn ask_for_code(kit: &Kit, parts: Parts, typed: &Typed, ticket: String) -> Response {
    let mut values = typed.values();
    values.insert("ticket".into(), ticket);
    let posted = Posted {
        form: "login-code".into(),
        plain: true,
        values,
        ..Posted::default()
    };
    page(kit, parts, posted, StatusCode::OK).await
}

pub async fn register(State(kit): State<Kit>, session: Session, request: Request) -> Response {
    let info = info_of(&request);
    let origin = origin_of(&info);
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tried = async {
        let new = Registration::parse(&Value::Object(typed.body(&["email", "name", "password", "tenant_name"])))?;
        match sign_up::sign_up(&kit.app, &origin, new, &info.public_origin).await? {
            SignUp::Made(made) => Ok::<_, Error>(typed.next().map_or(begin_at(&session, &made, &origin).await?, str::to_owned)),
            SignUp::Asked(_) => Ok(with_done("/login", What::SignUpAsked)),
        }
    };
    match tried.await {
        Ok(to) => Redirect::to(&to).into_response(),
        Err(error) => again(&kit, parts, "register", &typed, error).await,
    }
}

/// Signs in who has just got an account; says where to.
async fn begin_at(session: &Session, made: &Registered, origin: &Origin) -> Result<String, Error> {
    enter(session, &made.entered(), origin, SignInMethod::Password).await?;
    Ok(made
        .tenant
        .as_ref()
        .map_or_else(|| "/".to_owned(), |tenant| format!("/t/{}", tenant.slug)))
}

/// `POST /register/{token}`: the link in the mail of a sign-up, with the password that was chosen.
pub async fn confirm(State(kit): State<Kit>, session: Session, Path(token): Path<String>, request: Request) -> Response {
    let origin = origin_of(&info_of(&request));
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tried = async {
        let mut body = typed.body(&["password"]);
        body.insert("token".into(), token.into());
        let made = sign_up::confirm(&kit.app, &origin, RegistrationConfirmation::parse(&Value::Object(body))?).await?;
        begin_at(&session, &made, &origin).await
    };
    match tried.await {
        Ok(to) => Redirect::to(&to).into_response(),
        Err(error) => again(&kit, parts, "confirm", &typed, error).await,
    }
}

pub async fn log_out(State(kit): State<Kit>, session: Session, request: Request) -> Response {
    let info = info_of(&request);
    if let Ok(Some(who)) = principal_of(&kit.app, &session, &info).await
        && let Err(error) = accounts::log_out(&kit.app, &who).await
    {
        // Whoever wants to go is let go.
        tracing::error!(?error, "a sign-out could not be recorded");
    }
    let typed = read(request).await.map_or_else(|_| Typed(Vec::new()), |(_, typed)| typed);
    if let Err(error) = session.flush().await {
        tracing::error!(%error, "session cannot be removed");
    }
    match typed.next() {
        Some(next) => Redirect::to(next).into_response(),
        None => Redirect::to(&with_done("/login", What::SignedOut)).into_response(),
    }
}
