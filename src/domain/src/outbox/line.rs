//! Works the queues off: many lanes at a time, one thing of each. A receiver that does not answer holds up its own lane
//! and no other.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use tenantry_db::access::job;
use tenantry_db::outbox::{self as db, Parcel, Queue};
use tenantry_types::{TenantId, Timestamp};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::{ALERT, AlertMail, INVITATION, InvitationMail, WEBHOOK, place, write};
use crate::ports::{Mail, MailError};
use crate::webhooks::{self, Outgoing, Settled};
use crate::{App, Error, Result, now};

/// How often it is looked what is due.
const TICK: Duration = Duration::from_secs(2);
/// Lanes of mail, and lanes of receivers, that are worked off at once, and of one tenant: nobody takes all of them.
const AT_ONCE: usize = 32;
const OF_TENANT: usize = 4;
/// Lanes that are looked at for those.
const LOOKED_AT: i64 = 500;
/// For so long a lane goes on before others have their turn.
const TURN: Duration = Duration::from_secs(10);
/// How long nobody else takes what is being sent: longer than sending may take.
const LEASE: Duration = Duration::from_secs(120);
/// For so long the rest of a lane waits whose receiver did not take something.
const HELD_UP: Duration = Duration::from_secs(10);
/// Tries of a mail: after 1, 2, 4 ... minutes, some 8 hours in all.
const ATTEMPTS: i32 = 9;

/// A lane of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Line {
    Platform,
    /// Of a tenant: its mail, or what goes to one receiver.
    Tenant(TenantId, Option<Uuid>),
}

impl Line {
    async fn open(self, app: &App) -> Result<Queue> {
        Ok(match self {
            Self::Platform => Queue::Platform(app.db().platform().await?),
            Self::Tenant(tenant, _) => Queue::Tenant(app.db().tenant(&job(tenant)).await?),
        })
    }

    fn lane(self) -> Option<Uuid> {
        match self {
            Self::Platform => None,
            Self::Tenant(_, lane) => lane,
        }
    }
}

/// The lanes in which something is due.
async fn due(app: &App) -> Result<Vec<Line>> {
    let mail = app.mailer().is_some();
    let mut tx = app.db().platform().await?;
    let tenants = db::due(&mut tx, now(), mail, LOOKED_AT).await?;
    let tenants = tenants.into_iter().map(|(tenant, lane)| Line::Tenant(tenant, lane));
    Ok(mail.then_some(Line::Platform).into_iter().chain(tenants).collect())
}

/// Sends what is due now; answers how many were sent. What goes wrong in one lane, or with one mail, holds up no other.
///
/// # Errors
/// When the database does not answer.
pub async fn work(app: &App) -> Result<u32> {
    let lanes = stream::iter(due(app).await?).map(|line| work_off(app, line)).buffer_unordered(AT_ONCE);
    lanes.try_fold(0, |sum, sent| async move { Ok(sum + sent) }).await
}

/// Sends what is due for as long as the server runs. A lane that takes its time does not keep those from starting that
/// become due meanwhile.
pub async fn keep_working(app: App) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut running = JoinSet::new();
    let mut busy: HashMap<tokio::task::Id, Line> = HashMap::new();
    loop {
        tick.tick().await;
        while let Some(ended) = running.try_join_next_with_id() {
            match ended {
                Ok((id, Ok(_))) => drop(busy.remove(&id)),
                Ok((id, Err(error))) => {
                    busy.remove(&id);
                    let error: Error = error;
                    tracing::warn!(?error, "what waits to be sent could not be sent; it is tried again");
                }
                Err(error) => {
                    busy.remove(&error.id());
                    tracing::error!(%error, "sending broke off");
                }
            }
        }
        let lines = match due(&app).await {
            Ok(lines) => lines,
            Err(error) => {
                tracing::warn!(?error, "what waits to be sent could not be read; it is tried again");
                continue;
            }
        };
        for line in admitted(&lines, &busy.values().copied().collect()) {
            let app = app.clone();
            let handle = running.spawn(async move { work_off(&app, line).await });
            busy.insert(handle.id(), line);
        }
    }
}

/// Of the lanes that are due those that may start, beside those that run.
fn admitted(due: &[Line], busy: &HashSet<Line>) -> Vec<Line> {
    let tenant = |line: &Line| match line {
        Line::Tenant(tenant, Some(_)) => Some(*tenant),
        // Mail goes through a server of the operator's.
        Line::Platform | Line::Tenant(_, None) => None,
    };
    let mut taken: HashMap<TenantId, usize> = HashMap::new();
    for of in busy.iter().filter_map(tenant) {
        *taken.entry(of).or_default() += 1;
    }
    let (mut hooks, mut mails) = (taken.values().sum::<usize>(), busy.iter().filter(|line| tenant(line).is_none()).count());
    let mut out = Vec::new();
    for line in due.iter().filter(|line| !busy.contains(line)) {
        let of = tenant(line);
        let running = if of.is_some() { &mut hooks } else { &mut mails };
        let count = of.map(|of| taken.entry(of).or_default());
        if *running >= AT_ONCE || count.as_ref().is_some_and(|count| **count >= OF_TENANT) {
            continue;
        }
        *running += 1;
        if let Some(count) = count {
            *count += 1;
        }
        out.push(*line);
    }
    out
}

