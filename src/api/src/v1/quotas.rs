//! Limits of a tenant and how much of them is used.

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value};
use tenantry_domain::{App, needs, quotas};
use tenantry_types::permission::Needs;
use tenantry_types::plan::{QuotaPatch, QuotaQuestion, QuotaVerdict, Quotas};
use tenantry_types::{Fault, FieldError, FromInput, PlanId};

use crate::bodies;
use crate::extract::{Body, FromBody, May};
use crate::respond::Answer;

/// Show the limits of a tenant and how much of them is used
///
/// Every resource is listed; a limit of null is none.
#[utoipa::path(get, path = "", operation_id = "get_quotas", responses((status = 200, body = Quotas)),
    extensions(("x-permission" = json!(needs::QuotasRead::PERMISSION))))]
pub async fn show(State(app): State<App>, May(by): May<needs::QuotasRead>) -> Answer<Json<Quotas>> {
    Ok(Json(quotas::show(&app, by).await?))
}

/// Ask whether there is so much left of a resource
///
/// Takes nothing of it: another one may be faster.
#[utoipa::path(post, path = "", operation_id = "check_quota", request_body = bodies::QuotaQuestion,
    responses((status = 200, body = QuotaVerdict)), extensions(("x-permission" = json!(needs::QuotasRead::PERMISSION))))]
pub async fn check(State(app): State<App>, May(by): May<needs::QuotasRead>, Body(question): Body<QuotaQuestion>) -> Answer<Json<QuotaVerdict>> {
    Ok(Json(quotas::check(&app, by, question).await?))
}

/// Limits of the tenant's own, and its plan when that is named.
pub struct Change {
    plan: Option<Option<PlanId>>,
    limits: QuotaPatch,
}

impl FromBody for Change {
    fn from_body(body: &Value) -> Result<Self, Vec<FieldError>> {
        let mut rest = body.clone();
        let plan = rest.as_object_mut().and_then(|map: &mut Map<String, Value>| map.remove("plan"));
        let plan = match plan {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(value) => PlanId::from_input(&value).map(|id| Some(Some(id))),
        };
        match (plan.map_err(|fault: Fault| FieldError::new("plan", fault)), QuotaPatch::parse(&rest)) {
            (Ok(plan), Ok(limits)) => Ok(Self { plan, limits }),
            (plan, limits) => Err(plan.err().into_iter().chain(limits.err().unwrap_or_default()).collect()),
        }
    }
}

/// Set the limits of a tenant
///
/// A number sets a limit of the tenant's own, null lets it use as much as it likes, whatever its plan says. `plan` changes the plan.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_quotas", request_body = bodies::QuotaPatch,
    responses((status = 200, body = Quotas)), extensions(("x-permission" = json!(needs::QuotasUpdate::PERMISSION))))]
pub async fn update(State(app): State<App>, May(by): May<needs::QuotasUpdate>, Body(change): Body<Change>) -> Answer<Json<Quotas>> {
    Ok(Json(quotas::set(&app, by, change.plan, change.limits).await?))
}
