//! Webhooks of a tenant, and what became of what was sent to them. Secrets come and go sealed.

use serde_json::Value;
use tenantry_types::alert::AlertKind;
use tenantry_types::webhook::{Delivery, DeliveryAttempt, DeliveryState, Webhook};
use tenantry_types::{DeliveryId, EventId, PageQuery, Timestamp, WebhookId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::word;
use crate::{DbError, Result, TenantTx};

/// A webhook with what it signs with.
#[derive(Debug)]
pub struct Sealed {
    pub webhook: Webhook,
    pub secret: Vec<u8>,
    pub previous: Option<Vec<u8>>,
}

struct Row {
    id: Uuid,
    name: String,
    url: String,
    events: Option<Vec<String>>,
    enabled: bool,
    secret_sealed: Vec<u8>,
    previous_sealed: Option<Vec<u8>>,
    previous_until: Option<OffsetDateTime>,
    failing_since: Option<OffsetDateTime>,
    switched_off_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
}

impl Row {
    fn read(self, now: Timestamp) -> Sealed {
        // A word of a newer version means nothing here.
        let events = self
            .events
            .map(|words| words.iter().filter_map(|text| AlertKind::from_word(text)).collect());
        let previous_until = self.previous_until.map(Timestamp).filter(|until| *until > now);
        Sealed {
            webhook: Webhook {
                id: self.id.into(),
                name: self.name,
                url: self.url,
                events,
                enabled: self.enabled,
                failing_since: self.failing_since.map(Timestamp),
                switched_off_at: self.switched_off_at.map(Timestamp),
                previous_until,
                created_at: self.created_at.into(),
                secret: None,
            },
            secret: self.secret_sealed,
            previous: self.previous_sealed.filter(|_| previous_until.is_some()),
        }
    }
}

fn words(events: Option<&[AlertKind]>) -> Option<Vec<String>> {
    events.map(|events| events.iter().map(|kind| kind.as_str().to_owned()).collect())
}

/// All of them, the oldest first: the use case keeps them few.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut TenantTx, now: Timestamp) -> Result<Vec<Webhook>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query_as!(
        Row,
        "select id, name, url, events, enabled, secret_sealed, previous_sealed, previous_until, failing_since, switched_off_at, created_at
         from webhook where tenant_id = $1
         order by created_at, id limit 1000",
        tenant
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row.read(now).webhook).collect())
}

/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut TenantTx, id: WebhookId, now: Timestamp) -> Result<Option<Sealed>> {
    let tenant = tx.tenant_id().uuid();
    let row = sqlx::query_as!(
        Row,
        "select id, name, url, events, enabled, secret_sealed, previous_sealed, previous_until, failing_since, switched_off_at, created_at
         from webhook where tenant_id = $1 and id = $2",
        tenant,
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row.read(now)))
}

/// The same, kept from others until the transaction ends.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut TenantTx, id: WebhookId, now: Timestamp) -> Result<Option<Sealed>> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!("select id from webhook where tenant_id = $1 and id = $2 for update", tenant, id.uuid())
        .fetch_optional(tx.conn())
        .await?;
    get(tx, id, now).await
}

/// Ids of those that are switched on and take this kind.
///
/// # Errors
/// When the database does not answer.
pub async fn takers(tx: &mut TenantTx, kind: AlertKind) -> Result<Vec<WebhookId>> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        "select id from webhook where tenant_id = $1 and enabled and (events is null or $2 = any (events)) order by id limit 1000",
        tenant,
        kind.as_str(),
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(WebhookId::new)
    .collect())
}

