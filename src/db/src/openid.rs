//! Signing in with OpenID Connect: identities at providers, and attempts that are under way.

use tenantry_types::openid::Identity;
use tenantry_types::{IdentityId, Timestamp, UserId};
use uuid::Uuid;

use crate::session::SessionKey;
use crate::{PlatformTx, Result};

/// Somebody who left for a provider.
#[derive(Debug)]
pub struct Attempt<'a> {
    pub state_hash: &'a [u8],
    pub browser_hash: &'a [u8],
    pub payload_sealed: &'a [u8],
    /// The session that asks for a link; the attempt ends with it.
    pub session: Option<&'a SessionKey>,
    pub expires_at: Timestamp,
}

/// # Errors
/// When the database does not answer, or the session is over.
pub async fn begin(tx: &mut PlatformTx, attempt: &Attempt<'_>) -> Result<()> {
    sqlx::query!(
        "insert into openid_attempt (state_hash, browser_hash, payload_sealed, session_hash, expires_at) values ($1, $2, $3, $4, $5)",
        attempt.state_hash,
        attempt.browser_hash,
        attempt.payload_sealed,
        attempt.session.map(SessionKey::hash),
        attempt.expires_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes an attempt of this browser, so that nobody takes it again; answers what was sealed.
///
/// # Errors
/// When the database does not answer.
pub async fn take(tx: &mut PlatformTx, state_hash: &[u8], browser_hash: &[u8], now: Timestamp) -> Result<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        "delete from openid_attempt where state_hash = $1 and browser_hash = $2 and expires_at > $3 returning payload_sealed",
        state_hash,
        browser_hash,
        now.0,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// # Errors
/// When the database does not answer.
pub async fn delete_expired(tx: &mut PlatformTx, now: Timestamp) -> Result<()> {
    sqlx::query!("delete from openid_attempt where expires_at <= $1", now.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whose identity this is.
///
/// # Errors
/// When the database does not answer.
pub async fn owner(tx: &mut PlatformTx, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    Ok(
        sqlx::query_scalar!("select user_id from identity where issuer = $1 and subject = $2", issuer, subject)
            .fetch_optional(tx.conn())
            .await?
            .map(UserId::new),
    )
}

/// A new identity of an account.
#[derive(Debug)]
pub struct NewIdentity<'a> {
    pub id: IdentityId,
    pub user: UserId,
    pub issuer: &'a str,
    pub subject: &'a str,
    pub provider: &'a str,
    pub email: Option<&'a str>,
}

/// # Errors
/// The constraint `identity_subject_key` when it is somebody's already.
pub async fn insert(tx: &mut PlatformTx, new: &NewIdentity<'_>, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into identity (id, user_id, issuer, subject, provider, email, created_at, last_used_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        new.id.uuid(),
        new.user.uuid(),
        new.issuer,
        new.subject,
        new.provider,
        new.email,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes a sign-in.
///
/// # Errors
/// When the database does not answer.
pub async fn touch(tx: &mut PlatformTx, issuer: &str, subject: &str, email: Option<&str>, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update identity set last_used_at = $4, email = coalesce($3, email) where issuer = $1 and subject = $2",
        issuer,
        subject,
        email,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The identities of an account, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut PlatformTx, user: UserId) -> Result<Vec<Identity>> {
    let rows = sqlx::query!(
        "select id, provider, email, last_used_at from identity where user_id = $1 order by created_at, id limit 100",
        user.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Identity {
            id: r.id.into(),
            provider: r.provider,
            email: r.email,
            last_used_at: r.last_used_at.into(),
        })
        .collect())
}

/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &mut PlatformTx, user: UserId, id: IdentityId) -> Result<bool> {
    let done = sqlx::query!("delete from identity where user_id = $1 and id = $2", user.uuid(), id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes all identities from an account.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_all(tx: &mut PlatformTx, user: UserId) -> Result<()> {
    sqlx::query!("delete from identity where user_id = $1", user.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The addresses of accounts: their own, and those of their identities.
///
/// # Errors
/// When the database does not answer.
pub async fn addresses(tx: &mut PlatformTx, users: &[Uuid]) -> Result<Vec<(UserId, String)>> {
    let rows = sqlx::query!(
        r#"select u.id, a.email as "email!"
           from user_account u
           cross join lateral (
             select u.email union select i.email from identity i where i.user_id = u.id and i.email is not null limit 100
           ) a
           where u.id = any ($1)"#,
        users
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.email)).collect())
}
