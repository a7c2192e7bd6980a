//! What a tenant wants to be told of, and what it was told already.

use serde_json::Value;
use tenantry_types::alert::{AlertKind, NotificationSettings};
use tenantry_types::{ApiKeyId, Slug, TenantId, TenantRef, Timestamp, UserId};
use uuid::Uuid;

use crate::{DbError, PlatformTx, Result, TenantTx};

/// The tenant as it is named in what is told, and what it wants to be told of.
///
/// # Errors
/// When the database does not answer.
pub async fn wishes(tx: &mut TenantTx) -> Result<Option<(TenantRef, NotificationSettings)>> {
    let tenant = tx.tenant_id().uuid();
    let row = sqlx::query!(
        r#"select t.id, t.slug, t.name, s.settings as "settings?"
           from tenant t
           left join notification_setting s on s.tenant_id = t.id
           where t.id = $1"#,
        tenant
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| {
        let tenant = TenantRef {
            id: r.id.into(),
            slug: Slug::stored(r.slug),
            name: r.name,
        };
        (
            tenant,
            r.settings
                .as_ref()
                .map_or_else(NotificationSettings::default, NotificationSettings::stored),
        )
    }))
}

/// Keeps others from changing the settings until the transaction ends.
///
/// # Errors
/// When the database does not answer.
pub async fn lock_settings(tx: &mut TenantTx, now: Timestamp) -> Result<NotificationSettings> {
    let tenant = tx.tenant_id().uuid();
    let settings = sqlx::query_scalar!(
        r#"insert into notification_setting (tenant_id, settings, updated_at) values ($1, '{}', $2)
           on conflict (tenant_id) do update set tenant_id = excluded.tenant_id
           returning settings as "settings!: Value""#,
        tenant,
        now.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(NotificationSettings::stored(&settings))
}

/// # Errors
/// When the database does not answer.
pub async fn set(tx: &mut TenantTx, settings: &NotificationSettings, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update notification_setting set settings = $2, updated_at = $3 where tenant_id = $1",
        tenant,
        settings.to_store(),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that something is told. False when it was told before, by whatever server, or when the tenant is gone.
///
/// # Errors
/// When the database does not answer.
pub async fn tell(tx: &mut TenantTx, kind: AlertKind, once: &str, now: Timestamp) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    let done = sqlx::query!(
        "insert into alert_told (tenant_id, kind, once, at) values ($1, $2, $3, $4) on conflict do nothing",
        tenant,
        kind.as_str(),
        once,
        now.0,
    )
    .execute(tx.conn())
    .await
    .map_err(DbError::from);
    match done {
        Ok(done) => Ok(done.rows_affected() > 0),
        // Purged in the meantime.
        Err(error) if error.is("alert_told_tenant_id_fkey") => Ok(false),
        Err(error) => Err(error),
    }
}

/// What of these kinds was told, as kind and which one.
///
/// # Errors
/// When the database does not answer.
pub async fn told(tx: &mut TenantTx, kinds: &[AlertKind]) -> Result<Vec<(AlertKind, String)>> {
    let tenant = tx.tenant_id().uuid();
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        "select kind, once from alert_told where tenant_id = $1 and kind = any ($2) order by at desc limit 1000",
        tenant,
        &kinds
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().filter_map(|r| Some((AlertKind::from_word(&r.kind)?, r.once))).collect())
}

