//! What a tenant wants to be told of, and where.

use serde_json::json;
use tenantry_db::alert as db;
use tenantry_types::alert::{NotificationPatch, NotificationSettings};

use crate::audit::event;
use crate::{App, Error, Granted, Result, needs, now};

/// # Errors
/// When the database does not answer.
pub async fn show(app: &App, by: Granted<needs::TenantRead>) -> Result<NotificationSettings> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::wishes(&mut tx).await?.ok_or(Error::NOT_FOUND)?.1)
}

/// Changes what is named.
///
/// # Errors
/// When the database does not answer.
pub async fn update(app: &App, by: Granted<needs::TenantUpdate>, patch: NotificationPatch) -> Result<NotificationSettings> {
    let now = now();
    let mut tx = app.db().tenant(&by).await?;
    let before = db::lock_settings(&mut tx, now).await?;
    let after = patch.apply(&before);
    if after != before {
        db::set(&mut tx, &after, now).await?;
        let changes = json!({ "from": before.to_store(), "to": after.to_store() });
        let tenant = by.tenant();
        tx.record(event(
            "tenant.notifications_updated",
            "tenant",
            Some(tenant.id.to_string()),
            &tenant.name,
            changes,
        ));
        tx.commit().await?;
    }
    Ok(after)
}
