//! The domains of a tenant, by which people become members who sign in with a provider.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use tenantry_domain::{App, domains, needs};
use tenantry_types::Page;
use tenantry_types::openid::{Domain, DomainPatch, NewDomain, TenantDomain};
use tenantry_types::permission::Needs;

use crate::bodies;
use crate::extract::{Body, Id, May};
use crate::respond::{Answer, created};

/// List the domains of a tenant
#[utoipa::path(get, path = "", operation_id = "list_domains", responses((status = 200, body = Page<TenantDomain>)),
    extensions(("x-permission" = json!(needs::TenantRead::PERMISSION))))]
pub async fn list(State(app): State<App>, May(by): May<needs::TenantRead>) -> Answer<Json<Page<TenantDomain>>> {
    Ok(Json(Page::whole(domains::list(&app, by).await?)))
}

/// Name a domain as the tenant's own
///
/// It waits until an operator confirms it. At most 50. 409 `domain_taken` when it is named already.
#[utoipa::path(post, path = "", operation_id = "add_domain", request_body = bodies::NewDomain, responses((status = 201, body = TenantDomain)),
    extensions(("x-permission" = json!(needs::TenantUpdate::PERMISSION))))]
pub async fn add(State(app): State<App>, May(by): May<needs::TenantUpdate>, Body(new): Body<NewDomain>) -> Answer<Response> {
    let tenant = by.tenant_id();
    let domain = domains::add(&app, by, new).await?;
    Ok(created(format!("/api/v1/tenants/{tenant}/domains/{}", domain.domain), domain))
}

/// Say what people of a domain become
///
/// With a role, whoever signs in with a provider that has verified their address of a confirmed domain becomes a member, once;
/// who left or was removed does not come back by it. Without, which is how a domain begins, nobody does.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_domain", request_body = bodies::DomainPatch,
    responses((status = 200, body = TenantDomain)), extensions(("x-permission" = json!(needs::TenantUpdate::PERMISSION))))]
pub async fn update(
    State(app): State<App>,
    May(by): May<needs::TenantUpdate>,
    Id(domain): Id<Domain>,
    Body(patch): Body<DomainPatch>,
) -> Answer<Json<TenantDomain>> {
    Ok(Json(domains::update(&app, by, domain, patch).await?))
}

/// Give a domain up
///
/// Who became a member by it stays one.
#[utoipa::path(delete, path = "", operation_id = "remove_domain", responses((status = 204)),
    extensions(("x-permission" = json!(needs::TenantUpdate::PERMISSION))))]
pub async fn remove(State(app): State<App>, May(by): May<needs::TenantUpdate>, Id(domain): Id<Domain>) -> Answer<StatusCode> {
    domains::remove(&app, by, domain).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Confirm that a domain is the tenant's
///
/// For operators. A domain has one tenant: 409 `domain_taken` when it is confirmed for another.
#[utoipa::path(post, path = "", operation_id = "confirm_domain", responses((status = 200, body = TenantDomain)),
    extensions(("x-permission" = json!(needs::DomainsConfirm::PERMISSION))))]
pub async fn confirm(State(app): State<App>, May(by): May<needs::DomainsConfirm>, Id(domain): Id<Domain>) -> Answer<Json<TenantDomain>> {
    Ok(Json(domains::confirm(&app, by, domain).await?))
}
