//! Providers: upstreams that serve models. Keys come and go sealed.

use std::time::Duration;

use tenantry_types::provider::{Provider, ProviderCheck, ProviderSync};
use tenantry_types::{ProviderId, TenantId, Timestamp};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::word;
use crate::{PlatformTx, Result};

/// What a name that is taken ends with.
pub const NAME_KEY: &str = "provider_name_key";
/// What the deletion of a provider ends with that routes still name.
pub const ROUTE_KEY: &str = "model_route_provider_id_fkey";

struct Row {
    id: Uuid,
    name: String,
    kind: String,
    base_url: String,
    enabled: bool,
    has_api_key: bool,
    api_version: Option<String>,
    sync_hours: Option<i32>,
    new_models: String,
    check_ok: Option<bool>,
    check_at: Option<OffsetDateTime>,
    check_error: Option<String>,
    sync_at: Option<OffsetDateTime>,
    sync_error: Option<String>,
    sync_added: Option<i32>,
    sync_changed: Option<i32>,
    sync_missing: Option<i32>,
    models: i64,
    created_at: OffsetDateTime,
}

impl Row {
    fn provider(self) -> Result<Provider> {
        let last_check = match (self.check_ok, self.check_at) {
            (Some(ok), Some(at)) => Some(ProviderCheck {
                ok,
                at: at.into(),
                error: self.check_error,
            }),
            _ => None,
        };
        let count = |n: Option<i32>| i64::from(n.unwrap_or_default());
        let last_sync = self.sync_at.map(|at| ProviderSync {
            at: at.into(),
            error: self.sync_error,
            added: count(self.sync_added),
            changed: count(self.sync_changed),
            missing: count(self.sync_missing),
        });
        Ok(Provider {
            id: self.id.into(),
            name: self.name,
            kind: word(&self.kind, "provider kind")?,
            base_url: self.base_url,
            enabled: self.enabled,
            has_api_key: self.has_api_key,
            api_version: self.api_version,
            sync_hours: self.sync_hours.map(i64::from),
            new_models: word(&self.new_models, "new models")?,
            last_check,
            last_sync,
            models: self.models,
            created_at: self.created_at.into(),
        })
    }
}

/// All providers, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut PlatformTx) -> Result<Vec<Provider>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select p.id, p.name, p.kind, p.base_url, p.enabled, p.api_key_sealed is not null as "has_api_key!", p.check_ok, p.check_at,
             p.check_error, p.created_at, p.api_version, p.sync_hours, p.new_models, p.sync_at, p.sync_error, p.sync_added, p.sync_changed,
             p.sync_missing,
             (select count(distinct r.model_id) from model_route r where r.provider_id = p.id) as "models!"
           from provider p
           order by lower(p.name), p.id"#
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::provider).collect()
}

/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut PlatformTx, id: ProviderId) -> Result<Option<Provider>> {
    sqlx::query_as!(
        Row,
        r#"select p.id, p.name, p.kind, p.base_url, p.enabled, p.api_key_sealed is not null as "has_api_key!", p.check_ok, p.check_at,
             p.check_error, p.created_at, p.api_version, p.sync_hours, p.new_models, p.sync_at, p.sync_error, p.sync_added, p.sync_changed,
             p.sync_missing,
             (select count(distinct r.model_id) from model_route r where r.provider_id = p.id) as "models!"
           from provider p
           where p.id = $1"#,
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?
    .map(Row::provider)
    .transpose()
}

/// Keeps others from changing the provider until the transaction ends.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut PlatformTx, id: ProviderId) -> Result<bool> {
    Ok(sqlx::query_scalar!("select id from provider where id = $1 for update", id.uuid())
        .fetch_optional(tx.conn())
        .await?
        .is_some())
}

/// The sealed key.
///
/// # Errors
/// When the database does not answer.
pub async fn api_key(tx: &mut PlatformTx, id: ProviderId) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!("select api_key_sealed from provider where id = $1", id.uuid())
        .fetch_optional(tx.conn())
        .await?
        .flatten())
}

