//! Who comes in by a provider for the first time, and whom a tenant lets in by the domain of their
//! address. Without a domain that an operator confirmed, and for which an admin of the tenant named a
//! role, nobody becomes a member of anything.

use serde_json::json;
use tenantry_db::access::welcome;
use tenantry_db::account::{Standing, owner};
use tenantry_db::domain::{self, Joinable};
use tenantry_db::{PlatformTx, TenantTx, account, import, invitation, member};
use tenantry_types::account::User;
use tenantry_types::{Email, Name, ProblemCode, TenantRole};

use super::super::{address_mark, default_tenant_name, email_taken, found_own, log_in, new_user};
use super::{Visit, done, insert};
use crate::accounts::log_in::LogIn;
use crate::app::token_hash;
use crate::audit::event;
use crate::{Actor, App, Error, Origin, RegistrationPolicy, Result, now};

/// Makes an account where that is allowed: where everyone may sign up, where an invitation waits for
/// the address and those may, or where a tenant lets the domain in.
///
/// # Errors
/// `OpenidUnverified`, `OpenidNoAccount`. The first account of a server, which becomes its operator,
/// is not made this way.
pub(super) async fn newcomer(app: &App, mut tx: PlatformTx, origin: &Origin, visit: Visit) -> Result<LogIn> {
    let email = visit.proof.verified_email.as_ref().ok_or(ProblemCode::OpenidUnverified)?;
    if account::lock_first(&mut tx).await? {
        return Err(ProblemCode::OpenidNoAccount.into());
    }
    let joinable = joinable(&mut tx, email).await?;
    let invited = !invitation::waiting_for(&mut tx, email, now()).await?.is_empty();
    let allowed = match app.policy().registration {
        RegistrationPolicy::Open => true,
        RegistrationPolicy::Invite => invited || joinable.is_some(),
        RegistrationPolicy::Closed => joinable.is_some(),
    };
    if !allowed {
        return Err(ProblemCode::OpenidNoAccount.into());
    }
    let user = User {
        email_verified: true,
        ..new_user(email.clone(), &name(visit.proof.name.as_deref(), email)?)
    };
    account::insert(&mut tx, &user, None).await.map_err(email_taken)?;
    owner::note(&mut tx, user.id, now()).await?;
    insert(&mut tx, user.id, &visit).await?;
    let actor = Actor::newcomer(&user, origin);
    let how = json!({ "provider": visit.provider });
    tx.record(&actor, event("user.registered", "user", Some(user.id.to_string()), &user.name, how));
    if joinable.is_some() || invited {
        return enter(app, tx, origin, user, &visit).await;
    }
    let standing = log_in::note(app, &mut tx, origin, &user, json!({ "provider": visit.provider })).await?;
    let (tx, tenant) = found_own(app, tx, actor, &user, &default_tenant_name(&user.name)?).await?;
    tx.commit().await?;
    let last_tenant = Some(tenant.id);
    Ok(done(user, Standing { last_tenant, ..standing }))
}

/// What the provider calls the person, else what stands before the `@`.
fn name(said: Option<&str>, email: &Email) -> Result<Name> {
    let short = |text: &str| text.chars().filter(|c| !c.is_control()).take(100).collect::<String>();
    let said = said.and_then(|said| Name::parse(&short(said)).ok());
    let local = email.as_str().split('@').next().unwrap_or_default();
    said.map_or_else(|| Name::parse(&short(local)), Ok)
        .map_err(|fault| Error::field("name", fault))
}

/// Notes the sign-in, and lets the person into the tenant of their domain.
pub(super) async fn enter(app: &App, mut tx: PlatformTx, origin: &Origin, user: User, visit: &Visit) -> Result<LogIn> {
    let standing = log_in::note(app, &mut tx, origin, &user, json!({ "provider": visit.provider })).await?;
    // An identity with another address, linked by hand, signs in to the account and opens no tenant: a domain lets in
    // who is known here by an address of it.
    let joinable = match &visit.proof.verified_email {
        Some(email) if *email == user.email => joinable(&mut tx, email).await?,
        _ => None,
    };
    match joinable {
        Some(joinable) => {
            let by = welcome(&joinable, Actor::newcomer(&user, origin));
            let mut tx = tx.enter(&by).await?;
            join(&mut tx, &joinable, &user).await?;
            tx.commit().await?;
        }
        None => tx.commit().await?,
    }
    Ok(done(user, standing))
}

/// The tenant that lets in who has this address. Who deleted their account comes back by an invitation only: what they
/// were, and whether somebody had taken it from them, went with the account.
async fn joinable(tx: &mut PlatformTx, email: &Email) -> Result<Option<Joinable>> {
    let Some(found) = domain::joinable(tx, email.domain()).await? else {
        return Ok(None);
    };
    let gone = import::deleted(tx, &[address_mark(email)]).await?;
    Ok(gone.is_empty().then_some(found))
}

/// Who left or was removed does not come back by themselves, and who finds no seat signs in without.
async fn join(tx: &mut TenantTx, joinable: &Joinable, user: &User) -> Result<()> {
    // Asked before the lock: nearly everyone who signs in is a member already.
    let marks = [token_hash(user.email.as_str())];
    if member::get(tx, user.id).await?.is_some() || domain::was_member(tx, user.id, &marks).await? {
        return Ok(());
    }
    match crate::members::take_seats(tx, 1).await {
        Ok(()) => {}
        Err(Error::Quota { .. }) => {
            tracing::warn!(tenant = %joinable.tenant.id, "a tenant has no seat for who comes by its domain");
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    let role = TenantRole::from(joinable.role);
    if member::insert(tx, &[user.id.uuid()], role, now()).await?.is_empty() {
        return Ok(());
    }
    invitation::revoke_for(tx, &[user.email.as_str().to_owned()]).await?;
    tx.record(event(
        "member.joined",
        "user",
        Some(user.id.to_string()),
        &user.name,
        json!({ "role": role, "domain": true }),
    ));
    Ok(())
}
