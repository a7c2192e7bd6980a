//! What leaves the house: written, sealed, in the transaction that causes it, and sent afterwards: mail, which without
//! SMTP is not written, and what goes to webhooks. Tenants have a queue each, in lanes, and accounts, which belong to no
//! tenant, share the server's. While something is sent, no transaction is open; what a server had in hand that died is
//! sent by another, so a receiver may get it twice.

mod letters;
mod line;

use std::time::Duration;

use tenantry_db::account_token::{self, Kind, Link};
use tenantry_db::outbox as db;
use tenantry_db::{PlatformTx, TenantTx, account};
use tenantry_types::account::UserStatus;
use tenantry_types::{Email, Timestamp, UserId, WebhookId};
use uuid::Uuid;

pub(crate) use letters::{AccountMail, AlertMail, InvitationMail, Notice};
pub use line::{keep_working, work};

use crate::accounts::sign_up;
use crate::app::new_token;
use crate::ports::Mail;
use crate::{App, Error, Origin, Place, Result, now, webhooks};

const INVITATION: &str = "mail.invitation";
const ALERT: &str = "mail.alert";
const ACCOUNT: &str = "mail.account";
const WEBHOOK: &str = "webhook";
/// How long a link to a new password works.
pub(crate) const RESET_LASTS: Duration = Duration::from_secs(30 * 60);
/// How long a link works that proves an address.
pub(crate) const VERIFICATION_LASTS: Duration = Duration::from_secs(24 * 3600);
/// How long it can be seen what was sent.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

fn place(table: &'static str, id: Uuid) -> Place {
    Place {
        table,
        row: id,
        column: "payload",
    }
}

/// Leaves mails to be sent when the transaction commits.
pub(crate) async fn post_invitations(app: &App, tx: &mut TenantTx, mails: &[InvitationMail]) -> Result<()> {
    post_mails(app, tx, INVITATION, mails).await
}

/// Leaves mails that tell of something.
pub(crate) async fn post_alerts(app: &App, tx: &mut TenantTx, mails: &[AlertMail]) -> Result<()> {
    post_mails(app, tx, ALERT, mails).await
}

async fn post_mails<T: serde::Serialize>(app: &App, tx: &mut TenantTx, kind: &str, mails: &[T]) -> Result<()> {
    if app.mailer().is_none() {
        return Ok(());
    }
    let parcels = mails.iter().map(|mail| Ok((None, serde_json::to_vec(mail).map_err(Error::internal)?)));
    post(app, tx, kind, parcels.collect::<Result<_>>()?).await
}

/// Leaves what goes to webhooks, to be sent when the transaction commits.
pub(crate) async fn post_hooks(app: &App, tx: &mut TenantTx, payloads: Vec<(WebhookId, webhooks::Payload)>) -> Result<()> {
    let parcels = payloads
        .iter()
        .map(|(webhook, payload)| Ok((Some(webhook.uuid()), serde_json::to_vec(payload).map_err(Error::internal)?)));
    post(app, tx, WEBHOOK, parcels.collect::<Result<_>>()?).await
}

async fn post(app: &App, tx: &mut TenantTx, kind: &str, parcels: Vec<(Option<Uuid>, Vec<u8>)>) -> Result<()> {
    if parcels.is_empty() {
        return Ok(());
    }
    let (lanes, plain): (Vec<_>, Vec<_>) = parcels.into_iter().unzip();
    let values: Vec<(Place, Vec<u8>)> = plain.into_iter().map(|plain| (place("outbox", Uuid::now_v7()), plain)).collect();
    let sealed = app.vault().seal_in(tx, &values).await?;
    let parcels: Vec<_> = values
        .iter()
        .zip(lanes)
        .zip(sealed)
        .map(|(((place, _), lane), sealed)| (place.row, lane, sealed))
        .collect();
    db::insert(tx, kind, &parcels, now()).await?;
    Ok(())
}

