//! Keys that end soon: told so many days before as the tenant wants, and once more on the last day.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;
use tenantry_db::access::job;
use tenantry_db::alert::{self as db, EndingKey};
use tenantry_types::alert::{AlertKind, MOST_KEY_DAYS};
use tenantry_types::{TenantId, Timestamp};

use super::{Alert, PAGE, raise};
use crate::{App, Result, now};

const DAY: Duration = Duration::from_secs(86_400);

pub(super) async fn look(app: &App) -> Result<()> {
    let (mut after, now, mut ended) = (None, now(), Ok(()));
    loop {
        let mut tx = app.db().platform().await?;
        let tenants = db::with_ending_keys(&mut tx, now, Timestamp(now.0 + DAY * MOST_KEY_DAYS.into()), after, PAGE).await?;
        drop(tx);
        let Some(last) = tenants.last().copied() else { return ended };
        after = Some(last);
        for tenant in tenants {
            // One tenant holds up no other.
            if let Err(error) = look_at(app, tenant, now).await {
                ended = Err(error);
            }
        }
    }
}

async fn look_at(app: &App, tenant: TenantId, now: Timestamp) -> Result<()> {
    let mut tx = app.db().tenant(&job(tenant)).await?;
    let Some((_, wishes)) = db::wishes(&mut tx).await? else { return Ok(()) };
    let days = [wishes.key_days, 1];
    let keys = db::ending_keys(&mut tx, now, Timestamp(now.0 + DAY * u32::from(wishes.key_days))).await?;
    let told: HashSet<String> = db::told(&mut tx, &[AlertKind::KeyExpiring])
        .await?
        .into_iter()
        .map(|(_, once)| once)
        .collect();
    drop(tx);
    for key in &keys {
        // The nearest only: whoever is told of the last day needs to hear nothing of the week.
        let Some(days) = days.into_iter().filter(|days| is_due(key, *days, now)).min() else {
            continue;
        };
        let alert = alert(key, days);
        if !told.contains(&alert.once) {
            raise(app, tenant, alert).await?;
        }
    }
    Ok(())
}

/// Whether so many days before its end have begun. A key that was made for less than that surprises nobody.
fn is_due(key: &EndingKey, days: u16, now: Timestamp) -> bool {
    let from = key.expires_at.0 - DAY * u32::from(days);
    from <= now.0 && key.created_at.0 <= from
}

fn alert(key: &EndingKey, days: u16) -> Alert {
    let whose = if key.owner.is_some() { "Your" } else { "The tenant's" };
    Alert {
        kind: AlertKind::KeyExpiring,
        once: format!("{} {} {days}", key.id, key.expires_at),
        about: key.id.to_string(),
        text: format!(
            "{whose} API key {} ({}…) ends {}: what uses it is refused from then on.",
            key.name,
            key.prefix,
            key.expires_at.readable()
        ),
        page: "keys".to_owned(),
        whom: key.owner,
        data: json!({ "key": key.id, "name": key.name, "prefix": key.prefix, "user": key.owner, "expires_at": key.expires_at }),
    }
}
