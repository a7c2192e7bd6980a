//! One-time codes (RFC 6238: 30 seconds, 6 digits, SHA-1, as every app has it). By the server's
//! clock, with one step to either side; each code counts once. Recovery codes stand in for a lost
//! app: 80 random bits each, hashed, once each. Codes are turned on with a first one, so that nobody
//! locks themselves out, and whoever has them on is in no session that was begun without.

use serde_json::json;
use tenantry_db::totp as db;
use tenantry_db::{PlatformTx, account, session, sign_in_place};
use tenantry_types::account::User;
use tenantry_types::sign_in::{Reauthentication, RecoveryCodes, SecondFactor, TotpCode, TotpSecret, TotpState};
use tenantry_types::text::Secret;
use tenantry_types::{Email, Fault, ProblemCode, Timestamp, UserId};
use totp_rs::{Builder, Totp};

use super::passwords::prove_again;
use crate::app::token_hash;
use crate::audit::event;
use crate::guesses::network_of;
use crate::outbox::{Notice, post_notice};
use crate::{Actor, App, Error, Operator, Origin, Place, Principal, Result, now};

const RECOVERY_CODES: usize = 10;
/// Letters and digits that are not taken for each other.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn place(user: UserId) -> Place {
    Place {
        table: "totp",
        row: user.uuid(),
        column: "secret",
    }
}

fn generator(secret: &[u8], email: &Email) -> Result<Totp> {
    Builder::new()
        .with_secret(secret.to_vec())
        .with_issuer(Some("Tenantry"))
        .with_account_name(email.as_str())
        .build()
        .map_err(Error::internal)
}

fn shown(totp: &Totp) -> Result<TotpSecret> {
    Ok(TotpSecret {
        secret: totp.secret().to_base32(),
        uri: totp.to_url().map_err(Error::internal)?,
    })
}

/// The step of a code that is right now, or one step before or after.
fn step_of(totp: &Totp, code: &str) -> Option<i64> {
    let time = u64::try_from(now().unix()).ok()?;
    totp.check(code, time).and_then(|step| i64::try_from(step).ok())
}

/// What was typed, without the blanks and hyphens that make it readable.
fn bare(code: &str) -> String {
    code.chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect::<String>()
        .to_ascii_lowercase()
}

fn recovery_hash(user: UserId, code: &str) -> Vec<u8> {
    token_hash(&format!("recovery code of {}: {code}", user.uuid()))
}

/// Whether the caller has codes, and how many recovery codes are left.
///
/// # Errors
/// When the database does not answer.
pub async fn state(app: &App, who: &Principal) -> Result<TotpState> {
    let mut tx = app.db().platform().await?;
    let since = db::find(&mut tx, who.id()).await?.and_then(|stored| stored.confirmed_at);
    Ok(TotpState {
        enabled: since.is_some(),
        since: since.map(Timestamp),
        recovery_codes_left: db::count_recovery_codes(&mut tx, who.id()).await?,
    })
}

/// Makes a secret for the caller's app. Nothing asks for codes before `confirm`.
///
/// # Errors
/// As `prove_again`; `TotpOn`.
pub async fn begin(app: &App, who: &Principal, cmd: Reauthentication) -> Result<TotpSecret> {
    prove_again(app, who, cmd.password.as_ref()).await?;
    let secret = rand::random::<[u8; 20]>();
    let sealed = app.vault().seal_platform(place(who.id()), &secret)?;
    let mut tx = app.db().platform().await?;
    if !db::begin(&mut tx, who.id(), &sealed, now()).await? {
        return Err(ProblemCode::TotpOn.into());
    }
    record(&mut tx, &who.actor(), "user.totp_begun", who.user());
    tx.commit().await?;
    shown(&generator(&secret, &who.user().email)?)
}

fn record(tx: &mut PlatformTx, actor: &Actor, action: &'static str, user: &User) {
    tx.record(actor, event(action, "user", Some(user.id.to_string()), &user.name, json!({})));
}

/// The secret that waits for its first code; None when there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting(app: &App, who: &Principal) -> Result<Option<TotpSecret>> {
    let mut tx = app.db().platform().await?;
    match db::find(&mut tx, who.id()).await? {
        Some(stored) if stored.confirmed_at.is_none() => Ok(Some(shown(&open(app, who.user(), &stored)?)?)),
        _ => Ok(None),
    }
}

fn open(app: &App, user: &User, stored: &db::Stored) -> Result<Totp> {
    let secret = app.vault().open_platform(place(user.id), &stored.secret_sealed)?;
    generator(&secret, &user.email)
}

