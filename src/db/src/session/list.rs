//! The sessions of one person: listing and ending them. Whatever ends somebody's standing comes
//! through `delete_all`, so that nothing is forgotten.

use tenantry_types::sign_in::Session;
use tenantry_types::{SessionId, Timestamp, UserId};

use super::SessionKey;
use crate::{PlatformTx, Result};

/// The sessions that are not over, the last used first; at most a hundred.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut PlatformTx, user: UserId, current: Option<&SessionKey>, now: Timestamp) -> Result<Vec<Session>> {
    let rows = sqlx::query!(
        r#"select id, device, address, created_at, last_seen_at, coalesce(id_hash = $2, false) as "current!"
           from session
           where user_id = $1 and expires_at > $3
           order by last_seen_at desc, id desc
           limit 100"#,
        user.uuid(),
        current.map(|key| key.0.as_slice()),
        now.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Session {
            id: r.id.into(),
            device: r.device,
            address: r.address,
            created_at: r.created_at.into(),
            last_seen_at: r.last_seen_at.into(),
            current: r.current,
        })
        .collect())
}

/// Ends one session of this person; says whether there was one.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_one(tx: &mut PlatformTx, user: UserId, id: SessionId) -> Result<bool> {
    let done = sqlx::query!("delete from session where user_id = $1 and id = $2", user.uuid(), id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends all sessions of this person but the one named, and all of their access tokens; says how many
/// sessions those were.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_all(tx: &mut PlatformTx, user: UserId, but: Option<&SessionKey>) -> Result<u64> {
    let done = sqlx::query!(
        "delete from session where user_id = $1 and id_hash is distinct from $2",
        user.uuid(),
        but.map(|key| key.0.as_slice()),
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from token_family where user_id = $1", user.uuid())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}
