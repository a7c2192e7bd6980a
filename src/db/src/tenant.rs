//! Tenants as such: what the operator and the founder write, and what a tenant may change of itself.

use std::collections::HashMap;

use serde_json::Value;
use tenantry_types::input::Metadata;
use tenantry_types::overview::{Concerns, TenantRow};
use tenantry_types::tenant::{Tenant, TenantSettings, TenantStats, TenantStatus};
use tenantry_types::{PageQuery, PlanId, Slug, TenantId, Timestamp, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::access::TenantHead;
use crate::error::word;
use crate::{DbError, PlatformTx, Result, TenantTx};

struct Row {
    id: Uuid,
    slug: String,
    name: String,
    status: String,
    plan_id: Option<Uuid>,
    external_id: Option<String>,
    metadata: Value,
    settings: Value,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

/// What a tenant decides for itself, as it is stored; what is not there has its default.
pub(crate) fn settings(stored: Value) -> Result<TenantSettings> {
    serde_json::from_value(stored).map_err(|_| DbError::Corrupt("tenant settings"))
}

impl Row {
    fn tenant(self) -> Result<Tenant> {
        Ok(Tenant {
            id: self.id.into(),
            slug: Slug::stored(self.slug),
            name: self.name,
            status: word(&self.status, "tenant status")?,
            plan: self.plan_id.map(PlanId::new),
            external_id: self.external_id,
            metadata: serde_json::from_value::<Metadata>(self.metadata).map_err(|_| DbError::Corrupt("tenant metadata"))?,
            settings: settings(self.settings)?,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
            stats: None,
        })
    }
}

/// Reserves the first free slug: the wanted one, or with `numbered`, `wanted-2` and so on.
/// None when it is taken and no number is allowed. Former slugs of other tenants count as taken.
///
/// # Errors
/// When the database does not answer.
pub async fn reserve_slug(tx: &mut PlatformTx, wanted: &Slug, numbered: bool, tenant: TenantId) -> Result<Option<Slug>> {
    // Serializes reservations, so that two sign-ups of one name do not race for `acme-2`.
    sqlx::query!("select pg_advisory_xact_lock(hashtext('tenantry.slug'))")
        .execute(tx.conn())
        .await?;
    let taken: Vec<String> = sqlx::query_scalar!(
        "select slug from tenant_slug where (slug = $1 or slug like $2) and tenant <> $3",
        wanted.as_str(),
        format!("{wanted}-%"),
        tenant.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    let free = |slug: &Slug| !taken.iter().any(|t| t == slug.as_str());
    let slug = if free(wanted) {
        wanted.clone()
    } else if numbered {
        let limit = u32::try_from(taken.len()).unwrap_or(u32::MAX).saturating_add(3);
        (2..=limit).map(|n| wanted.numbered(n)).find(free).ok_or(DbError::Corrupt("slugs"))?
    } else {
        return Ok(None);
    };
    Ok(Some(slug))
}

/// Keeps a slug for a tenant, for good. The tenant's row must be there.
///
/// # Errors
/// When the database does not answer.
pub async fn keep_slug(tx: &mut PlatformTx, slug: &Slug, tenant: TenantId, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into tenant_slug (slug, tenant, created_at) values ($1, $2, $3) on conflict (slug) do nothing",
        slug.as_str(),
        tenant.uuid(),
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &mut PlatformTx, tenant: &Tenant) -> Result<()> {
    let settings = serde_json::to_value(&tenant.settings).map_err(|_| DbError::Corrupt("tenant settings"))?;
    let metadata = serde_json::to_value(&tenant.metadata).map_err(|_| DbError::Corrupt("tenant metadata"))?;
    sqlx::query!(
        "insert into tenant (id, slug, name, status, plan_id, external_id, metadata, settings, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        tenant.id.uuid(),
        tenant.slug.as_str(),
        tenant.name,
        tenant.status.as_str(),
        tenant.plan.map(PlanId::uuid),
        tenant.external_id,
        metadata,
        settings,
        tenant.created_at.0,
    )
    .execute(tx.conn())
    .await?;
    keep_slug(tx, &tenant.slug, tenant.id, tenant.created_at).await
}

/// How many tenants there are: the next colour.
///
/// # Errors
/// When the database does not answer.
pub async fn count(tx: &mut PlatformTx) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "n!" from tenant"#).fetch_one(tx.conn()).await?)
}

/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut TenantTx) -> Result<Tenant> {
    let id = tx.tenant_id().uuid();
    sqlx::query_as!(
        Row,
        "select id, slug, name, status, plan_id, external_id, metadata, settings, created_at, updated_at from tenant where id = $1",
        id
    )
    .fetch_one(tx.conn())
    .await?
    .tenant()
}

/// A tenant by id or slug (a former one, too), for the operator and the command line.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut PlatformTx, id: Option<TenantId>, slug: Option<&str>) -> Result<Option<Tenant>> {
    sqlx::query_as!(
        Row,
        "select id, slug, name, status, plan_id, external_id, metadata, settings, created_at, updated_at
         from tenant where id = coalesce($1, (select s.tenant from tenant_slug s where s.slug = $2))",
        id.map(TenantId::uuid),
        slug,
    )
    .fetch_optional(tx.conn())
    .await?
    .map(Row::tenant)
    .transpose()
}

