//! Usage as people look at it.

use std::collections::HashMap;
use std::time::Duration;

use tenantry_db::usage::{self as db, Group, Span};
use tenantry_types::usage::{GroupBy, UsageRow};
use tenantry_types::{Fault, Timestamp, UserId};
use uuid::Uuid;

use crate::{App, Error, Granted, Result, needs, now};

/// Days that a report covers at most.
const LONGEST: Duration = Duration::from_secs(400 * 86_400);
const USUAL: Duration = Duration::from_secs(30 * 86_400);

/// Which usage is wanted; the last 30 days to now when nothing is said.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub by: GroupBy,
}

/// Sums by group. Who does not see the tenant's usage sees their own.
///
/// # Errors
/// `Invalid` for a span that ends before it begins, or is longer than 400 days.
pub async fn report(app: &App, by: Granted<needs::UsageRead>, only: Option<UserId>, wanted: Wanted) -> Result<Vec<UsageRow>> {
    let to = wanted.to.unwrap_or_else(now);
    let from = wanted.from.unwrap_or(Timestamp(to.0 - USUAL));
    if from.0 >= to.0 || to.0 - from.0 > LONGEST {
        return Err(Error::field("from", Fault::OutOfRange { min: 0, max: 400 }));
    }
    let span = Span { from, to, user: only };
    let mut tx = app.db().tenant(&by).await?;
    let mut rows = db::sums(&mut tx, span, wanted.by).await?;
    for (group, p50, p95) in db::latencies(&mut tx, span, wanted.by).await? {
        if let Some(row) = rows.iter_mut().find(|row| is_of(row, &group)) {
            (row.latency_ms_p50, row.latency_ms_p95) = (Some(p50), Some(p95));
        }
    }
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.id).collect();
    if !ids.is_empty() {
        let names: HashMap<Uuid, String> = db::names(&mut tx, wanted.by, &ids).await?.into_iter().collect();
        for row in &mut rows {
            row.label = row.id.and_then(|id| names.get(&id).cloned());
        }
    }
    Ok(rows)
}

fn is_of(row: &UsageRow, group: &Group) -> bool {
    row.at == group.at && row.model == group.model && row.id == group.id
}