/// Leaves a mail about an account to be sent when the transaction commits.
pub(crate) async fn post_account(app: &App, tx: &mut PlatformTx, mail: &AccountMail) -> Result<()> {
    post_accounts(app, tx, std::slice::from_ref(mail)).await
}

/// The same for several at once.
pub(crate) async fn post_accounts(app: &App, tx: &mut PlatformTx, mails: &[AccountMail]) -> Result<()> {
    if app.mailer().is_none() || mails.is_empty() {
        return Ok(());
    }
    let parcels = mails.iter().map(|mail| {
        let place = place("platform_outbox", Uuid::now_v7());
        let plain = serde_json::to_vec(mail).map_err(Error::internal)?;
        Ok((place.row, app.vault().seal_platform(place, &plain)?))
    });
    db::insert_platform(tx, ACCOUNT, &parcels.collect::<Result<Vec<_>>>()?, now()).await?;
    Ok(())
}

/// Tells the owner of an account what was changed in it, and from where.
pub(crate) async fn post_notice(app: &App, tx: &mut PlatformTx, to: &Email, what: Notice, origin: &Origin) -> Result<()> {
    let device = Some(&origin.device).filter(|device| !device.is_empty());
    let from = match (origin.ip, device) {
        (Some(ip), Some(device)) => format!("\nFrom: {ip}, {device}"),
        (Some(ip), None) => format!("\nFrom: {ip}"),
        (None, _) => String::new(),
    };
    let mail = AccountMail::Notice {
        to: to.clone(),
        what,
        at: now(),
        from,
    };
    post_account(app, tx, &mail).await
}

async fn write(app: &App, tx: &mut PlatformTx, mail: AccountMail) -> Result<Option<Mail>> {
    Ok(match mail {
        AccountMail::Reset { email, base_url, asked_from } => {
            let found = account::credentials(tx, &email).await?;
            let Some(user) = found.map(|f| f.user).filter(|user| user.status == UserStatus::Active) else {
                return Ok(None);
            };
            let token = make_link(tx, Kind::Reset, user.id, &email, RESET_LASTS).await?.0;
            Some(letters::reset(email, &base_url, &token, &asked_from))
        }
        AccountMail::SignUp { typed, base_url, asked_from } => match account::credentials(tx, &typed.email).await? {
            None => {
                let token = sign_up::keep(app, tx, &typed).await?;
                Some(letters::sign_up(typed.email, &base_url, &token, &asked_from))
            }
            Some(found) if found.user.status == UserStatus::Active => Some(letters::signed_up_before(typed.email, &base_url, &asked_from)),
            Some(_) => None,
        },
        AccountMail::Verify { user, email, base_url } => {
            let found = account::find(tx, user).await?;
            if found.is_none_or(|user| user.email_verified || user.email != email) {
                return Ok(None);
            }
            let token = make_link(tx, Kind::Verify, user, &email, VERIFICATION_LASTS).await?.0;
            Some(letters::verify(email, &base_url, &token))
        }
        AccountMail::Notice { to, what, at, from } => Some(letters::notice(to, what, at, &from)),
        AccountMail::Alert(mail) => Some(mail.mail()),
    })
}

/// A token for a link, of which the database keeps the hash, and until when it works.
pub(crate) async fn make_link(tx: &mut PlatformTx, kind: Kind, user: UserId, email: &Email, lasts: Duration) -> Result<(String, Timestamp)> {
    let (token, hash) = new_token();
    let until = Timestamp(now().0 + lasts);
    let link = Link { user, email: email.clone() };
    account_token::insert(tx, kind, &hash, &link, now(), until).await?;
    Ok((token.expose().to_owned(), until))
}

/// Forgets what the server's queue sent long ago.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let mut tx = app.db().platform().await?;
    db::delete_done(&mut tx, sent_long_ago()).await?;
    tx.commit().await?;
    Ok(())
}

/// What was sent before is not kept.
pub(crate) fn sent_long_ago() -> Timestamp {
    Timestamp(now().0 - KEPT)
}
