//! The identities of one's own account: linked and taken away by hand, each after one has proved
//! again who one is.

use serde_json::json;
use tenantry_db::{account, openid as db, session};
use tenantry_types::account::UserStatus;
use tenantry_types::openid::Identity;
use tenantry_types::text::Secret;
use tenantry_types::{IdentityId, ProblemCode, UserId};

use super::{Visit, keep};
use crate::accounts::passwords::prove_again;
use crate::audit::event;
use crate::outbox::{Notice, post_notice};
use crate::{App, Error, Origin, Principal, Result, now};

/// The identities of the caller.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, who: &Principal) -> Result<Vec<Identity>> {
    let mut tx = app.db().platform().await?;
    Ok(db::list(&mut tx, who.id()).await?)
}

/// Links an identity to the account that asked for it. That the provider has verified the same address
/// proves it here as well: whoever links has signed in to the account and holds the address.
///
/// # Errors
/// `IdentityTaken`; `OpenidNoAccount` when the account is gone or disabled by now.
pub(super) async fn link(app: &App, origin: &Origin, user: UserId, visit: &Visit) -> Result<()> {
    let mut tx = app.db().platform().await?;
    let user = account::find(&mut tx, user)
        .await?
        .filter(|user| user.status == UserStatus::Active)
        .ok_or(ProblemCode::OpenidNoAccount)?;
    match db::owner(&mut tx, &visit.proof.issuer, &visit.proof.subject).await? {
        Some(owner) if owner == user.id => return Ok(()),
        Some(_) => return Err(ProblemCode::IdentityTaken.into()),
        None => keep(app, &mut tx, origin, &user, visit, Notice::IdentityLinked).await?,
    }
    if visit.proof.verified_email.as_ref() == Some(&user.email) {
        account::set_verified(&mut tx, user.id, &user.email, now()).await?;
        account::owner::note(&mut tx, user.id, now()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Takes an identity from the caller's account, and ends all sessions and tokens but the caller's session: some may have
/// been begun with it.
///
/// # Errors
/// As `prove_again`; `NotFound`; `LastWayIn` when there is no password and no other identity.
pub async fn unlink(app: &App, who: &Principal, id: IdentityId, password: Option<&Secret>) -> Result<()> {
    prove_again(app, who, password).await?;
    let mut tx = app.db().platform().await?;
    // Locks the account: two at once cannot take the last two.
    let has_password = account::password_hash(&mut tx, who.id()).await?.is_some();
    if !db::delete(&mut tx, who.id(), id).await? {
        return Err(Error::NOT_FOUND);
    }
    if !has_password && db::list(&mut tx, who.id()).await?.is_empty() {
        return Err(ProblemCode::LastWayIn.into());
    }
    let current = who.session().and_then(|held| held.key.as_ref());
    session::delete_all(&mut tx, who.id(), current).await?;
    post_notice(app, &mut tx, &who.user().email, Notice::IdentityUnlinked, who.origin()).await?;
    tx.record(
        &who.actor(),
        event(
            "user.identity_unlinked",
            "user",
            Some(who.id().to_string()),
            &who.user().name,
            json!({ "identity": id }),
        ),
    );
    tx.commit().await?;
    Ok(())
}
