//! What is done with providers by itself: each is asked every so often whether it answers, and its list is read as
//! often as its settings say. A provider is taken by one server at a time, which is noted in the database when it
//! begins: a server that dies in between leaves it to whoever is next.

use std::time::Duration;

use futures::StreamExt;
use tenantry_db::provider as db;
use tenantry_types::ProviderId;

use super::{ask, sync};
use crate::{Actor, App, Error, Origin, Result};

/// Providers that are asked at the same time.
const AT_ONCE: usize = 8;

/// Asks the providers that nobody asked within `every`; says how many these were.
///
/// # Errors
/// When the database does not answer.
pub async fn check(app: &App, every: Duration) -> Result<usize> {
    let mut tx = app.db().platform().await?;
    let due = db::claim_checks(&mut tx, every).await?;
    tx.commit_counts().await?;
    let count = due.len();
    futures::stream::iter(due).for_each_concurrent(AT_ONCE, |id| check_one(app, id)).await;
    Ok(count)
}

async fn check_one(app: &App, id: ProviderId) {
    match ask(app, id).await {
        Ok((before, _, check)) => {
            let was_ok = before.last_check.is_none_or(|last| last.ok);
            if let Some(why) = check.error.filter(|_| was_ok) {
                tracing::warn!(provider = %id, name = before.name, why, "a provider does not answer as it should");
            }
        }
        // Removed in the meantime.
        Err(error) if error.code() == tenantry_types::ProblemCode::NotFound => {}
        Err(error) => tracing::warn!(provider = %id, ?error, "a provider could not be checked"),
    }
}

/// Reads the lists that are due, one after the other; says how many these were.
///
/// # Errors
/// When the database does not answer.
pub async fn read_lists(app: &App) -> Result<usize> {
    let by = Actor::system(Origin::system("schedule"));
    let mut count = 0;
    loop {
        let mut tx = app.db().platform().await?;
        let due = db::claim_sync(&mut tx).await?;
        tx.commit_counts().await?;
        let Some(id) = due else { return Ok(count) };
        match sync::scheduled(app, &by, id).await {
            Ok(_) => count += 1,
            Err(Error::Code(tenantry_types::ProblemCode::NotFound)) => {}
            // It is not due again for a while; the others are.
            Err(error) => tracing::warn!(provider = %id, ?error, "the list of a provider could not be read"),
        }
    }
}
