//! What happened: made here, read here, exported and verified. Every use case that changes something
//! records it in its own transaction; the database keeps it as a chain of hashes for each tenant, and
//! one for the server.

mod export;
mod heads;
mod refusals;
mod suspicion;
mod verify;

use serde_json::Value;
use tenantry_db::audit::Event;
use tenantry_types::Page;
use tenantry_types::audit::{AuditEvent, AuditFilter, Outcome};

use crate::{App, Granted, Operator, Result, needs, new_id, now};

pub use export::{Export, Format, export, export_platform};
pub(crate) use heads::Signer;
pub use heads::{NotedHead, note as note_heads};
pub use refusals::{Refusal, denied, denied_in_workspace, keep_writing_refusals, not_operator, refused, write_all_refusals, write_refusals};
pub(crate) use refusals::{Refusals, conflicting, probed, sign_in_failed};
pub(crate) use suspicion::{Watch, new_place};
pub use verify::{verify, verify_all, verify_platform, verify_tenant};

/// Which page of a list: events before a place in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub before: Option<i64>,
    pub skip: u32,
    /// 1..100.
    pub limit: u32,
}

impl Part {
    /// The place that a cursor stands for.
    pub fn place_of_cursor(cursor: &str) -> Option<i64> {
        cursor.strip_prefix('s')?.parse().ok().filter(|seq| *seq > 0)
    }

    /// A page out of `limit + 1` events. They are not counted: a chain only grows.
    fn page(self, mut events: Vec<(i64, AuditEvent)>) -> Page<AuditEvent> {
        let limit = self.limit as usize;
        let more = events.len() > limit;
        events.truncate(limit);
        let next_cursor = events.last().filter(|_| more).map(|(seq, _)| format!("s{seq}"));
        Page {
            items: events.into_iter().map(|(_, event)| event).collect(),
            next_cursor,
            total: None,
        }
    }
}

/// An event of now that went well.
pub(crate) fn event(action: &'static str, target_type: &'static str, target_id: Option<String>, target_name: &str, changes: Value) -> Event {
    Event {
        id: new_id(),
        at: now(),
        action,
        target_type,
        target_id,
        target_name: target_name.to_owned(),
        workspace: None,
        outcome: Outcome::Ok,
        changes,
        personal: Value::Null,
    }
}

/// The newest events.
///
/// # Errors
/// When the database does not answer.
pub async fn recent(app: &App, by: Granted<needs::AuditRead>, limit: i64) -> Result<Vec<AuditEvent>> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(tenantry_db::audit::recent(&mut tx, limit.clamp(1, 100)).await?)
}

/// The events of the tenant, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, by: Granted<needs::AuditRead>, filter: &AuditFilter, part: Part) -> Result<Page<AuditEvent>> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(part.page(tenantry_db::audit::list(&mut tx, filter, part.before, part.skip.into(), i64::from(part.limit) + 1).await?))
}

/// The events of the server itself, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list_platform(app: &App, _by: &Operator, filter: &AuditFilter, part: Part) -> Result<Page<AuditEvent>> {
    let mut tx = app.db().platform().await?;
    Ok(part.page(tenantry_db::audit::list_platform(&mut tx, filter, part.before, part.skip.into(), i64::from(part.limit) + 1).await?))
}
