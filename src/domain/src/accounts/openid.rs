//! Signing in with OpenID Connect. Somebody leaves for a provider and comes back with a code and the
//! state that they left with: it is taken once, within minutes, and from the browser that began. What
//! the provider's word leads to is decided here; `join` says who may come in for the first time, and
//! `identities` what the owner of an account links by hand.
//!
//! An identity is known by issuer and subject, never by its address. An address joins an unknown
//! identity to an account only when both sides have verified it.

mod identities;
mod join;

pub use identities::{list, unlink};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tenantry_db::account::Standing;
use tenantry_db::openid::{self as db, Attempt, NewIdentity};
use tenantry_db::{PlatformTx, account};
use tenantry_types::account::{User, UserStatus};
use tenantry_types::sign_in::SignInMethod;
use tenantry_types::text::Secret;
use tenantry_types::{Email, ProblemCode, Timestamp, UserId};
use uuid::Uuid;

use super::log_in::{self, LogIn};
use super::passwords::prove_again;
use super::sessions::Entered;
use super::{owner, totp};
use crate::app::{new_token, token_hash};
use crate::audit::{self, event};
use crate::outbox::{Notice, post_notice};
use crate::ports::{Arrival, OpenIdError, OpenIdName, OpenIdProviders, Proof};
use crate::{Actor, App, Error, Origin, Place, Principal, Result, new_id, now};

/// How long somebody may take at the provider.
pub const ATTEMPT_LASTS: std::time::Duration = std::time::Duration::from_secs(600);

/// Where somebody goes, and what their browser has to bring back.
#[derive(Debug)]
pub struct Begun {
    pub url: String,
    pub browser: Secret,
}

/// What came back. All of it was sent by a browser.
#[derive(Debug)]
pub struct Callback<'a> {
    pub provider: &'a str,
    pub state: &'a str,
    /// What the browser was given when it left.
    pub browser: &'a str,
    /// None: the provider sent an error.
    pub code: Option<Secret>,
    pub issuer: Option<&'a str>,
}

/// What a return led to.
#[derive(Debug)]
pub struct Returned {
    pub step: Step,
    /// Where the sign-in was begun for; as it was given.
    pub next: Option<String>,
}

#[derive(Debug)]
pub enum Step {
    LogIn(LogIn),
    /// The identity is linked to the account that asked for it.
    Linked,
}

/// What waits, sealed, for the return.
#[derive(Serialize, Deserialize)]
struct Payload {
    provider: String,
    redirect_uri: String,
    nonce: String,
    verifier: String,
    next: Option<String>,
    /// The account that an identity is to be linked to; None: to sign in.
    link: Option<UserId>,
}

/// Somebody whom a provider has sent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Visit {
    provider: String,
    proof: Proof,
}

/// The providers that are offered.
pub fn providers(app: &App) -> &[OpenIdName] {
    app.openid().map_or(&[], OpenIdProviders::names)
}

fn place(state_hash: &[u8]) -> Place {
    Place {
        table: "openid_attempt",
        // Of random bytes: no payload opens under another state.
        row: state_hash.first_chunk().map_or(Uuid::nil(), |bytes| Uuid::from_bytes(*bytes)),
        column: "payload",
    }
}

fn failed(error: OpenIdError) -> Error {
    match error {
        OpenIdError::Unknown => Error::NOT_FOUND,
        OpenIdError::Unreachable => ProblemCode::OpenidUnreachable.into(),
        OpenIdError::Refused | OpenIdError::NotBelieved(_) => ProblemCode::OpenidRefused.into(),
    }
}

/// Begins a sign-in. `next` is where to go afterwards.
///
/// # Errors
/// `NotFound` for a provider that is not there, `OpenidUnreachable`.
pub async fn begin(app: &App, provider: &str, next: Option<String>) -> Result<Begun> {
    depart(app, provider, next, None).await
}

