//! How something gets to a webhook: what is sent, what counts as taken, when it is tried again, and when the server
//! gives up on a receiver.

use std::time::{Duration, Instant};

use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenantry_db::TenantTx;
use tenantry_db::webhook::{self as db, Sealed};
use tenantry_types::alert::AlertKind;
use tenantry_types::webhook::{DeliveryAttempt, DeliveryState, HookUrl};
use tenantry_types::{DeliveryId, TenantId, Timestamp, WebhookId};

use super::{happened, sign, unseal};
use crate::alerts::{self, Alert};
use crate::ports::HookCall;
use crate::{App, Error, Result, now};

/// Seconds until the next try, after each; some 18 hours in all.
const WAITS: [u64; 7] = [10, 60, 300, 1800, 7200, 18_000, 36_000];
/// A receiver that took nothing for so long is switched off.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// What waits in the outbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Payload {
    pub delivery: DeliveryId,
    pub body: String,
}

/// Something that is ready to be sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    webhook: WebhookId,
    delivery: DeliveryId,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// What is sent, signed as of now.
pub(super) async fn prepare(app: &App, tx: &mut TenantTx, sealed: Sealed, delivery: DeliveryId, body: String, at: Timestamp) -> Result<Outgoing> {
    let Sealed { webhook, secret, previous } = sealed;
    let mut secrets = vec![unseal(app, tx, webhook.id, "secret_sealed", &secret).await?];
    if let Some(previous) = previous {
        secrets.push(unseal(app, tx, webhook.id, "previous_sealed", &previous).await?);
    }
    #[derive(Deserialize)]
    struct Head {
        id: String,
        #[serde(rename = "type")]
        kind: String,
    }
    let head: Head = serde_json::from_str(&body).map_err(Error::internal)?;
    Ok(Outgoing {
        webhook: webhook.id,
        delivery,
        headers: vec![
            ("tenantry-event", head.kind),
            ("tenantry-event-id", head.id),
            ("tenantry-signature", sign::signature(&secrets, at, &body)),
        ],
        url: webhook.url,
        body,
    })
}

/// Makes ready what waited; None when its webhook is gone, or switched off.
pub(crate) async fn load(app: &App, tx: &mut TenantTx, webhook: WebhookId, payload: &[u8]) -> Result<Option<Outgoing>> {
    let Payload { delivery, body } = serde_json::from_slice(payload).map_err(Error::internal)?;
    let at = now();
    let Some(sealed) = db::get(tx, webhook, at).await? else {
        return Ok(None);
    };
    if !sealed.webhook.enabled {
        let attempt = DeliveryAttempt {
            at,
            status: None,
            error: Some("the webhook is switched off".to_owned()),
            duration_ms: 0,
        };
        db::note(tx, delivery, Some(&attempt), DeliveryState::Failed, None).await?;
        return Ok(None);
    }
    prepare(app, tx, sealed, delivery, body, at).await.map(Some)
}

/// Sends it, while no transaction is open.
pub(crate) async fn send(app: &App, outgoing: &Outgoing) -> DeliveryAttempt {
    let (at, began) = (now(), Instant::now());
    let call = HookCall {
        url: &outgoing.url,
        headers: outgoing.headers.clone(),
        body: outgoing.body.clone(),
    };
    let answer = app.hooks().post(call).await;
    let error = match answer {
        Ok(200..=299) => None,
        Ok(300..=399) => Some("the receiver sent us to another address, which is not followed: give the address itself".to_owned()),
        Ok(status) => Some(format!("the receiver answered with status {status}")),
        Err(error) => Some(error.to_string()),
    };
    DeliveryAttempt {
        at,
        status: answer.ok(),
        error,
        duration_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
    }
}

/// What becomes of what was sent.
#[derive(Debug)]
pub(crate) enum Settled {
    Delivered,
    /// Why not, and when it is tried again.
    Failed {
        error: String,
        next_at: Option<Timestamp>,
    },
}

/// Before a failure is noted: a receiver that has failed for too long is switched off, and its tenant is told first, so
/// that nothing which happens in between keeps it quiet.
pub(crate) async fn warn(app: &App, tenant: TenantId, failing: &Outgoing) -> Result<()> {
    let mut tx = app.db().tenant(&tenantry_db::access::job(tenant)).await?;
    let Some(Sealed { webhook, .. }) = db::get(&mut tx, failing.webhook, now()).await? else {
        return Ok(());
    };
    drop(tx);
    let Some(since) = webhook.failing_since.filter(|since| webhook.enabled && is_too_long(*since)) else {
        return Ok(());
    };
    let alert = Alert {
        kind: AlertKind::WebhookOff,
        once: format!("{} {since}", webhook.id),
        about: webhook.id.to_string(),
        text: format!(
            "The webhook {} to {} was switched off: nothing has been taken there since {}.",
            webhook.name,
            HookUrl::origin(&webhook.url),
            since.readable()
        ),
        page: format!("webhooks/{}", webhook.id),
        whom: None,
        data: json!({ "webhook": webhook.id, "name": webhook.name, "failing_since": since }),
    };
    alerts::raise(app, tenant, alert).await?;
    Ok(())
}

fn is_too_long(since: Timestamp) -> bool {
    since.0 + PATIENCE <= now().0
}

/// Notes how a try went. `tries`: how many there were before.
pub(crate) async fn settle(tx: &mut TenantTx, outgoing: &Outgoing, attempt: &DeliveryAttempt, tries: i32) -> Result<Settled> {
    let wait = usize::try_from(tries).ok().and_then(|tries| WAITS.get(tries)).copied();
    let Some(Sealed { mut webhook, .. }) = db::lock(tx, outgoing.webhook, now()).await? else {
        return Ok(Settled::Delivered);
    };
    let Some(error) = attempt.error.clone() else {
        db::note(tx, outgoing.delivery, Some(attempt), DeliveryState::Delivered, None).await?;
        if webhook.failing_since.take().is_some() {
            db::update(tx, &webhook, now()).await?;
        }
        return Ok(Settled::Delivered);
    };
    let since = *webhook.failing_since.get_or_insert(attempt.at);
    let off = webhook.enabled && is_too_long(since);
    if off {
        webhook.enabled = false;
        webhook.switched_off_at = Some(now());
        tx.record(happened("webhook.switched_off", &webhook, json!({ "failing_since": since })));
    }
    db::update(tx, &webhook, now()).await?;
    // Not all at the same moment: many may wait for one receiver.
    let next_at = wait
        .filter(|_| !off)
        .map(|s| Timestamp(now().0 + Duration::from_secs(s).mul_f64(rand::rng().random_range(1.0..1.1))));
    let state = if next_at.is_some() {
        DeliveryState::Waiting
    } else {
        DeliveryState::Failed
    };
    db::note(tx, outgoing.delivery, Some(attempt), state, next_at).await?;
    Ok(Settled::Failed { error, next_at })
}
