//! Limits of a tenant and how much of them is used. Of what is counted today, members have a number;
//! the rest stands at 0 until the part that uses it is there.

use serde_json::json;
use tenantry_db::{TenantTx, member, quota as db, tenant};
use tenantry_types::plan::{Quota, QuotaPatch, Quotas, Resource};
use tenantry_types::{Fault, PlanId};

use crate::audit::event;
use crate::{App, Error, Granted, Result, needs, now};

pub(crate) async fn read(tx: &mut TenantTx) -> Result<Quotas> {
    let limits = db::limits(tx).await?;
    let members = member::count(tx).await?;
    let quota = |resource: &Resource| {
        let (limit, own) = limits.get(resource).copied().unwrap_or((None, false));
        let used = if *resource == Resource::Members { members } else { 0 };
        Quota::new(*resource, limit, used, own)
    };
    Ok(Quotas::of(Resource::ALL.iter().map(quota).collect()))
}

/// # Errors
/// When the database does not answer.
pub async fn show(app: &App, by: Granted<needs::QuotasRead>) -> Result<Quotas> {
    let mut tx = app.db().tenant(&by).await?;
    read(&mut tx).await
}

/// Gives the tenant another plan, or none, when `plan` says so, and sets limits of its own; the answer
/// says what is over them.
///
/// # Errors
/// `Invalid` for a plan that is not there; then the limits stay as well.
pub async fn set(app: &App, by: Granted<needs::QuotasUpdate>, plan: Option<Option<PlanId>>, patch: QuotaPatch) -> Result<Quotas> {
    let mut tx = app.db().tenant(&by).await?;
    member::lock(&mut tx).await?;
    let mut changes = json!(patch.limits);
    if let Some(plan) = plan {
        let no_plan = |e: tenantry_db::DbError| {
            if e.is("tenant_plan_id_fkey") {
                Error::field("plan", Fault::NoSuchThing)
            } else {
                e.into()
            }
        };
        tenant::set_plan(&mut tx, plan, now()).await.map_err(no_plan)?;
        changes["plan"] = json!(plan);
    }
    db::set(&mut tx, &patch.limits, now()).await?;
    tx.record(event(
        "tenant.quotas_updated",
        "tenant",
        Some(by.tenant_id().to_string()),
        &by.tenant().name,
        changes,
    ));
    let quotas = read(&mut tx).await?;
    tx.commit().await?;
    Ok(quotas)
}
