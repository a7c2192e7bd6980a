//! The record as a file, for other programs (NDJSON) and for spreadsheets (CSV). Read part by part,
//! each in a transaction of its own, so that a long chain takes neither memory nor a connection.
//! That somebody takes the record along is recorded first.

use serde_json::json;
use tenantry_db::audit as db;
use tenantry_types::audit::{AuditEvent, AuditFilter};

use super::event;
use crate::{App, Error, Granted, Operator, Result, csv, needs};

/// Events that are read at once.
const PART: i64 = 500;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// One event as JSON in each line.
    #[default]
    Ndjson,
    Csv,
}

impl Format {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

enum Chain {
    Tenant(Box<Granted<needs::AuditRead>>),
    Platform,
}

/// An export that is being read.
pub struct Export {
    app: App,
    chain: Chain,
    filter: AuditFilter,
    format: Format,
    before: Option<i64>,
    begun: bool,
    done: bool,
}

fn taken(filter: &AuditFilter, format: Format) -> serde_json::Value {
    json!({ "format": format.as_str(), "filter": filter })
}

/// Begins an export of the tenant's events, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn export(app: &App, by: Granted<needs::AuditRead>, filter: AuditFilter, format: Format) -> Result<Export> {
    let mut tx = app.db().tenant(&by).await?;
    let (id, name) = (by.tenant_id().to_string(), by.tenant().name.clone());
    tx.record(event("audit.exported", "tenant", Some(id), &name, taken(&filter, format)));
    tx.commit().await?;
    Ok(Export::of(app, Chain::Tenant(Box::new(by)), filter, format))
}

/// Begins an export of the server's own events.
///
/// # Errors
/// When the database does not answer.
pub async fn export_platform(app: &App, by: &Operator, filter: AuditFilter, format: Format) -> Result<Export> {
    let mut tx = app.db().platform().await?;
    tx.record(by.actor(), event("audit.exported", "server", None, "", taken(&filter, format)));
    tx.commit().await?;
    Ok(Export::of(app, Chain::Platform, filter, format))
}

impl Export {
    fn of(app: &App, chain: Chain, filter: AuditFilter, format: Format) -> Self {
        Self {
            app: app.clone(),
            chain,
            filter,
            format,
            before: None,
            begun: false,
            done: false,
        }
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// The next piece of the file; None when it is whole.
    ///
    /// # Errors
    /// When the database does not answer: the file is then cut off, which its reader has to be told.
    pub async fn next(&mut self) -> Result<Option<String>> {
        if self.done {
            return Ok(None);
        }
        let mut out = String::new();
        if !self.begun && self.format == Format::Csv {
            csv::line(&mut out, HEAD);
        }
        self.begun = true;
        let events = match &self.chain {
            Chain::Tenant(by) => db::list(&mut self.app.db().tenant(by).await?, &self.filter, self.before, 0, PART).await?,
            Chain::Platform => db::list_platform(&mut self.app.db().platform().await?, &self.filter, self.before, 0, PART).await?,
        };
        self.done = i64::try_from(events.len()).is_ok_and(|n| n < PART);
        for (seq, event) in events {
            self.before = Some(seq);
            match self.format {
                Format::Ndjson => {
                    out.push_str(&serde_json::to_string(&event).map_err(Error::internal)?);
                    out.push('\n');
                }
                Format::Csv => line(&mut out, &event),
            }
        }
        Ok(Some(out))
    }
}

const HEAD: [&str; 16] = [
    "id",
    "at",
    "actor_type",
    "actor_id",
    "actor_name",
    "action",
    "target_type",
    "target_id",
    "target_name",
    "tenant",
    "workspace",
    "outcome",
    "door",
    "ip",
    "request_id",
    "changes",
];

fn line(out: &mut String, event: &AuditEvent) {
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    let cells: [String; 16] = [
        event.id.to_string(),
        event.at.to_string(),
        event.actor.kind.clone(),
        or_empty(&event.actor.id),
        event.actor.name.clone(),
        event.action.clone(),
        event.target.kind.clone(),
        or_empty(&event.target.id),
        event.target.name.clone(),
        event.tenant.map(|id| id.to_string()).unwrap_or_default(),
        event.workspace.map(|id| id.to_string()).unwrap_or_default(),
        event.outcome.to_string(),
        event.door.to_string(),
        or_empty(&event.ip),
        event.request_id.clone(),
        event.changes.to_string(),
    ];
    csv::line(out, cells.iter().map(String::as_str));
}
