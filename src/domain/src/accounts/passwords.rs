//! Changing a password, and setting a new one by a link: by mail for who forgot it, or by hand from
//! an operator. A link signs nobody in: what else an account asks for, it still asks for.

use std::time::Duration;

use serde_json::json;
use tenantry_db::account_token::{self, Kind};
use tenantry_db::session::SignedIn;
use tenantry_db::{PlatformTx, account, session, sign_in_place};
use tenantry_types::account::{User, UserStatus};
use tenantry_types::sign_in::{ForgottenPassword, PasswordChange, PasswordReset, ResetLink};
use tenantry_types::text::Secret;
use tenantry_types::{Email, Fault, ProblemCode, UserId};

use super::owner;
use crate::app::token_hash;
use crate::audit::event;
use crate::guesses::network_of;
use crate::outbox::{AccountMail, Notice, RESET_LASTS, make_link, post_account, post_notice};
use crate::password::{Check, choose};
use crate::{Actor, App, Error, Operator, Origin, Principal, Result, now};

/// Asks somebody who is signed in for their password again, before what is sensitive.
///
/// # Errors
/// A fault of the field `field`; `RateLimited`, because whoever sits at an open session could guess.
pub(super) async fn prove(app: &App, who: &Principal, password: &Secret, field: &'static str) -> Result<()> {
    let mut tx = app.db().platform().await?;
    let known = sign_in_place::is_known(&mut tx, &who.user().email, &network_of(who.origin())).await?;
    let stored = account::password_hash(&mut tx, who.id()).await?;
    drop(tx);
    app.guess_password(&who.user().email, who.origin(), known)?;
    match app.passwords().verify(stored.as_deref(), password.expose()).await? {
        Check::Wrong => Err(Error::field(field, Fault::DoesNotMatch)),
        Check::Right | Check::Outdated => Ok(()),
    }
}

/// What counts as having just signed in.
const FRESH: Duration = Duration::from_secs(600);

/// The same for who has no password, or does not give it: a session or token from a sign-in of just now.
///
/// # Errors
/// `NotFresh`.
pub(super) fn just_signed_in(who: &Principal) -> Result<()> {
    match who.signed_in() {
        Some((at, _)) if at.0 + FRESH > now().0 => Ok(()),
        _ => Err(ProblemCode::NotFresh.into()),
    }
}

/// Whether the caller has a password to prove themselves with.
///
/// # Errors
/// When the database does not answer.
pub async fn has_password(app: &App, who: &Principal) -> Result<bool> {
    let mut tx = app.db().platform().await?;
    Ok(account::password_hash(&mut tx, who.id()).await?.is_some())
}

/// The password again; who has none must have signed in just now.
///
/// # Errors
/// A fault of `password`, `RateLimited`; `NotFresh`.
pub(super) async fn prove_again(app: &App, who: &Principal, password: Option<&Secret>) -> Result<()> {
    if has_password(app, who).await? {
        let password = password.ok_or_else(|| Error::field("password", Fault::Required))?;
        return prove(app, who, password, "password").await;
    }
    just_signed_in(who)
}

/// Ends all sessions but the caller's, which the front end gives a new id; answers how that one goes on.
///
/// # Errors
/// A fault of `current_password` or `new_password`.
pub async fn change(app: &App, who: &Principal, cmd: PasswordChange) -> Result<Option<SignedIn>> {
    let chosen = choose(cmd.new_password.expose(), "new_password")?;
    prove(app, who, &cmd.current_password, "current_password").await?;
    let hash = app.passwords().hash(chosen).await?;
    let mut tx = app.db().platform().await?;
    let password_version = account::set_password_hash(&mut tx, who.id(), &hash, now()).await?;
    account_token::delete_all(&mut tx, Kind::Reset, who.id()).await?;
    let current = who.session().and_then(|held| held.key.as_ref());
    session::delete_all(&mut tx, who.id(), current).await?;
    post_notice(app, &mut tx, &who.user().email, Notice::PasswordChanged, who.origin()).await?;
    record(&mut tx, &who.actor(), "user.password_changed", who.user());
    tx.commit().await?;
    Ok(super::sessions::renewed(who).map(|how| SignedIn { password_version, ..how }))
}

fn record(tx: &mut PlatformTx, actor: &Actor, action: &'static str, user: &User) {
    tx.record(actor, event(action, "user", Some(user.id.to_string()), &user.name, json!({})));
}

