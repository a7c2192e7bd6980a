//! What people and programs are told of without asking: limits that come near, keys that end, providers that are
//! down, what looks like an attack. Each goes where the tenant wants it, and is told once, whatever server notices it
//! first: that it was told is a row in the database. Nothing is found out while a request waits: requests leave marks
//! in memory, and a chore looks at them.

mod keys;
mod providers;
mod quotas;
mod refusals;
mod settings;

use std::time::Duration;

use serde_json::{Value, json};
use tenantry_db::access::job;
use tenantry_db::alert as db;
use tenantry_db::notification::{self, Whom};
use tenantry_db::webhook;
use tenantry_types::alert::AlertKind;
use tenantry_types::{Email, TenantId, TenantRef, Timestamp, UserId};

use crate::outbox::{self, AlertMail};
use crate::{App, Result, new_id, now, webhooks};

/// Tenants that are read at once.
const PAGE: i64 = 500;
/// For how long it is known what was told: longer than a window of a limit, and than a key can be told of.
const TOLD_KEPT: Duration = Duration::from_secs(100 * 86_400);
/// For how long deliveries can be seen.
const DELIVERIES_KEPT: Duration = Duration::from_secs(14 * 86_400);

pub(crate) use quotas::Noticed;
pub(crate) use refusals::Refused;
pub use settings::{show, update};

/// Something to tell.
#[derive(Debug)]
pub(crate) struct Alert {
    pub kind: AlertKind,
    /// Which one of its kind: what has the same is told once.
    pub once: String,
    /// What it is about: of these, only the newest waits in the console.
    pub about: String,
    /// One sentence for people.
    pub text: String,
    /// The page of the tenant that shows more.
    pub page: String,
    /// Who is told; None: owners and admins.
    pub whom: Option<UserId>,
    /// For programs. No secrets, and of people ids at most.
    pub data: Value,
}

/// Tells a tenant of something, unless it was told before, or wants to hear nothing of it. Says whether it was told now.
///
/// # Errors
/// When the database does not answer; then nothing was told.
pub(crate) async fn raise(app: &App, tenant: TenantId, alert: Alert) -> Result<bool> {
    let (by, now) = (job(tenant), now());
    let mut tx = app.db().tenant(&by).await?;
    let Some((named, wishes)) = db::wishes(&mut tx).await? else {
        return Ok(false);
    };
    let channels = wishes.of(alert.kind);
    // Not noted where nobody wants it: who switches it on hears of it.
    if !channels.anywhere() || !db::tell(&mut tx, alert.kind, &alert.once, now).await? {
        return Ok(false);
    }
    if channels.webhook {
        webhooks::announce(app, &mut tx, &named, alert.kind, &alert.data, now).await?;
    }
    let mail = channels.mail && app.mailer().is_some();
    if !channels.in_app && !mail {
        tx.commit_counts().await?;
        return Ok(true);
    }
    let mut tx = tx.leave().await?;
    let people = notification::people(&mut tx, alert.whom.map_or(Whom::AdminsOf(tenant), Whom::User)).await?;
    if channels.in_app {
        let to: Vec<UserId> = people.iter().map(|person| person.id).collect();
        let ids: Vec<_> = people.iter().map(|_| new_id()).collect();
        let data = json!({ "about": alert.about, "text": alert.text, "page": alert.page });
        notification::supersede(&mut tx, &to, Some(tenant), alert.kind.as_str(), &alert.about, now).await?;
        notification::insert(&mut tx, &ids, &to, Some(tenant), alert.kind.as_str(), &data, now).await?;
    }
    let mut tx = tx.enter(&by).await?;
    if mail {
        let page = format!("/t/{}/{}", named.slug, alert.page);
        let mails: Vec<AlertMail> = people
            .into_iter()
            .map(|person| letter(app, Some(&named), alert.kind.label(), (&alert.text, &page), person.email))
            .collect();
        outbox::post_alerts(app, &mut tx, &mails).await?;
    }
    tx.commit_counts().await?;
    Ok(true)
}

/// A mail that tells somebody of something: `what` in its subject, `text`, and the page that shows more.
pub(crate) fn letter(app: &App, tenant: Option<&TenantRef>, what: &str, (text, page): (&str, &str), to: Email) -> AlertMail {
    let base = app.policy().public_url.as_deref().map(|url| url.trim_end_matches('/'));
    let more = base.map(|url| format!("\n\nMore of it:\n{url}{page}")).unwrap_or_default();
    let (name, about, why) = match (tenant, base) {
        (None, _) => ("Tenantry", String::new(), String::new()),
        (Some(tenant), base) => {
            let said = match base {
                Some(url) => format!(":\n{url}/t/{}/notifications", tenant.slug),
                None => ", on its page Notifications.".to_owned(),
            };
            let why = format!("\n\nOwners and admins of the tenant say what is mailed{said}");
            (tenant.name.as_str(), format!("\nTenant: {}", tenant.name), why)
        }
    };
    AlertMail {
        to,
        subject: format!("{name}: {what}"),
        text: format!("Hello,\n\n{text}\n{about}\nTime: {}{more}{why}\n", now().readable()),
    }
}

/// Looks at what was noticed since the last time, and tells of it. What goes wrong with one tenant holds up no other,
/// and is looked at again.
///
/// # Errors
/// When the database does not answer.
pub async fn look(app: &App) -> Result<()> {
    let quotas = quotas::look(app).await;
    refusals::look(app).await?;
    quotas
}

/// Looks at the providers that were checked, and tells whom it concerns of those that do not answer, or answer again.
///
/// # Errors
/// When the database does not answer; what was not told then is told the next time.
pub async fn look_at_providers(app: &App) -> Result<()> {
    providers::look(app).await
}

/// Looks at what comes near without anybody using anything: keys that end, and members, who come by many ways. Removes
/// what was told, delivered and sent long ago.
///
/// # Errors
/// When the database does not answer.
pub async fn survey(app: &App) -> Result<()> {
    let mut tx = app.db().platform().await?;
    for tenant in db::near_member_limit(&mut tx, quotas::STANDING).await? {
        app.noticed().used(tenant);
    }
    drop(tx);
    keys::look(app).await?;
    sweep(app).await
}

async fn sweep(app: &App) -> Result<()> {
    let now = now().0;
    let (told, delivered) = (Timestamp(now - TOLD_KEPT), Timestamp(now - DELIVERIES_KEPT));
    let sent = outbox::sent_long_ago();
    let mut tx = app.db().platform().await?;
    let tenants = db::stale(&mut tx, told, delivered, sent, quotas::STANDING).await?;
    drop(tx);
    for tenant in tenants {
        let mut tx = app.db().tenant(&job(tenant)).await?;
        db::delete_old(&mut tx, told, quotas::STANDING).await?;
        webhook::delete_old(&mut tx, delivered).await?;
        tenantry_db::outbox::delete_done_of(&mut tx, sent).await?;
        tx.commit_counts().await?;
    }
    Ok(())
}
