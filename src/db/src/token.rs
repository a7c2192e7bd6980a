//! Tokens of a log-in over the API, and the keys that they are signed with. Families and refresh
//! tokens belong to accounts; only hashes of refresh tokens are stored.

use tenantry_types::{TenantId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use crate::{PlatformTx, Result};

/// A log-in over the API, and where its tokens stand.
#[derive(Debug, Clone)]
pub struct Family {
    pub id: Uuid,
    pub user: UserId,
    pub tenant: Option<TenantId>,
    pub workspace: Option<WorkspaceId>,
    pub expires_at: Timestamp,
}

/// Begins a family, bound to the password that the account has now.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(tx: &mut PlatformTx, family: &Family, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into token_family (id, user_id, tenant, workspace, password_mark, created_at, expires_at)
         select $1, u.id, $3, $4, sha256(convert_to(coalesce(u.password_hash, ''), 'UTF8')), $5, $6
         from user_account u
         where u.id = $2",
        family.id,
        family.user.uuid(),
        family.tenant.map(TenantId::uuid),
        family.workspace.map(WorkspaceId::uuid),
        now.0,
        family.expires_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the family lives: neither ended nor over, of an active account with the same password as
/// at its beginning, and of a tenant that the person may still enter.
///
/// # Errors
/// When the database does not answer.
pub async fn is_alive(tx: &mut PlatformTx, id: Uuid, user: UserId, tenant: Option<TenantId>, now: Timestamp) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
             select 1 from token_family f
             join user_account u on u.id = f.user_id and u.status = 'active'
               and sha256(convert_to(coalesce(u.password_hash, ''), 'UTF8')) = f.password_mark
             where f.id = $1 and f.user_id = $2 and f.expires_at > $4
               and ($3::uuid is null or u.is_operator or exists (
                 select 1 from membership m where m.tenant_id = $3 and m.user_id = f.user_id and m.status = 'active'
               ))
           ) as "alive!""#,
        id,
        user.uuid(),
        tenant.map(TenantId::uuid),
        now.0,
    )
    .fetch_one(tx.conn())
    .await?)
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
        "select f.id, f.user_id, f.tenant, f.workspace, f.expires_at, r.created_at, r.used_at
         from refresh_token r
         join token_family f on f.id = r.family_id
         where r.token_hash = $1",
        token_hash
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Shown {
        family: Family {
            id: r.id,
            user: r.user_id.into(),
            tenant: r.tenant.map(TenantId::new),
            workspace: r.workspace.map(WorkspaceId::new),
            expires_at: r.expires_at.into(),
        },
        created_at: r.created_at.into(),
        used_at: r.used_at.map(Timestamp),
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
