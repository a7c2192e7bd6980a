//! Signing up. Where the server sends mail, an account begins with the link in a mail: the request looks no address up, so
//! its answer and its time are the same for an address that has an account, and that one's owner hears of it. Without
//! mail the account begins at once, and so does the first one of a server, which nobody could learn anything from.

use serde::{Deserialize, Serialize};
use tenantry_db::sign_up::{self as db, Waiting};
use tenantry_db::{PlatformTx, account};
use tenantry_types::account::{Registration, User};
use tenantry_types::sign_in::RegistrationConfirmation;
use tenantry_types::{Email, Fault, Name, ProblemCode, UserId};

use super::verification::check_mail;
use super::{Newcomer, Registered, make, new_user};
use crate::app::{new_token, token_hash};
use crate::outbox::{AccountMail, VERIFICATION_LASTS, post_account};
use crate::password::{Check, choose};
use crate::{App, Error, Origin, Place, RegistrationPolicy, Result, Timestamp, now};

/// What a sign-up came to.
#[derive(Debug)]
pub enum SignUp {
    Made(Registered),
    /// A mail is on its way: to this account's link, or to its owner if the address has one. Nothing of it is stored yet.
    Asked(User),
}

/// What was typed, until the link is used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Typed {
    pub id: UserId,
    pub email: Email,
    name: Name,
    tenant_name: Option<Name>,
    password_hash: String,
}

const fn place(id: UserId) -> Place {
    Place {
        table: "sign_up",
        row: id.uuid(),
        column: "payload",
    }
}

/// Whether this would be the first account; no other sign-up goes on before the transaction ends.
async fn may(app: &App, tx: &mut PlatformTx) -> Result<bool> {
    let first = account::lock_first(tx).await?;
    match app.policy().registration {
        _ if first => Ok(true),
        RegistrationPolicy::Open => Ok(false),
        RegistrationPolicy::Invite => Err(ProblemCode::RegistrationByInvitation.into()),
        RegistrationPolicy::Closed => Err(ProblemCode::RegistrationClosed.into()),
    }
}

/// Makes an account at once. The first one of a server becomes its operator, whatever the policy; each sign-up gets its own
/// tenant, and the first one takes over the tenant that the initialization made.
///
/// # Errors
/// `RegistrationClosed`, `RegistrationByInvitation`, `EmailTaken`; a fault of `password`.
pub async fn register(app: &App, origin: &Origin, cmd: Registration) -> Result<Registered> {
    // Hashed first, so that a taken address takes as long as a free one.
    let hash = app.passwords().hash(choose(cmd.password.expose(), "password")?).await?;
    let mut tx = app.db().platform().await?;
    let first = may(app, &mut tx).await?;
    make(app, tx, origin, Newcomer::typed(cmd, hash, first)).await
}

/// Signs up by whichever way this server has. `base_url` is what the link in a mail begins with.
///
/// # Errors
/// As `register`; `NoMail` when the server sends mail and does not know its own address.
pub async fn sign_up(app: &App, origin: &Origin, cmd: Registration, base_url: &str) -> Result<SignUp> {
    let password_hash = app.passwords().hash(choose(cmd.password.expose(), "password")?).await?;
    let mut tx = app.db().platform().await?;
    let first = may(app, &mut tx).await?;
    if first || app.mailer().is_none() {
        return Ok(SignUp::Made(make(app, tx, origin, Newcomer::typed(cmd, password_hash, first)).await?));
    }
    check_mail(app, base_url)?;
    let user = new_user(cmd.email, &cmd.name);
    if app.guess_mail(&user.email, origin).is_err() {
        tracing::warn!(ip = ?origin.ip, "too many sign-ups for one address");
        return Ok(SignUp::Asked(user));
    }
    let mail = AccountMail::SignUp {
        typed: Typed {
            id: user.id,
            email: user.email.clone(),
            name: cmd.name,
            tenant_name: cmd.tenant_name,
            password_hash,
        },
        base_url: base_url.to_owned(),
        asked_from: origin.ip.map(|ip| format!(" at {ip}")).unwrap_or_default(),
    };
    post_account(app, &mut tx, &mail).await?;
    tx.commit().await?;
    Ok(SignUp::Asked(user))
}

/// Keeps what was typed for whoever has the link; answers its token.
pub(crate) async fn keep(app: &App, tx: &mut PlatformTx, typed: &Typed) -> Result<String> {
    let (token, hash) = new_token();
    let plain = serde_json::to_vec(typed).map_err(Error::internal)?;
    let waiting = Waiting {
        user: typed.id,
        payload_sealed: app.vault().seal_platform(place(typed.id), &plain)?,
    };
    db::insert(tx, &hash, &waiting, now(), Timestamp(now().0 + VERIFICATION_LASTS)).await?;
    Ok(token.expose().to_owned())
}

/// Makes the account by the link of its mail. The password that was chosen is asked for once more: whoever can read the
/// mail then cannot be led to confirm what somebody else began for their address.
///
/// # Errors
/// `LinkNotValid`; a fault of `password`; `EmailTaken` when the address got an account meanwhile; `RateLimited`; what
/// `register` says of a policy that changed.
pub async fn confirm(app: &App, origin: &Origin, cmd: RegistrationConfirmation) -> Result<Registered> {
    let hash = token_hash(cmd.token.expose());
    let mut tx = app.db().platform().await?;
    let waiting = db::find(&mut tx, &hash, now()).await?.ok_or(ProblemCode::LinkNotValid)?;
    drop(tx);
    let plain = app.vault().open_platform(place(waiting.user), &waiting.payload_sealed)?;
    let typed: Typed = serde_json::from_slice(&plain).map_err(Error::internal)?;
    app.guess_password(&typed.email, origin, false)?;
    if let Check::Wrong = app.passwords().verify(Some(&typed.password_hash), cmd.password.expose()).await? {
        return Err(Error::field("password", Fault::DoesNotMatch));
    }
    let mut tx = app.db().platform().await?;
    let first = may(app, &mut tx).await?;
    if !db::take(&mut tx, &hash).await? {
        return Err(ProblemCode::LinkNotValid.into());
    }
    let newcomer = Newcomer {
        user: User {
            id: typed.id,
            is_operator: first,
            email_verified: true,
            ..new_user(typed.email, &typed.name)
        },
        password_hash: typed.password_hash,
        tenant_name: typed.tenant_name,
        first,
    };
    make(app, tx, origin, newcomer).await
}
