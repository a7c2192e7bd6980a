//! Webhooks: where a tenant wants to be told over HTTP, and what became of what was sent there.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::alert::AlertKind;
use crate::input::{Fields, FromInput, Patch, words};
use crate::problem::{Fault, FieldError};
use crate::{DeliveryId, EventId, Name, Timestamp, WebhookId};

/// A webhook, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webhook {
    pub id: WebhookId,
    pub name: String,
    pub url: String,
    /// The only kinds that go there; null: all that the notification settings send to webhooks.
    pub events: Option<Vec<AlertKind>>,
    pub enabled: bool,
    /// Since when nothing was taken any more; null: the last delivery went well, or there was none.
    pub failing_since: Option<Timestamp>,
    /// When the server switched it off, because it had failed for a day; null: it did not.
    pub switched_off_at: Option<Timestamp>,
    /// Until then the secret from before the last rotation signs as well.
    pub previous_until: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Only in the answers of create and rotate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub secret: Option<String>,
}

/// Webhooks that a tenant may have.
pub const MAX_WEBHOOKS: u32 = 20;

/// An http(s) URL without user info and fragment; a query may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookUrl(pub String);

impl FromInput for HookUrl {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let text = value.as_str().ok_or(Fault::ExpectedText)?.trim();
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(Fault::NotAUrl)?;
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let ok = !host.is_empty()
            && text.len() <= 1000
            && !host.starts_with(':')
            && !host.contains('@')
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '#' | '\\'));
        if ok { Ok(Self(text.to_owned())) } else { Err(Fault::NotAUrl) }
    }
}

impl HookUrl {
    /// Scheme and host, which are no secret: the rest of an address may be one.
    pub fn origin(url: &str) -> &str {
        let host = url.find("://").map_or(0, |at| at + 3);
        let end = url[host..].find(['/', '?']).map_or(url.len(), |at| host + at);
        &url[..end]
    }
}

/// `POST /webhooks`.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    pub name: Name,
    pub url: HookUrl,
    pub events: Option<Vec<AlertKind>>,
    pub enabled: bool,
}

fn events(f: &mut Fields<'_>, there: bool) -> Option<Option<Vec<AlertKind>>> {
    let mut events = f.list::<AlertKind>("events", u32::try_from(AlertKind::ALL.len()).unwrap_or(u32::MAX))?;
    events.sort_unstable();
    events.dedup();
    if there && events.is_empty() {
        // Nothing would ever go there: that is what `enabled` is for.
        f.fault("events", Fault::Required);
        return None;
    }
    Some(Some(events).filter(|_| there))
}

fn is_list(body: &Value) -> bool {
    body.get("events").is_some_and(|events| !events.is_null())
}

impl NewWebhook {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.required("name");
            let url = f.required("url");
            let events = events(f, is_list(body));
            let enabled = f.optional("enabled");
            Some(Self {
                name: name?,
                url: url?,
                events: events?,
                enabled: enabled?.unwrap_or(true),
            })
        })
    }
}

/// `PATCH /webhooks/{id}`.
#[derive(Debug, Clone, Default)]
pub struct WebhookPatch {
    pub name: Option<Name>,
    pub url: Option<HookUrl>,
    pub events: Patch<Vec<AlertKind>>,
    pub enabled: Option<bool>,
}

impl WebhookPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.change("name");
            let url = f.change("url");
            let events = events(f, is_list(body));
            let enabled = f.change("enabled");
            f.read_only(&["id", "failing_since", "switched_off_at", "previous_until", "created_at", "secret"]);
            Some(Self {
                name: name?,
                url: url?,
                events: match events? {
                    Some(events) => Patch::Set(events),
                    None if body.get("events").is_some() => Patch::Clear,
                    None => Patch::Keep,
                },
                enabled: enabled?,
            })
        })
    }
}

words! {
    /// What became of a delivery.
    DeliveryState, DeliveryState {
        /// It is tried, or tried again.
        Waiting = "waiting",
        /// The receiver answered with a status of 200 to 299.
        Delivered = "delivered",
        /// It is not tried again.
        Failed = "failed",
    }
}

/// What an event is called that was sent to try a webhook out.
pub const TEST_EVENT: &str = "test";

/// Something that was sent to a webhook. Kept for two weeks, without what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Delivery {
    pub id: DeliveryId,
    /// What receivers tell repetitions by: the same for each try, and for each webhook.
    pub event_id: EventId,
    /// A kind of the notification settings, or `test`.
    pub event: String,
    pub state: DeliveryState,
    /// Oldest first.
    pub attempts: Vec<DeliveryAttempt>,
    /// When it is tried next; null: not any more.
    pub next_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveryAttempt {
    pub at: Timestamp,
    /// The status of the answer; null: there was none.
    pub status: Option<u16>,
    /// Why it did not go well; null: it did. Nothing of what the receiver said.
    pub error: Option<String>,
    pub duration_ms: i64,
}

#[cfg(test)]
mod tests;
