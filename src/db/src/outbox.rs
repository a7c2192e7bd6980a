//! What has to leave the house: written with its cause, worked off afterwards by `domain::outbox`.
//! Payloads are sealed here and gone when they are done.

use tenantry_types::{TenantId, Timestamp};
use uuid::Uuid;

use crate::{PlatformTx, Result, TenantTx};

/// Something to send.
#[derive(Debug)]
pub struct Parcel {
    pub id: Uuid,
    pub kind: String,
    pub payload_sealed: Vec<u8>,
    pub attempts: i32,
}

/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &mut TenantTx, kind: &str, parcels: &[(Uuid, Vec<u8>)], now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let ids: Vec<Uuid> = parcels.iter().map(|(id, _)| *id).collect();
    let payloads: Vec<Vec<u8>> = parcels.iter().map(|(_, p)| p.clone()).collect();
    sqlx::query!(
        "insert into outbox (tenant_id, id, kind, payload_sealed, next_at, created_at)
         select $1, i, $2, p, $5, $5 from unnest($3::uuid[], $4::bytea[]) x (i, p)",
        tenant,
        kind,
        &ids,
        &payloads,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The tenants that have something due.
///
/// # Errors
/// When the database does not answer.
pub async fn due(tx: &mut PlatformTx, now: Timestamp) -> Result<Vec<TenantId>> {
    Ok(sqlx::query_scalar!(
        "select distinct tenant_id from outbox where done_at is null and next_at <= $1 limit 50",
        now.0
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(TenantId::new)
    .collect())
}

/// Takes one thing that is due, and nobody else has taken; it stays locked until the transaction ends.
///
/// # Errors
/// When the database does not answer.
pub async fn take(tx: &mut TenantTx, now: Timestamp) -> Result<Option<Parcel>> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_as!(
        Parcel,
        r#"select id, kind, payload_sealed as "payload_sealed!", attempts from outbox
           where tenant_id = $1 and done_at is null and next_at <= $2 and payload_sealed is not null
           order by next_at
           limit 1
           for update skip locked"#,
        tenant,
        now.0,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// # Errors
/// When the database does not answer.
pub async fn done(tx: &mut TenantTx, id: Uuid, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update outbox set done_at = $3, payload_sealed = null, attempts = attempts + 1 where tenant_id = $1 and id = $2",
        tenant,
        id,
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts a failed one back; without a next time it is given up.
///
/// # Errors
/// When the database does not answer.
pub async fn failed(tx: &mut TenantTx, id: Uuid, error: &str, next_at: Option<Timestamp>, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update outbox set attempts = attempts + 1, last_error = $3, next_at = coalesce($4, next_at),
           done_at = case when $4::timestamptz is null then $5::timestamptz end,
           payload_sealed = case when $4::timestamptz is null then null else payload_sealed end
         where tenant_id = $1 and id = $2",
        tenant,
        id,
        error,
        next_at.map(|t| t.0),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
