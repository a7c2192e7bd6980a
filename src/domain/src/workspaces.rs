//! Workspaces: parts of a tenant with members of their own. Use cases of one workspace take a grant
//! that was made in it, and find it there.

use serde_json::{Value, json};
use tenantry_db::{DbError, member, workspace as db};
use tenantry_types::input::Metadata;
use tenantry_types::tenant::TenantSettings;
use tenantry_types::workspace::{NewWorkspace, OwnSettings, Workspace, WorkspaceMember, WorkspacePatch, WorkspaceSettings, WorkspaceStatus};
use tenantry_types::{Page, PageQuery, ProblemCode, Slug, UserId, WorkspaceId, WorkspaceRole};

use crate::audit::event;
use crate::members::role_allows;
use crate::{App, Error, Granted, Result, needs, new_id, now};

/// The workspace that a grant was made in.
pub(crate) fn of<P>(by: &Granted<P>) -> Result<WorkspaceId> {
    by.workspace().map(|w| w.id).ok_or(Error::NOT_FOUND)
}

pub(crate) fn new_workspace(name: &str, slug: Slug, tenant: &TenantSettings) -> Workspace {
    let now = now();
    Workspace {
        id: new_id(),
        slug,
        name: name.to_owned(),
        description: String::new(),
        status: WorkspaceStatus::Active,
        metadata: Metadata::default(),
        settings: WorkspaceSettings::of(OwnSettings::default(), tenant),
        members: 0,
        created_at: now,
        updated_at: now,
    }
}

fn slug_taken(error: DbError) -> Error {
    if error.is("workspace_slug_key") {
        ProblemCode::SlugTaken.into()
    } else {
        error.into()
    }
}

/// # Errors
/// `SlugTaken` for a given slug.
pub async fn create(app: &App, by: Granted<needs::WorkspacesCreate>, new: NewWorkspace) -> Result<Workspace> {
    let mut tx = app.db().tenant(&by).await?;
    let slug = match new.slug {
        Some(slug) => slug,
        None => {
            // Two creations of one name at once: the second waits here and sees the first.
            member::lock(&mut tx).await?;
            let wanted = Slug::derive(new.name.as_str());
            let taken = db::similar_slugs(&mut tx, &wanted).await?;
            let free = |slug: &Slug| !taken.iter().any(|t| t == slug.as_str());
            let numbered = || (2..=u32::MAX).map(|n| wanted.numbered(n)).find(free);
            if free(&wanted) {
                wanted.clone()
            } else {
                numbered().ok_or(ProblemCode::SlugTaken)?
            }
        }
    };
    let workspace = Workspace {
        description: new.description.0,
        metadata: new.metadata,
        ..new_workspace(new.name.as_str(), slug, &by.tenant().settings)
    };
    db::insert(&mut tx, &workspace).await.map_err(slug_taken)?;
    tx.record(event(
        "workspace.created",
        "workspace",
        Some(workspace.id.to_string()),
        &workspace.name,
        json!({ "slug": workspace.slug }),
    ));
    tx.commit().await?;
    Ok(workspace)
}

/// The workspaces that one may enter.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, by: Granted<needs::WorkspacesRead>, query: PageQuery, status: Option<WorkspaceStatus>) -> Result<Page<Workspace>> {
    let mut tx = app.db().tenant(&by).await?;
    let (items, total) = db::list(&mut tx, &query, status).await?;
    Ok(Page::of(items, &query, Some(total)))
}

/// # Errors
/// `NotFound`.
pub async fn get(app: &App, by: Granted<needs::WorkspacesRead>) -> Result<Workspace> {
    let mut tx = app.db().tenant(&by).await?;
    db::get(&mut tx, of(&by)?).await?.ok_or(Error::NOT_FOUND)
}

/// # Errors
/// `SlugTaken`.
pub async fn update(app: &App, by: Granted<needs::WorkspacesUpdate>, patch: WorkspacePatch) -> Result<Workspace> {
    let mut tx = app.db().tenant(&by).await?;
    member::lock(&mut tx).await?;
    let before = db::get(&mut tx, of(&by)?).await?.ok_or(Error::NOT_FOUND)?;
    let mut workspace = before.clone();
    if let Some(name) = patch.name {
        workspace.name = name.as_str().to_owned();
    }
    if let Some(slug) = patch.slug {
        workspace.slug = slug;
    }
    workspace.description = patch.description.map_set(|t| t.0).apply(Some(workspace.description)).unwrap_or_default();
    workspace.metadata = patch.metadata.apply(Some(workspace.metadata)).unwrap_or_default();
    let own = workspace.settings.own();
    let own = OwnSettings {
        colour: patch.colour.map_set(|c| u8::try_from(c.0).unwrap_or(0)).apply(own.colour),
        member_role: patch.member_role.apply(own.member_role),
    };
    workspace.settings = WorkspaceSettings::of(own, &by.tenant().settings);
    if workspace != before {
        workspace.updated_at = now();
        db::update(&mut tx, &workspace).await.map_err(slug_taken)?;
        let changes = json!({ "from": recorded(&before), "to": recorded(&workspace) });
        tx.record(event(
            "workspace.updated",
            "workspace",
            Some(workspace.id.to_string()),
            &workspace.name,
            changes,
        ));
    }
    tx.commit().await?;
    Ok(workspace)
}

