//! What waits for somebody to look at it. A notification is its reader's: nobody else sees or removes
//! it. What is about a tenant shows only to who is in it, and what stands in its record only to who may
//! read that now.

use std::time::Duration;

use tenantry_db::notification as db;
use tenantry_types::audit::Notification;
use tenantry_types::{NotificationId, Timestamp};

use crate::{App, Error, Operator, Principal, Result, TenantCtx, needs, now};

/// How long one is kept, read or not.
const KEPT: Duration = Duration::from_secs(90 * 86_400);

/// What a person has not read yet, in one tenant: what is about their account, and what is about the tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn in_tenant(app: &App, who: &Principal, ctx: &TenantCtx) -> Result<Vec<Notification>> {
    let about = db::About::Account {
        tenant: ctx.tenant().id,
        record: ctx.grant::<needs::AuditRead>().is_ok(),
    };
    let mut tx = app.db().platform().await?;
    Ok(db::unread(&mut tx, who.id(), about).await?)
}

/// What an operator has not read yet of what is about the server.
///
/// # Errors
/// When the database does not answer.
pub async fn of_server(app: &App, by: &Operator) -> Result<Vec<Notification>> {
    let Some(user) = by.actor().user_id() else { return Ok(Vec::new()) };
    let mut tx = app.db().platform().await?;
    Ok(db::unread(&mut tx, user, db::About::Server).await?)
}

/// Marks one as read.
///
/// # Errors
/// `NotFound` when there is none of this id, it is somebody else's, or it was read before.
pub async fn read(app: &App, who: &Principal, id: NotificationId) -> Result<()> {
    let mut tx = app.db().platform().await?;
    if !db::read(&mut tx, who.id(), id, now()).await? {
        return Err(Error::NOT_FOUND);
    }
    Ok(tx.commit().await?)
}

/// Forgets those that are old.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<u64> {
    let mut tx = app.db().platform().await?;
    let count = db::delete_old(&mut tx, Timestamp(now().0 - KEPT)).await?;
    tx.commit().await?;
    Ok(count)
}
