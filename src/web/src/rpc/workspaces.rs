//! The workspaces of a tenant: their settings, members and models.
#![expect(clippy::too_many_arguments, reason = "one argument a field of the form")]
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tenantry_types::member::Member;
use tenantry_types::model::{TenantModel, WorkspaceModels};
use tenantry_types::workspace::{Workspace, WorkspaceMember, WorkspaceStatus};
use tenantry_types::{Page, Permission};

use super::{Done, ListQuery, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::server,
    leptos::server_fn::ServerFn,
    serde_json::json,
    tenantry_domain::model_access::{self, ModelFilter},
    tenantry_domain::{members, workspaces},
    tenantry_types::PageQuery,
    tenantry_types::workspace::{NewWorkspace, WorkspacePatch, WorkspaceRoleChange},
};

#[server(endpoint = "workspaces", output = Answer)]
pub async fn list_workspaces(tenant: String, list: ListQuery) -> Result<Page<Workspace>, UiError> {
    let s = server::ctx(&tenant).await?;
    let status = match list.status.as_str() {
        "all" => None,
        word => Some(WorkspaceStatus::from_word(word).unwrap_or(WorkspaceStatus::Active)),
    };
    Ok(workspaces::list(&s.app, s.grant()?, list.paging(), status).await?)
}

/// One workspace with everything its page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkspacePage {
    pub workspace: Workspace,
    pub permissions: Vec<Permission>,
    pub members: Vec<WorkspaceMember>,
    /// Members of the tenant without a role here, to choose from.
    pub candidates: Vec<Member>,
    pub access: WorkspaceModels,
    /// The models that are enabled in the tenant.
    pub models: Vec<TenantModel>,
}

impl WorkspacePage {
    pub fn may(&self, permission: Permission) -> bool {
        let open = self.workspace.status == WorkspaceStatus::Active || permission == Permission::WorkspacesArchive;
        open && self.permissions.contains(&permission)
    }
}

#[server(endpoint = "workspaces/one", output = Answer)]
pub async fn get_workspace(tenant: String, workspace: String) -> Result<WorkspacePage, UiError> {
    let s = server::workspace(&tenant, &workspace).await?;
    let tenant_ctx = s.ctx.tenant();
    let all = || PageQuery {
        limit: PageQuery::MAX_LIMIT,
        ..PageQuery::default()
    };
    let of = workspaces::get(&s.app, s.grant()?).await?;
    let people = workspaces::members(&s.app, s.grant()?).await?;
    let permissions = s.ctx.permissions();
    let candidates = match (permissions.contains(&Permission::WorkspaceMembersManage), tenant_ctx.grant()) {
        (true, Ok(by)) => {
            let mut items = members::list(&s.app, by, all(), None).await?.items;
            items.retain(|m| !people.iter().any(|p| p.user_id == m.user_id));
            items
        }
        _ => Vec::new(),
    };
    let access = model_access::of_workspace(&s.app, s.grant()?).await?;
    let models = match tenant_ctx.grant() {
        Ok(by) => {
            model_access::list(
                &s.app,
                by,
                all(),
                ModelFilter {
                    enabled: Some(true),
                    ..ModelFilter::default()
                },
            )
            .await?
            .items
        }
        Err(_) => Vec::new(),
    };
    Ok(WorkspacePage {
        workspace: of,
        permissions,
        members: people,
        candidates,
        access,
        models,
    })
}

#[server(endpoint = "workspaces/create", output = Answer)]
pub async fn create_workspace(
    tenant: String,
    #[server(default)] name: String,
    #[server(default)] slug: String,
    #[server(default)] description: String,
    #[server(default)] metadata: String,
) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let metadata = server::metadata(&metadata)?;
    let new = NewWorkspace::parse(&json!({ "name": name, "slug": slug, "description": description, "metadata": metadata }))?;
    let made = workspaces::create(&s.app, s.grant()?, new).await?;
    let go = format!("/t/{}/workspaces/{}", s.ctx.tenant().slug, made.slug);
    Ok(server::done(What::WorkspaceCreated, format!("{} is created.", made.name), Some(go)))
}

