//! Sign-ups that wait for the link in their mail. Only hashes of the tokens are kept.

use tenantry_types::{Timestamp, UserId};

use crate::{PlatformTx, Result};

/// What waits: the id that the account will have, and what was typed, sealed.
#[derive(Debug)]
pub struct Waiting {
    pub user: UserId,
    pub payload_sealed: Vec<u8>,
}

/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &mut PlatformTx, hash: &[u8], waiting: &Waiting, now: Timestamp, until: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into sign_up (token_hash, user_id, payload_sealed, created_at, expires_at) values ($1, $2, $3, $4, $5)",
        hash,
        waiting.user.uuid(),
        waiting.payload_sealed,
        now.0,
        until.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a link stands for, without using it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut PlatformTx, hash: &[u8], now: Timestamp) -> Result<Option<Waiting>> {
    let row = sqlx::query!(
        "select user_id, payload_sealed from sign_up where token_hash = $1 and expires_at > $2",
        hash,
        now.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Waiting {
        user: r.user_id.into(),
        payload_sealed: r.payload_sealed,
    }))
}

/// Uses a link up: of several at once, one gets it.
///
/// # Errors
/// When the database does not answer.
pub async fn take(tx: &mut PlatformTx, hash: &[u8]) -> Result<bool> {
    let done = sqlx::query!("delete from sign_up where token_hash = $1", hash).execute(tx.conn()).await?;
    Ok(done.rows_affected() == 1)
}

/// Removes those whose time is over.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_expired(tx: &mut PlatformTx, now: Timestamp) -> Result<()> {
    sqlx::query!("delete from sign_up where expires_at < $1", now.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