/// Forgets that these were told: when they come to pass again, that is news.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(tx: &mut TenantTx, what: &[(AlertKind, String)]) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let kinds: Vec<String> = what.iter().map(|(kind, _)| kind.as_str().to_owned()).collect();
    let once: Vec<String> = what.iter().map(|(_, once)| once.clone()).collect();
    sqlx::query!(
        "delete from alert_told a using unnest($2::text[], $3::text[]) x (kind, once)
         where a.tenant_id = $1 and a.kind = x.kind and a.once = x.once",
        tenant,
        &kinds,
        &once,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes what was told before `before`, and is over: not what begins with `standing`, which has no window.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_old(tx: &mut TenantTx, before: Timestamp, standing: &str) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "delete from alert_told where tenant_id = $1 and at < $2 and not starts_with(once, $3)",
        tenant,
        before.0,
        standing,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Tenants that have something to sweep: of what was told, delivered or sent before these times.
///
/// # Errors
/// When the database does not answer.
pub async fn stale(tx: &mut PlatformTx, told: Timestamp, delivered: Timestamp, sent: Timestamp, standing: &str) -> Result<Vec<TenantId>> {
    Ok(sqlx::query_scalar!(
        r#"select x.tenant_id as "tenant_id!" from (
             (select distinct tenant_id from alert_told where at < $1 and not starts_with(once, $4) limit 500)
             union (select distinct tenant_id from webhook_delivery where created_at < $2 limit 500)
             union (select distinct tenant_id from outbox where done_at < $3 limit 500)
           ) x
           limit 500"#,
        told.0,
        delivered.0,
        sent.0,
        standing,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(TenantId::new)
    .collect())
}

/// Tenants whose members are at 80 % of their limit or more, and those that were told that they were.
///
/// # Errors
/// When the database does not answer.
pub async fn near_member_limit(tx: &mut PlatformTx, standing: &str) -> Result<Vec<TenantId>> {
    Ok(sqlx::query_scalar!(
        r#"select t.id
           from tenant t
           left join plan p on p.id = t.plan_id
           left join quota_limit q on q.tenant_id = t.id and q.resource = 'members'
           cross join lateral (select case when q.tenant_id is not null then q.amount else (p.limits ->> 'members')::bigint end as most) l
           where l.most > 0 and (select count(*) from membership m where m.tenant_id = t.id) * 10 >= l.most * 8
           union
           select tenant_id from alert_told where starts_with(once, $1)
           limit 10000"#,
        standing,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .flatten()
    .map(TenantId::new)
    .collect())
}

/// A key that ends.
#[derive(Debug)]
pub struct EndingKey {
    pub id: ApiKeyId,
    pub name: String,
    pub prefix: String,
    /// None: it is the tenant's.
    pub owner: Option<UserId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Keys of the tenant that work and end until then, the next to end first; at most 1,000.
///
/// # Errors
/// When the database does not answer.
pub async fn ending_keys(tx: &mut TenantTx, now: Timestamp, until: Timestamp) -> Result<Vec<EndingKey>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        r#"select id, name, prefix, user_id, created_at, expires_at as "expires_at!"
           from api_key
           where tenant_id = $1 and revoked_at is null and expires_at > $2 and expires_at <= $3
           order by expires_at, id
           limit 1000"#,
        tenant,
        now.0,
        until.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let keys = rows.into_iter().map(|r| EndingKey {
        id: r.id.into(),
        name: r.name,
        prefix: r.prefix,
        owner: r.user_id.map(UserId::new),
        created_at: r.created_at.into(),
        expires_at: r.expires_at.into(),
    });
    Ok(keys.collect())
}

/// Tenants with keys that end until then, by id, after this one; at most `most`.
///
/// # Errors
/// When the database does not answer.
pub async fn with_ending_keys(tx: &mut PlatformTx, now: Timestamp, until: Timestamp, after: Option<TenantId>, most: i64) -> Result<Vec<TenantId>> {
    Ok(sqlx::query_scalar!(
        "select distinct tenant_id from api_key
         where revoked_at is null and expires_at > $1 and expires_at <= $2 and ($3::uuid is null or tenant_id > $3)
         order by tenant_id
         limit $4",
        now.0,
        until.0,
        after.map(TenantId::uuid),
        most,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(TenantId::new)
    .collect())
}

/// Names of keys, as far as they are there.
///
/// # Errors
/// When the database does not answer.
pub async fn key_names(tx: &mut TenantTx, ids: &[ApiKeyId]) -> Result<Vec<(ApiKeyId, String)>> {
    let (tenant, ids) = (tx.tenant_id().uuid(), ids.iter().map(|id| id.uuid()).collect::<Vec<Uuid>>());
    let rows = sqlx::query!("select id, name from api_key where tenant_id = $1 and id = any ($2)", tenant, &ids)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(|r| (r.id.into(), r.name)).collect())
}
