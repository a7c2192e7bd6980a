//! Providers: upstreams that serve models. Keys come and go sealed.

use tenantry_types::provider::{Provider, ProviderCheck};
use tenantry_types::{ProviderId, Timestamp};
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
    check_ok: Option<bool>,
    check_at: Option<OffsetDateTime>,
    check_error: Option<String>,
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
        Ok(Provider {
            id: self.id.into(),
            name: self.name,
            kind: word(&self.kind, "provider kind")?,
            base_url: self.base_url,
            enabled: self.enabled,
            has_api_key: self.has_api_key,
            last_check,
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
             p.check_error, p.created_at,
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
             p.check_error, p.created_at,
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
        "insert into provider (id, name, kind, base_url, api_key_sealed, enabled, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        provider.id.uuid(),
        provider.name,
        provider.kind.as_str(),
        provider.base_url,
        api_key,
        provider.enabled,
        provider.created_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes name, kind, address, whether it is enabled, and the last check.
///
/// # Errors
/// The constraint `NAME_KEY` when the name is taken.
pub async fn update(tx: &mut PlatformTx, provider: &Provider, now: Timestamp) -> Result<()> {
    let check = provider.last_check.as_ref();
    sqlx::query!(
        "update provider
         set name = $2, kind = $3, base_url = $4, enabled = $5, check_ok = $6, check_at = $7, check_error = $8, updated_at = $9
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
        "update provider set check_ok = $2, check_at = $3, check_error = $4 where id = $1",
        id.uuid(),
        check.ok,
        check.at.0,
        check.error,
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
