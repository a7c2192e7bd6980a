//! Workspaces and who is in them.

use serde_json::Value;
use tenantry_types::input::Metadata;
use tenantry_types::workspace::{OwnSettings, Workspace, WorkspaceMember, WorkspaceSettings, WorkspaceStatus};
use tenantry_types::{PageQuery, Slug, Timestamp, UserId, WorkspaceId, WorkspaceRef, WorkspaceRole};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::access::email;
use crate::error::word;
use crate::{DbError, Result, TenantTx};

struct Row {
    id: Uuid,
    slug: String,
    name: String,
    description: String,
    status: String,
    metadata: Value,
    settings: Value,
    tenant_settings: Value,
    members: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

fn own_settings(stored: Value) -> Result<OwnSettings> {
    serde_json::from_value(stored).map_err(|_| DbError::Corrupt("workspace settings"))
}

impl Row {
    fn workspace(self) -> Result<Workspace> {
        Ok(Workspace {
            id: self.id.into(),
            slug: Slug::stored(self.slug),
            name: self.name,
            description: self.description,
            status: word(&self.status, "workspace status")?,
            metadata: serde_json::from_value::<Metadata>(self.metadata).map_err(|_| DbError::Corrupt("workspace metadata"))?,
            settings: WorkspaceSettings::of(own_settings(self.settings)?, &crate::tenant::settings(self.tenant_settings)?),
            members: self.members,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

/// Workspaces by name, `limit + 1` rows, and how many there are in all.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut TenantTx, query: &PageQuery, status: Option<WorkspaceStatus>) -> Result<(Vec<Workspace>, i64)> {
    let tenant = tx.tenant_id().uuid();
    let pattern = query.pattern();
    let status = status.map(WorkspaceStatus::as_str);
    let rows = sqlx::query_as!(
        Row,
        r#"select w.id, w.slug, w.name, w.description, w.status, w.metadata, w.settings, t.settings as tenant_settings, w.created_at, w.updated_at,
             (select count(*) from workspace_membership x where x.tenant_id = w.tenant_id and x.workspace_id = w.id) as "members!"
           from workspace w
           join tenant t on t.id = w.tenant_id
           where w.tenant_id = $1
             and ($2::text is null or w.status = $2)
             and ($3::text is null or lower(w.name) like $3 or w.slug like $3)
           order by w.status, lower(w.name), w.id
           limit $4 offset $5"#,
        tenant,
        status,
        pattern,
        i64::from(query.limit) + 1,
        i64::from(query.skip),
    )
    .fetch_all(tx.conn())
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "n!" from workspace w
           where w.tenant_id = $1
             and ($2::text is null or w.status = $2)
             and ($3::text is null or lower(w.name) like $3 or w.slug like $3)"#,
        tenant,
        status,
        pattern,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((rows.into_iter().map(Row::workspace).collect::<Result<_>>()?, total))
}

/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut TenantTx, id: WorkspaceId) -> Result<Option<Workspace>> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query_as!(
        Row,
        r#"select w.id, w.slug, w.name, w.description, w.status, w.metadata, w.settings, t.settings as tenant_settings, w.created_at, w.updated_at,
             (select count(*) from workspace_membership x where x.tenant_id = w.tenant_id and x.workspace_id = w.id) as "members!"
           from workspace w
           join tenant t on t.id = w.tenant_id
           where w.tenant_id = $1 and w.id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?
    .map(Row::workspace)
    .transpose()
}

/// The slugs that begin like `wanted`, to find a free one.
///
/// # Errors
/// When the database does not answer.
pub async fn similar_slugs(tx: &mut TenantTx, wanted: &Slug) -> Result<Vec<String>> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        "select slug from workspace where tenant_id = $1 and (slug = $2 or slug like $3)",
        tenant,
        wanted.as_str(),
        format!("{wanted}-%"),
    )
    .fetch_all(tx.conn())
    .await?)
}

