//! One-time codes of accounts: the sealed secret, the last step that was used, and recovery codes.

use tenantry_types::{Timestamp, UserId};
use time::OffsetDateTime;

use crate::{PlatformTx, Result};

/// What is stored of an account's one-time codes.
#[derive(Debug)]
pub struct Stored {
    pub secret_sealed: Vec<u8>,
    /// None until a first code has shown that the owner's app has the secret.
    pub confirmed_at: Option<OffsetDateTime>,
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut PlatformTx, user: UserId) -> Result<Option<Stored>> {
    Ok(
        sqlx::query_as!(Stored, "select secret_sealed, confirmed_at from totp where user_id = $1", user.uuid())
            .fetch_optional(tx.conn())
            .await?,
    )
}

/// Keeps a secret that waits for its first code, in place of one that still waits; false when there
/// is one that is confirmed.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(tx: &mut PlatformTx, user: UserId, sealed: &[u8], now: Timestamp) -> Result<bool> {
    let done = sqlx::query!(
        "insert into totp (user_id, secret_sealed, created_at) values ($1, $2, $3)
         on conflict (user_id) do update set secret_sealed = excluded.secret_sealed, created_at = excluded.created_at, last_step = 0
           where totp.confirmed_at is null",
        user.uuid(),
        sealed,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Confirms a secret with the step of its first code; false when it is not waiting any more.
///
/// # Errors
/// When the database does not answer.
pub async fn confirm(tx: &mut PlatformTx, user: UserId, step: i64, now: Timestamp) -> Result<bool> {
    let done = sqlx::query!(
        "update totp set confirmed_at = $3, last_step = $2 where user_id = $1 and confirmed_at is null",
        user.uuid(),
        step,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Uses a step up; false when it, or a later one, was used: of several at once, one gets it.
///
/// # Errors
/// When the database does not answer.
pub async fn use_step(tx: &mut PlatformTx, user: UserId, step: i64) -> Result<bool> {
    let done = sqlx::query!(
        "update totp set last_step = $2 where user_id = $1 and confirmed_at is not null and last_step < $2",
        user.uuid(),
        step,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Forgets secret and recovery codes; says whether there was a secret that counted.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &mut PlatformTx, user: UserId) -> Result<bool> {
    let on = sqlx::query_scalar!(
        r#"delete from totp where user_id = $1 returning (confirmed_at is not null) as "on!""#,
        user.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    put_recovery_codes(tx, user, &[]).await?;
    Ok(on == Some(true))
}

/// Puts new recovery codes in place of those there were.
///
/// # Errors
/// When the database does not answer.
pub async fn put_recovery_codes(tx: &mut PlatformTx, user: UserId, hashes: &[Vec<u8>]) -> Result<()> {
    sqlx::query!("delete from recovery_code where user_id = $1", user.uuid())
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "insert into recovery_code (user_id, code_hash) select $1, unnest($2::bytea[])",
        user.uuid(),
        hashes
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Uses a recovery code up; false when there is no such code.
///
/// # Errors
/// When the database does not answer.
pub async fn use_recovery_code(tx: &mut PlatformTx, user: UserId, hash: &[u8]) -> Result<bool> {
    let done = sqlx::query!("delete from recovery_code where user_id = $1 and code_hash = $2", user.uuid(), hash)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// # Errors
/// When the database does not answer.
pub async fn count_recovery_codes(tx: &mut PlatformTx, user: UserId) -> Result<i64> {
    Ok(
        sqlx::query_scalar!(r#"select count(*) as "n!" from recovery_code where user_id = $1"#, user.uuid())
            .fetch_one(tx.conn())
            .await?,
    )
}