/// An empty `colour` or `member_role` is inherited from the tenant.
#[server(endpoint = "workspaces/update", output = Answer)]
pub async fn update_workspace(
    tenant: String,
    workspace: String,
    #[server(default)] name: String,
    #[server(default)] slug: String,
    #[server(default)] description: String,
    #[server(default)] colour: String,
    #[server(default)] member_role: String,
    #[server(default)] metadata: Option<String>,
) -> Result<Done, UiError> {
    let s = server::workspace(&tenant, &workspace).await?;
    let mut body = json!({
        "name": name, "slug": slug, "description": description, "colour": colour, "member_role": member_role,
    });
    if let Some(typed) = metadata {
        body["metadata"] = server::metadata(&typed)?;
    }
    let patch = WorkspacePatch::parse(&body)?;
    let after = workspaces::update(&s.app, s.grant()?, patch).await?;
    let go = format!("/t/{}/workspaces/{}?tab=settings", s.ctx.tenant().tenant().slug, after.slug);
    Ok(server::done(What::WorkspaceSaved, "", Some(go)))
}

#[server(endpoint = "workspaces/archive", output = Answer)]
pub async fn archive_workspace(tenant: String, workspace: String) -> Result<Done, UiError> {
    let s = server::workspace(&tenant, &workspace).await?;
    let after = workspaces::archive(&s.app, s.grant()?).await?;
    let done = server::done(What::WorkspaceArchived, format!("{} is archived.", after.name), None);
    Ok(done.offer("Restore", RestoreWorkspace::url(), &[("tenant", &tenant), ("workspace", &workspace)]))
}

#[server(endpoint = "workspaces/restore", output = Answer)]
pub async fn restore_workspace(tenant: String, workspace: String) -> Result<Done, UiError> {
    let s = server::workspace(&tenant, &workspace).await?;
    let after = workspaces::restore(&s.app, s.grant()?).await?;
    Ok(server::done(What::WorkspaceRestored, format!("{} is active again.", after.name), None))
}

#[server(endpoint = "workspaces/members/set", output = Answer)]
pub async fn set_workspace_member(
    tenant: String,
    workspace: String,
    #[server(default)] user: String,
    #[server(default)] role: String,
) -> Result<Done, UiError> {
    let s = server::workspace(&tenant, &workspace).await?;
    let change = WorkspaceRoleChange::parse(&json!({ "role": role }))?;
    let member = workspaces::set_member(&s.app, s.grant()?, server::id(&user)?, change.role).await?;
    Ok(server::done(
        What::WorkspaceRoleSet,
        format!("{} is {} here now.", member.name, member.role.label().to_lowercase()),
        None,
    ))
}

#[server(endpoint = "workspaces/members/remove", output = Answer)]
pub async fn remove_workspace_member(tenant: String, workspace: String, user: String) -> Result<Done, UiError> {
    let s = server::workspace(&tenant, &workspace).await?;
    workspaces::remove_member(&s.app, s.grant()?, server::id(&user)?).await?;
    Ok(server::done(What::WorkspaceRoleTaken, "", None))
}

#[server(endpoint = "workspaces/models", output = Answer)]
pub async fn set_workspace_models(
    tenant: String,
    workspace: String,
    #[server(default)] mode: String,
    #[server(default)] models: Vec<String>,
) -> Result<Done, UiError> {
    let s = server::workspace(&tenant, &workspace).await?;
    let access = WorkspaceModels::parse(&json!({ "mode": mode, "models": models }))?;
    model_access::set_workspace(&s.app, s.grant()?, access).await?;
    Ok(server::done(What::WorkspaceModelsSaved, "", None))
}
