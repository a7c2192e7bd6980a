//! Where accounts were signed in from.

use tenantry_types::{Email, Timestamp, UserId};

use crate::{PlatformTx, Result};

/// Whether the account of this address, if there is one, was signed in from this network.
///
/// # Errors
/// When the database does not answer.
pub async fn is_known(tx: &mut PlatformTx, email: &Email, network: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
             select 1 from sign_in_place p
             join user_account u on u.id = p.user_id
             where u.email = $1 and p.network = $2
           ) as "known!""#,
        email.as_str(),
        network,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Whether the account was signed in from places, and never from this network nor with this device.
///
/// # Errors
/// When the database does not answer.
pub async fn is_strange(tx: &mut PlatformTx, user: UserId, network: &str, device: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) > 0 and not bool_or(network = $2 or device = $3) as "strange!" from sign_in_place where user_id = $1"#,
        user.uuid(),
        network,
        device,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Notes that an account was signed in here.
///
/// # Errors
/// When the database does not answer.
pub async fn touch(tx: &mut PlatformTx, user: UserId, network: &str, device: &str, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into sign_in_place (user_id, network, device, first_seen_at, last_seen_at) values ($1, $2, $3, $4, $4)
         on conflict (user_id, network, device) do update set last_seen_at = excluded.last_seen_at",
        user.uuid(),
        network,
        device,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets all places of an account.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_all(tx: &mut PlatformTx, user: UserId) -> Result<()> {
    sqlx::query!("delete from sign_in_place where user_id = $1", user.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets places that were not seen since `before`.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_old(tx: &mut PlatformTx, before: Timestamp) -> Result<()> {
    sqlx::query!("delete from sign_in_place where last_seen_at < $1", before.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
