//! Tokens of a log-in over the API, and the keys that they are signed with. Families and refresh
//! tokens belong to accounts; only hashes of refresh tokens are stored.

use tenantry_types::sign_in::SignInMethod;
use tenantry_types::{TenantId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use crate::error::word;
use crate::{PlatformTx, Result};

/// A log-in over the API, and where its tokens stand.
#[derive(Debug, Clone)]
pub struct Family {
    pub id: Uuid,
    pub user: UserId,
    pub tenant: Option<TenantId>,
    pub workspace: Option<WorkspaceId>,
    /// When and how the person proved who they are.
    pub began: (Timestamp, SignInMethod),
    pub expires_at: Timestamp,
}

/// Begins a family, bound to the password that was given.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(tx: &mut PlatformTx, family: &Family, password_version: i32) -> Result<()> {
    sqlx::query!(
        "insert into token_family (id, user_id, tenant, workspace, password_version, created_at, expires_at, method)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        family.id,
        family.user.uuid(),
        family.tenant.map(TenantId::uuid),
        family.workspace.map(WorkspaceId::uuid),
        password_version,
        family.began.0.0,
        family.expires_at.0,
        family.began.1.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A family that has not ended.
#[derive(Debug, Clone, Copy)]
pub struct Alive {
    /// When the log-in was, and how it was done.
    pub signed_in: (Timestamp, SignInMethod),
    pub until: Timestamp,
}

/// When and how a family began that lives: neither ended nor over, of an active account with the same
/// password as at its beginning, and of a tenant that the person may still enter. None for one that does not.
///
/// # Errors
/// When the database does not answer.
pub async fn alive(tx: &mut PlatformTx, id: Uuid, user: UserId, tenant: Option<TenantId>, now: Timestamp) -> Result<Option<Alive>> {
    let row = sqlx::query!(
        "select f.created_at, f.method, f.expires_at from token_family f
         join user_account u on u.id = f.user_id and u.status = 'active' and u.password_version = f.password_version
         where f.id = $1 and f.user_id = $2 and f.expires_at > $4
           and ($3::uuid is null or u.is_operator or exists (
             select 1 from membership m where m.tenant_id = $3 and m.user_id = f.user_id and m.status = 'active'
           ))",
        id,
        user.uuid(),
        tenant.map(TenantId::uuid),
        now.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Alive {
            signed_in: (r.created_at.into(), word(&r.method, "sign-in method")?),
            until: r.expires_at.into(),
        })
    })
    .transpose()
}

/// Adds the refresh token that is valid now.
///
/// # Errors
/// When the database does not answer.
pub async fn add(tx: &mut PlatformTx, family: Uuid, token_hash: &[u8], now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into refresh_token (token_hash, family_id, created_at) values ($1, $2, $3)",
        token_hash,
        family,
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A refresh token that somebody shows.
#[derive(Debug)]
pub struct Shown {
    pub family: Family,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
    /// After so many hours the tenant that the family stands in asks its members to sign in again.
    pub session_hours: Option<u16>,
}

/// Finds a refresh token and locks its family against everything else that is done with it.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut PlatformTx, token_hash: &[u8]) -> Result<Option<Shown>> {
    let family = sqlx::query_scalar!(
        "select f.id from token_family f where f.id = (select r.family_id from refresh_token r where r.token_hash = $1) for update",
        token_hash
    )
    .fetch_optional(tx.conn())
    .await?;
    if family.is_none() {
        return Ok(None);
    }
    // Read after the lock: what was done before it is seen.
    let row = sqlx::query!(
        r#"select f.id, f.user_id, f.tenant, f.workspace, f.created_at as began_at, f.method, f.expires_at, r.created_at, r.used_at,
             (select t.session_hours from tenant t
              join membership m on m.tenant_id = t.id and m.user_id = f.user_id
              where t.id = f.tenant) as session_hours
           from refresh_token r
           join token_family f on f.id = r.family_id
           where r.token_hash = $1"#,
        token_hash
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(r) = row else { return Ok(None) };
    Ok(Some(Shown {
        family: Family {
            id: r.id,
            user: r.user_id.into(),
            tenant: r.tenant.map(TenantId::new),
            workspace: r.workspace.map(WorkspaceId::new),
            began: (r.began_at.into(), word(&r.method, "sign-in method")?),
            expires_at: r.expires_at.into(),
        },
        created_at: r.created_at.into(),
        used_at: r.used_at.map(Timestamp),
        session_hours: r.session_hours.and_then(|hours| u16::try_from(hours).ok()),
    }))
}

/// Marks every refresh token of a family that was not used yet as used.
///
/// # Errors
/// When the database does not answer.
pub async fn use_up(tx: &mut PlatformTx, family: Uuid, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update refresh_token set used_at = $2 where family_id = $1 and used_at is null",
        family,
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes where the tokens of a family stand from now on.
///
/// # Errors
/// When the database does not answer.
pub async fn stand(tx: &mut PlatformTx, family: Uuid, tenant: TenantId, workspace: Option<WorkspaceId>) -> Result<()> {
    sqlx::query!(
        "update token_family set tenant = $2, workspace = $3 where id = $1",
        family,
        tenant.uuid(),
        workspace.map(WorkspaceId::uuid)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a family with all of its tokens.
///
/// # Errors
/// When the database does not answer.
pub async fn end(tx: &mut PlatformTx, family: Uuid) -> Result<bool> {
    let done = sqlx::query!("delete from token_family where id = $1", family).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}

/// Removes families that are over.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_expired(tx: &mut PlatformTx, now: Timestamp) -> Result<u64> {
    let done = sqlx::query!("delete from token_family where expires_at < $1", now.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}

/// A key that access tokens are signed with.
#[derive(Debug)]
pub struct SigningKey {
    pub id: Uuid,
    pub public_key: Vec<u8>,
    pub private_sealed: Vec<u8>,
    pub created_at: Timestamp,
    /// None: it signs.
    pub retired_at: Option<Timestamp>,
}

/// The keys, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn signing_keys(tx: &mut PlatformTx) -> Result<Vec<SigningKey>> {
    let rows =
        sqlx::query!("select id, public_key, private_sealed, created_at, retired_at from signing_key order by created_at desc, id desc limit 100")
            .fetch_all(tx.conn())
            .await?;
    Ok(rows
        .into_iter()
        .map(|r| SigningKey {
            id: r.id,
            public_key: r.public_key,
            private_sealed: r.private_sealed,
            created_at: r.created_at.into(),
            retired_at: r.retired_at.map(Timestamp),
        })
        .collect())
}

/// Makes this key the one that signs.
///
/// # Errors
/// When the database does not answer.
pub async fn install(tx: &mut PlatformTx, key: &SigningKey) -> Result<()> {
    sqlx::query!("update signing_key set retired_at = $1 where retired_at is null", key.created_at.0)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "insert into signing_key (id, public_key, private_sealed, created_at) values ($1, $2, $3, $4)",
        key.id,
        key.public_key,
        key.private_sealed,
        key.created_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes keys that signed nothing which still lives.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_retired(tx: &mut PlatformTx, before: Timestamp) -> Result<u64> {
    let done = sqlx::query!("delete from signing_key where retired_at < $1", before.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}
