//! Whether an account is held by who owns its address.

use tenantry_types::{Timestamp, UserId};

use crate::{PlatformTx, Result};

/// Whether who is in the account has shown there that its address is theirs.
///
/// # Errors
/// When the database does not answer, or there is no such account.
pub async fn is_in(tx: &mut PlatformTx, id: UserId) -> Result<bool> {
    Ok(
        sqlx::query_scalar!("select held_by_owner from user_account where id = $1 for no key update", id.uuid())
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Notes that it is so.
///
/// # Errors
/// When the database does not answer.
pub async fn note(tx: &mut PlatformTx, id: UserId, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update user_account set held_by_owner = true, updated_at = $2 where id = $1",
        id.uuid(),
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the password from an account.
///
/// # Errors
/// When the database does not answer.
pub async fn clear_password(tx: &mut PlatformTx, id: UserId, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update user_account set password_hash = null, updated_at = $2 where id = $1",
        id.uuid(),
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
