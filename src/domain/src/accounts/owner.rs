//! Whose account it is. Whoever signs up names any address; that it is theirs they show later, or never. An account
//! whose holder never did may have been made for a foreign address, to be found there when its owner comes. So when
//! its owner comes, by a link that sets a new password or by a provider that has verified the address, everybody
//! else is shown the door: nothing of before opens the account any more.

use serde_json::json;
use tenantry_db::access::job;
use tenantry_db::account::owner;
use tenantry_db::account_token::{self, Kind};
use tenantry_db::{PlatformTx, api_key, openid, session, sign_in_place};
use tenantry_types::account::User;

use crate::audit::event;
use crate::{Actor, Origin, Result, now};

/// Ends all sessions and tokens of an account that its owner has just come to. If it was not known to be theirs, it is
/// from now on, and without the identities, links and keys of before; the password is the caller's to replace. Says
/// whether that was so.
pub(super) async fn arrives(mut tx: PlatformTx, user: &User, origin: &Origin) -> Result<(PlatformTx, bool)> {
    session::delete_all(&mut tx, user.id, None).await?;
    if owner::is_in(&mut tx, user.id).await? {
        return Ok((tx, false));
    }
    openid::delete_all(&mut tx, user.id).await?;
    sign_in_place::delete_all(&mut tx, user.id).await?;
    for kind in [Kind::Reset, Kind::Verify] {
        account_token::delete_all(&mut tx, kind, user.id).await?;
    }
    owner::note(&mut tx, user.id, now()).await?;
    let actor = Actor::newcomer(user, origin);
    // Once in the life of an account, and mostly in no tenant at all.
    for tenant in api_key::tenants_of(&mut tx, user.id).await? {
        let mut inside = tx.enter(&job(tenant)).await?;
        for (id, name) in api_key::revoke_of(&mut inside, user.id, now()).await? {
            inside.record_by(actor.clone(), event("key.revoked", "key", Some(id.to_string()), &name, json!({})));
        }
        tx = inside.leave().await?;
    }
    tx.record(&actor, event("user.taken_over", "user", Some(user.id.to_string()), &user.name, json!({})));
    Ok((tx, true))
}
