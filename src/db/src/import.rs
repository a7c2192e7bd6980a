//! Writing in bulk what an import brings. Every statement takes a list, and none of them changes a
//! row that is there: a second import adds and never reverts. What people removed since is read from
//! the audit, so that it does not come back.

use tenantry_types::{ModelId, ProviderId, Timestamp, UserId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{PlatformTx, Result, TenantTx};

/// Accounts to add, column by column.
#[derive(Debug, Default)]
pub struct NewAccounts {
    pub ids: Vec<Uuid>,
    pub emails: Vec<String>,
    pub names: Vec<String>,
    pub hashes: Vec<Option<String>>,
    pub created_at: Vec<OffsetDateTime>,
}

/// Adds accounts whose addresses have none yet; answers the account of every address.
///
/// # Errors
/// When the database does not answer.
pub async fn accounts(tx: &mut PlatformTx, new: &NewAccounts, now: Timestamp) -> Result<Vec<(String, UserId)>> {
    sqlx::query!(
        "insert into user_account (id, email, name, password_hash, created_at, updated_at)
         select id, email, name, hash, created_at, $6
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) u (id, email, name, hash, created_at)
         order by email
         on conflict (email) do nothing",
        &new.ids,
        &new.emails,
        &new.names,
        &new.hashes as &[Option<String>],
        &new.created_at,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    let rows = sqlx::query!("select id, email from user_account where email = any ($1)", &new.emails)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(|r| (r.email, r.id.into())).collect())
}

/// Which of these marks belong to accounts that were deleted.
///
/// # Errors
/// When the database does not answer.
pub async fn deleted(tx: &mut PlatformTx, marks: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct changes ->> 'address' as "mark!" from platform_audit
           where action = 'user.deleted' and changes ->> 'address' = any ($1)"#,
        marks,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The providers there are: id, name in lower case, address.
///
/// # Errors
/// When the database does not answer.
pub async fn providers(tx: &mut PlatformTx) -> Result<Vec<(ProviderId, String, String)>> {
    let rows = sqlx::query!(r#"select id, lower(name) as "name!", base_url from provider order by created_at, id"#)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(|r| (r.id.into(), r.name, r.base_url)).collect())
}

/// Models to add, column by column, each with its one route.
#[derive(Debug, Default)]
pub struct NewModels {
    pub ids: Vec<Uuid>,
    pub names: Vec<String>,
    pub display_names: Vec<String>,
    pub active: Vec<bool>,
    pub providers: Vec<Uuid>,
    pub upstream_names: Vec<String>,
}

/// Adds models whose names the catalogue does not have; answers the model of every name. Models that
/// are there keep their routes.
///
/// # Errors
/// When the database does not answer.
pub async fn models(tx: &mut PlatformTx, new: &NewModels, now: Timestamp) -> Result<Vec<(String, ModelId)>> {
    sqlx::query!(
        "insert into model (id, name, display_name, is_active, created_at, updated_at)
         select id, name, display_name, active, $5, $5
         from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[]) u (id, name, display_name, active)
         order by name
         on conflict (name) do nothing",
        &new.ids,
        &new.names,
        &new.display_names,
        &new.active,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    // The ids are fresh: only models that were just added have them.
    sqlx::query!(
        "insert into model_route (model_id, provider_id, upstream_name, priority)
         select m.id, u.provider, u.upstream_name, 0
         from unnest($1::uuid[], $2::uuid[], $3::text[]) u (id, provider, upstream_name)
         join model m on m.id = u.id",
        &new.ids,
        &new.providers,
        &new.upstream_names,
    )
    .execute(tx.conn())
    .await?;
    let rows = sqlx::query!("select id, name from model where name = any ($1)", &new.names)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(|r| (r.name, r.id.into())).collect())
}

/// What people took away since: ids in their text form.
#[derive(Debug, Default)]
pub struct Removed {
    pub members: Vec<String>,
    /// Workspace and person.
    pub workspace_members: Vec<(String, String)>,
    /// Workspace and model.
    pub listed: Vec<(String, String)>,
}

/// Reads from the audit who was removed or left, and which models were taken off lists.
///
/// # Errors
/// When the database does not answer.
pub async fn removed(tx: &mut TenantTx) -> Result<Removed> {
    let tenant = tx.tenant_id().uuid();
    let members = sqlx::query_scalar!(
        r#"select distinct target_id as "id!"
           from audit_event
           where tenant_id = $1 and action in ('member.removed', 'member.left') and target_id is not null"#,
        tenant
    )
    .fetch_all(tx.conn())
    .await?;
    let workspace_members = sqlx::query!(
        r#"select distinct changes ->> 'workspace_id' as "workspace!", target_id as "person!"
           from audit_event
           where tenant_id = $1 and action = 'workspace.member_removed' and target_id is not null and changes ? 'workspace_id'"#,
        tenant
    )
    .fetch_all(tx.conn())
    .await?;
    let listed = sqlx::query!(
        r#"select distinct e.target_id as "workspace!", m as "model!"
           from audit_event e
           cross join lateral jsonb_array_elements_text(e.changes -> 'removed') m
           where e.tenant_id = $1 and e.action = 'workspace.models_set' and e.target_id is not null"#,
        tenant
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(Removed {
        members,
        workspace_members: workspace_members.into_iter().map(|r| (r.workspace, r.person)).collect(),
        listed: listed.into_iter().map(|r| (r.workspace, r.model)).collect(),
    })
}

/// Adds members; answers those who were none.
///
/// # Errors
/// When the database does not answer.
pub async fn members(tx: &mut TenantTx, users: &[Uuid], roles: &[String], active: &[bool], now: Timestamp) -> Result<Vec<UserId>> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        "insert into membership (tenant_id, user_id, role, status, joined_at)
         select $1, u.id, u.role, case when u.active then 'active' else 'disabled' end, $5
         from unnest($2::uuid[], $3::text[], $4::boolean[]) u (id, role, active)
         order by u.id
         on conflict (tenant_id, user_id) do nothing
         returning user_id",
        tenant,
        users,
        roles,
        active,
        now.0,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(UserId::new)
    .collect())
}

