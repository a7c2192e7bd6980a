//! What a tenant asks of those who sign in and enter it.

use tenantry_types::sign_in::{SignInMethod, SignInPolicy};
use tenantry_types::{TenantId, Timestamp, UserId};

use crate::error::word;
use crate::{PlatformTx, Result, TenantTx};

/// The policy as it is stored.
pub(crate) fn policy(require_totp: bool, methods: &[String], session_hours: Option<i32>) -> Result<SignInPolicy> {
    Ok(SignInPolicy {
        require_totp,
        methods: methods
            .iter()
            .map(|method| word::<SignInMethod>(method, "sign-in method"))
            .collect::<Result<_>>()?,
        session_hours: session_hours.and_then(|hours| u16::try_from(hours).ok()),
    })
}

/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut TenantTx) -> Result<SignInPolicy> {
    let tenant = tx.tenant_id().uuid();
    let row = sqlx::query!(
        "select t.require_totp, t.sign_in_methods, t.session_hours from tenant t where t.id = $1",
        tenant
    )
    .fetch_one(tx.conn())
    .await?;
    policy(row.require_totp, &row.sign_in_methods, row.session_hours)
}

/// # Errors
/// When the database does not answer.
pub async fn put(tx: &mut TenantTx, policy: &SignInPolicy, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let methods: Vec<String> = policy.methods.iter().map(|method| method.as_str().to_owned()).collect();
    sqlx::query!(
        "update tenant set require_totp = $2, sign_in_methods = $3, session_hours = $4, updated_at = $5 where id = $1",
        tenant,
        policy.require_totp,
        &methods,
        policy.session_hours.map(i32::from),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the tenants of a person ask, at most a thousand; and whether the person has one-time codes.
///
/// # Errors
/// When the database does not answer.
pub async fn of_memberships(tx: &mut PlatformTx, user: UserId) -> Result<(Vec<(TenantId, SignInPolicy)>, bool)> {
    let rows = sqlx::query!(
        "select t.id, t.require_totp, t.sign_in_methods, t.session_hours
         from membership m
         join tenant t on t.id = m.tenant_id
         where m.user_id = $1 and m.status = 'active'
         order by t.id
         limit 1000",
        user.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    let has_totp = sqlx::query_scalar!(
        r#"select exists (select 1 from totp c where c.user_id = $1 and c.confirmed_at is not null) as "has!""#,
        user.uuid()
    )
    .fetch_one(tx.conn())
    .await?;
    let policies = rows
        .into_iter()
        .map(|row| Ok((row.id.into(), policy(row.require_totp, &row.sign_in_methods, row.session_hours)?)))
        .collect::<Result<_>>()?;
    Ok((policies, has_totp))
}
