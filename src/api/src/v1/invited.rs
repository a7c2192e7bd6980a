//! What the holder of an invitation link sees and does, with an account or without.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tenantry_domain::{App, invitations};
use tenantry_types::TenantRef;
use tenantry_types::account::User;
use tenantry_types::invitation::{Acceptance, InvitationPreview};
use tenantry_types::sign_in::SignInMethod;
use utoipa::ToSchema;

use crate::bodies;
use crate::extract::{Body, Caller, Id, Info, SignIn};
use crate::respond::Answer;

/// Show what an invitation is for
///
/// For whoever holds the link. One that is expired, revoked or used is shown as such.
#[utoipa::path(get, path = "", operation_id = "preview_invitation", responses((status = 200, body = InvitationPreview)))]
pub async fn preview(State(app): State<App>, Id(token): Id<String>) -> Answer<Json<InvitationPreview>> {
    Ok(Json(invitations::preview(&app, &token).await?))
}

/// Who joined what.
#[derive(Serialize, ToSchema)]
pub struct Joined {
    user: User,
    tenant: TenantRef,
}

/// Accept an invitation
///
/// Without a body by the person who is signed in with that address, or with a name and a password to make the account.
/// 409 `sign_in_required` when there is an account with the address already; 410 when the invitation is expired or revoked.
#[utoipa::path(post, path = "", operation_id = "accept_invitation", request_body = Option<bodies::Acceptance>, responses((status = 200, body = Joined)))]
pub async fn accept(
    State(app): State<App>,
    info: Info,
    caller: Option<Caller>,
    Id(token): Id<String>,
    session: SignIn,
    Body(acceptance): Body<Option<Acceptance>>,
) -> Answer<Json<Joined>> {
    let who = caller.map(|caller| caller.0);
    let accepted = invitations::accept(&app, &info.origin, &token, who.as_ref(), acceptance).await?;
    if who.is_none() {
        session.enter(&accepted.entered(), &info.origin, SignInMethod::Password).await?;
    }
    Ok(Json(Joined {
        user: accepted.user,
        tenant: accepted.tenant,
    }))
}