/// Which of these names lead to a tenant: ids as they are, or slugs, former ones too.
///
/// # Errors
/// When the database does not answer.
pub async fn ids_of(tx: &mut PlatformTx, names: &[String]) -> Result<HashMap<String, TenantId>> {
    let ids: Vec<Option<Uuid>> = names.iter().map(|name| name.parse::<TenantId>().ok().map(TenantId::uuid)).collect();
    let rows = sqlx::query!(
        r#"select n.name as "name!", t.id
           from unnest($1::text[], $2::uuid[]) n (name, id)
           join tenant t on t.id = coalesce(n.id, (select s.tenant from tenant_slug s where s.slug = n.name))"#,
        names,
        &ids as &[Option<Uuid>],
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (r.name, r.id.into())).collect())
}

/// A fact about the server.
///
/// # Errors
/// When the database does not answer.
pub async fn find_setting(tx: &mut PlatformTx, key: &str) -> Result<Option<Value>> {
    Ok(sqlx::query_scalar!("select value from platform_setting where key = $1", key)
        .fetch_optional(tx.conn())
        .await?)
}

/// Remembers a fact about the server.
///
/// # Errors
/// When the database does not answer.
pub async fn put_setting(tx: &mut PlatformTx, key: &str, value: &Value, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into platform_setting (key, value, updated_at) values ($1, $2, $3)
         on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at",
        key,
        value,
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes name, slug, external id, metadata and settings.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &mut TenantTx, tenant: &Tenant) -> Result<()> {
    let settings = serde_json::to_value(&tenant.settings).map_err(|_| DbError::Corrupt("tenant settings"))?;
    let metadata = serde_json::to_value(&tenant.metadata).map_err(|_| DbError::Corrupt("tenant metadata"))?;
    sqlx::query!(
        "update tenant set name = $2, slug = $3, external_id = $4, metadata = $5, settings = $6, updated_at = $7 where id = $1",
        tenant.id.uuid(),
        tenant.name,
        tenant.slug.as_str(),
        tenant.external_id,
        metadata,
        settings,
        tenant.updated_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn set_status(tx: &mut TenantTx, status: TenantStatus, by_operator: bool, now: Timestamp) -> Result<()> {
    let id = tx.tenant_id().uuid();
    sqlx::query!(
        "update tenant set status = $2, status_by_operator = $3, updated_at = $4 where id = $1",
        id,
        status.as_str(),
        by_operator,
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// # Errors
/// When the database does not answer; the constraint when the plan is gone.
pub async fn set_plan(tx: &mut TenantTx, plan: Option<PlanId>, now: Timestamp) -> Result<()> {
    let id = tx.tenant_id().uuid();
    sqlx::query!(
        "update tenant set plan_id = $2, updated_at = $3 where id = $1",
        id,
        plan.map(PlanId::uuid),
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes the tenant and every row of it.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(tx: &mut PlatformTx, id: TenantId) -> Result<()> {
    sqlx::query!("update user_account set last_tenant = null where last_tenant = $1", id.uuid())
        .execute(tx.conn())
        .await?;
    sqlx::query!("delete from tenant where id = $1", id.uuid()).execute(tx.conn()).await?;
    Ok(())
}

/// What is near an end, or does not work.
///
/// # Errors
/// When the database does not answer.
pub async fn concerns(tx: &mut TenantTx, now: Timestamp) -> Result<Concerns> {
    let tenant = tx.tenant_id().uuid();
    let now = now.0;
    Ok(sqlx::query_as!(
        Concerns,
        r#"select (
             select count(*) from invitation where tenant_id = $1 and status = 'pending' and expires_at > $2 and expires_at <= $2::timestamptz + interval '2 days'
           ) as "invitations!", (
             select count(*) from api_key where tenant_id = $1 and revoked_at is null and expires_at > $2 and expires_at <= $2::timestamptz + interval '7 days'
           ) as "keys!", (
             select count(*) from model_access a join model c on c.id = a.model_id where a.tenant_id = $1 and a.enabled and not c.is_active
           ) as "models_off!", (
             select count(*) from provider p where p.enabled and not p.check_ok and exists (
               select 1 from model_decision a join model c on c.id = a.model_id and c.is_active join model_route r on r.model_id = c.id
               where a.tenant_id = $1 and a.enabled and r.provider_id = p.id)
           ) as "providers_down!""#,
        tenant,
        now,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// # Errors
/// When the database does not answer.
pub async fn stats(tx: &mut TenantTx, now: Timestamp) -> Result<TenantStats> {
    let id = tx.tenant_id().uuid();
    let r = sqlx::query!(
        r#"select
             (select count(*) from membership where tenant_id = $1) as "members!",
             (select count(*) from invitation where tenant_id = $1 and status = 'pending' and expires_at > $2) as "pending!",
             (select count(*) from workspace where tenant_id = $1 and status = 'active') as "workspaces!",
             (select count(*) from model_decision a join model c on c.id = a.model_id and c.is_active where a.tenant_id = $1 and a.enabled) as "models!",
             (select count(*) from api_key where tenant_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)) as "api_keys!",
             (select coalesce(sum(requests), 0)::bigint from usage_hour where tenant_id = $1 and hour >= date_trunc('day', $2::timestamptz, 'UTC')) as "today!",
             (select coalesce(sum(requests), 0)::bigint from usage_hour where tenant_id = $1) as "ever!",
             (select max(last_active_at) from membership where tenant_id = $1) as last_active_at"#,
        id,
        now.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(TenantStats {
        members: r.members,
        pending_invitations: r.pending,
        workspaces: r.workspaces,
        models: r.models,
        api_keys: r.api_keys,
        calls_today: r.today,
        total_api_calls: r.ever,
        last_active_at: r.last_active_at.map(Timestamp),
    })
}

/// Tenants by name: all of them, or those of one person; `limit + 1` rows.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut PlatformTx, of: Option<UserId>, status: Option<TenantStatus>, query: &PageQuery) -> Result<(Vec<TenantRow>, i64)> {
    let pattern = query.pattern();
    let of = of.map(UserId::uuid);
    let status = status.map(TenantStatus::as_str);
    let rows = sqlx::query!(
        r#"select t.id, t.slug, t.name, t.status, t.plan_id, t.external_id, t.metadata, t.settings, t.created_at, t.updated_at,
             p.name as "plan_name?",
             case when q.tenant_id is not null then q.amount else (p.limits ->> 'members')::bigint end as member_limit, (select count(*) from membership c where c.tenant_id = t.id) as "members!"
           from tenant t
           left join plan p on p.id = t.plan_id
           left join quota_limit q on q.tenant_id = t.id and q.resource = 'members'
           where ($1::uuid is null or exists (select 1 from membership m where m.tenant_id = t.id and m.user_id = $1 and m.status = 'active'))
             and ($2::text is null or t.status = $2)
             and ($3::text is null or lower(t.name) like $3 or t.slug like $3)
           order by lower(t.name), t.id
           limit $4 offset $5"#,
        of,
        status,
        pattern,
        i64::from(query.limit) + 1,
        i64::from(query.skip),
    )
    .fetch_all(tx.conn())
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "n!" from tenant t
           where ($1::uuid is null or exists (select 1 from membership m where m.tenant_id = t.id and m.user_id = $1 and m.status = 'active'))
             and ($2::text is null or t.status = $2)
             and ($3::text is null or lower(t.name) like $3 or t.slug like $3)"#,
        of,
        status,
        pattern,
    )
    .fetch_one(tx.conn())
    .await?;
    let items = rows
        .into_iter()
        .map(|r| {
            let row = Row {
                id: r.id,
                slug: r.slug,
                name: r.name,
                status: r.status,
                plan_id: r.plan_id,
                external_id: r.external_id,
                metadata: r.metadata,
                settings: r.settings,
                created_at: r.created_at,
                updated_at: r.updated_at,
            };
            Ok(TenantRow {
                tenant: row.tenant()?,
                members: r.members,
                member_limit: r.member_limit,
                plan_name: r.plan_name,
            })
        })
        .collect::<Result<_>>()?;
    Ok((items, total))
}

/// The head of a tenant, as a context has it.
pub fn head(tenant: &Tenant) -> TenantHead {
    TenantHead {
        id: tenant.id,
        slug: tenant.slug.clone(),
        name: tenant.name.clone(),
        status: tenant.status,
        status_by_operator: false,
        settings: tenant.settings.clone(),
    }
}

/// The wrapped data key of the tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn data_key(tx: &mut TenantTx) -> Result<Option<Vec<u8>>> {
    let id = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!("select wrapped from tenant_key where tenant_id = $1", id)
        .fetch_optional(tx.conn())
        .await?)
}

/// Keeps the wrapped data key of a new tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn put_data_key(tx: &mut TenantTx, wrapped: &[u8], now: Timestamp) -> Result<()> {
    let id = tx.tenant_id().uuid();
    sqlx::query!(
        "insert into tenant_key (tenant_id, wrapped, created_at) values ($1, $2, $3)",
        id,
        wrapped,
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
