//! API keys of a tenant.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use tenantry_domain::{App, api_keys, needs};
use tenantry_types::api_key::{ApiKey, ApiKeyPatch, KeyRotation, KeyStatus, NewApiKey};
use tenantry_types::permission::Needs;
use tenantry_types::{ApiKeyId, Fields, Page};
use utoipa::IntoParams;

use crate::bodies;
use crate::extract::{Body, Filter, Id, Listing, MayIn, Paging, Params, Search};
use crate::respond::{Answer, OnceOnly, created};

/// Which keys.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct KeyFilter {
    /// Only keys of this status.
    #[param(inline)]
    status: Option<KeyStatus>,
}

impl Filter for KeyFilter {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            status: f.optional("status")?,
        })
    }
}

/// List API keys
///
/// The caller's own; with the permission `keys:manage` all of the tenant. `q` finds names, and prefixes from their beginning.
#[utoipa::path(get, path = "", operation_id = "list_api_keys", params(Paging, Search, KeyFilter),
    responses((status = 200, body = Page<ApiKey>)), extensions(("x-permission" = json!(needs::KeysRead::PERMISSION))))]
pub async fn list(
    State(app): State<App>,
    MayIn(by, ctx): MayIn<needs::KeysRead>,
    Params(list): Params<Listing<KeyFilter>>,
) -> Answer<Json<Page<ApiKey>>> {
    let reach = api_keys::Reach::of(&ctx);
    Ok(Json(api_keys::list(&app, by, reach, list.page, list.filter.status).await?))
}

/// Make an API key
///
/// The `secret` is in this answer only: a repetition with the same idempotency key is 409 `secret_already_shown`. A key of
/// `owner` `user` can do at most what the caller can do, now and whenever it is used; one of `tenant` outlives who made it,
/// and needs the permission `keys:manage`. Keys make no keys.
#[utoipa::path(post, path = "", operation_id = "create_api_key", request_body = bodies::NewApiKey,
    responses((status = 201, body = ApiKey)), extensions(("x-permission" = json!(needs::KeysCreate::PERMISSION))))]
pub async fn create(State(app): State<App>, MayIn(by, ctx): MayIn<needs::KeysCreate>, Body(new): Body<NewApiKey>) -> Answer<Response> {
    let key = api_keys::create(&app, by, &ctx, new).await?;
    let place = format!("/api/v1/tenants/{}/api-keys/{}", ctx.tenant().id, key.id);
    Ok((Extension(OnceOnly), created(place, key)).into_response())
}

/// Show an API key
#[utoipa::path(get, path = "", operation_id = "get_api_key", responses((status = 200, body = ApiKey)),
    extensions(("x-permission" = json!(needs::KeysRead::PERMISSION))))]
pub async fn get(State(app): State<App>, MayIn(by, ctx): MayIn<needs::KeysRead>, Id(id): Id<ApiKeyId>) -> Answer<Json<ApiKey>> {
    Ok(Json(api_keys::get(&app, by, api_keys::Reach::of(&ctx), id).await?))
}

/// Change an API key
///
/// One's own; with the permission `keys:manage` everyone's. Scopes that are added are scopes that the caller has.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_api_key", request_body = bodies::ApiKeyPatch,
    responses((status = 200, body = ApiKey)), extensions(("x-permission" = json!(needs::KeysCreate::PERMISSION))))]
pub async fn update(
    State(app): State<App>,
    MayIn(by, ctx): MayIn<needs::KeysCreate>,
    Id(id): Id<ApiKeyId>,
    Body(patch): Body<ApiKeyPatch>,
) -> Answer<Json<ApiKey>> {
    Ok(Json(api_keys::update(&app, by, &ctx, id, patch).await?))
}

/// Revoke an API key
///
/// It stops working at once.
#[utoipa::path(delete, path = "", operation_id = "revoke_api_key", responses((status = 204)),
    extensions(("x-permission" = json!(needs::KeysCreate::PERMISSION))))]
pub async fn revoke(State(app): State<App>, MayIn(by, ctx): MayIn<needs::KeysCreate>, Id(id): Id<ApiKeyId>) -> Answer<StatusCode> {
    api_keys::revoke(&app, by, &ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give an API key another secret
///
/// The `secret` is in this answer only. The one from before works for `overlap_hours` more; while it does, another rotation
/// is 409 `key_rotating`, but one with `overlap_hours` 0, which ends both.
#[utoipa::path(post, path = "", operation_id = "rotate_api_key", request_body = bodies::KeyRotation,
    responses((status = 200, body = ApiKey)), extensions(("x-permission" = json!(needs::KeysCreate::PERMISSION))))]
pub async fn rotate(
    State(app): State<App>,
    MayIn(by, ctx): MayIn<needs::KeysCreate>,
    Id(id): Id<ApiKeyId>,
    Body(cmd): Body<KeyRotation>,
) -> Answer<(Extension<OnceOnly>, Json<ApiKey>)> {
    let key = api_keys::rotate(&app, by, &ctx, id, cmd).await?;
    Ok((Extension(OnceOnly), Json(key)))
}
