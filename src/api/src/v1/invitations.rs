//! Invitations, for those who invite.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use tenantry_domain::{App, invitations, needs};
use tenantry_types::invitation::{Invitation, InvitationStatus, NewInvitations};
use tenantry_types::permission::Needs;
use tenantry_types::{Fields, InvitationId, Page};
use utoipa::IntoParams;

use crate::bodies;
use crate::extract::{Body, Filter, Id, Info, Listing, May, Paging, Params, Search};
use crate::respond::{Answer, OnceOnly, created};

/// Which invitations.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InvitationFilter {
    /// Only invitations of this status.
    #[param(inline)]
    status: Option<InvitationStatus>,
}

impl Filter for InvitationFilter {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            status: f.optional("status")?,
        })
    }
}

/// List invitations
#[utoipa::path(get, path = "", operation_id = "list_invitations", params(Paging, Search, InvitationFilter),
    responses((status = 200, body = Page<Invitation>)), extensions(("x-permission" = json!(needs::InvitationsRead::PERMISSION))))]
pub async fn list(
    State(app): State<App>,
    May(by): May<needs::InvitationsRead>,
    Params(list): Params<Listing<InvitationFilter>>,
) -> Answer<Json<Page<Invitation>>> {
    Ok(Json(invitations::list(&app, by, list.page, list.filter.status).await?))
}

/// Invite people
///
/// `email` holds one address or several; with several the answer is `{"items": [...]}`. The `link` of each invitation is in
/// this answer only: a repetition with the same idempotency key is 409 `secret_already_shown`.
#[utoipa::path(post, path = "", operation_id = "create_invitations", request_body = bodies::NewInvitations,
    responses((status = 201, description = "The invitation, or with several addresses all of them", body = bodies::InvitationsAnswer)),
    extensions(("x-permission" = json!(needs::MembersInvite::PERMISSION))))]
pub async fn create(State(app): State<App>, info: Info, May(by): May<needs::MembersInvite>, Body(new): Body<NewInvitations>) -> Answer<Response> {
    let (many, tenant) = (new.many, by.tenant_id());
    let mut made = invitations::create(&app, by, new, &info.public_origin).await?;
    let answer = match made.pop() {
        Some(only) if !many && made.is_empty() => created(format!("/api/v1/tenants/{tenant}/invitations/{}", only.id), only),
        last => {
            made.extend(last);
            (StatusCode::CREATED, Json(Page::whole(made))).into_response()
        }
    };
    Ok((Extension(OnceOnly), answer).into_response())
}

/// Revoke an invitation
#[utoipa::path(delete, path = "", operation_id = "revoke_invitation", responses((status = 204)),
    extensions(("x-permission" = json!(needs::MembersInvite::PERMISSION))))]
pub async fn revoke(State(app): State<App>, May(by): May<needs::MembersInvite>, Id(id): Id<InvitationId>) -> Answer<StatusCode> {
    invitations::revoke(&app, by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send an invitation again
///
/// Makes a new link, which is in this answer only, and lets the old one expire.
#[utoipa::path(post, path = "", operation_id = "resend_invitation", responses((status = 200, body = Invitation)),
    extensions(("x-permission" = json!(needs::MembersInvite::PERMISSION))))]
pub async fn resend(
    State(app): State<App>,
    info: Info,
    May(by): May<needs::MembersInvite>,
    Id(id): Id<InvitationId>,
) -> Answer<(Extension<OnceOnly>, Json<Invitation>)> {
    let invitation = invitations::resend(&app, by, id, &info.public_origin).await?;
    Ok((Extension(OnceOnly), Json(invitation)))
}
