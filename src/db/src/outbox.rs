//! What has to leave the house: written with its cause, worked off afterwards by `domain::outbox`.
//! Payloads are sealed here and gone when they are done. Each tenant has a queue, and the server one
//! for what belongs to no tenant; both are worked off in the same way. A tenant's queue has lanes, one
//! for mail and one for each receiver, so that nobody waits behind a receiver that does not answer.

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

/// Leaves things in a tenant's queue, each in its lane; None: mail.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &mut TenantTx, kind: &str, parcels: &[(Uuid, Option<Uuid>, Vec<u8>)], now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let ids: Vec<Uuid> = parcels.iter().map(|(id, ..)| *id).collect();
    let lanes: Vec<Option<Uuid>> = parcels.iter().map(|(_, lane, _)| *lane).collect();
    let payloads: Vec<Vec<u8>> = parcels.iter().map(|(.., p)| p.clone()).collect();
    sqlx::query!(
        "insert into outbox (tenant_id, id, lane, kind, payload_sealed, next_at, created_at)
         select $1, i, l, $2, p, $6, $6 from unnest($3::uuid[], $4::uuid[], $5::bytea[]) x (i, l, p)",
        tenant,
        kind,
        &ids,
        &lanes as &[Option<Uuid>],
        &payloads,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Leaves things in the server's queue.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_platform(tx: &mut PlatformTx, kind: &str, parcels: &[(Uuid, Vec<u8>)], now: Timestamp) -> Result<()> {
    let (ids, payloads): (Vec<Uuid>, Vec<Vec<u8>>) = parcels.iter().cloned().unzip();
    sqlx::query!(
        "insert into platform_outbox (id, kind, payload_sealed, next_at, created_at)
         select i, $1, p, $4, $4 from unnest($2::uuid[], $3::bytea[]) x (i, p)",
        kind,
        &ids,
        &payloads,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The lanes of tenants that have something due, at most so many, those first that have waited longest. Without
/// `mail` only those of receivers.
///
/// # Errors
/// When the database does not answer.
pub async fn due(tx: &mut PlatformTx, now: Timestamp, mail: bool, most: i64) -> Result<Vec<(TenantId, Option<Uuid>)>> {
    let rows = sqlx::query!(
        "select tenant_id, lane from outbox
         where done_at is null and next_at <= $1 and ($2 or lane is not null)
         group by tenant_id, lane
         order by min(next_at)
         limit $3",
        now.0,
        mail,
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (r.tenant_id.into(), r.lane)).collect())
}

/// Removes what a tenant's queue was done with before `before`.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_done_of(tx: &mut TenantTx, before: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!("delete from outbox where tenant_id = $1 and done_at < $2", tenant, before.0)
        .execute(tx.conn())
        .await?;
    Ok(())
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
    /// Takes one thing of a lane that is due. Until `lease` nobody else takes it: no transaction is held open while it is
    /// sent, and what a server had in hand that died is taken again after that.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take(&mut self, lane: Option<Uuid>, now: Timestamp, lease: Timestamp) -> Result<Option<Parcel>> {
        Ok(match self {
            Self::Tenant(tx) => {
                let tenant = tx.tenant_id().uuid();
                sqlx::query_as!(
                    Parcel,
                    r#"update outbox set next_at = $4
                       where tenant_id = $1 and id = (
                         select id from outbox
                         where tenant_id = $1 and lane is not distinct from $2 and done_at is null and next_at <= $3 and payload_sealed is not null
                         order by next_at, id
                         limit 1
                         for update skip locked
                       )
                       returning id, kind, payload_sealed as "payload_sealed!", attempts"#,
                    tenant,
                    lane,
                    now.0,
                    lease.0,
                )
                .fetch_optional(tx.conn())
                .await?
            }
            Self::Platform(tx) => {
                sqlx::query_as!(
                    Parcel,
                    r#"update platform_outbox set next_at = $2
                       where id = (
                         select id from platform_outbox
                         where done_at is null and next_at <= $1 and payload_sealed is not null
                         order by next_at, id
                         limit 1
                         for update skip locked
                       )
                       returning id, kind, payload_sealed as "payload_sealed!", attempts"#,
                    now.0,
                    lease.0,
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

    /// Has what waits in a lane wait until then: its receiver does not answer.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hold_up(&mut self, lane: Uuid, until: Timestamp) -> Result<()> {
        let Self::Tenant(tx) = self else { return Ok(()) };
        let tenant = tx.tenant_id().uuid();
        sqlx::query!(
            "update outbox set next_at = $3 where tenant_id = $1 and lane = $2 and done_at is null and next_at < $3",
            tenant,
            lane,
            until.0,
        )
        .execute(tx.conn())
        .await?;
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
