//! Providers: the upstreams that serve models. For operators.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use tenantry_domain::{App, providers};
use tenantry_types::provider::{NewProvider, Provider, ProviderCheck, ProviderPatch, SyncReport};
use tenantry_types::{Fields, Page, ProviderId};
use utoipa::IntoParams;

use crate::bodies;
use crate::extract::{AsOperator, Body, FromQuery, Id, Params};
use crate::respond::{Answer, created};
use crate::routes::OPERATOR;

/// List providers
#[utoipa::path(get, path = "", operation_id = "list_providers", responses((status = 200, body = Page<Provider>)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn list(State(app): State<App>, AsOperator(by): AsOperator) -> Answer<Json<Page<Provider>>> {
    Ok(Json(Page::whole(providers::list(&app, &by).await?)))
}

/// Create a provider
///
/// Does not call it: `POST .../check` does, and a look every minute or so. The key is kept sealed and never shown.
#[utoipa::path(post, path = "", operation_id = "create_provider", request_body = bodies::NewProvider,
    responses((status = 201, body = Provider)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn create(State(app): State<App>, AsOperator(by): AsOperator, Body(new): Body<NewProvider>) -> Answer<Response> {
    let provider = providers::create(&app, &by, new).await?;
    Ok(created(format!("/api/v1/providers/{}", provider.id), provider))
}

/// Show a provider
#[utoipa::path(get, path = "", operation_id = "get_provider", responses((status = 200, body = Provider)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn get(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<ProviderId>) -> Answer<Json<Provider>> {
    Ok(Json(providers::get(&app, &by, id).await?))
}

/// Change a provider
///
/// A new `api_key` replaces the old one, null removes it.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_provider", request_body = bodies::ProviderPatch,
    responses((status = 200, body = Provider)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn update(
    State(app): State<App>,
    AsOperator(by): AsOperator,
    Id(id): Id<ProviderId>,
    Body(patch): Body<ProviderPatch>,
) -> Answer<Json<Provider>> {
    Ok(Json(providers::update(&app, &by, id, patch).await?))
}

/// Delete a provider
///
/// 409 `in_use` while a model names it.
#[utoipa::path(delete, path = "", operation_id = "delete_provider", responses((status = 204)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn delete(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<ProviderId>) -> Answer<StatusCode> {
    providers::delete(&app, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Call a provider to see whether it answers
///
/// 200 in both cases: `ok` says which it is, `error` what was wrong.
#[utoipa::path(post, path = "", operation_id = "check_provider", responses((status = 200, body = ProviderCheck)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn check(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<ProviderId>) -> Answer<Json<ProviderCheck>> {
    Ok(Json(providers::check(&app, &by, id).await?))
}

/// How a list of models is taken over.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Sync {
    /// Write the differences into the catalogue; without it they are only shown.
    #[param(default = false, required = false)]
    apply: bool,
}

impl FromQuery for Sync {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            apply: f.optional("apply")?.unwrap_or(false),
        })
    }
}

/// Read the provider's list of models
///
/// Answers with the differences to the catalogue: what is new (and active once it is applied), what is different, what the
/// provider does not list any more, which is marked and never removed. The same happens by itself every `sync_hours`; new
/// models become what `new_models` of the provider says then. 409 `upstream_unreachable` when the provider does not answer.
#[utoipa::path(post, path = "", operation_id = "sync_provider", params(Sync), responses((status = 200, body = SyncReport)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn sync(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<ProviderId>, Params(how): Params<Sync>) -> Answer<Json<SyncReport>> {
    Ok(Json(providers::sync(&app, &by, id, how.apply).await?))
}
