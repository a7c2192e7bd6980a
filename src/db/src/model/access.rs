//! Which models a tenant may use, who in it, and which of them a workspace lists.

use tenantry_types::model::{AccessMode, Audience, ModelPattern, MyModel, TenantModel, WorkspaceModels};
use tenantry_types::{ModelId, PageQuery, TenantId, Timestamp, UserId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::word;
use crate::{PlatformTx, Result, TenantTx};

struct Row {
    id: Uuid,
    name: String,
    display_name: String,
    provider_name: Option<String>,
    context_length: Option<i64>,
    modalities: Vec<String>,
    input_price: Option<i64>,
    output_price: Option<i64>,
    cached_input_price: Option<i64>,
    request_price: Option<i64>,
    is_active: bool,
    missing_since: Option<OffsetDateTime>,
    enabled: bool,
    audience: String,
    source: Option<String>,
    prefix: Option<String>,
}

impl Row {
    fn model(self) -> Result<TenantModel> {
        Ok(TenantModel {
            id: self.id.into(),
            name: self.name,
            display_name: self.display_name,
            provider_name: self.provider_name,
            context_length: self.context_length,
            modalities: self.modalities,
            input_price: self.input_price,
            output_price: self.output_price,
            cached_input_price: self.cached_input_price,
            request_price: self.request_price,
            is_active: self.is_active,
            missing_since: self.missing_since.map(Timestamp),
            enabled: self.enabled,
            audience: word(&self.audience, "audience")?,
            decided_by: self.source.as_deref().map(|source| word(source, "source of a decision")).transpose()?,
            rule: self.prefix.map(ModelPattern::of_prefix),
        })
    }
}

/// What of the list is wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub enabled: Option<bool>,
    /// The name of a provider, lower case.
    pub provider: Option<String>,
    /// What input and output cost at most, in micro-USD per million tokens.
    pub max_price: Option<i64>,
}

/// The catalogue as the tenant sees it, by name: active models, and inactive ones that it decided
/// about. `limit + 1` rows, and how many there are in all.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut TenantTx, query: &PageQuery, filter: &Filter) -> Result<(Vec<TenantModel>, i64)> {
    let tenant = tx.tenant_id().uuid();
    let pattern = query.pattern();
    let rows = sqlx::query_as!(
        Row,
        r#"select c.id, c.name, c.display_name, c.context_length, c.modalities, c.input_price, c.output_price, c.cached_input_price,
             c.request_price, c.is_active, coalesce(a.enabled, false) as "enabled!", coalesce(a.audience, 'tenant') as "audience!",
             a.source as "source?", a.prefix as "prefix?",
             (select case when bool_and(r.missing_since is not null) then max(r.missing_since) end
               from model_route r
               where r.model_id = c.id) as "missing_since?",
             (select p.name
               from model_route r
               join provider p on p.id = r.provider_id
               where r.model_id = c.id
               order by r.priority, r.provider_id, r.upstream_name
               limit 1) as "provider_name?"
           from model c
           left join model_decision a on a.tenant_id = $1 and a.model_id = c.id
           where (c.is_active or a.source = 'model')
             and ($2::text is null or lower(c.name) like $2 or lower(c.display_name) like $2)
             and ($3::boolean is null or coalesce(a.enabled, false) = $3)
             and ($4::text is null or exists (
               select 1 from model_route r join provider p on p.id = r.provider_id where r.model_id = c.id and lower(p.name) = $4
             ))
             and ($5::bigint is null or (c.input_price <= $5 and c.output_price <= $5))
           order by c.name
           limit $6 offset $7"#,
        tenant,
        pattern,
        filter.enabled,
        filter.provider,
        filter.max_price,
        i64::from(query.limit) + 1,
        i64::from(query.skip),
    )
    .fetch_all(tx.conn())
    .await?;
    // The last page knows the total by itself.
    let last_page = rows.len() <= query.limit as usize && (query.skip == 0 || !rows.is_empty());
    if last_page {
        let total = i64::from(query.skip) + i64::try_from(rows.len()).unwrap_or(i64::MAX);
        return Ok((rows.into_iter().map(Row::model).collect::<Result<_>>()?, total));
    }
    let total = sqlx::query_scalar!(
        r#"select count(*) as "n!"
           from model c
           left join model_decision a on a.tenant_id = $1 and a.model_id = c.id
           where (c.is_active or a.source = 'model')
             and ($2::text is null or lower(c.name) like $2 or lower(c.display_name) like $2)
             and ($3::boolean is null or coalesce(a.enabled, false) = $3)
             and ($4::text is null or exists (
               select 1 from model_route r join provider p on p.id = r.provider_id where r.model_id = c.id and lower(p.name) = $4
             ))
             and ($5::bigint is null or (c.input_price <= $5 and c.output_price <= $5))"#,
        tenant,
        pattern,
        filter.enabled,
        filter.provider,
        filter.max_price,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((rows.into_iter().map(Row::model).collect::<Result<_>>()?, total))
}

