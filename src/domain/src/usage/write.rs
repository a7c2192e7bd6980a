//! From the spool into the database. A record may come twice, after a crash between the two: its id makes the second
//! one nothing.

use std::collections::HashMap;

use serde::Deserialize;
use tenantry_db::access::job;
use tenantry_db::{DbError, usage as db};
use tenantry_types::{TenantId, Timestamp};
use time::{Date, Duration};
use uuid::Uuid;

use crate::ports::Segment;
use crate::{App, Error, Result, now};

/// Records written in one statement.
const BATCH: usize = 2_000;
/// The database makes no days before that; a record that waited so long is not written.
const OLDEST: Duration = Duration::days(399);

/// Writes all that waits. What cannot be written stays for the next time.
///
/// # Errors
/// When the spool or the database does not work.
pub async fn flush(app: &App) -> Result<()> {
    let spool = app.spool();
    let ended = tokio::task::spawn_blocking(move || spool.ended()).await.map_err(Error::internal)?;
    let mut failed = Ok(());
    for segment in ended.map_err(Error::internal)? {
        match write(app, &segment).await {
            Ok(()) => app.spool().remove(&segment.name).map_err(Error::internal)?,
            Err(error) => {
                // A day may have been dropped meanwhile.
                app.gateway().made_days(None);
                if matches!(error, Error::Unavailable) {
                    return Err(error);
                }
                failed = failed.and(Err(error));
            }
        }
    }
    failed
}

/// What of a record says where it goes.
#[derive(Deserialize)]
struct Address {
    tenant: Uuid,
    at: Timestamp,
}

async fn write(app: &App, segment: &Segment) -> Result<()> {
    let mut days: Option<(Date, Date)> = None;
    let mut by_tenant: HashMap<Uuid, Vec<&str>> = HashMap::new();
    let oldest = now().0 - OLDEST;
    for line in segment.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let text = std::str::from_utf8(line).ok();
        let known = text.and_then(|text| Some((serde_json::from_str::<Address>(text).ok()?, text)));
        let Some((address, text)) = known.filter(|(address, _)| address.at.0 >= oldest) else {
            // The machine lost its power in the middle of it, or it is older than anything that is kept.
            tracing::warn!(segment = segment.name, bytes = line.len(), "a record of usage cannot be read");
            continue;
        };
        let day = address.at.0.date();
        days = Some(days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
        by_tenant.entry(address.tenant).or_default().push(text);
    }
    let Some((first, last)) = days else { return Ok(()) };
    if !app.gateway().has_days(first, last) {
        let mut tx = app.db().platform().await?;
        db::make_days(&mut tx, first, last).await?;
        tx.commit_counts().await?;
        app.gateway().made_days(Some((first, last)));
    }
    // What one tenant's usage fails at holds up no other's.
    let mut failed = Ok(());
    for (tenant, records) in by_tenant {
        let tenant = TenantId::new(tenant);
        for batch in records.chunks(BATCH) {
            match write_of(app, tenant, batch).await {
                Ok(()) => {}
                Err(Error::Unavailable) => return Err(Error::Unavailable),
                Err(error) => {
                    tracing::error!(%tenant, ?error, "usage cannot be written, and is kept");
                    failed = failed.and(Err(error));
                }
            }
        }
    }
    failed
}

async fn write_of(app: &App, tenant: TenantId, records: &[&str]) -> Result<()> {
    let mut tx = app.db().tenant(&job(tenant)).await?;
    match db::add(&mut tx, &format!("[{}]", records.join(","))).await {
        Ok(_) => {
            tx.commit_counts().await?;
            app.noticed().used(tenant);
            Ok(())
        }
        // The tenant was purged meanwhile, and its usage with it.
        Err(DbError::Constraint(name)) => {
            tracing::warn!(%tenant, constraint = name, records = records.len(), "usage of a tenant that is gone");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes the days ahead, and drops the events of days that are older than these; sums stay.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App, keep_days: u32) -> Result<()> {
    let before = now().0.date() - Duration::days(keep_days.into());
    let mut tx = app.db().platform().await?;
    let today = now().0.date();
    db::make_days(&mut tx, today, today + Duration::days(8)).await?;
    let dropped = db::drop_days(&mut tx, before).await?;
    tx.commit().await?;
    if dropped > 0 {
        tracing::info!(days = dropped, "dropped days of usage events");
    }
    Ok(())
}