/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &mut TenantTx, webhook: &Webhook, secret: &[u8]) -> Result<()> {
    let (tenant, events) = (tx.tenant_id().uuid(), words(webhook.events.as_deref()));
    sqlx::query!(
        "insert into webhook (tenant_id, id, name, url, events, enabled, secret_sealed, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        tenant,
        webhook.id.uuid(),
        webhook.name,
        webhook.url,
        events.as_deref(),
        webhook.enabled,
        secret,
        webhook.created_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes all but the secret.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &mut TenantTx, webhook: &Webhook, now: Timestamp) -> Result<()> {
    let (tenant, events) = (tx.tenant_id().uuid(), words(webhook.events.as_deref()));
    sqlx::query!(
        "update webhook
         set name = $3, url = $4, events = $5, enabled = $6, failing_since = $7, switched_off_at = $8, updated_at = $9
         where tenant_id = $1 and id = $2",
        tenant,
        webhook.id.uuid(),
        webhook.name,
        webhook.url,
        events.as_deref(),
        webhook.enabled,
        webhook.failing_since.map(|t| t.0),
        webhook.switched_off_at.map(|t| t.0),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a webhook another secret; `previous`, sealed for its new place, signs as well until then.
///
/// # Errors
/// When the database does not answer.
pub async fn rotate(tx: &mut TenantTx, id: WebhookId, secret: &[u8], previous: &[u8], until: Timestamp, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update webhook set secret_sealed = $3, previous_sealed = $4, previous_until = $5, updated_at = $6 where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        secret,
        previous,
        until.0,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a webhook with its deliveries; what waits for it finds it gone.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &mut TenantTx, id: WebhookId) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    let done = sqlx::query!("delete from webhook where tenant_id = $1 and id = $2", tenant, id.uuid())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Notes what will be sent: ids of deliveries and of their webhooks.
///
/// # Errors
/// When the database does not answer.
pub async fn begin(tx: &mut TenantTx, deliveries: &[(Uuid, WebhookId)], event_id: EventId, event: &str, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let ids: Vec<Uuid> = deliveries.iter().map(|(id, _)| *id).collect();
    let webhooks: Vec<Uuid> = deliveries.iter().map(|(_, webhook)| webhook.uuid()).collect();
    sqlx::query!(
        "insert into webhook_delivery (tenant_id, id, webhook_id, event_id, event, state, next_at, created_at)
         select $1, i, w, $4, $5, 'waiting', $6, $6 from unnest($2::uuid[], $3::uuid[]) x (i, w)",
        tenant,
        &ids,
        &webhooks,
        event_id.uuid(),
        event,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what became of a delivery: a try, if there was one, and when it is tried again.
///
/// # Errors
/// When the database does not answer.
pub async fn note(
    tx: &mut TenantTx,
    id: DeliveryId,
    attempt: Option<&DeliveryAttempt>,
    state: DeliveryState,
    next_at: Option<Timestamp>,
) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let attempt = match attempt {
        None => Value::Array(Vec::new()),
        Some(attempt) => Value::Array(vec![serde_json::to_value(attempt).map_err(|_| DbError::Corrupt("delivery"))?]),
    };
    sqlx::query!(
        "update webhook_delivery set attempts = attempts || $3::jsonb, state = $4, next_at = $5 where tenant_id = $1 and id = $2",
        tenant,
        id.uuid(),
        attempt,
        state.as_str(),
        next_at.map(|t| t.0),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What was sent to a webhook, the newest first; one more than the page holds, if there is one.
///
/// # Errors
/// When the database does not answer.
pub async fn deliveries(tx: &mut TenantTx, webhook: WebhookId, query: &PageQuery, state: Option<DeliveryState>) -> Result<Vec<Delivery>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        "select id, event_id, event, state, attempts, next_at, created_at from webhook_delivery
         where tenant_id = $1 and webhook_id = $2 and ($3::text is null or state = $3)
         order by id desc
         limit $4 offset $5",
        tenant,
        webhook.uuid(),
        state.map(DeliveryState::as_str),
        i64::from(query.limit) + 1,
        i64::from(query.skip),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Delivery {
                id: r.id.into(),
                event_id: r.event_id.into(),
                event: r.event,
                state: word(&r.state, "delivery state")?,
                attempts: serde_json::from_value(r.attempts).map_err(|_| DbError::Corrupt("delivery"))?,
                next_at: r.next_at.map(Timestamp),
                created_at: r.created_at.into(),
            })
        })
        .collect()
}

/// How many deliveries of this kind of event were begun since.
///
/// # Errors
/// When the database does not answer.
pub async fn count_since(tx: &mut TenantTx, event: &str, since: Timestamp) -> Result<i64> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from webhook_delivery where tenant_id = $1 and event = $2 and created_at > $3"#,
        tenant,
        event,
        since.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Removes deliveries that were begun before `before`.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_old(tx: &mut TenantTx, before: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!("delete from webhook_delivery where tenant_id = $1 and created_at < $2", tenant, before.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
