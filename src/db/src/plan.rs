//! Plans: named sets of limits.

use serde_json::Value;
use tenantry_types::plan::{Limits, Plan};
use tenantry_types::{PlanId, Slug, TenantRef, Timestamp};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{DbError, PlatformTx, Result};

struct Row {
    id: Uuid,
    name: String,
    limits: Value,
    is_default: bool,
    tenants: i64,
    created_at: OffsetDateTime,
}

impl Row {
    fn plan(self) -> Result<Plan> {
        Ok(Plan {
            id: self.id.into(),
            name: self.name,
            limits: read_limits(self.limits)?,
            is_default: self.is_default,
            tenants: self.tenants,
            created_at: self.created_at.into(),
        })
    }
}

pub(crate) fn read_limits(value: Value) -> Result<Limits> {
    serde_json::from_value(value).map_err(|_| DbError::Corrupt("plan limits"))
}

/// All plans, by name. There are few.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut PlatformTx) -> Result<Vec<Plan>> {
    sqlx::query_as!(
        Row,
        r#"select p.id, p.name, p.limits, p.is_default, p.created_at, (select count(*) from tenant t where t.plan_id = p.id) as "tenants!"
           from plan p
           order by p.is_default desc, lower(p.name)
           limit 200"#
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(Row::plan)
    .collect()
}

/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut PlatformTx, id: PlanId) -> Result<Option<Plan>> {
    sqlx::query_as!(
        Row,
        r#"select p.id, p.name, p.limits, p.is_default, p.created_at, (select count(*) from tenant t where t.plan_id = p.id) as "tenants!"
           from plan p where p.id = $1 for update of p"#,
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?
    .map(Row::plan)
    .transpose()
}

/// The plan that new tenants get.
///
/// # Errors
/// When the database does not answer.
pub async fn default(tx: &mut PlatformTx) -> Result<Option<PlanId>> {
    Ok(sqlx::query_scalar!("select id from plan where is_default")
        .fetch_optional(tx.conn())
        .await?
        .map(PlanId::new))
}

/// Writes a plan, new or not. Of several defaults the last one written stays.
///
/// # Errors
/// The constraint `plan_name_key` when the name is taken.
pub async fn put(tx: &mut PlatformTx, plan: &Plan, now: Timestamp) -> Result<()> {
    if plan.is_default {
        sqlx::query!("update plan set is_default = false where is_default and id <> $1", plan.id.uuid())
            .execute(tx.conn())
            .await?;
    }
    let limits = serde_json::to_value(&plan.limits).map_err(|_| DbError::Corrupt("plan limits"))?;
    sqlx::query!(
        "insert into plan (id, name, limits, is_default, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)
         on conflict (id) do update set name = excluded.name, limits = excluded.limits, is_default = excluded.is_default, updated_at = excluded.updated_at",
        plan.id.uuid(),
        plan.name,
        limits,
        plan.is_default,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// # Errors
/// The foreign key `tenant_plan_id_fkey` while tenants have it.
pub async fn delete(tx: &mut PlatformTx, id: PlanId) -> Result<bool> {
    Ok(sqlx::query!("delete from plan where id = $1", id.uuid())
        .execute(tx.conn())
        .await?
        .rows_affected()
        > 0)
}

/// The tenants of a plan that have more members than it allows. A limit of a tenant's own counts
/// instead of the plan's, which then changes nothing there.
///
/// # Errors
/// When the database does not answer.
pub async fn over_members(tx: &mut PlatformTx, id: PlanId) -> Result<Vec<TenantRef>> {
    let rows = sqlx::query!(
        r#"select t.id, t.slug, t.name from tenant t
           join plan p on p.id = t.plan_id
           where p.id = $1 and p.limits ->> 'members' is not null
             and not exists (select 1 from quota_limit q where q.tenant_id = t.id and q.resource = 'members')
             and (select count(*) from membership m where m.tenant_id = t.id) > (p.limits ->> 'members')::bigint
           order by lower(t.name)
           limit 1000"#,
        id.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| TenantRef {
            id: r.id.into(),
            slug: Slug::stored(r.slug),
            name: r.name,
        })
        .collect())
}
