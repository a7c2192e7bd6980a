//! Signing in: the password or the word of a provider, then the one-time code of those who have one.
//! A program gives password and code at once; a page asks for the code afterwards, and carries a
//! sealed ticket in between.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenantry_db::account::Standing;
use tenantry_db::{PlatformTx, account, sign_in_place};
use tenantry_types::account::{Login, User, UserStatus};
use tenantry_types::sign_in::SignInMethod;
use tenantry_types::text::Secret;
use tenantry_types::{ProblemCode, UserId};
use uuid::Uuid;

use super::openid::{self, Visit};
use super::sessions::Entered;
use super::{sessions, totp};
use crate::app::token_hash;
use crate::audit::{self, event};
use crate::guesses::network_of;
use crate::password::Check;
use crate::{Actor, App, Error, Origin, Place, Result, now};

/// Seconds in which the code has to follow the password.
const TICKET_LASTS: i64 = 300;
const TICKET: Place = Place {
    table: "sign_in_ticket",
    row: Uuid::nil(),
    column: "",
};

/// What the first step led to.
#[derive(Debug)]
pub enum LogIn {
    Done(Entered, SignInMethod),
    /// The code is to follow, with this ticket.
    CodeNeeded(String),
}

/// What was proved, and when.
#[derive(Serialize, Deserialize)]
struct Ticket {
    at: i64,
    step: Step,
}

#[derive(Serialize, Deserialize)]
enum Step {
    Password {
        user: UserId,
        /// Of the stored hash: a new password makes tickets of before worthless.
        mark: Vec<u8>,
    },
    OpenId(Visit),
}

fn ticket(app: &App, step: Step) -> Result<LogIn> {
    let ticket = Ticket { at: now().unix(), step };
    let plain = serde_json::to_vec(&ticket).map_err(Error::internal)?;
    Ok(LogIn::CodeNeeded(URL_SAFE_NO_PAD.encode(app.vault().seal_platform(TICKET, &plain)?)))
}

/// For who came from a provider and has codes: nothing is written before the code.
pub(super) fn after_visit(app: &App, visit: Visit) -> Result<LogIn> {
    ticket(app, Step::OpenId(visit))
}

/// An account whose password was just given.
struct Proved {
    user: User,
    hash: String,
    new_hash: Option<String>,
}

/// Logs in at once. An unknown address, a wrong password and a disabled account get the same answer
/// in the same time. A hash of an older kind is replaced.
///
/// # Errors
/// `BadCredentials`; with the right password `TotpRequired` when the code is missing and `TotpWrong`
/// when it is not right; `RateLimited` when too many guess at this account; `Unavailable` when too
/// many wait for their password to be checked.
pub async fn log_in(app: &App, origin: &Origin, cmd: Login) -> Result<Entered> {
    let proved = check_password(app, origin, &cmd).await?;
    let mut tx = app.db().platform().await?;
    still_holds(&mut tx, &proved).await?;
    if let Some(stored) = totp::confirmed(&mut tx, proved.user.id).await? {
        let code = cmd.totp.as_ref().ok_or(ProblemCode::TotpRequired)?;
        totp::check(app, &mut tx, &proved.user, origin, &stored, code).await?;
    }
    enter(app, tx, origin, proved.user, proved.new_hash).await
}

/// Logs in by a page: with a ticket when the code is to follow.
///
/// # Errors
/// As `log_in`.
pub async fn begin(app: &App, origin: &Origin, cmd: Login) -> Result<LogIn> {
    let proved = check_password(app, origin, &cmd).await?;
    let mut tx = app.db().platform().await?;
    still_holds(&mut tx, &proved).await?;
    if totp::confirmed(&mut tx, proved.user.id).await?.is_none() {
        let user = enter(app, tx, origin, proved.user, proved.new_hash).await?;
        return Ok(LogIn::Done(user, SignInMethod::Password));
    }
    let step = Step::Password {
        user: proved.user.id,
        mark: token_hash(&proved.hash),
    };
    ticket(app, step)
}

