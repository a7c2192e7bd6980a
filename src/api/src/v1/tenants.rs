//! Tenants: their life, their settings and their numbers.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use tenantry_domain::{App, needs, tenants};
use tenantry_types::overview::TenantRow;
use tenantry_types::permission::Needs;
use tenantry_types::tenant::{NewTenant, Tenant, TenantPatch, TenantStats, TenantStatus};
use tenantry_types::{Fields, Page, ProblemCode};
use utoipa::IntoParams;

use crate::bodies;
use crate::extract::{Body, Caller, Filter, FromQuery, InTenant, Listing, May, Paging, Params, Search};
use crate::respond::{Answer, created};

/// Which tenants.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TenantFilter {
    /// Only tenants of this status.
    #[param(inline)]
    status: Option<TenantStatus>,
}

impl Filter for TenantFilter {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            status: f.optional("status")?,
        })
    }
}

/// List tenants
///
/// Those that the caller may enter; for an operator all of them.
#[utoipa::path(get, path = "", operation_id = "list_tenants", params(Paging, Search, TenantFilter), responses((status = 200, body = Page<TenantRow>)))]
pub async fn list(State(app): State<App>, Caller(who): Caller, Params(list): Params<Listing<TenantFilter>>) -> Answer<Json<Page<TenantRow>>> {
    Ok(Json(tenants::list(&app, &who, list.page, list.filter.status).await?))
}

/// Create a tenant
///
/// The caller becomes its owner. The slug is made from the name unless it is given. 403 where only operators create tenants.
#[utoipa::path(post, path = "", operation_id = "create_tenant", request_body = bodies::NewTenant, responses((status = 201, body = Tenant)))]
pub async fn create(State(app): State<App>, Caller(who): Caller, Body(new): Body<NewTenant>) -> Answer<Response> {
    let tenant = tenants::create(&app, &who, new).await?;
    Ok(created(format!("/api/v1/tenants/{}", tenant.id), tenant))
}

/// Show a tenant, with its numbers
#[utoipa::path(get, path = "", operation_id = "get_tenant", responses((status = 200, body = Tenant)),
    extensions(("x-permission" = json!(needs::TenantRead::PERMISSION))))]
pub async fn get(State(app): State<App>, May(by): May<needs::TenantRead>) -> Answer<Json<Tenant>> {
    Ok(Json(tenants::get(&app, by).await?))
}

/// Change a tenant
///
/// A slug that was given up stays reserved and leads to the tenant.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_tenant", request_body = bodies::TenantPatch,
    responses((status = 200, body = Tenant)), extensions(("x-permission" = json!(needs::TenantUpdate::PERMISSION))))]
pub async fn update(State(app): State<App>, May(by): May<needs::TenantUpdate>, Body(patch): Body<TenantPatch>) -> Answer<Json<Tenant>> {
    Ok(Json(tenants::update(&app, by, patch).await?))
}

/// How far a deletion goes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Deletion {
    /// Remove a deactivated tenant with all that is in it, for ever. For operators.
    #[param(default = false, required = false)]
    purge: bool,
}

impl FromQuery for Deletion {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            purge: f.optional("purge")?.unwrap_or(false),
        })
    }
}

/// Deactivate a tenant, or purge it
///
/// A deactivated tenant keeps its data and can be activated again. `purge` needs an operator and a tenant that is deactivated.
#[utoipa::path(delete, path = "", operation_id = "delete_tenant", params(Deletion), responses((status = 204)),
    extensions(("x-permission" = json!(needs::TenantLifecycle::PERMISSION))))]
pub async fn delete(
    State(app): State<App>,
    InTenant(ctx): InTenant,
    May(by): May<needs::TenantLifecycle>,
    Params(how): Params<Deletion>,
) -> Answer<StatusCode> {
    if how.purge {
        // Whoever gets here knows the tenant: they are told that they may not, not that it is not there.
        let operator = ctx.asker().operator().map_err(|_| ProblemCode::Forbidden)?;
        tenants::purge(&app, &operator, ctx.tenant().id).await?;
    } else {
        tenants::deactivate(&app, by).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Activate a tenant
///
/// Ends a suspension or a deactivation. What an operator suspended, only an operator activates.
#[utoipa::path(post, path = "", operation_id = "activate_tenant", responses((status = 200, body = Tenant)),
    extensions(("x-permission" = json!(needs::TenantLifecycle::PERMISSION))))]
pub async fn activate(State(app): State<App>, May(by): May<needs::TenantLifecycle>) -> Answer<Json<Tenant>> {
    Ok(Json(tenants::activate(&app, by).await?))
}

/// Suspend a tenant
///
/// A suspended tenant is readable by its owners and refuses writes.
#[utoipa::path(post, path = "", operation_id = "suspend_tenant", responses((status = 200, body = Tenant)),
    extensions(("x-permission" = json!(needs::TenantLifecycle::PERMISSION))))]
pub async fn suspend(State(app): State<App>, May(by): May<needs::TenantLifecycle>) -> Answer<Json<Tenant>> {
    Ok(Json(tenants::suspend(&app, by).await?))
}

/// Show the numbers of a tenant
#[utoipa::path(get, path = "", operation_id = "get_tenant_stats", responses((status = 200, body = TenantStats)),
    extensions(("x-permission" = json!(needs::TenantRead::PERMISSION))))]
pub async fn stats(State(app): State<App>, May(by): May<needs::TenantRead>) -> Answer<Json<TenantStats>> {
    Ok(Json(tenants::stats(&app, by).await?))
}
