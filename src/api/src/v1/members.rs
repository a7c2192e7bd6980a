//! Members of a tenant.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;
use tenantry_domain::{App, Error, members, needs};
use tenantry_types::member::{Member, MemberDetail, MemberPatch, MemberSort, MembersAdded, NewMembers};
use tenantry_types::permission::Needs;
use tenantry_types::{Fault, FieldError, Fields, Page, ProblemCode, TenantRole, UserId};
use utoipa::IntoParams;

use crate::bodies;
use crate::extract::{Anyone, Body, Filter, FromBody, Id, InTenant, Listing, May, Paging, Params, Search};
use crate::respond::{Answer, created};

/// Which members, and in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MemberFilter {
    /// Only members of this role.
    #[param(inline)]
    role: Option<TenantRole>,
    /// The order; `-` before the word turns it round.
    #[param(inline)]
    sort: Option<MemberSort>,
}

impl Filter for MemberFilter {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        let role = f.optional("role");
        let sort = f.optional("sort");
        Some(Self { role: role?, sort: sort? })
    }

    fn sort(&self) -> &'static str {
        self.sort.map_or("", MemberSort::as_str)
    }
}

/// List members
///
/// `q` searches in names and addresses.
#[utoipa::path(get, path = "", operation_id = "list_members", params(Paging, Search, MemberFilter), responses((status = 200, body = Page<Member>)),
    extensions(("x-permission" = json!(needs::MembersRead::PERMISSION))))]
pub async fn list(
    State(app): State<App>,
    May(by): May<needs::MembersRead>,
    Params(list): Params<Listing<MemberFilter>>,
) -> Answer<Json<Page<Member>>> {
    Ok(Json(members::list(&app, by, list.page, list.filter.role).await?))
}

/// One person or several.
pub struct Addition {
    new: NewMembers,
    many: bool,
}

impl FromBody for Addition {
    fn from_body(body: &Value) -> Result<Self, Vec<FieldError>> {
        Ok(Self {
            new: NewMembers::parse(body)?,
            many: body.get("users").is_some_and(|users| !users.is_null()),
        })
    }
}

/// Add people who have an account
///
/// One by `user_id` or `email`, or several by `users`; with `users` the answer is a list and counts who was skipped because
/// they are members already. People whom the caller shares no tenant with are not found. 403 `join_by_invitation` where
/// people join by invitation only.
#[utoipa::path(post, path = "", operation_id = "add_members", request_body = bodies::NewMembers,
    responses((status = 201, description = "The new member, or with `users` all of them", body = bodies::MembersAnswer)),
    extensions(("x-permission" = json!(needs::MembersAdd::PERMISSION))))]
pub async fn add(
    State(app): State<App>,
    Anyone(who): Anyone,
    May(by): May<needs::MembersAdd>,
    Body(Addition { new, many }): Body<Addition>,
) -> Answer<Response> {
    let tenant = by.tenant_id();
    let added = members::add(&app, by, &who, new).await;
    if many {
        return Ok((StatusCode::CREATED, Json(added?)).into_response());
    }
    let added: MembersAdded = added.map_err(one_is_not_found)?;
    let member = added.items.into_iter().next().ok_or(ProblemCode::AlreadyMember)?;
    Ok(created(format!("/api/v1/tenants/{tenant}/members/{}", member.user_id), member))
}

/// A list says which of its people are not known; a single one is what the request is about.
fn one_is_not_found(error: Error) -> Error {
    match error {
        Error::Invalid(faults) if faults.iter().all(|fault| fault.fault == Fault::NoSuchThing) => Error::NOT_FOUND,
        other => other,
    }
}

/// Show a member, with their workspaces
#[utoipa::path(get, path = "", operation_id = "get_member", responses((status = 200, body = MemberDetail)),
    extensions(("x-permission" = json!(needs::MembersRead::PERMISSION))))]
pub async fn get(State(app): State<App>, May(by): May<needs::MembersRead>, Id(user): Id<UserId>) -> Answer<Json<MemberDetail>> {
    Ok(Json(members::get(&app, by, user).await?))
}

/// Change a member's role or status
///
/// Nobody gives, changes or takes away a role above their own, and a tenant keeps an owner.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_member", request_body = bodies::MemberPatch,
    responses((status = 200, body = Member)), extensions(("x-permission" = json!(needs::MembersUpdate::PERMISSION))))]
pub async fn update(
    State(app): State<App>,
    May(by): May<needs::MembersUpdate>,
    Id(user): Id<UserId>,
    Body(patch): Body<MemberPatch>,
) -> Answer<Json<Member>> {
    Ok(Json(members::update(&app, by, user, patch).await?))
}

/// Remove a member
#[utoipa::path(delete, path = "", operation_id = "remove_member", responses((status = 204)),
    extensions(("x-permission" = json!(needs::MembersRemove::PERMISSION))))]
pub async fn remove(State(app): State<App>, May(by): May<needs::MembersRemove>, Id(user): Id<UserId>) -> Answer<StatusCode> {
    members::remove(&app, by, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leave the tenant
///
/// Every member may, but for the last owner.
#[utoipa::path(delete, path = "", operation_id = "leave_tenant", responses((status = 204)))]
pub async fn leave(State(app): State<App>, InTenant(ctx): InTenant) -> Answer<StatusCode> {
    members::leave(&app, &ctx).await?;
    Ok(StatusCode::NO_CONTENT)
}
