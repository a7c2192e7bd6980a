//! Single-use links of accounts: setting a new password, proving an address. Only hashes of their
//! tokens are kept.

use tenantry_types::{Email, Timestamp, UserId};
use uuid::Uuid;

use crate::{PlatformTx, Result};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To set a new password.
    Reset,
    /// To prove an address.
    Verify,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Verify => "verify",
        }
    }
}

/// Who a link is for.
#[derive(Debug)]
pub struct Link {
    pub user: UserId,
    /// The address that it was made for.
    pub email: Email,
}

/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &mut PlatformTx, kind: Kind, hash: &[u8], link: &Link, now: Timestamp, until: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into account_token (token_hash, user_id, kind, email, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
        hash,
        link.user.uuid(),
        kind.as_str(),
        link.email.as_str(),
        now.0,
        until.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whose link this is, without using it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut PlatformTx, kind: Kind, hash: &[u8], now: Timestamp) -> Result<Option<Link>> {
    let row = sqlx::query!(
        "select user_id, email from account_token where token_hash = $1 and kind = $2 and expires_at > $3",
        hash,
        kind.as_str(),
        now.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| link(r.user_id, r.email)))
}

/// Uses a link up: of several at once, one gets it.
///
/// # Errors
/// When the database does not answer.
pub async fn take(tx: &mut PlatformTx, kind: Kind, hash: &[u8], now: Timestamp) -> Result<Option<Link>> {
    let row = sqlx::query!(
        "delete from account_token where token_hash = $1 and kind = $2 and expires_at > $3 returning user_id, email",
        hash,
        kind.as_str(),
        now.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| link(r.user_id, r.email)))
}

fn link(user: Uuid, email: String) -> Link {
    Link {
        user: user.into(),
        email: Email::stored(email),
    }
}

/// Makes all links of this kind worthless.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_all(tx: &mut PlatformTx, kind: Kind, user: UserId) -> Result<()> {
    sqlx::query!("delete from account_token where user_id = $1 and kind = $2", user.uuid(), kind.as_str())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Removes links whose time is over.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_expired(tx: &mut PlatformTx, now: Timestamp) -> Result<()> {
    sqlx::query!("delete from account_token where expires_at < $1", now.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
