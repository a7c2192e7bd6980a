//! The permission matrix, what it comes to for a person, and the overrides beside it.

use axum::Json;
use axum::extract::State;
use tenantry_domain::{App, needs, permissions};
use tenantry_types::permission::{Needs, OverrideItem, Overrides, Permissions};
use tenantry_types::{Fields, UserId};
use utoipa::IntoParams;

use crate::bodies;
use crate::extract::{Body, FromQuery, Id, InTenant, May, Params};
use crate::respond::Answer;

/// Whose permissions.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Whose {
    /// A member; the caller when absent. Somebody else takes `permissions:read`.
    #[param(required = false)]
    user: Option<UserId>,
}

impl FromQuery for Whose {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        Some(Self { user: f.optional("user")? })
    }
}

/// Show the permission matrix, and what somebody may with the reason
#[utoipa::path(get, path = "", operation_id = "get_permissions", params(Whose), responses((status = 200, body = Permissions)),
    extensions(("x-permission" = json!(needs::TenantRead::PERMISSION))))]
pub async fn show(
    State(app): State<App>,
    InTenant(ctx): InTenant,
    May(by): May<needs::TenantRead>,
    Params(whose): Params<Whose>,
) -> Answer<Json<Permissions>> {
    Ok(Json(permissions::show(&app, &ctx, by, whose.user).await?))
}

/// List the overrides of a member
#[utoipa::path(get, path = "", operation_id = "list_member_overrides", responses((status = 200, body = Vec<OverrideItem>)),
    extensions(("x-permission" = json!(needs::PermissionsRead::PERMISSION))))]
pub async fn overrides(State(app): State<App>, May(by): May<needs::PermissionsRead>, Id(user): Id<UserId>) -> Answer<Json<Vec<OverrideItem>>> {
    let all = permissions::overrides(&app, by, user).await?;
    Ok(Json(all.into_iter().map(OverrideItem::from).collect()))
}

/// Replace the overrides of a member
///
/// The list is all of them afterwards. Deny wins over everything, but owners are not denied anything. Nobody grants, or takes
/// back a denial of, what they lack; nobody rules on themselves or on a role above their own. An override of a workspace counts
/// there only.
#[utoipa::path(put, path = "", operation_id = "set_member_overrides", request_body = bodies::Overrides,
    responses((status = 200, body = Vec<OverrideItem>)), extensions(("x-permission" = json!(needs::PermissionsManage::PERMISSION))))]
pub async fn set_overrides(
    State(app): State<App>,
    May(by): May<needs::PermissionsManage>,
    Id(user): Id<UserId>,
    Body(all): Body<Overrides>,
) -> Answer<Json<Vec<OverrideItem>>> {
    let all = permissions::set_overrides(&app, by, user, all).await?;
    Ok(Json(all.into_iter().map(OverrideItem::from).collect()))
}
