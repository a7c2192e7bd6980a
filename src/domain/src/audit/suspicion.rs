//! What looks like an attack: many refusals in a short time, knocking at tenants that are not theirs,
//! many wrong passwords for one account, a sign-in from a network and a device that the account never
//! had. Counted on this node; each raises the event `security.suspicious` and tells those concerned,
//! once in a window.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tenantry_db::access::job;
use tenantry_db::audit::Event;
use tenantry_db::notification::{self, Whom};
use tenantry_db::{DbError, PlatformTx};
use tenantry_types::account::User;
use tenantry_types::audit::Suspicion;
use tenantry_types::{TenantId, Timestamp, UserId};

use super::event;
use crate::{Actor, App, Origin, Result, new_id, now};

const WINDOW: Duration = Duration::from_secs(600);
/// Different things that are counted at once.
const MOST: usize = 10_000;

/// From how many on, in a window.
fn threshold(kind: Suspicion) -> u64 {
    match kind {
        Suspicion::DeniedBurst => 20,
        Suspicion::TenantsProbed | Suspicion::LogInsFailed => 10,
        Suspicion::NewPlace => 1,
    }
}

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Timestamp,
    count: u64,
    raised: bool,
}

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<HashMap<(Suspicion, String), Window>>);

impl Watch {
    /// Adds to a count; says how many there are when that is for the first time too many.
    fn count(&self, kind: Suspicion, whom: &str, more: u64, at: Timestamp) -> Option<u64> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        windows.retain(|_, window| window.since.0 + WINDOW > at.0);
        let key = (kind, whom.to_owned());
        if windows.len() >= MOST && !windows.contains_key(&key) {
            return None;
        }
        let window = windows.entry(key).or_insert(Window {
            since: at,
            count: 0,
            raised: false,
        });
        window.count += more;
        if window.raised || window.count < threshold(kind) {
            return None;
        }
        window.raised = true;
        Some(window.count)
    }
}

/// Looks at refusals that were written, and raises what they amount to.
pub(super) async fn look(app: &App, chain: Option<TenantId>, events: &[(Actor, Event)], at: Timestamp) -> Result<()> {
    for (actor, event) in events {
        let kind = match event.action {
            "access.denied" => Suspicion::DeniedBurst,
            "tenant.probed" => Suspicion::TenantsProbed,
            "user.log_in_failed" if event.target_type == "user" => Suspicion::LogInsFailed,
            _ => continue,
        };
        let about = match kind {
            Suspicion::LogInsFailed => event.target_id.clone(),
            _ => actor.id_text(),
        };
        let Some(about) = about else { continue };
        let more = event.changes.get("count").and_then(Value::as_u64).unwrap_or(1);
        let whom = chain.map_or_else(|| about.clone(), |chain| format!("{chain} {about}"));
        let Some(count) = app.watch().count(kind, &whom, more, at) else {
            continue;
        };
        let tell = match (kind, chain, about.parse::<UserId>()) {
            (Suspicion::LogInsFailed, _, Ok(user)) => Whom::User(user),
            (_, Some(tenant), _) => Whom::AdminsOf(tenant),
            (_, None, _) => Whom::Operators,
        };
        let (target_type, name) = match kind {
            Suspicion::LogInsFailed => (event.target_type, event.target_name.clone()),
            _ => (actor.kind(), actor.name().to_owned()),
        };
        raise(app, kind, chain, tell, Concerned { target_type, about, name }, count).await?;
    }
    Ok(())
}

struct Concerned {
    target_type: &'static str,
    about: String,
    name: String,
}

/// Records it and tells people, in one transaction.
async fn raise(app: &App, kind: Suspicion, chain: Option<TenantId>, tell: Whom, who: Concerned, count: u64) -> Result<()> {
    let mut tx = app.db().platform().await?;
    tell_people(&mut tx, kind, chain, tell, &who.about, count).await?;
    let what = suspicious(kind, who, count);
    let done = match chain {
        None => {
            tx.record(&Actor::system(Origin::system("audit")), what);
            tx.commit().await
        }
        Some(id) => {
            let mut tx = tx.enter(&job(id)).await?;
            tx.record(what);
            tx.commit().await
        }
    };
    match done {
        // Purged in the meantime.
        Err(DbError::Corrupt(_)) => Ok(()),
        done => Ok(done?),
    }
}

fn suspicious(kind: Suspicion, who: Concerned, count: u64) -> Event {
    let changes = json!({ "kind": kind, "count": count });
    event("security.suspicious", who.target_type, Some(who.about), &who.name, changes)
}

async fn tell_people(tx: &mut PlatformTx, kind: Suspicion, tenant: Option<TenantId>, whom: Whom, about: &str, count: u64) -> Result<()> {
    let people = notification::people(tx, whom).await?;
    let ids: Vec<_> = people.iter().map(|_| new_id()).collect();
    let data = json!({ "about": about, "count": count });
    notification::insert(tx, &ids, &people, tenant, kind.as_str(), &data, now()).await?;
    Ok(())
}

/// For a sign-in from a network and a device that the account never had, though it had others.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn new_place(tx: &mut PlatformTx, user: &User, origin: &Origin) -> Result<()> {
    let about = user.id.to_string();
    tell_people(tx, Suspicion::NewPlace, None, Whom::User(user.id), &about, 1).await?;
    let who = Concerned {
        target_type: "user",
        about,
        name: user.name.clone(),
    };
    tx.record(&Actor::newcomer(user, origin), suspicious(Suspicion::NewPlace, who, 1));
    Ok(())
}
