//! What leaves the house: written, sealed, in the transaction that causes it, and sent afterwards.
//! Today that is mail; without SMTP nothing is written. Tenants have a queue each, and accounts,
//! which belong to no tenant, share the server's.

mod letters;

use std::time::Duration;

use tenantry_db::access::{Job, job};
use tenantry_db::account_token::{self, Kind, Link};
use tenantry_db::outbox::{self as db, Parcel, Queue};
use tenantry_db::{Granted, PlatformTx, TenantTx, account};
use tenantry_types::account::UserStatus;
use tenantry_types::{Email, Timestamp, UserId};
use uuid::Uuid;

pub(crate) use letters::{AccountMail, InvitationMail, Notice};

use crate::accounts::sign_up;
use crate::app::new_token;
use crate::ports::{Mail, MailError, Mailer};
use crate::{App, Error, Origin, Place, Result, now};

const INVITATION: &str = "mail.invitation";
const ACCOUNT: &str = "mail.account";
/// Tries: after 1, 2, 4 ... minutes, some 8 hours in all.
const ATTEMPTS: i32 = 9;
/// How long a link to a new password works.
pub(crate) const RESET_LASTS: Duration = Duration::from_secs(30 * 60);
/// How long a link works that proves an address.
pub(crate) const VERIFICATION_LASTS: Duration = Duration::from_secs(24 * 3600);
/// How long it can be seen what the server's queue has sent.
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
    if app.mailer().is_none() || mails.is_empty() {
        return Ok(());
    }
    let mut values = Vec::with_capacity(mails.len());
    for mail in mails {
        values.push((place("outbox", Uuid::now_v7()), serde_json::to_vec(mail).map_err(Error::internal)?));
    }
    let sealed = app.vault().seal_in(tx, &values).await?;
    let parcels: Vec<(Uuid, Vec<u8>)> = values.iter().map(|(place, _)| place.row).zip(sealed).collect();
    db::insert(tx, INVITATION, &parcels, now()).await?;
    Ok(())
}

/// Leaves a mail about an account to be sent when the transaction commits.
pub(crate) async fn post_account(app: &App, tx: &mut PlatformTx, mail: &AccountMail) -> Result<()> {
    if app.mailer().is_none() {
        return Ok(());
    }
    let place = place("platform_outbox", Uuid::now_v7());
    let plain = serde_json::to_vec(mail).map_err(Error::internal)?;
    let sealed = app.vault().seal_platform(place, &plain)?;
    db::insert_platform(tx, ACCOUNT, place.row, &sealed, now()).await?;
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

/// Whose queue is worked off.
enum Owner {
    Platform,
    Tenant(Granted<Job>),
}

impl Owner {
    async fn open(&self, app: &App) -> Result<Queue> {
        Ok(match self {
            Self::Platform => Queue::Platform(app.db().platform().await?),
            Self::Tenant(by) => Queue::Tenant(app.db().tenant(by).await?),
        })
    }
}

/// Sends what is due; answers how many were sent. What goes wrong in one tenant, or with one mail,
/// holds up no other.
///
/// # Errors
/// When the database does not answer.
pub async fn work(app: &App) -> Result<u32> {
    let Some(mailer) = app.mailer() else { return Ok(0) };
    let mut sent = work_off(app, &**mailer, &Owner::Platform).await?;
    let mut platform = app.db().platform().await?;
    let tenants = db::due(&mut platform, now()).await?;
    drop(platform);
    for tenant in tenants {
        sent += work_off(app, &**mailer, &Owner::Tenant(job(tenant))).await?;
    }
    Ok(sent)
}

async fn work_off(app: &App, mailer: &dyn Mailer, owner: &Owner) -> Result<u32> {
    let mut sent = 0;
    loop {
        let mut queue = owner.open(app).await?;
        let Some(parcel) = queue.take(now()).await? else { return Ok(sent) };
        let mail = match open(app, &mut queue, &parcel).await {
            Ok(mail) => mail,
            // The database is gone: nothing can be noted either.
            Err(Error::Unavailable) => return Err(Error::Unavailable),
            Err(error) => {
                tracing::error!(?error, parcel = %parcel.id, "a mail that waits cannot be opened and is given up");
                queue.failed(parcel.id, "cannot be opened", None, now()).await?;
                queue.commit().await?;
                continue;
            }
        };
        let tried = match mail {
            Some(mail) => mailer.send(mail).await.map(|()| 1),
            // There is nobody to send it to.
            None => Ok(0),
        };
        match tried {
            Ok(one) => {
                queue.done(parcel.id, now()).await?;
                sent += one;
            }
            Err(error) => {
                let again = error == MailError::Temporary && parcel.attempts + 1 < ATTEMPTS;
                let wait = Duration::from_secs(60 << parcel.attempts.clamp(0, ATTEMPTS));
                let next_at = again.then(|| Timestamp(now().0 + wait));
                tracing::warn!(%error, again, "a mail was not sent");
                queue.failed(parcel.id, &error.to_string(), next_at, now()).await?;
            }
        }
        queue.commit().await?;
    }
}

/// The mail of a parcel; None when there is nobody to send it to.
async fn open(app: &App, queue: &mut Queue, parcel: &Parcel) -> Result<Option<Mail>> {
    match queue {
        Queue::Tenant(tx) => {
            let plain = app.vault().open_in(tx, place("outbox", parcel.id), &parcel.payload_sealed).await?;
            let mail: InvitationMail = serde_json::from_slice(&plain).map_err(Error::internal)?;
            Ok(Some(mail.mail()))
        }
        Queue::Platform(tx) => {
            let plain = app.vault().open_platform(place("platform_outbox", parcel.id), &parcel.payload_sealed)?;
            write(app, tx, serde_json::from_slice(&plain).map_err(Error::internal)?).await
        }
    }
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

/// Forgets what was sent long ago.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let mut tx = app.db().platform().await?;
    db::delete_done(&mut tx, Timestamp(now().0 - KEPT)).await?;
    tx.commit().await?;
    Ok(())
}
