//! The record of what happened. Rows of a tenant form a chain: each holds the hash of the one
//! before, so that an edit, a removal or another order shows. Rows are only ever added.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tenantry_types::audit::{AuditEvent, AuditParty, Door, Outcome};
use tenantry_types::{EventId, Timestamp};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::access::Actor;
use crate::error::word;
use crate::{Result, TenantTx};

/// What happened: made by a use case, completed with who and where by the transaction.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: EventId,
    pub at: Timestamp,
    /// `members.invited`
    pub action: &'static str,
    pub target_type: &'static str,
    pub target_id: Option<String>,
    pub target_name: String,
    pub outcome: Outcome,
    /// What changed, never a secret.
    pub changes: Value,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub seq: i64,
    pub actor: Actor,
    pub event: Event,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

/// Links events to the head of a chain.
pub(crate) fn chain(mut seq: i64, head: &[u8], events: impl IntoIterator<Item = (Actor, Event)>) -> Vec<Row> {
    let mut prev = head.to_vec();
    let mut rows = Vec::new();
    for (actor, mut event) in events {
        seq += 1;
        // What the database keeps: microseconds.
        event.at = Timestamp(event.at.0.replace_nanosecond(event.at.0.nanosecond() / 1000 * 1000).unwrap_or(event.at.0));
        let hash = link(seq, &prev, &actor, &event);
        rows.push(Row {
            seq,
            actor,
            event,
            prev_hash: prev,
            hash: hash.clone(),
        });
        prev = hash;
    }
    rows
}

fn link(seq: i64, prev: &[u8], actor: &Actor, event: &Event) -> Vec<u8> {
    let body = json!([
        seq,
        event.id,
        event.at.0.unix_timestamp_nanos() / 1000,
        actor.kind(),
        actor.id_text(),
        actor.name(),
        event.action,
        event.target_type,
        event.target_id,
        event.target_name,
        event.outcome,
        actor.origin().door,
        actor.origin().ip.map(|ip| ip.to_string()),
        actor.origin().request_id,
        event.changes,
    ]);
    let mut hash = Sha256::new();
    hash.update(prev);
    hash.update(body.to_string().as_bytes());
    hash.finalize().to_vec()
}

/// The rows, column by column, as `unnest` takes them.
#[derive(Default)]
pub(crate) struct Columns {
    pub seq: Vec<i64>,
    pub id: Vec<Uuid>,
    pub at: Vec<OffsetDateTime>,
    pub actor_type: Vec<String>,
    pub actor_id: Vec<Option<String>>,
    pub actor_name: Vec<String>,
    pub action: Vec<String>,
    pub target_type: Vec<String>,
    pub target_id: Vec<Option<String>>,
    pub target_name: Vec<String>,
    pub outcome: Vec<String>,
    pub door: Vec<String>,
    pub ip: Vec<Option<String>>,
    pub request_id: Vec<String>,
    pub changes: Vec<Value>,
    pub prev_hash: Vec<Vec<u8>>,
    pub hash: Vec<Vec<u8>>,
}

impl Columns {
    pub(crate) fn of(rows: &[Row]) -> Self {
        let mut out = Self::default();
        for row in rows {
            let origin = row.actor.origin();
            out.seq.push(row.seq);
            out.id.push(row.event.id.uuid());
            out.at.push(row.event.at.0);
            out.actor_type.push(row.actor.kind().into());
            out.actor_id.push(row.actor.id_text());
            out.actor_name.push(row.actor.name().into());
            out.action.push(row.event.action.into());
            out.target_type.push(row.event.target_type.into());
            out.target_id.push(row.event.target_id.clone());
            out.target_name.push(row.event.target_name.clone());
            out.outcome.push(row.event.outcome.as_str().into());
            out.door.push(origin.door.as_str().into());
            out.ip.push(origin.ip.map(|ip| ip.to_string()));
            out.request_id.push(origin.request_id.clone());
            out.changes.push(row.event.changes.clone());
            out.prev_hash.push(row.prev_hash.clone());
            out.hash.push(row.hash.clone());
        }
        out
    }
}

/// The newest events of the tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn recent(tx: &mut TenantTx, limit: i64) -> Result<Vec<AuditEvent>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        "select id, at, actor_type, actor_id, actor_name, action, target_type, target_id, target_name, outcome, door, changes
         from audit_event
         where tenant_id = $1
         order by seq desc
         limit $2",
        tenant,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(AuditEvent {
                id: r.id.into(),
                at: r.at.into(),
                actor: AuditParty {
                    kind: r.actor_type,
                    id: r.actor_id,
                    name: r.actor_name,
                },
                action: r.action,
                target: AuditParty {
                    kind: r.target_type,
                    id: r.target_id,
                    name: r.target_name,
                },
                outcome: word::<Outcome>(&r.outcome, "audit outcome")?,
                door: word::<Door>(&r.door, "audit door")?,
                changes: r.changes,
            })
        })
        .collect()
}

/// Whether this person did this in the tenant since `since`.
///
/// # Errors
/// When the database does not answer.
pub async fn did_since(tx: &mut TenantTx, actor_id: &str, action: &str, since: Timestamp) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        r#"select exists (
             select 1 from audit_event
             where tenant_id = $1 and at > $4 and actor_id = $2 and action = $3
           ) as "did!""#,
        tenant,
        actor_id,
        action,
        since.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Starts the chain of a new tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn start(tx: &mut TenantTx) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!("insert into audit_head (tenant_id, seq, hash) values ($1, 0, '')", tenant)
        .execute(tx.conn())
        .await?;
    Ok(())
}
