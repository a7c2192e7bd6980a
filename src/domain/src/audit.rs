//! What happened in a tenant.

use serde_json::Value;
use tenantry_db::audit::Event;
use tenantry_types::audit::{AuditEvent, Outcome};

use crate::{App, Granted, Result, needs, new_id, now};

/// An event of now that went well.
pub(crate) fn event(action: &'static str, target_type: &'static str, target_id: Option<String>, target_name: &str, changes: Value) -> Event {
    Event {
        id: new_id(),
        at: now(),
        action,
        target_type,
        target_id,
        target_name: target_name.to_owned(),
        outcome: Outcome::Ok,
        changes,
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
