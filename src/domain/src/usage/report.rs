//! Usage as people look at it.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use tenantry_db::TenantTx;
use tenantry_db::usage::{self as db, Group, Span};
use tenantry_types::usage::{GroupBy, UsageRow};
use tenantry_types::{ApiKeyId, Fault, Permission, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use crate::audit::event;
use crate::{App, Error, Granted, Result, TenantCtx, csv, needs, now};

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

/// Whose usage somebody sees: who manages keys and operators see everybody's, others their own.
#[derive(Debug, Clone, Copy)]
pub struct Reach(Option<UserId>);

impl Reach {
    pub fn of(ctx: &TenantCtx) -> Self {
        if ctx.asker().is_operator() || ctx.may(Permission::KeysManage, None) || ctx.may(Permission::AuditRead, None) {
            return Self(None);
        }
        // The id of nobody, for a key of the tenant.
        Self(Some(ctx.asker().user_id().unwrap_or(UserId::new(Uuid::nil()))))
    }

    pub fn everyones(self) -> bool {
        self.0.is_none()
    }
}

/// Sums by group.
///
/// # Errors
/// `Invalid` for a span that ends before it begins, or is longer than 400 days.
pub async fn report(app: &App, by: Granted<needs::UsageRead>, reach: Reach, wanted: Wanted) -> Result<Vec<UsageRow>> {
    read(app, by, reach, wanted, false).await
}

/// `file`: whether they take it along, which is recorded.
async fn read(app: &App, by: Granted<needs::UsageRead>, reach: Reach, wanted: Wanted, file: bool) -> Result<Vec<UsageRow>> {
    let to = wanted.to.unwrap_or_else(now);
    let from = wanted.from.unwrap_or(Timestamp(to.0 - USUAL));
    if from.0 >= to.0 || to.0 - from.0 > LONGEST {
        return Err(Error::field("from", Fault::OutOfRange { min: 0, max: 400 }));
    }
    let span = Span { from, to, user: reach.0 };
    let mut tx = app.db().tenant(&by).await?;
    let rows = rows(&mut tx, span, wanted.by).await?;
    if file {
        let changes = json!({ "by": wanted.by, "from": from, "to": to, "groups": rows.len(), "everyones": reach.everyones() });
        let tenant = by.tenant();
        tx.record(event("usage.exported", "tenant", Some(tenant.id.to_string()), &tenant.name, changes));
        tx.commit().await?;
    }
    Ok(rows)
}

async fn rows(tx: &mut TenantTx, span: Span, by: GroupBy) -> Result<Vec<UsageRow>> {
    let mut rows = db::sums(tx, span, by).await?;
    for (group, p50, p95) in db::latencies(tx, span, by).await? {
        if let Some(row) = rows.iter_mut().find(|row| is_of(row, &group)) {
            (row.latency_ms_p50, row.latency_ms_p95) = (Some(p50), Some(p95));
        }
    }
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.id).collect();
    if !ids.is_empty() {
        let names: HashMap<Uuid, String> = db::names(tx, by, &ids).await?.into_iter().collect();
        for row in &mut rows {
            row.label = row.id.and_then(|id| names.get(&id).cloned());
        }
    }
    Ok(rows)
}

fn is_of(row: &UsageRow, group: &Group) -> bool {
    row.at == group.at && row.model == group.model && row.id == group.id
}

/// The same as CSV; recorded.
///
/// # Errors
/// As `report`.
pub async fn report_csv(app: &App, by: Granted<needs::UsageRead>, reach: Reach, wanted: Wanted) -> Result<String> {
    let rows = read(app, by, reach, wanted, true).await?;
    let mut out = format!(
        "{},name,requests,errors,tokens_in,tokens_out,cost_micro_usd,latency_ms_p50,latency_ms_p95\r\n",
        wanted.by
    );
    for row in rows {
        let at = row.at.map(|at| at.to_string());
        let group = at.or(row.model).or(row.id.map(|id| id_text(wanted.by, id))).unwrap_or_default();
        let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
        let numbers = [row.requests, row.errors, row.tokens_in, row.tokens_out, row.cost].map(|n| n.to_string());
        let [requests, errors, tokens_in, tokens_out, cost] = &numbers;
        let (p50, p95) = (number(row.latency_ms_p50), number(row.latency_ms_p95));
        let name = row.label.unwrap_or_default();
        let fields = [&group, &name, requests, errors, tokens_in, tokens_out, cost, &p50, &p95];
        csv::line(&mut out, fields.map(String::as_str));
    }
    Ok(out)
}

fn id_text(by: GroupBy, id: Uuid) -> String {
    match by {
        GroupBy::User => UserId::new(id).to_string(),
        GroupBy::Key => ApiKeyId::new(id).to_string(),
        _ => WorkspaceId::new(id).to_string(),
    }
}
