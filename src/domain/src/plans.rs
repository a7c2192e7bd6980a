//! Plans: named sets of limits that the operator keeps.

use std::collections::BTreeMap;

use serde_json::json;
use tenantry_db::{DbError, plan as db};
use tenantry_types::plan::{Limits, NewPlan, Plan, PlanPatch, Resource};
use tenantry_types::{PlanId, ProblemCode, TenantRef};

use crate::audit::event;
use crate::{App, Error, Operator, Result, new_id, now};

/// A changed plan, and whom the change put over a limit.
#[derive(Debug)]
pub struct PlanChanged {
    pub plan: Plan,
    pub over_limit: Vec<TenantRef>,
}

fn name_taken(error: DbError) -> Error {
    if error.is("plan_name_key") {
        ProblemCode::NameTaken.into()
    } else {
        error.into()
    }
}

/// Makes the default plan of a new server. An operator may change or delete it: it does not come back.
pub(crate) async fn ensure_default(app: &App) -> Result<()> {
    const SETTING: &str = "default_plan";
    let mut tx = app.db().platform().await?;
    tenantry_db::platform::lock(&mut tx).await?;
    if tenantry_db::tenant::find_setting(&mut tx, SETTING).await?.is_some() {
        return Ok(());
    }
    let limits = BTreeMap::from([
        (Resource::Members, Some(50)),
        (Resource::Documents, Some(1000)),
        (Resource::StorageMb, Some(5000)),
        (Resource::ApiCallsPerHour, Some(1000)),
        (Resource::ProcessingJobs, Some(10)),
        (Resource::VectorCollections, Some(5)),
    ]);
    let plan = Plan {
        id: new_id(),
        name: "Standard".into(),
        limits: Limits(limits),
        is_default: true,
        tenants: 0,
        created_at: now(),
    };
    db::put(&mut tx, &plan, now()).await?;
    tenantry_db::tenant::put_setting(&mut tx, SETTING, &json!({ "made": plan.id }), now()).await?;
    tx.commit().await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, _by: &Operator) -> Result<Vec<Plan>> {
    let mut tx = app.db().platform().await?;
    Ok(db::list(&mut tx).await?)
}

/// # Errors
/// `NotFound`.
pub async fn get(app: &App, _by: &Operator, id: PlanId) -> Result<Plan> {
    let mut tx = app.db().platform().await?;
    db::get(&mut tx, id).await?.ok_or(Error::NOT_FOUND)
}

/// # Errors
/// `NameTaken`.
pub async fn create(app: &App, by: &Operator, new: NewPlan) -> Result<Plan> {
    let plan = Plan {
        id: new_id(),
        name: new.name.as_str().to_owned(),
        limits: new.limits,
        is_default: new.is_default,
        tenants: 0,
        created_at: now(),
    };
    let mut tx = app.db().platform().await?;
    db::put(&mut tx, &plan, now()).await.map_err(name_taken)?;
    tx.record(
        by.actor(),
        event(
            "plan.created",
            "plan",
            Some(plan.id.to_string()),
            &plan.name,
            json!({ "limits": plan.limits }),
        ),
    );
    tx.commit().await?;
    Ok(plan)
}

/// Changes a plan and says which tenants have more members than it now allows.
///
/// # Errors
/// `NotFound`, `NameTaken`.
pub async fn update(app: &App, by: &Operator, id: PlanId, patch: PlanPatch) -> Result<PlanChanged> {
    let mut tx = app.db().platform().await?;
    let mut plan = db::get(&mut tx, id).await?.ok_or(Error::NOT_FOUND)?;
    let before = plan.limits.clone();
    if let Some(name) = patch.name {
        plan.name = name.as_str().to_owned();
    }
    if let Some(limits) = patch.limits {
        plan.limits.0.extend(limits.0);
    }
    plan.is_default = patch.is_default.unwrap_or(plan.is_default);
    db::put(&mut tx, &plan, now()).await.map_err(name_taken)?;
    let over_limit = db::over_members(&mut tx, id).await?;
    let changes = json!({ "from": before, "to": plan.limits });
    tx.record(by.actor(), event("plan.updated", "plan", Some(id.to_string()), &plan.name, changes));
    tx.commit().await?;
    Ok(PlanChanged { plan, over_limit })
}

/// # Errors
/// `NotFound`; `InUse` while tenants have it.
pub async fn delete(app: &App, by: &Operator, id: PlanId) -> Result<()> {
    let mut tx = app.db().platform().await?;
    let plan = db::get(&mut tx, id).await?.ok_or(Error::NOT_FOUND)?;
    db::delete(&mut tx, id).await.map_err(|e| {
        if e.is("tenant_plan_id_fkey") {
            ProblemCode::InUse.into()
        } else {
            Error::from(e)
        }
    })?;
    tx.record(by.actor(), event("plan.deleted", "plan", Some(id.to_string()), &plan.name, json!({})));
    tx.commit().await?;
    Ok(())
}
