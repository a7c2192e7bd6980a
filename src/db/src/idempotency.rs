//! Answers of writes that carried an idempotency key.

use tenantry_types::Timestamp;

use crate::{PlatformTx, Result};

/// What is known of a key.
#[derive(Debug)]
pub struct Known {
    pub body_hash: Vec<u8>,
    /// None while the request runs.
    pub status: Option<i16>,
    pub answer_sealed: Option<Vec<u8>>,
    pub secret: bool,
    pub created_at: Timestamp,
}

/// Takes a key for a request. None: it was free; else what is known of it.
///
/// # Errors
/// When the database does not answer.
pub async fn take(tx: &mut PlatformTx, scope: &[u8], body_hash: &[u8], now: Timestamp, stale: Timestamp) -> Result<Option<Known>> {
    sqlx::query!("delete from idempotency_key where scope = $1 and created_at < $2", scope, stale.0)
        .execute(tx.conn())
        .await?;
    let done = sqlx::query!(
        "insert into idempotency_key (scope, body_hash, created_at) values ($1, $2, $3) on conflict (scope) do nothing",
        scope,
        body_hash,
        now.0
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() > 0 {
        return Ok(None);
    }
    let row = sqlx::query!(
        "select body_hash, status, answer_sealed, secret, created_at from idempotency_key where scope = $1",
        scope
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Known {
        body_hash: r.body_hash,
        status: r.status,
        answer_sealed: r.answer_sealed,
        secret: r.secret,
        created_at: r.created_at.into(),
    }))
}

/// Keeps the answer of a request.
///
/// # Errors
/// When the database does not answer.
pub async fn keep(tx: &mut PlatformTx, scope: &[u8], status: i16, answer_sealed: Option<&[u8]>, secret: bool) -> Result<()> {
    sqlx::query!(
        "update idempotency_key set status = $2, answer_sealed = $3, secret = $4 where scope = $1",
        scope,
        status,
        answer_sealed,
        secret
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Frees a key whose request came to nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn free(tx: &mut PlatformTx, scope: &[u8]) -> Result<()> {
    sqlx::query!("delete from idempotency_key where scope = $1", scope)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Removes keys older than a day.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_old(tx: &mut PlatformTx, before: Timestamp) -> Result<u64> {
    Ok(sqlx::query!("delete from idempotency_key where created_at < $1", before.0)
        .execute(tx.conn())
        .await?
        .rows_affected())
}
