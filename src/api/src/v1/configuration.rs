//! The settings of a tenant and of a workspace by themselves, each with the source of its value.

use axum::Json;
use axum::extract::State;
use tenantry_domain::{App, needs, tenants, workspaces};
use tenantry_types::configuration::{TenantConfiguration, TenantConfigurationPatch, WorkspaceConfiguration, WorkspaceConfigurationPatch};
use tenantry_types::permission::Needs;

use crate::bodies;
use crate::extract::{Body, May};
use crate::respond::Answer;

/// Show the settings of a tenant, and which are its own
#[utoipa::path(get, path = "", operation_id = "get_configuration", responses((status = 200, body = TenantConfiguration)),
    extensions(("x-permission" = json!(needs::TenantRead::PERMISSION))))]
pub async fn of_tenant(May(by): May<needs::TenantRead>) -> Answer<Json<TenantConfiguration>> {
    Ok(Json(TenantConfiguration::of(&by.tenant().settings)))
}

/// Change the settings of a tenant
///
/// Null brings the default back.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_configuration", request_body = bodies::TenantConfigurationPatch,
    responses((status = 200, body = TenantConfiguration)), extensions(("x-permission" = json!(needs::TenantUpdate::PERMISSION))))]
pub async fn update_tenant(
    State(app): State<App>,
    May(by): May<needs::TenantUpdate>,
    Body(patch): Body<TenantConfigurationPatch>,
) -> Answer<Json<TenantConfiguration>> {
    let tenant = tenants::update(&app, by, patch.0).await?;
    Ok(Json(TenantConfiguration::of(&tenant.settings)))
}

/// Show the settings of a workspace, and where each comes from
#[utoipa::path(get, path = "", operation_id = "get_workspace_configuration", responses((status = 200, body = WorkspaceConfiguration)),
    extensions(("x-permission" = json!(needs::WorkspacesRead::PERMISSION))))]
pub async fn of_workspace(State(app): State<App>, May(by): May<needs::WorkspacesRead>) -> Answer<Json<WorkspaceConfiguration>> {
    let workspace = workspaces::get(&app, by).await?;
    Ok(Json(WorkspaceConfiguration::of(&workspace.settings)))
}

/// Change the settings of a workspace
///
/// Null inherits from the tenant.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_workspace_configuration", request_body = bodies::WorkspaceConfigurationPatch,
    responses((status = 200, body = WorkspaceConfiguration)), extensions(("x-permission" = json!(needs::WorkspacesUpdate::PERMISSION))))]
pub async fn update_workspace(
    State(app): State<App>,
    May(by): May<needs::WorkspacesUpdate>,
    Body(patch): Body<WorkspaceConfigurationPatch>,
) -> Answer<Json<WorkspaceConfiguration>> {
    let workspace = workspaces::update(&app, by, patch.0).await?;
    Ok(Json(WorkspaceConfiguration::of(&workspace.settings)))
}