/// Begins to link an identity to the caller's account.
///
/// # Errors
/// As `begin`; a fault of `password`, `NotFresh` for who has none; `Unauthenticated` without a session.
pub async fn begin_link(app: &App, who: &Principal, provider: &str, password: Option<&Secret>) -> Result<Begun> {
    prove_again(app, who, password).await?;
    depart(app, provider, None, Some(who)).await
}

async fn depart(app: &App, provider: &str, next: Option<String>, link: Option<&Principal>) -> Result<Begun> {
    let (Some(providers), Some(base_url)) = (app.openid(), &app.policy().public_url) else {
        return Err(Error::NOT_FOUND);
    };
    let redirect_uri = format!("{base_url}/auth/openid/{provider}/callback");
    let departure = providers.depart(provider, &redirect_uri).await.map_err(|error| {
        if error != OpenIdError::Unknown {
            tracing::warn!(provider, %error, "nobody can sign in with this provider");
        }
        failed(error)
    })?;
    let payload = Payload {
        provider: provider.to_owned(),
        redirect_uri,
        nonce: departure.nonce.expose().to_owned(),
        verifier: departure.verifier.expose().to_owned(),
        next,
        link: link.map(Principal::id),
    };
    let session = match link {
        Some(who) => Some(who.session().and_then(|held| held.key.as_ref()).ok_or(ProblemCode::Unauthenticated)?),
        None => None,
    };
    let plain = serde_json::to_vec(&payload).map_err(Error::internal)?;
    let state_hash = token_hash(departure.state.expose());
    let (browser, browser_hash) = new_token();
    let mut tx = app.db().platform().await?;
    let attempt = Attempt {
        state_hash: &state_hash,
        browser_hash: &browser_hash,
        payload_sealed: &app.vault().seal_platform(place(&state_hash), &plain)?,
        session,
        expires_at: Timestamp(now().0 + ATTEMPT_LASTS),
    };
    db::begin(&mut tx, &attempt).await?;
    tx.commit().await?;
    Ok(Begun { url: departure.url, browser })
}

/// Ends what `begin` or `begin_link` began.
///
/// # Errors
/// `OpenidStale` for a state that is not one of this browser (any more), `OpenidRefused`,
/// `OpenidUnreachable`; what `sign_in` refuses; `IdentityTaken`.
pub async fn arrive(app: &App, origin: &Origin, back: Callback<'_>) -> Result<Returned> {
    let providers = app.openid().ok_or(Error::NOT_FOUND)?;
    let state_hash = token_hash(back.state);
    let mut tx = app.db().platform().await?;
    let sealed = db::take(&mut tx, &state_hash, &token_hash(back.browser), now()).await?;
    // Before anybody else is asked: whatever comes of it, this state is used.
    tx.commit().await?;
    let opened = sealed.and_then(|sealed| app.vault().open_platform(place(&state_hash), &sealed).ok());
    let payload: Option<Payload> = opened.and_then(|plain| serde_json::from_slice(&plain).ok());
    let payload = payload
        .filter(|payload| payload.provider == back.provider)
        .ok_or(ProblemCode::OpenidStale)?;
    let code = back.code.ok_or(ProblemCode::OpenidRefused)?;
    let arrival = Arrival {
        provider: &payload.provider,
        redirect_uri: &payload.redirect_uri,
        code: &code,
        issuer: back.issuer,
        nonce: &Secret::new(payload.nonce),
        verifier: &Secret::new(payload.verifier),
    };
    let proof = providers.arrive(arrival).await.map_err(|error| {
        tracing::warn!(provider = payload.provider, %error, ip = ?origin.ip, "a sign-in with a provider failed");
        if matches!(error, OpenIdError::Refused | OpenIdError::NotBelieved(_)) {
            audit::sign_in_failed(app, origin, None);
        }
        failed(error)
    })?;
    let visit = Visit {
        provider: payload.provider,
        proof,
    };
    let step = match payload.link {
        Some(user) => {
            identities::link(app, origin, user, &visit).await?;
            Step::Linked
        }
        None => Step::LogIn(sign_in(app, origin, visit, None).await?),
    };
    Ok(Returned { step, next: payload.next })
}

