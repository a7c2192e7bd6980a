//! Limits of a tenant and how much of them is used: members, and what the gateway counts. The rest stands at 0 until
//! the part that uses it is there.

use serde_json::json;
use tenantry_db::{TenantTx, member, quota as db, tenant, usage};
use tenantry_types::plan::{Quota, QuotaPatch, QuotaQuestion, QuotaVerdict, Quotas, Resource};
use tenantry_types::{Fault, PlanId};

use crate::audit::event;
use crate::{App, Error, Granted, Result, gateway, needs, now};

pub(crate) async fn read(app: &App, tx: &mut TenantTx) -> Result<Quotas> {
    let (now, running) = (now(), gateway::running(app, tx.tenant_id()));
    let used_up = usage::running(tx, now).await?;
    let limits = db::limits(tx).await?;
    let members = member::count(tx).await?;
    let quota = |resource: &Resource| {
        let (limit, own) = limits.get(resource).copied().unwrap_or((None, false));
        let used = match resource {
            Resource::Members => members,
            Resource::ApiCallsPerHour => used_up.requests_this_hour,
            Resource::TokensPerDay => used_up.tokens_today,
            Resource::SpendPerMonth => used_up.spend_this_month,
            Resource::ConcurrentRequests => running,
            _ => 0,
        };
        Quota {
            resets_at: resource.window().map(|window| window.end(now)),
            ..Quota::new(*resource, limit, used, own)
        }
    };
    Ok(Quotas::of(Resource::ALL.iter().map(quota).collect()))
}

/// # Errors
/// When the database does not answer.
pub async fn show(app: &App, by: Granted<needs::QuotasRead>) -> Result<Quotas> {
    let mut tx = app.db().tenant(&by).await?;
    read(app, &mut tx).await
}

/// Whether there is so much left of a resource; nothing is taken.
///
/// # Errors
/// When the database does not answer.
pub async fn check(app: &App, by: Granted<needs::QuotasRead>, question: QuotaQuestion) -> Result<QuotaVerdict> {
    let quotas = show(app, by).await?;
    let quota = quotas.items.iter().find(|quota| quota.resource == question.resource);
    let left = quota.and_then(|quota| Some(quota.limit? - quota.used));
    Ok(QuotaVerdict {
        allowed: left.is_none_or(|left| left >= question.amount),
    })
}

/// Gives the tenant another plan, or none, when `plan` says so, and sets limits of its own or gives them up; the answer
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
    let given_up = db::unset(&mut tx, &patch.as_in_plan).await?;
    if !given_up.is_empty() {
        changes["as_in_plan"] = json!(given_up);
    }
    tx.record(event(
        "tenant.quotas_updated",
        "tenant",
        Some(by.tenant_id().to_string()),
        &by.tenant().name,
        changes,
    ));
    let quotas = read(app, &mut tx).await?;
    tx.commit().await?;
    app.noticed().used(by.tenant_id());
    Ok(quotas)
}
