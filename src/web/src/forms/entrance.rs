//! Signing in, up and out.
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;
use tenantry_domain::{Error, accounts};
use tenantry_types::account::{Login, Registration};
use tower_sessions::Session;

use super::{Kit, Typed, again, enter, info_of, read};
use crate::rpc::What;
use crate::server::{origin_of, with_done};

pub async fn log_in(State(kit): State<Kit>, session: Session, request: Request) -> Response {
    let origin = origin_of(&info_of(&request));
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tried = async {
        let login = Login::parse(&Value::Object(typed.body(&["email", "password"])))?;
        let user = accounts::log_in(&kit.app, &origin, login).await?;
        enter(&session, user.id, &origin).await
    };
    match tried.await {
        Ok(()) => Redirect::to(typed.next().unwrap_or("/")).into_response(),
        Err(error) => again(&kit, parts, "login", &typed, error).await,
    }
}

pub async fn register(State(kit): State<Kit>, session: Session, request: Request) -> Response {
    let origin = origin_of(&info_of(&request));
    let (parts, typed) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let tried = async {
        let new = Registration::parse(&Value::Object(typed.body(&["email", "name", "password", "tenant_name"])))?;
        let registered = accounts::register(&kit.app, &origin, new).await?;
        enter(&session, registered.user.id, &origin).await?;
        Ok::<_, Error>(registered.tenant.map(|t| format!("/t/{}", t.slug)))
    };
    match tried.await {
        Ok(tenant) => Redirect::to(typed.next().or(tenant.as_deref()).unwrap_or("/")).into_response(),
        Err(error) => again(&kit, parts, "register", &typed, error).await,
    }
}

pub async fn log_out(session: Session, request: Request) -> Response {
    let typed = read(request).await.map_or_else(|_| Typed(Vec::new()), |(_, typed)| typed);
    if let Err(error) = session.flush().await {
        tracing::error!(%error, "session cannot be removed");
    }
    match typed.next() {
        Some(next) => Redirect::to(next).into_response(),
        None => Redirect::to(&with_done("/login", What::SignedOut)).into_response(),
    }
}
