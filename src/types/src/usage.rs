//! What was used through the gateway, summed up.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;
use crate::input::words;

words! {
    /// What sums of usage are made by.
    GroupBy, UsageGroup {
        Day = "day",
        Hour = "hour",
        Model = "model",
        User = "user",
        Key = "key",
        Workspace = "workspace",
    }
}

/// The sum of one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRow {
    /// Of a day or an hour: when it began.
    pub at: Option<Timestamp>,
    /// The name that callers used.
    pub model: Option<String>,
    /// Of a person, a key or a workspace; none for what was used without one.
    pub id: Option<Uuid>,
    /// Its name, while it is there.
    pub label: Option<String>,
    /// Sent to a provider.
    pub requests: i64,
    /// Of those, how many failed.
    pub errors: i64,
    pub tokens_in: i64,
    pub tokens_out: i64,
    /// Micro-USD.
    pub cost: i64,
    pub latency_ms_p50: Option<i64>,
    pub latency_ms_p95: Option<i64>,
}
