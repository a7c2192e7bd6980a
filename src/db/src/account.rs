//! Accounts: people who can log in.

pub mod owner;

use tenantry_types::account::{AvailableTenant, User, UserStatus};
use tenantry_types::{CtxRole, Email, PageQuery, Slug, TenantId, Timestamp, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::access::email;
use crate::error::word;
use crate::tenant::settings;
use crate::{PlatformTx, Result};

struct Row {
    id: Uuid,
    email: String,
    name: String,
    status: String,
    is_operator: bool,
    email_verified: bool,
    created_at: OffsetDateTime,
    last_active_at: Option<OffsetDateTime>,
}

impl Row {
    fn user(self) -> Result<User> {
        Ok(User {
            id: self.id.into(),
            email: email(self.email),
            name: self.name,
            status: word(&self.status, "user status")?,
            is_operator: self.is_operator,
            email_verified: self.email_verified,
            created_at: self.created_at.into(),
            last_active_at: self.last_active_at.map(Timestamp),
        })
    }
}

/// An account with what a log-in has to check.
#[derive(Debug)]
pub struct Credentials {
    pub user: User,
    /// A PHC string, or bcrypt from an import; None: no password log-in.
    pub password_hash: Option<String>,
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &mut PlatformTx, id: UserId) -> Result<Option<User>> {
    Ok(with_last_tenant(tx, id).await?.map(|(user, _)| user))
}

pub(crate) async fn with_last_tenant(tx: &mut PlatformTx, id: UserId) -> Result<Option<(User, Option<TenantId>)>> {
    let row = sqlx::query!(
        "select id, email, name, status, is_operator, email_verified, created_at, last_active_at, last_tenant from user_account where id = $1",
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(r) = row else { return Ok(None) };
    let last_tenant = r.last_tenant.map(TenantId::new);
    let row = Row {
        id: r.id,
        email: r.email,
        name: r.name,
        status: r.status,
        is_operator: r.is_operator,
        email_verified: r.email_verified,
        created_at: r.created_at,
        last_active_at: r.last_active_at,
    };
    Ok(Some((row.user()?, last_tenant)))
}

/// # Errors
/// When the database does not answer.
pub async fn credentials(tx: &mut PlatformTx, email: &Email) -> Result<Option<Credentials>> {
    let row = sqlx::query!(
        "select id, email, name, status, is_operator, email_verified, created_at, last_active_at, password_hash from user_account where email = $1",
        email.as_str()
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(r) = row else { return Ok(None) };
    let password_hash = r.password_hash;
    let row = Row {
        id: r.id,
        email: r.email,
        name: r.name,
        status: r.status,
        is_operator: r.is_operator,
        email_verified: r.email_verified,
        created_at: r.created_at,
        last_active_at: r.last_active_at,
    };
    Ok(Some(Credentials {
        user: row.user()?,
        password_hash,
    }))
}

/// Takes the lock that makes "the first account becomes operator" true for one account only, and
/// says whether there is none yet.
///
/// # Errors
/// When the database does not answer.
pub async fn lock_first(tx: &mut PlatformTx) -> Result<bool> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('tenantry.first-account'))")
        .execute(tx.conn())
        .await?;
    Ok(sqlx::query_scalar!(r#"select not exists (select 1 from user_account) as "none!""#)
        .fetch_one(tx.conn())
        .await?)
}

/// # Errors
/// The constraint `user_account_email_key` when the address is taken.
pub async fn insert(tx: &mut PlatformTx, user: &User, password_hash: Option<&str>) -> Result<()> {
    sqlx::query!(
        "insert into user_account (id, email, name, password_hash, status, is_operator, email_verified, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        user.id.uuid(),
        user.email.as_str(),
        user.name,
        password_hash,
        user.status.as_str(),
        user.is_operator,
        user.email_verified,
        user.created_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The stored hash of an account, which stays until the transaction ends; None when there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn password_hash(tx: &mut PlatformTx, id: UserId) -> Result<Option<String>> {
    Ok(
        sqlx::query_scalar!("select password_hash from user_account where id = $1 for no key update", id.uuid())
            .fetch_optional(tx.conn())
            .await?
            .flatten(),
    )
}

/// Notes that the address is the person's own; false when the account has another one by now.
///
/// # Errors
/// When the database does not answer.
pub async fn set_verified(tx: &mut PlatformTx, id: UserId, email: &Email, now: Timestamp) -> Result<bool> {
    let done = sqlx::query!(
        "update user_account set email_verified = true, updated_at = $3 where id = $1 and email = $2",
        id.uuid(),
        email.as_str(),
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Answers the new password's number: sessions and tokens that carry another one are over.
///
/// # Errors
/// When the database does not answer, or there is no such account.
pub async fn set_password_hash(tx: &mut PlatformTx, id: UserId, hash: &str, now: Timestamp) -> Result<i32> {
    Ok(sqlx::query_scalar!(
        "update user_account set password_hash = $2, updated_at = $3 where id = $1 returning password_version",
        id.uuid(),
        hash,
        now.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// # Errors
/// When the database does not answer.
pub async fn set_name(tx: &mut PlatformTx, id: UserId, name: &str, now: Timestamp) -> Result<()> {
    sqlx::query!("update user_account set name = $2, updated_at = $3 where id = $1", id.uuid(), name, now.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What a session or a family of tokens that begins now is bound to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Which password of the account it is; grows with every change.
    pub password_version: i32,
    pub last_tenant: Option<TenantId>,
}

/// Notes that the person was here, and says what a session of theirs is bound to.
///
/// # Errors
/// When the database does not answer, or there is no such account.
pub async fn touch(tx: &mut PlatformTx, id: UserId, now: Timestamp) -> Result<Standing> {
    let row = sqlx::query!(
        "update user_account set last_active_at = $2 where id = $1 returning password_version, last_tenant",
        id.uuid(),
        now.0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Standing {
        password_version: row.password_version,
        last_tenant: row.last_tenant.map(TenantId::new),
    })
}

/// # Errors
/// When the database does not answer.
pub async fn set_last_tenant(tx: &mut PlatformTx, id: UserId, tenant: TenantId) -> Result<()> {
    sqlx::query!(
        "update user_account set last_tenant = $2 where id = $1 and last_tenant is distinct from $2",
        id.uuid(),
        tenant.uuid()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Changes what an operator may change; disabling ends all sessions.
///
/// # Errors
/// When the database does not answer.
pub async fn set_standing(tx: &mut PlatformTx, id: UserId, status: UserStatus, is_operator: bool, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update user_account set status = $2, is_operator = $3, updated_at = $4 where id = $1",
        id.uuid(),
        status.as_str(),
        is_operator,
        now.0
    )
    .execute(tx.conn())
    .await?;
    if status == UserStatus::Disabled {
        crate::session::delete_all(tx, id, None).await?;
    }
    Ok(())
}

/// Locks the active operators against change and counts those other than `but`.
///
/// # Errors
/// When the database does not answer.
pub async fn other_operators(tx: &mut PlatformTx, but: UserId) -> Result<i64> {
    let ids = sqlx::query_scalar!("select id from user_account where is_operator and status = 'active' order by id for no key update")
        .fetch_all(tx.conn())
        .await?;
    Ok(ids.iter().filter(|id| **id != but.uuid()).count().try_into().unwrap_or(i64::MAX))
}

/// The tenants in which this person is the only active owner; those are locked against change.
///
/// # Errors
/// When the database does not answer.
pub async fn sole_ownerships(tx: &mut PlatformTx, id: UserId) -> Result<i64> {
    sqlx::query!("select t.id from tenant t where t.id in (select m.tenant_id from membership m where m.user_id = $1 and m.role = 'owner') order by t.id for no key update", id.uuid())
        .fetch_all(tx.conn())
        .await?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from membership m
           where m.user_id = $1 and m.role = 'owner' and m.status = 'active'
             and not exists (
               select 1 from membership o
               where o.tenant_id = m.tenant_id and o.role = 'owner' and o.status = 'active' and o.user_id <> $1
             )"#,
        id.uuid()
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Removes the account with its memberships and sessions.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &mut PlatformTx, id: UserId) -> Result<()> {
    sqlx::query!("delete from user_account where id = $1", id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The tenants that a person may enter by membership, the last used first.
///
/// # Errors
/// When the database does not answer.
pub async fn tenants(tx: &mut PlatformTx, id: UserId) -> Result<Vec<AvailableTenant>> {
    let rows = sqlx::query!(
        "select t.id, t.slug, t.name, t.status, t.settings, m.role, m.last_active_at
         from membership m
         join tenant t on t.id = m.tenant_id
         where m.user_id = $1 and m.status = 'active'
         order by m.last_active_at desc nulls last, lower(t.name), t.id
         limit 1000",
        id.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(AvailableTenant {
                id: r.id.into(),
                slug: Slug::stored(r.slug),
                name: r.name,
                role: CtxRole::Member(word(&r.role, "membership role")?),
                status: word(&r.status, "tenant status")?,
                colour: settings(r.settings)?.colour,
                last_used_at: r.last_active_at.map(Timestamp),
            })
        })
        .collect()
}

/// Accounts for the operator, by name; all, or those that were made or changed since; `limit + 1` rows.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut PlatformTx, query: &PageQuery, since: Option<Timestamp>) -> Result<(Vec<User>, i64)> {
    let pattern = query.pattern();
    let rows = sqlx::query_as!(
        Row,
        "select id, email, name, status, is_operator, email_verified, created_at, last_active_at
         from user_account
         where ($1::text is null or lower(name) like $1 or email like $1) and ($4::timestamptz is null or updated_at >= $4)
         order by lower(name), id
         limit $2 offset $3",
        pattern,
        i64::from(query.limit) + 1,
        i64::from(query.skip),
        since.map(|at| at.0),
    )
    .fetch_all(tx.conn())
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "n!" from user_account
           where ($1::text is null or lower(name) like $1 or email like $1) and ($2::timestamptz is null or updated_at >= $2)"#,
        pattern,
        since.map(|at| at.0),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((rows.into_iter().map(Row::user).collect::<Result<_>>()?, total))
}

/// Those of these addresses and ids that have an active account and share a tenant with `viewer`
/// (anyone, when it is None).
///
/// # Errors
/// When the database does not answer.
pub async fn known_to(tx: &mut PlatformTx, viewer: Option<UserId>, emails: &[String], ids: &[Uuid]) -> Result<Vec<User>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, email, name, status, is_operator, email_verified, created_at, last_active_at
         from user_account u
         where (u.email = any ($2) or u.id = any ($3))
           and u.status = 'active'
           and ($1::uuid is null or exists (
             select 1 from membership a
             join membership b on b.tenant_id = a.tenant_id
             where a.user_id = $1 and a.status = 'active' and b.user_id = u.id
           ))",
        viewer.map(UserId::uuid),
        emails,
        ids,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::user).collect()
}

/// All active accounts, for the command line.
///
/// # Errors
/// When the database does not answer.
pub async fn all_active(tx: &mut PlatformTx) -> Result<Vec<UserId>> {
    Ok(sqlx::query_scalar!("select id from user_account where status = 'active' order by id")
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(UserId::new)
        .collect())
}