/// What the record keeps of it. Of the metadata the names only: what stands in it is anybody's guess, and the record is for ever.
fn recorded(workspace: &Workspace) -> Value {
    let own = workspace.settings.own();
    let metadata: Vec<_> = workspace.metadata.0.keys().collect();
    json!({ "name": workspace.name, "slug": workspace.slug, "description": workspace.description, "colour": own.colour, "member_role": own.member_role, "metadata": metadata })
}

async fn set_status(app: &App, by: Granted<needs::WorkspacesArchive>, status: WorkspaceStatus, action: &'static str) -> Result<Workspace> {
    let mut tx = app.db().tenant(&by).await?;
    member::lock(&mut tx).await?;
    let mut workspace = db::get(&mut tx, of(&by)?).await?.ok_or(Error::NOT_FOUND)?;
    if workspace.status != status {
        workspace.status = status;
        workspace.updated_at = now();
        db::update(&mut tx, &workspace).await?;
        tx.record(event(action, "workspace", Some(workspace.id.to_string()), &workspace.name, json!({})));
        tx.commit().await?;
    }
    Ok(workspace)
}

/// Archives: readable, refuses writes, its models count no more.
///
/// # Errors
/// `NotFound`.
pub async fn archive(app: &App, by: Granted<needs::WorkspacesArchive>) -> Result<Workspace> {
    set_status(app, by, WorkspaceStatus::Archived, "workspace.archived").await
}

/// # Errors
/// `NotFound`.
pub async fn restore(app: &App, by: Granted<needs::WorkspacesArchive>) -> Result<Workspace> {
    set_status(app, by, WorkspaceStatus::Active, "workspace.restored").await
}

/// Everyone in the workspace, owners and admins of the tenant included.
///
/// # Errors
/// When the database does not answer.
pub async fn members(app: &App, by: Granted<needs::WorkspacesRead>) -> Result<Vec<WorkspaceMember>> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::members(&mut tx, of(&by)?).await?)
}

/// Gives a member of the tenant a role in the workspace: the named one, or the workspace's own default.
///
/// # Errors
/// `NotFound` for who is not a member of the tenant, `RoleTooHigh`.
pub async fn set_member(app: &App, by: Granted<needs::WorkspaceMembersManage>, user: UserId, role: Option<WorkspaceRole>) -> Result<WorkspaceMember> {
    let id = of(&by)?;
    let name = by.workspace().map(|w| w.name.clone()).unwrap_or_default();
    let mut tx = app.db().tenant(&by).await?;
    let member = member::get(&mut tx, user).await?.ok_or(Error::NOT_FOUND)?;
    let role = match role {
        Some(role) => role,
        None => db::get(&mut tx, id).await?.ok_or(Error::NOT_FOUND)?.settings.member_role.value,
    };
    let own = member::workspace_role(&mut tx, user, id).await?;
    role_allows(own.is_none_or(|own| by.covers_in(id, own)) && by.hands_out_in(id, role))?;
    db::set_members(&mut tx, user, &[(id, role)], now()).await?;
    tx.record(event(
        "workspace.member_set",
        "user",
        Some(user.to_string()),
        &member.name,
        json!({ "role": role, "workspace": name }),
    ));
    tx.commit().await?;
    let inherited = member.role.inherits_workspaces();
    let role = if inherited { WorkspaceRole::Admin } else { role };
    Ok(WorkspaceMember {
        user_id: user,
        email: member.email,
        name: member.name,
        role,
        inherited,
    })
}

/// Takes a member out of the workspace. A role that is inherited stays.
///
/// # Errors
/// `NotFound` for who has no role of their own in it, `RoleTooHigh`.
pub async fn remove_member(app: &App, by: Granted<needs::WorkspaceMembersManage>, user: UserId) -> Result<()> {
    let id = of(&by)?;
    let workspace = by.workspace().map(|w| w.name.clone()).unwrap_or_default();
    let mut tx = app.db().tenant(&by).await?;
    let member = member::get(&mut tx, user).await?.ok_or(Error::NOT_FOUND)?;
    let own = member::workspace_role(&mut tx, user, id).await?.ok_or(Error::NOT_FOUND)?;
    role_allows(by.covers_in(id, own))?;
    if !db::remove_member(&mut tx, id, user).await? {
        return Err(Error::NOT_FOUND);
    }
    tx.record(event(
        "workspace.member_removed",
        "user",
        Some(user.to_string()),
        &member.name,
        json!({ "workspace": workspace, "workspace_id": id }),
    ));
    tx.commit().await?;
    Ok(())
}
