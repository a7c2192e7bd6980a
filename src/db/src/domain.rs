//! Domains that tenants say are their own, and whom they let in by them.

use tenantry_types::openid::{Domain, JoinRole, TenantDomain};
use tenantry_types::{Slug, TenantId, Timestamp, UserId};
use time::OffsetDateTime;

use crate::access::TenantHead;
use crate::error::word;
use crate::tenant::settings;
use crate::{PlatformTx, Result, TenantTx};

/// All of them: the use case keeps them few.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<TenantDomain>> {
    select(tx, None).await
}

/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut TenantTx, domain: &Domain) -> Result<Option<TenantDomain>> {
    Ok(select(tx, Some(domain)).await?.pop())
}

async fn select(tx: &mut TenantTx, domain: Option<&Domain>) -> Result<Vec<TenantDomain>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        r#"select d.domain, d.join_role, d.created_at, c.confirmed_at as "confirmed_at?: OffsetDateTime"
           from tenant_domain d
           left join confirmed_domain c on c.tenant = d.tenant_id and c.domain = d.domain
           where d.tenant_id = $1 and ($2::text is null or d.domain = $2)
           order by d.domain limit 1000"#,
        tenant,
        domain.map(Domain::as_str),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(TenantDomain {
                domain: Domain::stored(r.domain),
                confirmed_at: r.confirmed_at.map(Timestamp),
                join_role: join_role(r.join_role.as_deref())?,
                created_at: r.created_at.into(),
            })
        })
        .collect()
}

fn join_role(text: Option<&str>) -> Result<Option<JoinRole>> {
    text.map(|text| word(text, "join role")).transpose()
}

/// # Errors
/// The constraint `tenant_domain_pkey` when the tenant has it already.
pub async fn insert(tx: &mut TenantTx, domain: &Domain, role: Option<JoinRole>, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "insert into tenant_domain (tenant_id, domain, join_role, created_at) values ($1, $2, $3, $4)",
        tenant,
        domain.as_str(),
        role.map(JoinRole::as_str),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn set_role(tx: &mut TenantTx, domain: &Domain, role: Option<JoinRole>) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update tenant_domain set join_role = $3 where tenant_id = $1 and domain = $2",
        tenant,
        domain.as_str(),
        role.map(JoinRole::as_str),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a domain, and with it that it was confirmed.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &mut TenantTx, domain: &Domain) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    let done = sqlx::query!("delete from tenant_domain where tenant_id = $1 and domain = $2", tenant, domain.as_str())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Confirms that a domain is this tenant's.
///
/// # Errors
/// The constraint `confirmed_domain_pkey` when it is another's, or was confirmed before;
/// `confirmed_domain_tenant_domain_fkey` when the tenant does not name it.
pub async fn confirm(tx: &mut PlatformTx, tenant: TenantId, domain: &Domain, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into confirmed_domain (domain, tenant, confirmed_at) values ($1, $2, $3)",
        domain.as_str(),
        tenant.uuid(),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A tenant that lets people of a confirmed domain in, and as what.
#[derive(Debug)]
pub struct Joinable {
    pub tenant: TenantHead,
    pub role: JoinRole,
}

/// The tenant that lets people of this domain in, if it is active.
///
/// # Errors
/// When the database does not answer.
pub async fn joinable(tx: &mut PlatformTx, domain: &str) -> Result<Option<Joinable>> {
    let row = sqlx::query!(
        r#"select t.id, t.slug, t.name, t.status, t.status_by_operator, t.settings, d.join_role as "join_role!"
           from confirmed_domain c
           join tenant_domain d on d.tenant_id = c.tenant and d.domain = c.domain
           join tenant t on t.id = c.tenant
           where c.domain = $1 and d.join_role is not null and t.status = 'active'"#,
        domain
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(r) = row else { return Ok(None) };
    Ok(Some(Joinable {
        tenant: TenantHead {
            id: r.id.into(),
            slug: Slug::stored(r.slug),
            name: r.name,
            status: word(&r.status, "tenant status")?,
            status_by_operator: r.status_by_operator,
            settings: settings(r.settings)?,
        },
        role: word(&r.join_role, "join role")?,
    }))
}

/// Whether somebody was a member once, by their account or by one of these marks of addresses, and is none by an end
/// that was meant.
///
/// # Errors
/// When the database does not answer.
pub async fn was_member(tx: &mut TenantTx, user: UserId, marks: &[Vec<u8>]) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from former_member where tenant_id = $1 and user_id = $2)
             or exists (select 1 from former_address where tenant_id = $1 and mark = any ($3)) as "was!""#,
        tenant,
        user.uuid(),
        marks,
    )
    .fetch_one(tx.conn())
    .await?)
}
