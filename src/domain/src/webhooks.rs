//! Webhooks: where a tenant wants its programs to be told. What is sent is signed with a secret that is shown once, and
//! leaves by the outbox, each webhook in a lane of its own.

mod deliver;
mod sign;

use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use tenantry_db::alert::lock_settings;
use tenantry_db::webhook::{self as db, Sealed};
use tenantry_db::{TenantTx, access::Needs};
use tenantry_types::alert::AlertKind;
use tenantry_types::text::Secret;
use tenantry_types::webhook::{Delivery, DeliveryState, HookUrl, MAX_WEBHOOKS, NewWebhook, TEST_EVENT, Webhook, WebhookPatch};
use tenantry_types::{EventId, Fault, Page, PageQuery, TenantRef, Timestamp, WebhookId};
use uuid::Uuid;

use crate::audit::event;
use crate::{App, Error, Granted, Place, Result, needs, new_id, now, outbox};

pub(crate) use deliver::{Outgoing, Payload, Settled, load, send, settle, warn};

/// For how long the secret from before a rotation signs as well.
const OVERLAP: Duration = Duration::from_secs(24 * 3600);
/// Tests of a tenant in a minute.
const TESTS: i64 = 10;
const MINUTE: Duration = Duration::from_secs(60);

fn place(id: WebhookId, column: &'static str) -> Place {
    Place {
        table: "webhook",
        row: id.uuid(),
        column,
    }
}

fn mint() -> Secret {
    let random = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    Secret::new(format!("whsec_{random}"))
}

/// What of a webhook stands in the record: an address without what may be a secret in it.
fn recorded(webhook: &Webhook) -> Value {
    json!({ "name": webhook.name, "url": HookUrl::origin(&webhook.url), "events": webhook.events, "enabled": webhook.enabled })
}

fn happened(action: &'static str, webhook: &Webhook, changes: Value) -> tenantry_db::audit::Event {
    event(action, "webhook", Some(webhook.id.to_string()), &webhook.name, changes)
}

/// All of them, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, by: Granted<needs::WebhooksRead>) -> Result<Vec<Webhook>> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::list(&mut tx, now()).await?)
}

/// # Errors
/// `NotFound`.
pub async fn get(app: &App, by: Granted<needs::WebhooksRead>, id: WebhookId) -> Result<Webhook> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::get(&mut tx, id, now()).await?.ok_or(Error::NOT_FOUND)?.webhook)
}

/// Makes a webhook, without calling it. Its secret is in this answer and nowhere else.
///
/// # Errors
/// A fault of `url` for an address that is not allowed, and of `name` for one too many.
pub async fn create(app: &App, by: Granted<needs::WebhooksManage>, new: NewWebhook) -> Result<Webhook> {
    allowed(app, &new.url)?;
    let now = now();
    let mut tx = app.db().tenant(&by).await?;
    // Two at once would both find room.
    lock_settings(&mut tx, now).await?;
    if db::list(&mut tx, now).await?.len() >= MAX_WEBHOOKS as usize {
        return Err(Error::field("name", Fault::TooMany { max: MAX_WEBHOOKS }));
    }
    let mut webhook = Webhook {
        id: new_id(),
        name: new.name.as_str().to_owned(),
        url: new.url.0,
        events: new.events,
        enabled: new.enabled,
        failing_since: None,
        switched_off_at: None,
        previous_until: None,
        created_at: now,
        secret: None,
    };
    let secret = mint();
    let sealed = seal(app, &mut tx, webhook.id, "secret_sealed", &secret).await?;
    db::insert(&mut tx, &webhook, &sealed).await?;
    tx.record(happened("webhook.created", &webhook, recorded(&webhook)));
    tx.commit().await?;
    webhook.secret = Some(secret.expose().to_owned());
    Ok(webhook)
}

fn allowed(app: &App, url: &HookUrl) -> Result<()> {
    if app.hooks().allows(&url.0) {
        return Ok(());
    }
    Err(Error::field("url", Fault::UrlForbidden))
}