/// Has a link sent to an address, if there is an account with it. Answer and time are the same when
/// there is none, and when too many were asked for.
///
/// # Errors
/// `NoMail` on a server that sends none.
pub async fn forgot(app: &App, origin: &Origin, cmd: ForgottenPassword, base_url: &str) -> Result<()> {
    super::verification::check_mail(app, base_url)?;
    if app.guess_mail(&cmd.email, origin).is_err() {
        tracing::warn!(ip = ?origin.ip, "too many links to a new password for one address");
        return Ok(());
    }
    let mut tx = app.db().platform().await?;
    let mail = AccountMail::Reset {
        email: cmd.email,
        base_url: base_url.to_owned(),
        asked_from: origin.ip.map(|ip| format!(" at {ip}")).unwrap_or_default(),
    };
    post_account(app, &mut tx, &mail).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether a link to a new password works, without using it.
///
/// # Errors
/// When the database does not answer.
pub async fn link_works(app: &App, token: &str) -> Result<bool> {
    let mut tx = app.db().platform().await?;
    Ok(account_token::find(&mut tx, Kind::Reset, &token_hash(token), now()).await?.is_some())
}

/// Sets a new password by a link, and ends all sessions. Whoever did it then signs in.
///
/// # Errors
/// `LinkNotValid`; a fault of `new_password`.
pub async fn reset(app: &App, origin: &Origin, cmd: PasswordReset) -> Result<()> {
    // Looked at first: a guessed link is not worth a hash.
    if !link_works(app, cmd.token.expose()).await? {
        return Err(ProblemCode::LinkNotValid.into());
    }
    let chosen = choose(cmd.new_password.expose(), "new_password")?;
    let hash = app.passwords().hash(chosen).await?;
    let mut tx = app.db().platform().await?;
    let link = account_token::take(&mut tx, Kind::Reset, &token_hash(cmd.token.expose()), now()).await?;
    let link = link.ok_or(ProblemCode::LinkNotValid)?;
    let user = account::find(&mut tx, link.user)
        .await?
        .filter(|user| user.status == UserStatus::Active && user.email == link.email)
        .ok_or(ProblemCode::LinkNotValid)?;
    let (mut tx, _) = owner::arrives(tx, &user, origin).await?;
    account::set_password_hash(&mut tx, user.id, &hash, now()).await?;
    account_token::delete_all(&mut tx, Kind::Reset, user.id).await?;
    // The places of before may be those of whoever knew the old password. This one is the owner's.
    sign_in_place::delete_all(&mut tx, user.id).await?;
    super::sessions::note_place(app, &mut tx, &user, origin).await?;
    post_notice(app, &mut tx, &user.email, Notice::PasswordReset, origin).await?;
    record(&mut tx, &Actor::newcomer(&user, origin), "user.password_reset", &user);
    tx.commit().await?;
    Ok(())
}

/// A link to a new password for somebody, to be handed over by an operator.
///
/// # Errors
/// `NotFound`, also for a disabled account.
pub async fn make_reset_link(app: &App, by: &Operator, id: UserId, base_url: &str) -> Result<ResetLink> {
    let mut tx = app.db().platform().await?;
    let user = account::find(&mut tx, id).await?.ok_or(Error::NOT_FOUND)?;
    link_for(tx, by, user, base_url).await
}

/// As `make_reset_link`, for the command line, which names people by their address.
///
/// # Errors
/// `NotFound`.
pub async fn make_reset_link_for(app: &App, by: &Operator, email: &Email, base_url: &str) -> Result<ResetLink> {
    let mut tx = app.db().platform().await?;
    let user = account::credentials(&mut tx, email).await?.ok_or(Error::NOT_FOUND)?.user;
    link_for(tx, by, user, base_url).await
}

async fn link_for(mut tx: PlatformTx, by: &Operator, user: User, base_url: &str) -> Result<ResetLink> {
    if user.status != UserStatus::Active {
        return Err(Error::NOT_FOUND);
    }
    let (token, expires_at) = make_link(&mut tx, Kind::Reset, user.id, &user.email, RESET_LASTS).await?;
    record(&mut tx, by.actor(), "user.reset_link_made", &user);
    tx.commit().await?;
    Ok(ResetLink {
        link: format!("{}/reset/{token}", base_url.trim_end_matches('/')),
        expires_at,
    })
}