/// Ends what `begin` began, or `openid::arrive`.
///
/// # Errors
/// `BadCredentials` for a ticket that is not good (any more); `TotpWrong`, `RateLimited`.
pub async fn finish(app: &App, origin: &Origin, ticket: &str, code: &Secret) -> Result<LogIn> {
    let opened = URL_SAFE_NO_PAD
        .decode(ticket)
        .ok()
        .and_then(|sealed| app.vault().open_platform(TICKET, &sealed).ok());
    let ticket: Option<Ticket> = opened.and_then(|plain| serde_json::from_slice(&plain).ok());
    let ticket = ticket
        .filter(|ticket| now().unix() - ticket.at <= TICKET_LASTS)
        .ok_or(ProblemCode::BadCredentials)?;
    let (user, mark) = match ticket.step {
        Step::Password { user, mark } => (user, mark),
        Step::OpenId(visit) => return openid::sign_in(app, origin, visit, Some(code)).await,
    };
    let mut tx = app.db().platform().await?;
    let hash = account::password_hash(&mut tx, user).await?;
    let user = account::find(&mut tx, user).await?;
    let same = hash.is_some_and(|hash| token_hash(&hash) == mark);
    let user = user
        .filter(|user| same && user.status == UserStatus::Active)
        .ok_or(ProblemCode::BadCredentials)?;
    // Whoever took the codes away meanwhile let this account in without.
    if let Some(stored) = totp::confirmed(&mut tx, user.id).await? {
        totp::check(app, &mut tx, &user, origin, &stored, code).await?;
    }
    Ok(LogIn::Done(enter(app, tx, origin, user, None).await?, SignInMethod::Password))
}

async fn check_password(app: &App, origin: &Origin, cmd: &Login) -> Result<Proved> {
    let mut tx = app.db().platform().await?;
    let found = account::credentials(&mut tx, &cmd.email).await?;
    let known = sign_in_place::is_known(&mut tx, &cmd.email, &network_of(origin)).await?;
    drop(tx);
    app.guess_password(&cmd.email, origin, known)?;
    let stored = found.as_ref().and_then(|f| f.password_hash.as_deref());
    let check = app.passwords().verify(stored, cmd.password.expose()).await?;
    match found {
        Some(account::Credentials {
            user,
            password_hash: Some(hash),
        }) if check != Check::Wrong && user.status == UserStatus::Active => {
            let new_hash = match check {
                Check::Outdated => Some(app.passwords().hash(cmd.password.expose()).await?),
                _ => None,
            };
            Ok(Proved { user, hash, new_hash })
        }
        // Every log-in that fails by its password ends here.
        found => {
            tracing::info!(known = found.is_some(), ip = ?origin.ip, "log-in failed");
            audit::sign_in_failed(app, origin, found.as_ref().map(|found| &found.user));
            Err(ProblemCode::BadCredentials.into())
        }
    }
}

/// Checking takes a while: a password that was changed meanwhile lets nobody in, and is not put back
/// by a better hash of it.
async fn still_holds(tx: &mut PlatformTx, proved: &Proved) -> Result<()> {
    if account::password_hash(tx, proved.user.id).await?.as_ref() == Some(&proved.hash) {
        return Ok(());
    }
    Err(ProblemCode::BadCredentials.into())
}

async fn enter(app: &App, mut tx: PlatformTx, origin: &Origin, user: User, new_hash: Option<String>) -> Result<Entered> {
    if let Some(hash) = new_hash {
        account::set_password_hash(&mut tx, user.id, &hash, now()).await?;
    }
    let standing = note(app, &mut tx, origin, &user, json!({})).await?;
    tx.commit().await?;
    Ok(Entered { user, standing })
}

/// Notes that somebody came in, and says what their session is bound to.
pub(super) async fn note(app: &App, tx: &mut PlatformTx, origin: &Origin, user: &User, how: serde_json::Value) -> Result<Standing> {
    let standing = account::touch(tx, user.id, now()).await?;
    sessions::note_place(app, tx, user, origin).await?;
    tx.record(
        &Actor::newcomer(user, origin),
        event("user.logged_in", "user", Some(user.id.to_string()), &user.name, how),
    );
    Ok(standing)
}