/// # Errors
/// The constraint `NAME_KEY` when the name is taken.
pub async fn insert(tx: &mut PlatformTx, provider: &Provider, api_key: Option<&[u8]>) -> Result<()> {
    sqlx::query!(
        "insert into provider (id, name, kind, base_url, api_key_sealed, enabled, api_version, sync_hours, new_models, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        provider.id.uuid(),
        provider.name,
        provider.kind.as_str(),
        provider.base_url,
        api_key,
        provider.enabled,
        provider.api_version,
        provider.sync_hours.and_then(|hours| i32::try_from(hours).ok()),
        provider.new_models.as_str(),
        provider.created_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes all but the key, the last reading of its list, and when it was made.
///
/// # Errors
/// The constraint `NAME_KEY` when the name is taken.
pub async fn update(tx: &mut PlatformTx, provider: &Provider, now: Timestamp) -> Result<()> {
    let check = provider.last_check.as_ref();
    sqlx::query!(
        "update provider
         set name = $2, kind = $3, base_url = $4, enabled = $5, check_ok = $6, check_at = $7, check_error = $8, updated_at = $9,
           api_version = $10, sync_hours = $11, new_models = $12, down_since = case when not $6 then down_since end
         where id = $1",
        provider.id.uuid(),
        provider.name,
        provider.kind.as_str(),
        provider.base_url,
        provider.enabled,
        check.map(|c| c.ok),
        check.map(|c| c.at.0),
        check.and_then(|c| c.error.as_deref()),
        now.0,
        provider.api_version,
        provider.sync_hours.and_then(|hours| i32::try_from(hours).ok()),
        provider.new_models.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn set_api_key(tx: &mut PlatformTx, id: ProviderId, sealed: Option<&[u8]>, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update provider set api_key_sealed = $2, updated_at = $3 where id = $1",
        id.uuid(),
        sealed,
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what a look at the upstream said.
///
/// # Errors
/// When the database does not answer.
pub async fn set_check(tx: &mut PlatformTx, id: ProviderId, check: &ProviderCheck) -> Result<()> {
    sqlx::query!(
        "update provider
         set check_ok = $2, check_at = $3, check_error = $4, down_since = case when not $2 then coalesce(down_since, $3) end
         where id = $1",
        id.uuid(),
        check.ok,
        check.at.0,
        check.error,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes providers to check: of those that are switched on the ones that no server took within `every`, which no other
/// server gets then; at most 20. By the database's clock.
///
/// # Errors
/// When the database does not answer.
pub async fn claim_checks(tx: &mut PlatformTx, every: Duration) -> Result<Vec<ProviderId>> {
    Ok(sqlx::query_scalar!(
        "update provider
         set check_begun_at = now()
         where id in (
           select id
           from provider
           where enabled and (check_begun_at is null or check_begun_at <= now() - make_interval(secs => $1))
           order by check_begun_at nulls first
           limit 20
           for update skip locked
         )
         returning id",
        every.as_secs_f64(),
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(ProviderId::new)
    .collect())
}

/// Takes one provider whose list is due to be read, which no other server gets then. The first time is due when it has
/// been there for that long.
///
/// # Errors
/// When the database does not answer.
pub async fn claim_sync(tx: &mut PlatformTx) -> Result<Option<ProviderId>> {
    Ok(sqlx::query_scalar!(
        "update provider
         set sync_begun_at = now()
         where id = (
           select id
           from provider
           where enabled and coalesce(sync_begun_at, created_at) <= now() - make_interval(hours => sync_hours)
           order by coalesce(sync_begun_at, created_at)
           limit 1
           for update skip locked
         )
         returning id",
    )
    .fetch_optional(tx.conn())
    .await?
    .map(ProviderId::new))
}

/// Notes how a reading of the list on schedule ended.
///
/// # Errors
/// When the database does not answer.
pub async fn set_sync(tx: &mut PlatformTx, id: ProviderId, sync: &ProviderSync) -> Result<()> {
    let count = |n: i64| i32::try_from(n).unwrap_or(i32::MAX);
    sqlx::query!(
        "update provider set sync_at = $2, sync_error = $3, sync_added = $4, sync_changed = $5, sync_missing = $6 where id = $1",
        id.uuid(),
        sync.at.0,
        sync.error,
        count(sync.added),
        count(sync.changed),
        count(sync.missing),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// # Errors
/// The constraint `ROUTE_KEY` when routes name it.
pub async fn delete(tx: &mut PlatformTx, id: ProviderId) -> Result<()> {
    sqlx::query!("delete from provider where id = $1", id.uuid()).execute(tx.conn()).await?;
    Ok(())
}

/// A provider of which there is something to tell.
#[derive(Debug, Clone)]
pub struct Turned {
    pub id: ProviderId,
    pub name: String,
    /// Since when it does not answer; None: it is there again.
    pub down_since: Option<Timestamp>,
    /// The time of this kind that was told of last, if it was not told since that it is there again.
    pub told: Option<Timestamp>,
}

/// Providers that did not answer twice in a row and that nobody was told of, and those that are there again after
/// somebody was told; at most 100.
///
/// # Errors
/// When the database does not answer.
pub async fn turned(tx: &mut PlatformTx) -> Result<Vec<Turned>> {
    let rows = sqlx::query!(
        "select id, name, down_since, down_told
         from provider
         where enabled
           and ((not check_ok and check_at > down_since and down_told is distinct from down_since)
             or (check_ok and down_told is not null))
         order by id
         limit 100"
    )
    .fetch_all(tx.conn())
    .await?;
    let turned = rows.into_iter().map(|r| Turned {
        id: r.id.into(),
        name: r.name,
        down_since: r.down_since.map(Timestamp),
        told: r.down_told.map(Timestamp),
    });
    Ok(turned.collect())
}

/// Notes that all were told. False when it is not so any more, or when another server noted it.
///
/// # Errors
/// When the database does not answer.
pub async fn set_told(tx: &mut PlatformTx, of: &Turned) -> Result<bool> {
    let done = sqlx::query!(
        "update provider set down_told = down_since
         where id = $1 and down_since is not distinct from $2 and down_told is not distinct from $3",
        of.id.uuid(),
        of.down_since.map(|t| t.0),
        of.told.map(|t| t.0),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Tenants that have enabled a model which this provider serves, by id, after this one; at most `most`.
///
/// # Errors
/// When the database does not answer.
pub async fn tenants_of(tx: &mut PlatformTx, id: ProviderId, after: Option<TenantId>, most: i64) -> Result<Vec<TenantId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct d.tenant_id as "tenant_id!"
           from model_decision d
           join model c on c.id = d.model_id and c.is_active
           where d.enabled
             and ($2::uuid is null or d.tenant_id > $2)
             and exists (select 1 from model_route r where r.model_id = d.model_id and r.provider_id = $1)
           order by 1
           limit $3"#,
        id.uuid(),
        after.map(TenantId::uuid),
        most,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(TenantId::new)
    .collect())
}
