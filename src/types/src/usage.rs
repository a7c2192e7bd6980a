//! What was used through the gateway, summed up.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::input::words;
use crate::{ApiKeyId, Timestamp, UserId, WorkspaceId};

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

/// The sum of one group, as the JSON API tells it: of the fields `day`, `hour`, `model`, `user`, `key` and `workspace` the
/// one that was grouped by is there; null for what was used without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Option<UserId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Option<ApiKeyId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<Option<WorkspaceId>>,
    /// The name of the person, key or workspace, while it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Sent to a provider.
    pub requests: i64,
    /// Of those, how many failed.
    pub errors: i64,
    pub tokens_in: i64,
    pub tokens_out: i64,
    /// Micro-USD.
    pub cost: i64,
    /// Median, of the requests whose events are still kept; null without any.
    pub latency_ms_p50: Option<i64>,
    /// 95th percentile.
    pub latency_ms_p95: Option<i64>,
}

impl Usage {
    pub fn of(row: UsageRow, by: GroupBy) -> Self {
        let only = |this: GroupBy| by == this;
        Self {
            day: row.at.filter(|_| only(GroupBy::Day)),
            hour: row.at.filter(|_| only(GroupBy::Hour)),
            model: row.model.filter(|_| only(GroupBy::Model)),
            user: only(GroupBy::User).then_some(row.id.map(UserId::new)),
            key: only(GroupBy::Key).then_some(row.id.map(ApiKeyId::new)),
            workspace: only(GroupBy::Workspace).then_some(row.id.map(WorkspaceId::new)),
            name: row.label,
            requests: row.requests,
            errors: row.errors,
            tokens_in: row.tokens_in,
            tokens_out: row.tokens_out,
            cost: row.cost,
            latency_ms_p50: row.latency_ms_p50,
            latency_ms_p95: row.latency_ms_p95,
        }
    }
}
