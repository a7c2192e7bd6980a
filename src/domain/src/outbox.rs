//! What leaves the house: written, sealed, in the transaction that causes it, and sent afterwards.
//! Today that is mail; without SMTP nothing is written.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenantry_db::access::job;
use tenantry_db::{TenantTx, outbox as db};
use tenantry_types::{Email, Timestamp};
use uuid::Uuid;

use crate::ports::{Mail, MailError};
use crate::{App, Error, Place, Result, now};

const INVITATION: &str = "mail.invitation";
/// Tries: after 1, 2, 4 ... minutes, some 8 hours in all.
const ATTEMPTS: i32 = 9;

/// What the mail of an invitation says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InvitationMail {
    pub to: Email,
    pub link: String,
    pub tenant: String,
    pub inviter: String,
}

impl InvitationMail {
    fn mail(self) -> Mail {
        let Self { to, link, tenant, inviter } = self;
        let text = format!(
            "Hello,\n\n{inviter} invites you to {tenant}.\n\nOpen this link to accept:\n{link}\n\n\
             It works once, and only for this address. If you do not know {inviter}, leave it alone.\n"
        );
        Mail {
            to,
            subject: format!("{inviter} invites you to {tenant}"),
            text,
        }
    }
}

fn place(id: Uuid) -> Place {
    Place {
        table: "outbox",
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
        values.push((place(Uuid::now_v7()), serde_json::to_vec(mail).map_err(Error::internal)?));
    }
    let sealed = app.vault().seal_in(tx, &values).await?;
    let parcels: Vec<(Uuid, Vec<u8>)> = values.iter().map(|(place, _)| place.row).zip(sealed).collect();
    db::insert(tx, INVITATION, &parcels, now()).await?;
    Ok(())
}

/// Sends what is due; answers how many were sent. What goes wrong in one tenant, or with one mail,
/// holds up no other.
///
/// # Errors
/// When the database does not answer.
pub async fn work(app: &App) -> Result<u32> {
    let Some(mailer) = app.mailer() else { return Ok(0) };
    let mut platform = app.db().platform().await?;
    let tenants = db::due(&mut platform, now()).await?;
    drop(platform);
    let mut sent = 0;
    for tenant in tenants {
        let by = job(tenant);
        loop {
            let mut tx = app.db().tenant(&by).await?;
            let Some(parcel) = db::take(&mut tx, now()).await? else { break };
            let mail = match open(app, &mut tx, &parcel).await {
                Ok(mail) => mail,
                // The database is gone: nothing can be noted either.
                Err(Error::Unavailable) => return Err(Error::Unavailable),
                Err(error) => {
                    tracing::error!(?error, tenant = %tenant, "a mail that waits cannot be opened and is given up");
                    db::failed(&mut tx, parcel.id, "cannot be opened", None, now()).await?;
                    tx.commit().await?;
                    continue;
                }
            };
            match mailer.send(mail).await {
                Ok(()) => {
                    db::done(&mut tx, parcel.id, now()).await?;
                    sent += 1;
                }
                Err(error) => {
                    let again = error == MailError::Temporary && parcel.attempts + 1 < ATTEMPTS;
                    let wait = Duration::from_secs(60 << parcel.attempts.clamp(0, ATTEMPTS));
                    let next_at = again.then(|| Timestamp(now().0 + wait));
                    tracing::warn!(%error, again, "a mail was not sent");
                    db::failed(&mut tx, parcel.id, &error.to_string(), next_at, now()).await?;
                }
            }
            tx.commit().await?;
        }
    }
    Ok(sent)
}

async fn open(app: &App, tx: &mut TenantTx, parcel: &db::Parcel) -> Result<Mail> {
    let plain = app.vault().open_in(tx, place(parcel.id), &parcel.payload_sealed).await?;
    let mail: InvitationMail = serde_json::from_slice(&plain).map_err(Error::internal)?;
    Ok(mail.mail())
}