async fn seal(app: &App, tx: &mut TenantTx, id: WebhookId, column: &'static str, secret: &Secret) -> Result<Vec<u8>> {
    let values = [(place(id, column), secret.expose().as_bytes().to_vec())];
    let mut sealed = app.vault().seal_in(tx, &values).await?;
    sealed.pop().ok_or_else(|| Error::internal("nothing was sealed"))
}

async fn unseal(app: &App, tx: &mut TenantTx, id: WebhookId, column: &'static str, sealed: &[u8]) -> Result<Secret> {
    let plain = app.vault().open_in(tx, place(id, column), sealed).await?;
    Ok(Secret::new(String::from_utf8(plain).map_err(Error::internal)?))
}

async fn locked<P: Needs>(app: &App, by: &Granted<P>, id: WebhookId) -> Result<(TenantTx, Sealed)> {
    let mut tx = app.db().tenant(by).await?;
    let sealed = db::lock(&mut tx, id, now()).await?.ok_or(Error::NOT_FOUND)?;
    Ok((tx, sealed))
}

/// Changes a webhook. Switching it on forgets that it had failed.
///
/// # Errors
/// `NotFound`; a fault of `url` as in `create`.
pub async fn update(app: &App, by: Granted<needs::WebhooksManage>, id: WebhookId, patch: WebhookPatch) -> Result<Webhook> {
    if let Some(url) = &patch.url {
        allowed(app, url)?;
    }
    let (mut tx, before) = locked(app, &by, id).await?;
    let before = before.webhook;
    let mut webhook = Webhook {
        name: patch.name.map_or(before.name.clone(), |name| name.as_str().to_owned()),
        url: patch.url.map_or(before.url.clone(), |url| url.0),
        events: patch.events.apply(before.events.clone()),
        enabled: patch.enabled.unwrap_or(before.enabled),
        ..before.clone()
    };
    if webhook.url != before.url || patch.enabled == Some(true) {
        webhook.failing_since = None;
    }
    if webhook.enabled {
        webhook.switched_off_at = None;
    }
    if webhook != before {
        db::update(&mut tx, &webhook, now()).await?;
        let changes = json!({ "from": recorded(&before), "to": recorded(&webhook), "url_changed": webhook.url != before.url });
        tx.record(happened("webhook.updated", &webhook, changes));
        tx.commit().await?;
    }
    Ok(webhook)
}

/// Gives a webhook another secret, which is in this answer only. For a day both sign.
///
/// # Errors
/// `NotFound`.
pub async fn rotate(app: &App, by: Granted<needs::WebhooksManage>, id: WebhookId) -> Result<Webhook> {
    let (mut tx, Sealed { mut webhook, secret, .. }) = locked(app, &by, id).await?;
    let now = now();
    let (old, new) = (unseal(app, &mut tx, id, "secret_sealed", &secret).await?, mint());
    let previous = seal(app, &mut tx, id, "previous_sealed", &old).await?;
    let sealed = seal(app, &mut tx, id, "secret_sealed", &new).await?;
    let until = Timestamp(now.0 + OVERLAP);
    db::rotate(&mut tx, id, &sealed, &previous, until, now).await?;
    tx.record(happened("webhook.rotated", &webhook, json!({ "previous_until": until })));
    tx.commit().await?;
    webhook.previous_until = Some(until);
    webhook.secret = Some(new.expose().to_owned());
    Ok(webhook)
}

/// Removes a webhook, with what waits for it and its deliveries.
///
/// # Errors
/// `NotFound`.
pub async fn delete(app: &App, by: Granted<needs::WebhooksManage>, id: WebhookId) -> Result<()> {
    let (mut tx, Sealed { webhook, .. }) = locked(app, &by, id).await?;
    db::delete(&mut tx, id).await?;
    tx.record(happened("webhook.deleted", &webhook, recorded(&webhook)));
    tx.commit().await?;
    Ok(())
}

