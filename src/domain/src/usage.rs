//! What was used through the gateway: kept on disk when an answer ends, written to the database a moment later, and
//! summed up for people. Nothing of prompts and answers is in it.

mod report;
mod write;

pub use report::{Reach, Wanted, report, report_csv};
pub use write::{flush, sweep};

use serde::Serialize;
use tenantry_types::Timestamp;
use uuid::Uuid;

use crate::App;

/// One request that was sent to a provider; the columns of `usage_event`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Record {
    pub tenant: Uuid,
    pub at: Timestamp,
    pub id: Uuid,
    pub operation: &'static str,
    pub model_id: Uuid,
    pub model: String,
    pub provider_id: Uuid,
    pub user_id: Option<Uuid>,
    pub key_id: Option<Uuid>,
    pub workspace_id: Option<Uuid>,
    pub status: i32,
    pub outcome: &'static str,
    pub streamed: bool,
    pub tokens_in: i64,
    pub tokens_out: i64,
    pub tokens_cached: i64,
    pub estimated: bool,
    /// Pico-USD.
    pub cost: Option<i64>,
    pub latency_ms: i64,
    pub first_ms: Option<i64>,
}

/// Keeps a record until it is in the database.
pub(crate) fn keep(app: &App, record: &Record) {
    let mut line = serde_json::to_vec(record).unwrap_or_default();
    line.push(b'\n');
    if let Err(error) = app.spool().append(&line) {
        // The answer is paid for already: what is left is to say what is lost.
        tracing::error!(%error, record = %String::from_utf8_lossy(&line).trim_end(), "usage could not be kept");
    }
}