/// # Errors
/// The constraint `workspace_slug_key` when the slug is taken.
pub async fn insert(tx: &mut TenantTx, workspace: &Workspace) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let metadata = serde_json::to_value(&workspace.metadata).map_err(|_| DbError::Corrupt("workspace metadata"))?;
    let settings = serde_json::to_value(workspace.settings.own()).map_err(|_| DbError::Corrupt("workspace settings"))?;
    sqlx::query!(
        "insert into workspace (tenant_id, id, slug, name, description, status, metadata, settings, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        tenant,
        workspace.id.uuid(),
        workspace.slug.as_str(),
        workspace.name,
        workspace.description,
        workspace.status.as_str(),
        metadata,
        settings,
        workspace.created_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes all that can change of a workspace.
///
/// # Errors
/// The constraint `workspace_slug_key` when the slug is taken.
pub async fn update(tx: &mut TenantTx, workspace: &Workspace) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let metadata = serde_json::to_value(&workspace.metadata).map_err(|_| DbError::Corrupt("workspace metadata"))?;
    let settings = serde_json::to_value(workspace.settings.own()).map_err(|_| DbError::Corrupt("workspace settings"))?;
    sqlx::query!(
        "update workspace set slug = $3, name = $4, description = $5, status = $6, metadata = $7, settings = $8, updated_at = $9 where tenant_id = $1 and id = $2",
        tenant,
        workspace.id.uuid(),
        workspace.slug.as_str(),
        workspace.name,
        workspace.description,
        workspace.status.as_str(),
        metadata,
        settings,
        workspace.updated_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Everyone in a workspace: those with a role of their own, and owners and admins of the tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn members(tx: &mut TenantTx, id: WorkspaceId) -> Result<Vec<WorkspaceMember>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        r#"select m.user_id, u.email, u.name, m.role as tenant_role, x.role as "role?"
           from membership m
           join user_account u on u.id = m.user_id
           left join workspace_membership x on x.tenant_id = m.tenant_id and x.user_id = m.user_id and x.workspace_id = $2
           where m.tenant_id = $1 and (x.role is not null or m.role in ('owner', 'admin'))
           order by lower(u.name), m.user_id
           limit 1000"#,
        tenant,
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let inherited = matches!(r.tenant_role.as_str(), "owner" | "admin");
            let role = match r.role {
                Some(role) if !inherited => word(&role, "workspace role")?,
                _ => WorkspaceRole::Admin,
            };
            Ok(WorkspaceMember {
                user_id: r.user_id.into(),
                email: email(r.email),
                name: r.name,
                role,
                inherited,
            })
        })
        .collect()
}

/// Gives a role in workspaces to one member.
///
/// # Errors
/// The foreign key when the person is not a member.
pub async fn set_members(tx: &mut TenantTx, user: UserId, roles: &[(WorkspaceId, WorkspaceRole)], now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let ids: Vec<Uuid> = roles.iter().map(|(id, _)| id.uuid()).collect();
    let words: Vec<String> = roles.iter().map(|(_, role)| role.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into workspace_membership (tenant_id, workspace_id, user_id, role, created_at)
         select $1, w, $2, r, $5 from unnest($3::uuid[], $4::text[]) x (w, r)
         on conflict (tenant_id, workspace_id, user_id) do update set role = excluded.role",
        tenant,
        user.uuid(),
        &ids,
        &words,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn remove_member(tx: &mut TenantTx, id: WorkspaceId, user: UserId) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    let done = sqlx::query!(
        "delete from workspace_membership where tenant_id = $1 and workspace_id = $2 and user_id = $3",
        tenant,
        id.uuid(),
        user.uuid(),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Those of these workspaces that are there, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn refs(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<WorkspaceRef>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        "select id, slug, name from workspace where tenant_id = $1 and id = any ($2) order by lower(name), id limit 500",
        tenant,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let named = rows.into_iter().map(|r| WorkspaceRef {
        id: r.id.into(),
        slug: Slug::stored(r.slug),
        name: r.name,
    });
    Ok(named.collect())
}

/// Which of these workspaces are there and active.
///
/// # Errors
/// When the database does not answer.
pub async fn active_among(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        "select id from workspace where tenant_id = $1 and id = any ($2) and status = 'active'",
        tenant,
        ids
    )
    .fetch_all(tx.conn())
    .await?)
}