/// What was sent to a webhook, the newest first.
///
/// # Errors
/// `NotFound`.
pub async fn deliveries(
    app: &App,
    by: Granted<needs::WebhooksRead>,
    id: WebhookId,
    query: PageQuery,
    state: Option<DeliveryState>,
) -> Result<Page<Delivery>> {
    let mut tx = app.db().tenant(&by).await?;
    db::get(&mut tx, id, now()).await?.ok_or(Error::NOT_FOUND)?;
    // Not counted: there may be many.
    Ok(Page::of(db::deliveries(&mut tx, id, &query, state).await?, &query, None))
}

/// Sends an event `test` at once, and once, also to a webhook that is switched off.
///
/// # Errors
/// `NotFound`; `RateLimited` after ten in a minute. That the receiver does not take it is an answer, not an error.
pub async fn test(app: &App, by: Granted<needs::WebhooksManage>, id: WebhookId) -> Result<Delivery> {
    let (mut tx, sealed) = locked(app, &by, id).await?;
    let at = now();
    if db::count_since(&mut tx, TEST_EVENT, Timestamp(at.0 - MINUTE)).await? >= TESTS {
        return Err(Error::RateLimited {
            retry_after_s: MINUTE.as_secs(),
        });
    }
    let (event_id, delivery): (EventId, Uuid) = (new_id(), Uuid::now_v7());
    let tenant = TenantRef {
        id: by.tenant_id(),
        slug: by.tenant().slug.clone(),
        name: by.tenant().name.clone(),
    };
    let data = json!({ "text": "This is a test: the webhook works.", "webhook": id });
    let body = body(event_id, TEST_EVENT, &tenant, &data, at);
    db::begin(&mut tx, &[(delivery, id)], event_id, TEST_EVENT, at).await?;
    tx.record(happened("webhook.tested", &sealed.webhook, json!({ "event": event_id })));
    let outgoing = deliver::prepare(app, &mut tx, sealed, delivery.into(), body, at).await?;
    tx.commit().await?;

    let attempt = deliver::send(app, &outgoing).await;
    let state = if attempt.error.is_none() {
        DeliveryState::Delivered
    } else {
        DeliveryState::Failed
    };
    let (mut tx, Sealed { mut webhook, .. }) = locked(app, &by, id).await?;
    db::note(&mut tx, delivery.into(), Some(&attempt), state, None).await?;
    if state == DeliveryState::Delivered && webhook.failing_since.take().is_some() {
        db::update(&mut tx, &webhook, now()).await?;
    }
    tx.commit_counts().await?;
    Ok(Delivery {
        id: delivery.into(),
        event_id,
        event: TEST_EVENT.to_owned(),
        state,
        attempts: vec![attempt],
        next_at: None,
        created_at: at,
    })
}

fn body(id: EventId, event: &str, tenant: &TenantRef, data: &Value, at: Timestamp) -> String {
    json!({ "id": id, "type": event, "created_at": at, "tenant": tenant, "data": data }).to_string()
}

/// Leaves an event for all webhooks that take it, to be sent when the transaction commits.
pub(crate) async fn announce(app: &App, tx: &mut TenantTx, tenant: &TenantRef, kind: AlertKind, data: &Value, at: Timestamp) -> Result<()> {
    let takers = db::takers(tx, kind).await?;
    if takers.is_empty() {
        return Ok(());
    }
    let event_id: EventId = new_id();
    let body = body(event_id, kind.as_str(), tenant, data, at);
    let deliveries: Vec<(Uuid, WebhookId)> = takers.into_iter().map(|webhook| (Uuid::now_v7(), webhook)).collect();
    db::begin(tx, &deliveries, event_id, kind.as_str(), at).await?;
    let parcels = deliveries.into_iter().map(|(delivery, webhook)| {
        let payload = deliver::Payload {
            delivery: delivery.into(),
            body: body.clone(),
        };
        (webhook, payload)
    });
    outbox::post_hooks(app, tx, parcels.collect()).await
}
