//! A tenant's limits: its own, else those of its plan.

use std::collections::BTreeMap;

use tenantry_types::Timestamp;
use tenantry_types::plan::Resource;

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
