//! Numbers of the server.

use std::collections::HashMap;

use tenantry_types::overview::{TenantAccess, TenantAdmin};
use tenantry_types::{TenantId, Timestamp};
use uuid::Uuid;

use crate::error::word;
use crate::{PlatformTx, Result};

/// What there is on this server.
#[derive(Debug)]
pub struct Counts {
    pub tenants: i64,
    pub active_tenants: i64,
    pub users: i64,
    pub providers: i64,
    pub models: i64,
}

/// # Errors
/// When the database does not answer.
pub async fn counts(tx: &mut PlatformTx) -> Result<Counts> {
    Ok(sqlx::query_as!(
        Counts,
        r#"select (select count(*) from tenant) as "tenants!", (select count(*) from tenant where status = 'active') as "active_tenants!",
             (select count(*) from user_account) as "users!", (select count(*) from provider) as "providers!", (select count(*) from model) as "models!""#
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Mails that wait to be sent, in all queues.
#[derive(Debug)]
pub struct Waiting {
    pub mails: i64,
    /// Of these, those that were tried and not taken.
    pub failed: i64,
}

/// # Errors
/// When the database does not answer.
pub async fn waiting(tx: &mut PlatformTx) -> Result<Waiting> {
    Ok(sqlx::query_as!(
        Waiting,
        r#"select count(*) as "mails!", count(*) filter (where attempts > 0) as "failed!"
           from (
             select attempts from outbox where done_at is null
             union all
             select attempts from platform_outbox where done_at is null
           ) queues"#
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Lets one node at a time make what a new server has to have.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut PlatformTx) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('tenantry.platform'))")
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Who may enter each tenant, tenants by id from `after` on: active people, enabled models, and owners and
/// admins with when they were last there, `most` of them at most.
///
/// # Errors
/// When the database does not answer.
pub async fn access(tx: &mut PlatformTx, after: Option<TenantId>, limit: i64, most: i64) -> Result<Vec<TenantAccess>> {
    let tenants = sqlx::query!(
        r#"select t.id, t.slug, t.name, t.status,
             (select count(*) from membership m join user_account u on u.id = m.user_id
              where m.tenant_id = t.id and m.status = 'active' and u.status = 'active') as "users!",
             (select count(*) from model_decision a join model c on c.id = a.model_id and c.is_active
              where a.tenant_id = t.id and a.enabled) as "models!",
             (select count(*) from membership m join user_account u on u.id = m.user_id
              where m.tenant_id = t.id and m.status = 'active' and u.status = 'active' and m.role in ('owner', 'admin')) as "admins!"
           from tenant t
           where $1::uuid is null or t.id > $1
           order by t.id
           limit $2"#,
        after.map(TenantId::uuid),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<Uuid> = tenants.iter().map(|t| t.id).collect();
    let admins = sqlx::query!(
        r#"select tenant_id, user_id, name as "name!", email as "email!", role, last_active_at
           from (
             select m.tenant_id, m.user_id, u.name, u.email, m.role, m.last_active_at,
               row_number() over (partition by m.tenant_id order by m.role desc, lower(u.name), u.id) as place
             from membership m join user_account u on u.id = m.user_id
             where m.tenant_id = any ($1) and m.role in ('owner', 'admin') and m.status = 'active' and u.status = 'active'
           ) ranked
           where place <= $2
           order by tenant_id, place"#,
        &ids,
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut of: HashMap<Uuid, Vec<TenantAdmin>> = HashMap::new();
    for a in admins {
        of.entry(a.tenant_id).or_default().push(TenantAdmin {
            user_id: a.user_id.into(),
            email: a.email,
            name: a.name,
            role: word(&a.role, "tenant role")?,
            last_active_at: a.last_active_at.map(Timestamp::from),
        });
    }
    tenants
        .into_iter()
        .map(|t| {
            Ok(TenantAccess {
                id: t.id.into(),
                slug: t.slug,
                name: t.name,
                status: word(&t.status, "tenant status")?,
                active_users: t.users,
                enabled_models: t.models,
                admin_count: t.admins,
                admins: of.remove(&t.id).unwrap_or_default(),
            })
        })
        .collect()
}
