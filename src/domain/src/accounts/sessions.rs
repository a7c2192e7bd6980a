//! Where one is signed in: seeing it, and ending what should not be there.

use serde_json::json;
use tenantry_db::account::Standing;
use tenantry_db::session::{self as db, SignedIn};
use tenantry_db::{PlatformTx, sign_in_place};
use tenantry_types::account::User;
use tenantry_types::sign_in::{Session, SignInMethod};
use tenantry_types::{SessionId, TenantId, UserId};

use crate::audit::{self, event};
use crate::guesses::network_of;
use crate::{App, Error, Operator, Origin, Principal, Result, now};

/// Somebody who proved just now who they are, and with which standing of their account.
#[derive(Debug, Clone)]
pub struct Entered {
    pub user: User,
    pub(crate) standing: Standing,
}

impl Entered {
    /// Who made their account just now.
    pub(crate) fn anew(user: User, last_tenant: Option<TenantId>) -> Self {
        let standing = Standing {
            password_version: 0,
            last_tenant,
        };
        Self { user, standing }
    }
}

/// What a session that begins now keeps of its beginning.
pub fn signed_in(entered: &Entered, origin: &Origin, method: SignInMethod) -> SignedIn {
    SignedIn {
        at: now(),
        method,
        device: origin.device.clone(),
        address: origin.ip.map(|ip| ip.to_string()),
        password_version: entered.standing.password_version,
        tenant: entered.standing.last_tenant,
    }
}

/// How the session of somebody who proved again who they are goes on; None for who came without one.
pub fn renewed(who: &Principal) -> Option<SignedIn> {
    let held = who.session()?;
    Some(SignedIn {
        at: now(),
        device: who.origin().device.clone(),
        address: who.origin().ip.map(|ip| ip.to_string()),
        ..held.how.clone()
    })
}

/// Notes where an account was signed in from. Network and device both new, where there were others
/// before: that may be somebody else.
pub(crate) async fn note_place(app: &App, tx: &mut PlatformTx, user: &User, origin: &Origin) -> Result<()> {
    let network = network_of(origin);
    if network.is_empty() {
        return Ok(());
    }
    if sign_in_place::is_strange(tx, user.id, &network, &origin.device).await? {
        audit::new_place(app, tx, user, origin).await?;
    }
    sign_in_place::touch(tx, user.id, &network, &origin.device, now()).await?;
    Ok(())
}

/// The caller's sessions, the last used first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, who: &Principal) -> Result<Vec<Session>> {
    let current = who.session().and_then(|held| held.key.as_ref());
    let mut tx = app.db().platform().await?;
    Ok(db::list(&mut tx, who.id(), current, now()).await?)
}

/// Ends one of the caller's sessions.
///
/// # Errors
/// `NotFound`, also for one of somebody else.
pub async fn end(app: &App, who: &Principal, id: SessionId) -> Result<()> {
    let mut tx = app.db().platform().await?;
    if !db::delete_one(&mut tx, who.id(), id).await? {
        return Err(Error::NOT_FOUND);
    }
    let changes = json!({ "session": id });
    tx.record(
        &who.actor(),
        event("user.session_ended", "user", Some(who.id().to_string()), &who.user().name, changes),
    );
    tx.commit().await?;
    Ok(())
}

/// Ends all of the caller's sessions but the one that they came with.
///
/// # Errors
/// When the database does not answer.
pub async fn end_others(app: &App, who: &Principal) -> Result<u64> {
    let current = who.session().and_then(|held| held.key.as_ref());
    let mut tx = app.db().platform().await?;
    let ended = db::delete_all(&mut tx, who.id(), current).await?;
    if ended > 0 {
        tx.record(
            &who.actor(),
            event(
                "user.sessions_ended",
                "user",
                Some(who.id().to_string()),
                &who.user().name,
                json!({ "ended": ended }),
            ),
        );
    }
    tx.commit().await?;
    Ok(ended)
}

/// Signs somebody out everywhere.
///
/// # Errors
/// `NotFound`.
pub async fn end_all_of(app: &App, by: &Operator, id: UserId) -> Result<()> {
    let mut tx = app.db().platform().await?;
    let user = tenantry_db::account::find(&mut tx, id).await?.ok_or(Error::NOT_FOUND)?;
    let ended = db::delete_all(&mut tx, id, None).await?;
    tx.record(
        by.actor(),
        event("user.sessions_ended", "user", Some(id.to_string()), &user.name, json!({ "ended": ended })),
    );
    tx.commit().await?;
    Ok(())
}