/// Signs in whom a provider has sent; who has one-time codes gives one. Nothing is written without it.
///
/// # Errors
/// `OpenidUnverified`, `OpenidLinkFirst`, `OpenidNoAccount`, also for a disabled account; `TotpWrong`.
pub(super) async fn sign_in(app: &App, origin: &Origin, visit: Visit, code: Option<&Secret>) -> Result<LogIn> {
    let proof = &visit.proof;
    let mut tx = app.db().platform().await?;
    let known = db::owner(&mut tx, &proof.issuer, &proof.subject).await?;
    let user = match known {
        Some(id) => Some(account::find(&mut tx, id).await?.ok_or(ProblemCode::OpenidNoAccount)?),
        None => by_address(&mut tx, proof.verified_email.as_ref().ok_or(ProblemCode::OpenidUnverified)?).await?,
    };
    let Some(user) = user else {
        return join::newcomer(app, tx, origin, visit).await;
    };
    if user.status != UserStatus::Active {
        tracing::info!(ip = ?origin.ip, "a disabled account came from a provider");
        audit::sign_in_failed(app, origin, Some(&user));
        return Err(ProblemCode::OpenidNoAccount.into());
    }
    if let Some(stored) = totp::confirmed(&mut tx, user.id).await? {
        let Some(code) = code else { return log_in::after_visit(app, visit) };
        totp::check(app, &mut tx, &user, origin, &stored, code).await?;
    }
    if known.is_some() {
        let email = proof.verified_email.as_ref().map(Email::as_str);
        db::touch(&mut tx, &proof.issuer, &proof.subject, email, now()).await?;
    } else {
        let (mut arrived, anew) = owner::arrives(tx, &user, origin).await?;
        let what = if anew {
            account::owner::clear_password(&mut arrived, user.id, now()).await?;
            Notice::TakenOver
        } else {
            Notice::IdentityLinked
        };
        keep(app, &mut arrived, origin, &user, &visit, what).await?;
        tx = arrived;
    }
    join::enter(app, tx, origin, user, &visit).await
}

/// The account of an address that both sides have verified.
async fn by_address(tx: &mut PlatformTx, email: &Email) -> Result<Option<User>> {
    let Some(found) = account::credentials(tx, email).await? else {
        return Ok(None);
    };
    if !found.user.email_verified {
        return Err(ProblemCode::OpenidLinkFirst.into());
    }
    Ok(Some(found.user))
}

/// Links an identity to an account, and tells its owner.
async fn keep(app: &App, tx: &mut PlatformTx, origin: &Origin, user: &User, visit: &Visit, what: Notice) -> Result<()> {
    insert(tx, user.id, visit).await?;
    post_notice(app, tx, &user.email, what, origin).await?;
    let changes = json!({ "provider": visit.provider });
    tx.record(
        &Actor::newcomer(user, origin),
        event("user.identity_linked", "user", Some(user.id.to_string()), &user.name, changes),
    );
    Ok(())
}

async fn insert(tx: &mut PlatformTx, user: UserId, visit: &Visit) -> Result<()> {
    let Visit { provider, proof } = visit;
    let new = NewIdentity {
        id: new_id(),
        user,
        issuer: &proof.issuer,
        subject: &proof.subject,
        provider,
        email: proof.verified_email.as_ref().map(Email::as_str),
    };
    db::insert(tx, &new, now()).await.map_err(|error| {
        if error.is("identity_subject_key") {
            ProblemCode::IdentityTaken.into()
        } else {
            error.into()
        }
    })
}

fn done(user: User, standing: Standing) -> LogIn {
    LogIn::Done(Entered { user, standing }, SignInMethod::Oidc)
}