/// The names of the providers that serve a model, in order; at most 200.
///
/// # Errors
/// When the database does not answer.
pub async fn providers(tx: &mut TenantTx) -> Result<Vec<String>> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        "select p.name
         from provider p
         where exists (
           select 1
           from model_route r
           join model c on c.id = r.model_id
           left join model_decision a on a.tenant_id = $1 and a.model_id = c.id
           where r.provider_id = p.id and (c.is_active or a.source = 'model')
         )
         order by lower(p.name), p.id
         limit 200",
        tenant,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// These models as the tenant sees them, by name; those that are not in the catalogue are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn get_many(tx: &mut TenantTx, ids: &[Uuid]) -> Result<Vec<TenantModel>> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query_as!(
        Row,
        r#"select c.id, c.name, c.display_name, c.context_length, c.modalities, c.input_price, c.output_price, c.cached_input_price,
             c.request_price, c.is_active, coalesce(a.enabled, false) as "enabled!", coalesce(a.audience, 'tenant') as "audience!",
             a.source as "source?", a.prefix as "prefix?",
             (select case when bool_and(r.missing_since is not null) then max(r.missing_since) end
               from model_route r
               where r.model_id = c.id) as "missing_since?",
             (select p.name
               from model_route r
               join provider p on p.id = r.provider_id
               where r.model_id = c.id
               order by r.priority, r.provider_id, r.upstream_name
               limit 1) as "provider_name?"
           from model c
           left join model_decision a on a.tenant_id = $1 and a.model_id = c.id
           where c.id = any ($2)
           order by c.name"#,
        tenant,
        ids,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(Row::model)
    .collect()
}

/// Enables and disables; answers the models for which that changed anything. Audiences stay.
///
/// # Errors
/// When the database does not answer.
pub async fn toggle(tx: &mut TenantTx, enable: &[Uuid], disable: &[Uuid], now: Timestamp) -> Result<Vec<Uuid>> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        r#"insert into model_access as a (tenant_id, model_id, enabled, audience, updated_at)
           select $1, w.model_id, w.enabled, coalesce(d.audience, 'tenant'), $4
           from (
             select id, true from unnest($2::uuid[]) id
             union
             select id, false from unnest($3::uuid[]) id
           ) w (model_id, enabled)
           left join model_decision d on d.tenant_id = $1 and d.model_id = w.model_id
           where w.enabled <> coalesce(d.enabled, false)
           order by w.model_id
           on conflict (tenant_id, model_id) do update
             set enabled = excluded.enabled, updated_at = excluded.updated_at
             where a.enabled <> excluded.enabled
           returning model_id"#,
        tenant,
        enable,
        disable,
        now.0,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Writes what the tenant decided about one model; without an audience the one that is stays.