/// Turns codes on, with a first one. Ends all other sessions; the front end gives the caller's a new id.
///
/// # Errors
/// A fault of `code`; `TotpOff` when nothing was begun, `TotpOn` when they are on.
pub async fn confirm(app: &App, who: &Principal, cmd: TotpCode) -> Result<RecoveryCodes> {
    let mut tx = app.db().platform().await?;
    let stored = db::find(&mut tx, who.id()).await?.ok_or(ProblemCode::TotpOff)?;
    if stored.confirmed_at.is_some() {
        return Err(ProblemCode::TotpOn.into());
    }
    app.guess_code(&who.user().email, who.origin(), true)?;
    let step = step_of(&open(app, who.user(), &stored)?, &bare(cmd.code.expose()));
    let step = step.ok_or_else(|| Error::field("code", Fault::DoesNotMatch))?;
    if !db::confirm(&mut tx, who.id(), step, now()).await? {
        return Err(ProblemCode::TotpOn.into());
    }
    let codes = new_codes(&mut tx, who.id()).await?;
    let current = who.session().and_then(|held| held.key.as_ref());
    session::delete_all(&mut tx, who.id(), current).await?;
    post_notice(app, &mut tx, &who.user().email, Notice::TotpOn, who.origin()).await?;
    record(&mut tx, &who.actor(), "user.totp_enabled", who.user());
    tx.commit().await?;
    Ok(codes)
}

async fn new_codes(tx: &mut PlatformTx, user: UserId) -> Result<RecoveryCodes> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| new_code()).collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| recovery_hash(user, &bare(code))).collect();
    db::put_recovery_codes(tx, user, &hashes).await?;
    Ok(RecoveryCodes { recovery_codes: codes })
}

/// `7h2k-9xq4-m0pd-w3tz`
fn new_code() -> String {
    let digits = rand::random::<[u8; 16]>().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    digits.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Turns codes off.
///
/// # Errors
/// As `prove_again`; `TotpWrong`, `TotpOff`.
pub async fn disable(app: &App, who: &Principal, cmd: SecondFactor) -> Result<()> {
    let mut tx = reprove(app, who, &cmd).await?;
    db::delete(&mut tx, who.id()).await?;
    post_notice(app, &mut tx, &who.user().email, Notice::TotpOff, who.origin()).await?;
    record(&mut tx, &who.actor(), "user.totp_disabled", who.user());
    tx.commit().await?;
    Ok(())
}

/// New recovery codes in place of the old ones.
///
/// # Errors
/// As `disable`.
pub async fn renew_recovery_codes(app: &App, who: &Principal, cmd: SecondFactor) -> Result<RecoveryCodes> {
    let mut tx = reprove(app, who, &cmd).await?;
    let codes = new_codes(&mut tx, who.id()).await?;
    record(&mut tx, &who.actor(), "user.recovery_codes_renewed", who.user());
    tx.commit().await?;
    Ok(codes)
}

/// Asks for all that a sign-in takes, again.
async fn reprove(app: &App, who: &Principal, cmd: &SecondFactor) -> Result<PlatformTx> {
    prove_again(app, who, cmd.password.as_ref()).await?;
    let mut tx = app.db().platform().await?;
    let stored = confirmed(&mut tx, who.id()).await?.ok_or(ProblemCode::TotpOff)?;
    check(app, &mut tx, who.user(), who.origin(), &stored, &cmd.totp).await?;
    Ok(tx)
}

/// The codes of an account that has them on.
pub(crate) async fn confirmed(tx: &mut PlatformTx, user: UserId) -> Result<Option<db::Stored>> {
    Ok(db::find(tx, user).await?.filter(|stored| stored.confirmed_at.is_some()))
}

/// Uses a code, or a recovery code, up: in the transaction that it lets happen.
///
/// # Errors
/// `TotpWrong`, also for one that was used; `RateLimited`.
pub(super) async fn check(app: &App, tx: &mut PlatformTx, user: &User, origin: &Origin, stored: &db::Stored, code: &Secret) -> Result<()> {
    let known = sign_in_place::is_known(tx, &user.email, &network_of(origin)).await?;
    app.guess_code(&user.email, origin, known)?;
    let code = bare(code.expose());
    let right = if code.len() == 6 {
        match step_of(&open(app, user, stored)?, &code) {
            Some(step) => db::use_step(tx, user.id, step).await?,
            None => false,
        }
    } else {
        let used = db::use_recovery_code(tx, user.id, &recovery_hash(user.id, &code)).await?;
        if used {
            record(tx, &Actor::newcomer(user, origin), "user.recovery_code_used", user);
        }
        used
    };
    if right { Ok(()) } else { Err(ProblemCode::TotpWrong.into()) }
}

/// Takes the codes of somebody who lost app and recovery codes, and signs them out everywhere.
///
/// # Errors
/// `NotFound`, `TotpOff`.
pub async fn reset(app: &App, by: &Operator, id: UserId) -> Result<()> {
    let mut tx = app.db().platform().await?;
    let user = account::find(&mut tx, id).await?.ok_or(Error::NOT_FOUND)?;
    if !db::delete(&mut tx, id).await? {
        return Err(ProblemCode::TotpOff.into());
    }
    session::delete_all(&mut tx, id, None).await?;
    post_notice(app, &mut tx, &user.email, Notice::TotpReset, by.actor().origin()).await?;
    record(&mut tx, by.actor(), "user.totp_reset", &user);
    tx.commit().await?;
    Ok(())
}
