//! Workspaces and who is in them. The same handlers serve `/tenants/{tenant}/workspaces/...` and
//! `/workspaces/{workspace}`: the grant finds the workspace in the path.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use tenantry_domain::{App, needs, workspaces};
use tenantry_types::permission::Needs;
use tenantry_types::workspace::{NewWorkspace, Workspace, WorkspaceMember, WorkspacePatch, WorkspaceRoleChange, WorkspaceStatus};
use tenantry_types::{Fields, Page, UserId};
use utoipa::IntoParams;

use crate::bodies;
use crate::extract::{Body, Filter, Id, Listing, May, Paging, Params, Search};
use crate::respond::{Answer, created};

/// Which workspaces.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WorkspaceFilter {
    /// Only workspaces of this status.
    #[param(inline)]
    status: Option<WorkspaceStatus>,
}

impl Filter for WorkspaceFilter {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            status: f.optional("status")?,
        })
    }
}

/// List workspaces
///
/// Viewers see those that they are in.
#[utoipa::path(get, path = "", operation_id = "list_workspaces", params(Paging, Search, WorkspaceFilter),
    responses((status = 200, body = Page<Workspace>)), extensions(("x-permission" = json!(needs::WorkspacesRead::PERMISSION))))]
pub async fn list(
    State(app): State<App>,
    May(by): May<needs::WorkspacesRead>,
    Params(list): Params<Listing<WorkspaceFilter>>,
) -> Answer<Json<Page<Workspace>>> {
    Ok(Json(workspaces::list(&app, by, list.page, list.filter.status).await?))
}

/// Create a workspace
///
/// The slug is made from the name unless it is given.
#[utoipa::path(post, path = "", operation_id = "create_workspace", request_body = bodies::NewWorkspace,
    responses((status = 201, body = Workspace)), extensions(("x-permission" = json!(needs::WorkspacesCreate::PERMISSION))))]
pub async fn create(State(app): State<App>, May(by): May<needs::WorkspacesCreate>, Body(new): Body<NewWorkspace>) -> Answer<Response> {
    let tenant = by.tenant_id();
    let workspace = workspaces::create(&app, by, new).await?;
    Ok(created(format!("/api/v1/tenants/{tenant}/workspaces/{}", workspace.id), workspace))
}

/// Show a workspace
#[utoipa::path(get, path = "", operation_id = "get_workspace", responses((status = 200, body = Workspace)),
    extensions(("x-permission" = json!(needs::WorkspacesRead::PERMISSION))))]
pub async fn get(State(app): State<App>, May(by): May<needs::WorkspacesRead>) -> Answer<Json<Workspace>> {
    Ok(Json(workspaces::get(&app, by).await?))
}

/// Change a workspace
#[utoipa::path(method(patch, put), path = "", operation_id = "update_workspace", request_body = bodies::WorkspacePatch,
    responses((status = 200, body = Workspace)), extensions(("x-permission" = json!(needs::WorkspacesUpdate::PERMISSION))))]
pub async fn update(State(app): State<App>, May(by): May<needs::WorkspacesUpdate>, Body(patch): Body<WorkspacePatch>) -> Answer<Json<Workspace>> {
    Ok(Json(workspaces::update(&app, by, patch).await?))
}

/// Archive a workspace
///
/// The same as `POST .../archive`: nothing is lost, and it can be restored.
#[utoipa::path(delete, path = "", operation_id = "delete_workspace", responses((status = 204)),
    extensions(("x-permission" = json!(needs::WorkspacesArchive::PERMISSION))))]
pub async fn delete(State(app): State<App>, May(by): May<needs::WorkspacesArchive>) -> Answer<StatusCode> {
    workspaces::archive(&app, by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Archive a workspace and show it
///
/// An archived workspace is readable and refuses writes.
#[utoipa::path(post, path = "", operation_id = "archive_workspace", responses((status = 200, body = Workspace)),
    extensions(("x-permission" = json!(needs::WorkspacesArchive::PERMISSION))))]
pub async fn archive(State(app): State<App>, May(by): May<needs::WorkspacesArchive>) -> Answer<Json<Workspace>> {
    Ok(Json(workspaces::archive(&app, by).await?))
}

/// Restore an archived workspace
#[utoipa::path(post, path = "", operation_id = "restore_workspace", responses((status = 200, body = Workspace)),
    extensions(("x-permission" = json!(needs::WorkspacesArchive::PERMISSION))))]
pub async fn restore(State(app): State<App>, May(by): May<needs::WorkspacesArchive>) -> Answer<Json<Workspace>> {
    Ok(Json(workspaces::restore(&app, by).await?))
}

/// List the members of a workspace
///
/// With the owners and admins of the tenant, whose role is inherited.
#[utoipa::path(get, path = "", operation_id = "list_workspace_members", responses((status = 200, body = Page<WorkspaceMember>)),
    extensions(("x-permission" = json!(needs::WorkspacesRead::PERMISSION))))]
pub async fn members(State(app): State<App>, May(by): May<needs::WorkspacesRead>) -> Answer<Json<Page<WorkspaceMember>>> {
    Ok(Json(Page::whole(workspaces::members(&app, by).await?)))
}

/// Give a member of the tenant a role in a workspace
#[utoipa::path(put, path = "", operation_id = "set_workspace_member", request_body = bodies::WorkspaceRoleChange,
    responses((status = 200, body = WorkspaceMember)), extensions(("x-permission" = json!(needs::WorkspaceMembersManage::PERMISSION))))]
pub async fn set_member(
    State(app): State<App>,
    May(by): May<needs::WorkspaceMembersManage>,
    Id(user): Id<UserId>,
    Body(change): Body<WorkspaceRoleChange>,
) -> Answer<Json<WorkspaceMember>> {
    Ok(Json(workspaces::set_member(&app, by, user, change.role).await?))
}

/// Take somebody out of a workspace
#[utoipa::path(delete, path = "", operation_id = "remove_workspace_member", responses((status = 204)),
    extensions(("x-permission" = json!(needs::WorkspaceMembersManage::PERMISSION))))]
pub async fn remove_member(State(app): State<App>, May(by): May<needs::WorkspaceMembersManage>, Id(user): Id<UserId>) -> Answer<StatusCode> {
    workspaces::remove_member(&app, by, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