/// Answers whether that changed anything.
///
/// # Errors
/// When the database does not answer.
pub async fn set(tx: &mut TenantTx, model: ModelId, enabled: bool, audience: Option<Audience>, now: Timestamp) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    let changed = sqlx::query!(
        "insert into model_access as a (tenant_id, model_id, enabled, audience, updated_at)
         select $1, m.id, $3, coalesce($4, d.audience, 'tenant'), $5
         from (select $2::uuid) m (id)
         left join model_decision d on d.tenant_id = $1 and d.model_id = m.id
         where d.model_id is null or d.enabled <> $3 or d.audience <> coalesce($4, d.audience)
         on conflict (tenant_id, model_id) do update
           set enabled = excluded.enabled, audience = excluded.audience, updated_at = excluded.updated_at",
        tenant,
        model.uuid(),
        enabled,
        audience.map(Audience::as_str),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(changed.rows_affected() > 0)
}

/// The mode of a workspace and the models that it lists, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn of_workspace(tx: &mut TenantTx, workspace: WorkspaceId) -> Result<Option<WorkspaceModels>> {
    let tenant = tx.tenant_id().uuid();
    let row = sqlx::query!(
        r#"select w.models_mode, coalesce(
             (select array_agg(l.model_id order by c.name)
               from workspace_model l
               join model c on c.id = l.model_id
               where l.tenant_id = w.tenant_id and l.workspace_id = w.id), '{}') as "models!"
           from workspace w
           where w.tenant_id = $1 and w.id = $2"#,
        tenant,
        workspace.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let mode: AccessMode = word(&row.models_mode, "models mode")?;
    Ok(Some(WorkspaceModels {
        mode,
        models: row.models.into_iter().map(ModelId::new).collect(),
    }))
}

/// Puts mode and list in the place of those that were.
///
/// # Errors
/// When the database does not answer; the foreign key when a model is gone.
pub async fn set_workspace(tx: &mut TenantTx, workspace: WorkspaceId, mode: AccessMode, models: &[Uuid], now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update workspace set models_mode = $3, updated_at = $4 where tenant_id = $1 and id = $2",
        tenant,
        workspace.uuid(),
        mode.as_str(),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from workspace_model where tenant_id = $1 and workspace_id = $2 and model_id <> all ($3)",
        tenant,
        workspace.uuid(),
        models,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into workspace_model (tenant_id, workspace_id, model_id)
         select distinct $1::uuid, $2::uuid, id from unnest($3::uuid[]) id
         on conflict (tenant_id, workspace_id, model_id) do nothing",
        tenant,
        workspace.uuid(),
        models,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What of the decisions the server's settings take away.
#[derive(Debug, Clone, Copy)]
pub struct Opened {
    /// Nobody asks what a tenant has enabled.
    pub all: bool,
    /// Nobody asks for whom.
    pub everyone: bool,
}

/// The models that a person may use in these tenants, as far as they are active and served; at most 5,000.
///
/// # Errors
/// When the database does not answer.
pub async fn of_user(tx: &mut PlatformTx, user: UserId, tenants: &[TenantId], opened: Opened) -> Result<Vec<MyModel>> {
    let tenants: Vec<Uuid> = tenants.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select a.organization_id as "tenant!", c.id, c.name, c.display_name
           from (
             select v.organization_id, v.model_id
             from user_available_models v
             where v.user_id = $1 and v.organization_id = any ($2)
             union
             select o.organization_id, o.model_id
             from user_open_models o
             where ($3 or $4) and ($3 or o.enabled) and o.user_id = $1 and o.organization_id = any ($2)
           ) a
           join tenant t on t.id = a.organization_id and t.status = 'active'
           join model c on c.id = a.model_id
           order by lower(t.name), t.id, c.name
           limit 5000"#,
        user.uuid(),
        &tenants,
        opened.all,
        opened.everyone,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| MyModel {
            tenant: r.tenant.into(),
            id: r.id.into(),
            name: r.name,
            display_name: r.display_name,
        })
        .collect())
}
