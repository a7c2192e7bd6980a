//! Webhooks of a tenant.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use tenantry_domain::{App, needs, webhooks};
use tenantry_types::permission::Needs;
use tenantry_types::webhook::{Delivery, DeliveryState, NewWebhook, Webhook, WebhookPatch};
use tenantry_types::{Fields, Page, WebhookId};
use utoipa::IntoParams;

use crate::bodies;
use crate::extract::{Body, Filter, Id, Listing, May, Paging, Params};
use crate::respond::{Answer, OnceOnly, created};

/// List webhooks
#[utoipa::path(get, path = "", operation_id = "list_webhooks", responses((status = 200, body = Page<Webhook>)),
    extensions(("x-permission" = json!(needs::WebhooksRead::PERMISSION))))]
pub async fn list(State(app): State<App>, May(by): May<needs::WebhooksRead>) -> Answer<Json<Page<Webhook>>> {
    Ok(Json(Page::whole(webhooks::list(&app, by).await?)))
}

/// Make a webhook
///
/// At most 20. It is not called yet. The `secret` is in this answer only: a repetition with the same idempotency key is 409
/// `secret_already_shown`.
///
/// What is sent is a POST of JSON, `{"id","type","created_at","tenant":{"id","slug","name"},"data":{..}}`, with the headers
/// `Tenantry-Event` (its type), `Tenantry-Event-Id` (the same for each try: whoever saw it may leave it) and
/// `Tenantry-Signature: t=<unix time>,v1=<hex>`. The hex is HMAC-SHA256 of `<unix time>.<body>` with the secret, as it was
/// shown, for a key; after a rotation there is a second `v1`. Refuse what is older than some minutes.
///
/// A status of 200 to 299 within ten seconds takes it; redirects are not followed. Anything else is tried again, seven times
/// over some 18 hours. A webhook that has taken nothing for a day is switched off.
#[utoipa::path(post, path = "", operation_id = "create_webhook", request_body = bodies::NewWebhook,
    responses((status = 201, body = Webhook)), extensions(("x-permission" = json!(needs::WebhooksManage::PERMISSION))))]
pub async fn create(State(app): State<App>, May(by): May<needs::WebhooksManage>, Body(new): Body<NewWebhook>) -> Answer<Response> {
    let tenant = by.tenant_id();
    let webhook = webhooks::create(&app, by, new).await?;
    let place = format!("/api/v1/tenants/{tenant}/webhooks/{}", webhook.id);
    Ok((Extension(OnceOnly), created(place, webhook)).into_response())
}

/// Show a webhook
#[utoipa::path(get, path = "", operation_id = "get_webhook", responses((status = 200, body = Webhook)),
    extensions(("x-permission" = json!(needs::WebhooksRead::PERMISSION))))]
pub async fn get(State(app): State<App>, May(by): May<needs::WebhooksRead>, Id(id): Id<WebhookId>) -> Answer<Json<Webhook>> {
    Ok(Json(webhooks::get(&app, by, id).await?))
}

/// Change a webhook
///
/// `enabled` true forgets that it had failed. Null `events` are all that the notification settings send to webhooks.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_webhook", request_body = bodies::WebhookPatch,
    responses((status = 200, body = Webhook)), extensions(("x-permission" = json!(needs::WebhooksManage::PERMISSION))))]
pub async fn update(
    State(app): State<App>,
    May(by): May<needs::WebhooksManage>,
    Id(id): Id<WebhookId>,
    Body(patch): Body<WebhookPatch>,
) -> Answer<Json<Webhook>> {
    Ok(Json(webhooks::update(&app, by, id, patch).await?))
}

/// Remove a webhook
///
/// With what waits for it, and its deliveries.
#[utoipa::path(delete, path = "", operation_id = "delete_webhook", responses((status = 204)),
    extensions(("x-permission" = json!(needs::WebhooksManage::PERMISSION))))]
pub async fn delete(State(app): State<App>, May(by): May<needs::WebhooksManage>, Id(id): Id<WebhookId>) -> Answer<StatusCode> {
    webhooks::delete(&app, by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook another secret
///
/// The `secret` is in this answer only. For a day what is sent is signed with the one from before as well.
#[utoipa::path(post, path = "", operation_id = "rotate_webhook", responses((status = 200, body = Webhook)),
    extensions(("x-permission" = json!(needs::WebhooksManage::PERMISSION))))]
pub async fn rotate(
    State(app): State<App>,
    May(by): May<needs::WebhooksManage>,
    Id(id): Id<WebhookId>,
) -> Answer<(Extension<OnceOnly>, Json<Webhook>)> {
    Ok((Extension(OnceOnly), Json(webhooks::rotate(&app, by, id).await?)))
}

/// Try a webhook out
///
/// Sends an event of type `test` at once, and once, and says how that went. Also to a webhook that is switched off. At most ten
/// in a minute.
#[utoipa::path(post, path = "", operation_id = "test_webhook", responses((status = 200, body = Delivery)),
    extensions(("x-permission" = json!(needs::WebhooksManage::PERMISSION))))]
pub async fn test(State(app): State<App>, May(by): May<needs::WebhooksManage>, Id(id): Id<WebhookId>) -> Answer<Json<Delivery>> {
    Ok(Json(webhooks::test(&app, by, id).await?))
}

/// Which deliveries.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilter {
    /// Only those of this state.
    #[param(inline)]
    state: Option<DeliveryState>,
}

impl Filter for DeliveryFilter {
    const SEARCH: bool = false;

    fn read(f: &mut Fields<'_>) -> Option<Self> {
        Some(Self { state: f.optional("state")? })
    }
}

/// List what was sent to a webhook
///
/// The newest first, for two weeks. Neither what was sent nor what was answered is kept. Not counted: `total` is null.
#[utoipa::path(get, path = "", operation_id = "list_webhook_deliveries", params(Paging, DeliveryFilter),
    responses((status = 200, body = Page<Delivery>)), extensions(("x-permission" = json!(needs::WebhooksRead::PERMISSION))))]
pub async fn deliveries(
    State(app): State<App>,
    May(by): May<needs::WebhooksRead>,
    Id(id): Id<WebhookId>,
    Params(list): Params<Listing<DeliveryFilter>>,
) -> Answer<Json<Page<Delivery>>> {
    Ok(Json(webhooks::deliveries(&app, by, id, list.page, list.filter.state).await?))
}