/// Something of a parcel that can be sent.
enum Sending {
    Mail(Mail),
    Hook(Box<Outgoing>),
    /// There is nobody to send it to.
    Nothing,
}

async fn work_off(app: &App, line: Line) -> Result<u32> {
    let (mut sent, began) = (0, Instant::now());
    while began.elapsed() < TURN {
        let mut queue = line.open(app).await?;
        let Some(parcel) = queue.take(line.lane(), now(), Timestamp(now().0 + LEASE)).await? else {
            return Ok(sent);
        };
        let sending = match open(app, &mut queue, line, &parcel).await {
            Ok(sending) => sending,
            // The database is gone: nothing can be noted either.
            Err(Error::Unavailable) => return Err(Error::Unavailable),
            Err(error) => {
                tracing::error!(?error, parcel = %parcel.id, "something that waits cannot be opened and is given up");
                queue.failed(parcel.id, "cannot be opened", None, now()).await?;
                queue.commit().await?;
                continue;
            }
        };
        if matches!(sending, Sending::Nothing) {
            queue.done(parcel.id, now()).await?;
        }
        queue.commit().await?;
        match sending {
            Sending::Nothing => {}
            Sending::Mail(mail) => sent += send_mail(app, line, &parcel, mail).await?,
            Sending::Hook(outgoing) => {
                if !send_hook(app, line, &parcel, &outgoing).await? {
                    return Ok(sent);
                }
                sent += 1;
            }
        }
    }
    Ok(sent)
}

async fn open(app: &App, queue: &mut Queue, line: Line, parcel: &Parcel) -> Result<Sending> {
    match queue {
        Queue::Tenant(tx) => {
            let plain = app.vault().open_in(tx, place("outbox", parcel.id), &parcel.payload_sealed).await?;
            let mail = match (parcel.kind.as_str(), line.lane()) {
                (INVITATION, _) => serde_json::from_slice::<InvitationMail>(&plain).map(InvitationMail::mail),
                (ALERT, _) => serde_json::from_slice::<AlertMail>(&plain).map(AlertMail::mail),
                (WEBHOOK, Some(webhook)) => {
                    let outgoing = webhooks::load(app, tx, webhook.into(), &plain).await?;
                    return Ok(outgoing.map_or(Sending::Nothing, |outgoing| Sending::Hook(Box::new(outgoing))));
                }
                _ => return Err(Error::internal("a parcel of a kind that is not known")),
            };
            Ok(Sending::Mail(mail.map_err(Error::internal)?))
        }
        Queue::Platform(tx) => {
            let plain = app.vault().open_platform(place("platform_outbox", parcel.id), &parcel.payload_sealed)?;
            let mail = write(app, tx, serde_json::from_slice(&plain).map_err(Error::internal)?).await?;
            Ok(mail.map_or(Sending::Nothing, Sending::Mail))
        }
    }
}

/// How many were sent.
async fn send_mail(app: &App, line: Line, parcel: &Parcel, mail: Mail) -> Result<u32> {
    let tried = match app.mailer() {
        Some(mailer) => mailer.send(mail).await,
        None => Err(MailError::Temporary),
    };
    let mut queue = line.open(app).await?;
    let sent = match tried {
        Ok(()) => {
            queue.done(parcel.id, now()).await?;
            1
        }
        Err(error) => {
            let again = error == MailError::Temporary && parcel.attempts + 1 < ATTEMPTS;
            let wait = Duration::from_secs(60 << parcel.attempts.clamp(0, ATTEMPTS));
            let next_at = again.then(|| Timestamp(now().0 + wait));
            tracing::warn!(%error, again, "a mail was not sent");
            queue.failed(parcel.id, &error.to_string(), next_at, now()).await?;
            0
        }
    };
    queue.commit().await?;
    Ok(sent)
}

/// Whether it was taken.
async fn send_hook(app: &App, line: Line, parcel: &Parcel, outgoing: &Outgoing) -> Result<bool> {
    let attempt = webhooks::send(app, outgoing).await;
    if let (Line::Tenant(tenant, _), Some(_)) = (line, &attempt.error) {
        webhooks::warn(app, tenant, outgoing).await?;
    }
    let mut queue = line.open(app).await?;
    let Queue::Tenant(tx) = &mut queue else { return Ok(false) };
    let delivered = match webhooks::settle(tx, outgoing, &attempt, parcel.attempts).await? {
        Settled::Delivered => {
            queue.done(parcel.id, now()).await?;
            true
        }
        Settled::Failed { error, next_at } => {
            queue.failed(parcel.id, &error, next_at, now()).await?;
            if let Some(lane) = line.lane() {
                queue.hold_up(lane, Timestamp(now().0 + HELD_UP)).await?;
            }
            false
        }
    };
    queue.commit().await?;
    Ok(delivered)
}

#[cfg(test)]
mod tests;
