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
use tenantry_db::notification::{self, Person, Whom};
use tenantry_db::{DbError, PlatformTx, alert};
use tenantry_types::account::User;
use tenantry_types::alert::AlertKind;
use tenantry_types::audit::{Notification, Suspicion};
use tenantry_types::{Email, TenantId, TenantRef, Timestamp, UserId};

use super::event;
use crate::outbox::{self, AccountMail, AlertMail};
use crate::{Actor, App, Origin, Result, alerts, new_id, now, webhooks};

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
    let done = match chain {
        None => {
            let mut tx = app.db().platform().await?;
            let told = tell_people(&mut tx, kind, None, tell, &who.about, count).await?;
            mail(app, &mut tx, kind, told, (&who.about, count)).await?;
            tx.record(&Actor::system(Origin::system("audit")), suspicious(kind, who, count));
            tx.commit().await
        }
        Some(id) => raise_in(app, kind, id, tell, who, count).await?,
    };
    match done {
        // Purged in the meantime.
        Err(DbError::Corrupt(_)) => Ok(()),
        done => Ok(done?),
    }
}

/// The same in a tenant, whose settings say where it goes besides the record.
async fn raise_in(app: &App, kind: Suspicion, id: TenantId, tell: Whom, who: Concerned, count: u64) -> Result<std::result::Result<(), DbError>> {
    let (by, now) = (job(id), now());
    let mut tx = app.db().tenant(&by).await?;
    let Some((named, wishes)) = alert::wishes(&mut tx).await? else {
        return Ok(Ok(()));
    };
    let channels = wishes.of(AlertKind::Security);
    // Whoever goes on and on fills nobody's mailbox: once a day.
    let once = format!("{kind} {} {}", who.about, now.0.date());
    let first = channels.anywhere() && alert::tell(&mut tx, AlertKind::Security, &once, now).await?;
    if first && channels.webhook {
        let data = json!({ "kind": kind, "about": who.about, "count": count });
        webhooks::announce(app, &mut tx, &named, AlertKind::Security, &data, now).await?;
    }
    let mut tx = tx.leave().await?;
    if channels.in_app {
        tell_people(&mut tx, kind, Some(id), tell, &who.about, count).await?;
    }
    let mailed = match first && channels.mail {
        true => notification::people(&mut tx, tell).await?,
        false => Vec::new(),
    };
    let mut tx = tx.enter(&by).await?;
    let mails: Vec<_> = mailed
        .into_iter()
        .map(|person| letter(app, kind, (&who.about, count), Some(&named), person.email))
        .collect();
    outbox::post_alerts(app, &mut tx, &mails).await?;
    tx.record(suspicious(kind, who, count));
    Ok(tx.commit().await)
}

fn suspicious(kind: Suspicion, who: Concerned, count: u64) -> Event {
    let changes = json!({ "kind": kind, "count": count });
    event("security.suspicious", who.target_type, Some(who.about), &who.name, changes)
}

/// Answers whom it was news to.
async fn tell_people(tx: &mut PlatformTx, kind: Suspicion, tenant: Option<TenantId>, whom: Whom, about: &str, count: u64) -> Result<Vec<Person>> {
    let mut people = notification::people(tx, whom).await?;
    let to: Vec<UserId> = people.iter().map(|person| person.id).collect();
    let ids: Vec<_> = people.iter().map(|_| new_id()).collect();
    let data = json!({ "about": about, "count": count });
    let told = notification::insert(tx, &ids, &to, tenant, kind.as_str(), &data, now()).await?;
    people.retain(|person| told.contains(&person.id));
    Ok(people)
}

/// For a sign-in from a network and a device that the account never had, though it had others.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn new_place(app: &App, tx: &mut PlatformTx, user: &User, origin: &Origin) -> Result<()> {
    let about = user.id.to_string();
    let told = tell_people(tx, Suspicion::NewPlace, None, Whom::User(user.id), &about, 1).await?;
    mail(app, tx, Suspicion::NewPlace, told, (&about, 1)).await?;
    let who = Concerned {
        target_type: "user",
        about,
        name: user.name.clone(),
    };
    tx.record(&Actor::newcomer(user, origin), suspicious(Suspicion::NewPlace, who, 1));
    Ok(())
}

/// A mail says of it what the console says.
fn letter(app: &App, kind: Suspicion, (about, count): (&str, u64), tenant: Option<&TenantRef>, to: Email) -> AlertMail {
    let notice = Notification {
        id: new_id(),
        kind: kind.as_str().to_owned(),
        about: Some(about.to_owned()),
        count: Some(count),
        text: None,
        page: None,
        tenant: tenant.cloned(),
        created_at: now(),
    };
    let what = match kind.is_personal() {
        true => "is it you who signs in?",
        false => AlertKind::Security.label(),
    };
    alerts::letter(app, tenant, what, (&notice.sentence(), &notice.page()), to)
}

/// Mails what is of no tenant.
async fn mail(app: &App, tx: &mut PlatformTx, kind: Suspicion, to: Vec<Person>, (about, count): (&str, u64)) -> Result<()> {
    let mails = to
        .into_iter()
        .map(|person| AccountMail::Alert(letter(app, kind, (about, count), None, person.email)));
    outbox::post_accounts(app, tx, &mails.collect::<Vec<_>>()).await
}
