//! A tenant's limits: its own, else those of its plan.

use std::collections::{BTreeMap, BTreeSet};

use tenantry_types::Timestamp;
use tenantry_types::plan::Resource;
use uuid::Uuid;

use crate::error::word;
use crate::plan::read_limits;
use crate::{Result, TenantTx};

/// A limit and whether it is the tenant's own.
pub type Limit = (Option<i64>, bool);

/// All limits that are set, by resource. A resource that is not in the map has none.
///
/// # Errors
/// When the database does not answer.
pub async fn limits(tx: &mut TenantTx) -> Result<BTreeMap<Resource, Limit>> {
    let tenant = tx.tenant_id().uuid();
    let row = sqlx::query!(
        r#"select p.limits as "limits?",
             coalesce((select array_agg(q.resource order by q.resource) from quota_limit q where q.tenant_id = t.id), '{}') as "resources!",
             coalesce((select array_agg(q.amount order by q.resource) from quota_limit q where q.tenant_id = t.id), '{}') as "amounts!: Vec<Option<i64>>"
           from tenant t
           left join plan p on p.id = t.plan_id
           where t.id = $1"#,
        tenant
    )
    .fetch_one(tx.conn())
    .await?;
    let mut out: BTreeMap<Resource, Limit> = BTreeMap::new();
    if let Some(limits) = row.limits {
        out.extend(read_limits(limits)?.0.into_iter().map(|(resource, limit)| (resource, (limit, false))));
    }
    for (resource, amount) in row.resources.iter().zip(row.amounts) {
        out.insert(word(resource, "quota resource")?, (amount, true));
    }
    Ok(out)
}

/// Sets limits of the tenant's own.
///
/// # Errors
/// When the database does not answer.
pub async fn set(tx: &mut TenantTx, limits: &BTreeMap<Resource, Option<i64>>, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let resources: Vec<String> = limits.keys().map(|r| r.as_str().to_owned()).collect();
    let amounts: Vec<Option<i64>> = limits.values().copied().collect();
    sqlx::query!(
        "insert into quota_limit (tenant_id, resource, amount, updated_at)
         select $1, r, a, $4 from unnest($2::text[], $3::bigint[]) x (r, a)
         on conflict (tenant_id, resource) do update set amount = excluded.amount, updated_at = excluded.updated_at",
        tenant,
        &resources,
        &amounts as &[Option<i64>],
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes limits of the tenant's own away; answers which of them there were.
///
/// # Errors
/// When the database does not answer.
pub async fn unset(tx: &mut TenantTx, resources: &BTreeSet<Resource>) -> Result<Vec<String>> {
    let tenant = tx.tenant_id().uuid();
    let resources: Vec<String> = resources.iter().map(|r| r.as_str().to_owned()).collect();
    Ok(sqlx::query_scalar!(
        "delete from quota_limit where tenant_id = $1 and resource = any ($2) returning resource",
        tenant,
        &resources,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Where an amount is counted: for whom, of what, and since when.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// The tenant, or one of its keys.
    pub holder: Uuid,
    pub resource: Resource,
    pub since: Timestamp,
}

/// Takes an amount out of what a limit leaves in a window: `need`, or an eighth of what is left when that is more, so
/// that a server asks seldom while there is much and takes little from others when there is little. Answers how much
/// was taken: nothing when there is less than `need`. A window begins with what was used in it before anybody counted,
/// because there was no limit yet.
///
/// # Errors
/// When the database does not answer.
pub async fn take(tx: &mut TenantTx, window: Window, limit: i64, need: i64) -> Result<i64> {
    let tenant = tx.tenant_id().uuid();
    let (holder, resource) = (window.holder, window.resource.as_str());
    let opened = sqlx::query!(
        "insert into quota_use (tenant_id, holder, resource, since, used)
         select $1, $2, $3, $4, least(coalesce((
           select case $3
             when 'api_calls_per_hour' then sum(h.requests)
             when 'tokens_per_day' then sum(h.tokens_in + h.tokens_out)
             when 'spend_per_month' then sum(h.cost)
           end
           from usage_hour h
           where h.tenant_id = $1 and h.hour >= $4 and ($2 = $1 or h.key_id = $2)
         ), 0), 9223372036854775807)::bigint
         where not exists (select 1 from quota_use where tenant_id = $1 and holder = $2 and resource = $3 and since = $4)
         on conflict do nothing",
        tenant,
        holder,
        resource,
        window.since.0,
    )
    .execute(tx.conn())
    .await?;
    if opened.rows_affected() > 0 {
        sqlx::query!(
            "delete from quota_use where tenant_id = $1 and holder = $2 and resource = $3 and since < $4",
            tenant,
            holder,
            resource,
            window.since.0,
        )
        .execute(tx.conn())
        .await?;
    }
    let taken = sqlx::query_scalar!(
        r#"with was as (
             select used, greatest($5::bigint - used, 0) as rest
             from quota_use
             where tenant_id = $1 and holder = $2 and resource = $3 and since = $4
             for update
           )
           update quota_use q
           set used = q.used + case when was.rest >= $6::bigint then greatest($6, was.rest / 8) else 0 end
           from was
           where q.tenant_id = $1 and q.holder = $2 and q.resource = $3 and q.since = $4
           returning q.used - was.used as "taken!""#,
        tenant,
        holder,
        resource,
        window.since.0,
        limit,
        need,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(taken)
}

/// Gives back what was taken and not used; a negative amount is a debt, which is more than was taken.
///
/// # Errors
/// When the database does not answer.
pub async fn give_back(tx: &mut TenantTx, window: Window, amount: i64) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update quota_use set used = greatest(used - $5, 0) where tenant_id = $1 and holder = $2 and resource = $3 and since = $4",
        tenant,
        window.holder,
        window.resource.as_str(),
        window.since.0,
        amount,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
