//! What has to leave the house: written with its cause, worked off afterwards by `domain::outbox`.
//! Payloads are sealed here and gone when they are done. Each tenant has a queue, and the server one
//! for what belongs to no tenant; both are worked off in the same way.

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

/// A transaction on one queue.
#[derive(Debug)]
pub enum Queue {
    Tenant(TenantTx),
    Platform(PlatformTx),
}

/// Leaves things in a tenant's queue.
///
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

/// Leaves something in the server's queue.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_platform(tx: &mut PlatformTx, kind: &str, id: Uuid, payload: &[u8], now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into platform_outbox (id, kind, payload_sealed, next_at, created_at) values ($1, $2, $3, $4, $4)",
        id,
        kind,
        payload,
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

/// Removes what the server's queue was done with before `before`.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_done(tx: &mut PlatformTx, before: Timestamp) -> Result<()> {
    sqlx::query!("delete from platform_outbox where done_at < $1", before.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

impl Queue {
    /// Takes one thing that is due, and nobody else has taken; it stays locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take(&mut self, now: Timestamp) -> Result<Option<Parcel>> {
        Ok(match self {
            Self::Tenant(tx) => {
                let tenant = tx.tenant_id().uuid();
                sqlx::query_as!(
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
                .await?
            }
            Self::Platform(tx) => {
                sqlx::query_as!(
                    Parcel,
                    r#"select id, kind, payload_sealed as "payload_sealed!", attempts from platform_outbox
                       where done_at is null and next_at <= $1 and payload_sealed is not null
                       order by next_at
                       limit 1
                       for update skip locked"#,
                    now.0,
                )
                .fetch_optional(tx.conn())
                .await?
            }
        })
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn done(&mut self, id: Uuid, now: Timestamp) -> Result<()> {
        match self {
            Self::Tenant(tx) => {
                let tenant = tx.tenant_id().uuid();
                sqlx::query!(
                    "update outbox set done_at = $3, payload_sealed = null, attempts = attempts + 1 where tenant_id = $1 and id = $2",
                    tenant,
                    id,
                    now.0
                )
                .execute(tx.conn())
                .await?;
            }
            Self::Platform(tx) => {
                sqlx::query!(
                    "update platform_outbox set done_at = $2, payload_sealed = null, attempts = attempts + 1 where id = $1",
                    id,
                    now.0
                )
                .execute(tx.conn())
                .await?;
            }
        }
        Ok(())
    }

    /// Puts a failed one back; without a next time it is given up.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn failed(&mut self, id: Uuid, error: &str, next_at: Option<Timestamp>, now: Timestamp) -> Result<()> {
        let next_at = next_at.map(|t| t.0);
        match self {
            Self::Tenant(tx) => {
                let tenant = tx.tenant_id().uuid();
                sqlx::query!(
                    "update outbox set attempts = attempts + 1, last_error = $3, next_at = coalesce($4, next_at),
                       done_at = case when $4::timestamptz is null then $5::timestamptz end,
                       payload_sealed = case when $4::timestamptz is null then null else payload_sealed end
                     where tenant_id = $1 and id = $2",
                    tenant,
                    id,
                    error,
                    next_at,
                    now.0,
                )
                .execute(tx.conn())
                .await?;
            }
            Self::Platform(tx) => {
                sqlx::query!(
                    "update platform_outbox set attempts = attempts + 1, last_error = $2, next_at = coalesce($3, next_at),
                       done_at = case when $3::timestamptz is null then $4::timestamptz end,
                       payload_sealed = case when $3::timestamptz is null then null else payload_sealed end
                     where id = $1",
                    id,
                    error,
                    next_at,
                    now.0,
                )
                .execute(tx.conn())
                .await?;
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the commit does not work; then nothing of the transaction stays.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Tenant(tx) => tx.commit().await,
            Self::Platform(tx) => tx.commit().await,
        }
    }
}