/// A workspace as an import finds it again.
#[derive(Debug)]
pub struct Found {
    pub id: WorkspaceId,
    pub slug: String,
    /// The group that it was made of.
    pub group: Option<String>,
}

/// All workspaces; `marker` is the key under which their metadata names a group.
///
/// # Errors
/// When the database does not answer.
pub async fn workspaces(tx: &mut TenantTx, marker: &str) -> Result<Vec<Found>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        r#"select id, slug, metadata ->> $2 as "group?" from workspace where tenant_id = $1 order by created_at, id"#,
        tenant,
        marker
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Found {
            id: r.id.into(),
            slug: r.slug,
            group: r.group,
        })
        .collect())
}

/// Notes in the metadata of workspaces which groups they stand for.
///
/// # Errors
/// When the database does not answer.
pub async fn bind_workspaces(tx: &mut TenantTx, ids: &[Uuid], marker: &str, groups: &[String]) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update workspace w
         set metadata = w.metadata || jsonb_build_object($3::text, u.name)
         from unnest($2::uuid[], $4::text[]) u (id, name)
         where w.tenant_id = $1 and w.id = u.id",
        tenant,
        ids,
        marker,
        groups,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Workspaces to add, column by column.
#[derive(Debug, Default)]
pub struct NewWorkspaces {
    pub ids: Vec<Uuid>,
    pub slugs: Vec<String>,
    pub names: Vec<String>,
    pub descriptions: Vec<String>,
    pub metadata: Vec<serde_json::Value>,
}

/// # Errors
/// The constraint `workspace_slug_key` when a slug is taken.
pub async fn add_workspaces(tx: &mut TenantTx, new: &NewWorkspaces, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "insert into workspace (tenant_id, id, slug, name, description, metadata, created_at, updated_at)
         select $1, u.id, u.slug, u.name, u.description, u.metadata, $7, $7
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[]) u (id, slug, name, description, metadata)",
        tenant,
        &new.ids,
        &new.slugs,
        &new.names,
        &new.descriptions,
        &new.metadata,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts members of the tenant into workspaces, all with one role; answers how many were not there.
///
/// # Errors
/// When the database does not answer.
pub async fn workspace_members(tx: &mut TenantTx, workspaces: &[Uuid], users: &[Uuid], role: &str, now: Timestamp) -> Result<u64> {
    let tenant = tx.tenant_id().uuid();
    let done = sqlx::query!(
        "insert into workspace_membership (tenant_id, workspace_id, user_id, role, created_at)
         select m.tenant_id, u.workspace, m.user_id, $4, $5
         from unnest($2::uuid[], $3::uuid[]) u (workspace, person)
         join membership m on m.tenant_id = $1 and m.user_id = u.person
         on conflict (tenant_id, workspace_id, user_id) do nothing",
        tenant,
        workspaces,
        users,
        role,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Writes decisions about models that have none; answers those.
///
/// # Errors
/// When the database does not answer.
pub async fn access(tx: &mut TenantTx, models: &[Uuid], enabled: &[bool], audiences: &[String], now: Timestamp) -> Result<Vec<ModelId>> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        "insert into model_access (tenant_id, model_id, enabled, audience, updated_at)
         select $1, u.id, u.enabled, u.audience, $5
         from unnest($2::uuid[], $3::boolean[], $4::text[]) u (id, enabled, audience)
         order by u.id
         on conflict (tenant_id, model_id) do nothing
         returning model_id",
        tenant,
        models,
        enabled,
        audiences,
        now.0,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(ModelId::new)
    .collect())
}

/// Lists models in workspaces.
///
/// # Errors
/// When the database does not answer.
pub async fn list_models(tx: &mut TenantTx, workspaces: &[Uuid], models: &[Uuid]) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "insert into workspace_model (tenant_id, workspace_id, model_id)
         select $1, u.workspace, u.model from unnest($2::uuid[], $3::uuid[]) u (workspace, model)
         on conflict (tenant_id, workspace_id, model_id) do nothing",
        tenant,
        workspaces,
        models,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
