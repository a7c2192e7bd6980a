//! Where the caller is signed in.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use tenantry_domain::App;
use tenantry_domain::accounts::sessions;
use tenantry_types::sign_in::Session;
use tenantry_types::{Page, SessionId};

use crate::extract::{Caller, Id};
use crate::respond::Answer;

/// List where the caller is signed in
///
/// The last used first; `current` is the session that asks.
#[utoipa::path(get, path = "", operation_id = "list_sessions", responses((status = 200, body = Page<Session>)))]
pub async fn list(State(app): State<App>, Caller(who): Caller) -> Answer<Json<Page<Session>>> {
    Ok(Json(Page::whole(sessions::list(&app, &who).await?)))
}

/// Sign out everywhere else
///
/// Ends all of the caller's sessions but the one that asks.
#[utoipa::path(delete, path = "", operation_id = "end_other_sessions", responses((status = 204)))]
pub async fn end_others(State(app): State<App>, Caller(who): Caller) -> Answer<StatusCode> {
    sessions::end_others(&app, &who).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of the caller's sessions
#[utoipa::path(delete, path = "", operation_id = "end_session", responses((status = 204)))]
pub async fn end(State(app): State<App>, Caller(who): Caller, Id(id): Id<SessionId>) -> Answer<StatusCode> {
    sessions::end(&app, &who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
