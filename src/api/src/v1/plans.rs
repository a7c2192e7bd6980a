//! Plans: named sets of limits. For operators.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use tenantry_domain::{App, plans};
use tenantry_types::plan::{NewPlan, Plan, PlanPatch};
use tenantry_types::{Page, PlanId, TenantRef};
use utoipa::ToSchema;

use crate::bodies;
use crate::extract::{AsOperator, Body, Id};
use crate::respond::{Answer, created};
use crate::routes::OPERATOR;

/// List plans
#[utoipa::path(get, path = "", operation_id = "list_plans", responses((status = 200, body = Page<Plan>)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn list(State(app): State<App>, AsOperator(by): AsOperator) -> Answer<Json<Page<Plan>>> {
    Ok(Json(Page::whole(plans::list(&app, &by).await?)))
}

/// Create a plan
///
/// A resource that is not named, or null, has no limit; 0 lets nothing pass.
#[utoipa::path(post, path = "", operation_id = "create_plan", request_body = bodies::NewPlan, responses((status = 201, body = Plan)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn create(State(app): State<App>, AsOperator(by): AsOperator, Body(new): Body<NewPlan>) -> Answer<Response> {
    let plan = plans::create(&app, &by, new).await?;
    Ok(created(format!("/api/v1/plans/{}", plan.id), plan))
}

/// Show a plan
#[utoipa::path(get, path = "", operation_id = "get_plan", responses((status = 200, body = Plan)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn get(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<PlanId>) -> Answer<Json<Plan>> {
    Ok(Json(plans::get(&app, &by, id).await?))
}

/// A plan after a change, and whom the change put over a limit.
#[derive(Serialize, ToSchema)]
pub struct ChangedPlan {
    #[serde(flatten)]
    plan: Plan,
    /// Tenants with more members than the plan now allows; a limit of a tenant's own counts instead. Nothing is taken from them.
    over_limit: Vec<TenantRef>,
}

/// Change a plan
///
/// `limits` changes the resources that it names. The answer says which tenants are over a limit now.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_plan", request_body = bodies::PlanPatch,
    responses((status = 200, body = ChangedPlan)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn update(
    State(app): State<App>,
    AsOperator(by): AsOperator,
    Id(id): Id<PlanId>,
    Body(patch): Body<PlanPatch>,
) -> Answer<Json<ChangedPlan>> {
    let changed = plans::update(&app, &by, id, patch).await?;
    Ok(Json(ChangedPlan {
        plan: changed.plan,
        over_limit: changed.over_limit,
    }))
}

/// Delete a plan
///
/// 409 `in_use` while a tenant has it.
#[utoipa::path(delete, path = "", operation_id = "delete_plan", responses((status = 204)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn delete(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<PlanId>) -> Answer<StatusCode> {
    plans::delete(&app, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
