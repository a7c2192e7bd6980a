//! Proving that an address is one's own: a link in a mail.

use serde_json::json;
use tenantry_db::account_token::{self, Kind};
use tenantry_db::{PlatformTx, account};
use tenantry_types::account::User;
use tenantry_types::sign_in::EmailVerification;
use tenantry_types::{ProblemCode, UserId};

use crate::app::token_hash;
use crate::audit::event;
use crate::outbox::{AccountMail, post_account};
use crate::{Actor, App, Origin, Principal, Result, now};

/// # Errors
/// `NoMail` when this server sends none, or does not know the address that its links begin with.
pub(super) fn check_mail(app: &App, base_url: &str) -> Result<()> {
    if app.mailer().is_none() {
        return Err(ProblemCode::NoMail.into());
    }
    if base_url.is_empty() {
        tracing::error!("a mail with a link was asked for, and public_url is not set");
        return Err(ProblemCode::NoMail.into());
    }
    Ok(())
}

/// Greets a new account with the mail that proves its address, where the server can send one.
pub(crate) async fn welcome(app: &App, tx: &mut PlatformTx, user: &User) -> Result<()> {
    let Some(base_url) = app.policy().public_url.as_deref() else {
        return Ok(());
    };
    post(app, tx, user, base_url).await
}

async fn post(app: &App, tx: &mut PlatformTx, user: &User, base_url: &str) -> Result<()> {
    let mail = AccountMail::Verify {
        user: user.id,
        email: user.email.clone(),
        base_url: base_url.to_owned(),
    };
    post_account(app, tx, &mail).await
}

/// Sends the mail again.
///
/// # Errors
/// `AlreadyVerified`, `NoMail`, `RateLimited`.
pub async fn send(app: &App, who: &Principal, base_url: &str) -> Result<()> {
    if who.user().email_verified {
        return Err(ProblemCode::AlreadyVerified.into());
    }
    check_mail(app, base_url)?;
    app.guess_mail(&who.user().email, who.origin())?;
    let mut tx = app.db().platform().await?;
    post(app, &mut tx, who.user(), base_url).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes the link of such a mail. Opened by who is signed in to the account, it shows that account and address are the
/// same person's.
///
/// # Errors
/// `LinkNotValid`.
pub async fn verify(app: &App, origin: &Origin, who: Option<UserId>, cmd: EmailVerification) -> Result<User> {
    let mut tx = app.db().platform().await?;
    let hash = token_hash(cmd.token.expose());
    let link = account_token::take(&mut tx, Kind::Verify, &hash, now())
        .await?
        .ok_or(ProblemCode::LinkNotValid)?;
    if !account::set_verified(&mut tx, link.user, &link.email, now()).await? {
        return Err(ProblemCode::LinkNotValid.into());
    }
    if who == Some(link.user) {
        account::owner::note(&mut tx, link.user, now()).await?;
    }
    account_token::delete_all(&mut tx, Kind::Verify, link.user).await?;
    let user = account::find(&mut tx, link.user).await?.ok_or(ProblemCode::LinkNotValid)?;
    tx.record(
        &Actor::newcomer(&user, origin),
        event("user.email_verified", "user", Some(user.id.to_string()), &user.name, json!({})),
    );
    tx.commit().await?;
    Ok(user)
}
