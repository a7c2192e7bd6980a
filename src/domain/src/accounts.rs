//! People: their own account, the tenants they may enter. Signing up and in, sessions, passwords,
//! one-time codes and the proof of an address have a module each.

pub mod log_in;
pub mod openid;
mod owner;
pub mod passwords;
pub mod sessions;
pub mod sign_up;
pub mod totp;
pub mod verification;

pub use log_in::log_in;
pub use sessions::Entered;
pub use sign_up::{SignUp, register};

use std::time::Duration;

use serde_json::json;
use tenantry_db::audit::Event;
use tenantry_db::{PlatformTx, TenantTx, account, account_token, sign_in_place, tenant};
use tenantry_types::account::{AvailableTenant, MePatch, Registration, User, UserStatus};
use tenantry_types::model::MyModel;
use tenantry_types::sign_in::AccountDeletion;
use tenantry_types::tenant::Tenant;
use tenantry_types::{Email, Name, ProblemCode, TenantId, TenantRef, Timestamp, UserId};
use uuid::Uuid;

use crate::audit::event;
use crate::password::choose;
use crate::tenants::{Founding, found};
use crate::{Actor, App, Error, Origin, Principal, Result, new_id, now};

/// How long it is remembered where somebody signed in.
const PLACES_KEPT: Duration = Duration::from_secs(180 * 24 * 3600);

/// What a sign-up made.
#[derive(Debug)]
pub struct Registered {
    pub user: User,
    pub tenant: Option<TenantRef>,
}

impl Registered {
    /// For the session of who signed up.
    pub fn entered(&self) -> Entered {
        Entered::anew(self.user.clone(), self.tenant.as_ref().map(|tenant| tenant.id))
    }
}

/// A new account of now.
pub(crate) fn new_user(email: Email, name: &Name) -> User {
    User {
        id: new_id(),
        email,
        name: name.as_str().to_owned(),
        status: UserStatus::Active,
        is_operator: false,
        email_verified: false,
        created_at: now(),
        last_active_at: None,
    }
}

pub(crate) fn email_taken(error: tenantry_db::DbError) -> Error {
    if error.is("user_account_email_key") {
        ProblemCode::EmailTaken.into()
    } else {
        error.into()
    }
}

/// Somebody about to get an account, and a tenant with it.
struct Newcomer {
    user: User,
    password_hash: String,
    tenant_name: Option<Name>,
    /// The first one of a server.
    first: bool,
}

impl Newcomer {
    fn typed(cmd: Registration, password_hash: String, first: bool) -> Self {
        Self {
            user: User {
                is_operator: first,
                ..new_user(cmd.email, &cmd.name)
            },
            password_hash,
            tenant_name: cmd.tenant_name,
            first,
        }
    }
}

/// Makes the account and its tenant.
async fn make(app: &App, mut tx: PlatformTx, origin: &Origin, newcomer: Newcomer) -> Result<Registered> {
    let Newcomer {
        user,
        password_hash,
        tenant_name,
        first,
    } = newcomer;
    account::insert(&mut tx, &user, Some(&password_hash)).await.map_err(email_taken)?;
    let actor = Actor::newcomer(&user, origin);
    tx.record(
        &actor,
        event(
            "user.registered",
            "user",
            Some(user.id.to_string()),
            &user.name,
            json!({ "operator": first }),
        ),
    );
    sessions::note_place(app, &mut tx, &user, origin).await?;
    if user.email_verified {
        // Who has the link of the mail has typed the password.
        account::owner::note(&mut tx, user.id, now()).await?;
    } else {
        verification::welcome(app, &mut tx, &user).await?;
    }

    let prepared = if first { crate::initialize::claim(&mut tx).await? } else { None };
    let (tx, tenant) = match prepared {
        Some(tenant) => {
            let tx = own(tx, &tenant, actor, &user).await?;
            (tx, tenant)
        }
        None => {
            let name = tenant_name.map_or_else(|| default_tenant_name(&user.name), Ok)?;
            found_own(app, tx, actor, &user, &name).await?
        }
    };
    tx.commit().await?;
    Ok(Registered {
        tenant: Some(TenantRef {
            id: tenant.id,
            slug: tenant.slug,
            name: tenant.name,
        }),
        user,
    })
}

/// A tenant of somebody's own, in the transaction of their sign-up.
async fn found_own(app: &App, mut tx: PlatformTx, actor: Actor, user: &User, name: &Name) -> Result<(TenantTx, Tenant)> {
    let tenant = crate::tenants::plan(&mut tx, Founding::named(name)).await?;
    Ok((found(app, tx, actor, tenant.clone(), Some(user)).await?, tenant))
}

/// The first account takes the tenant that the initialization made.
async fn own(tx: PlatformTx, tenant: &Tenant, actor: Actor, user: &User) -> Result<TenantTx> {
    let by = tenantry_db::access::found(tenant::head(tenant), actor);
    let mut tx = tx.enter(&by).await?;
    crate::members::join_as_owner(&mut tx, user).await?;
    Ok(tx)
}

fn default_tenant_name(person: &str) -> Result<Name> {
    let short: String = person.chars().take(80).collect();
    Name::parse(&format!("{short}'s team")).map_err(|fault| Error::field("tenant_name", fault))
}

/// Records that somebody signs out; the front end ends the session.
///
/// # Errors
/// When the database does not answer.
pub async fn log_out(app: &App, who: &Principal) -> Result<()> {
    let mut tx = app.db().platform().await?;
    tx.record(
        &who.actor(),
        event("user.logged_out", "user", Some(who.id().to_string()), &who.user().name, json!({})),
    );
    tx.commit().await?;
    Ok(())
}

/// Changes one's own account.
///
/// # Errors
/// When the database does not answer.
pub async fn update_me(app: &App, who: &Principal, patch: MePatch) -> Result<User> {
    let mut tx = app.db().platform().await?;
    if let Some(name) = patch.name {
        account::set_name(&mut tx, who.id(), name.as_str(), now()).await?;
        tx.record(
            &who.actor(),
            Event {
                personal: json!({ "from": who.user().name, "to": name }),
                ..event("user.updated", "user", Some(who.id().to_string()), name.as_str(), json!({}))
            },
        );
    }
    let user = account::find(&mut tx, who.id()).await?.ok_or(Error::NOT_FOUND)?;
    tx.commit().await?;
    Ok(user)
}

/// What is kept of the address of a deleted account: enough to know it again when an import brings
/// it, and no more.
pub(crate) fn address_mark(address: &Email) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(crate::app::token_hash(address.as_str()))
}

/// The marks of the addresses that accounts are known by, their identities' among them: what a tenant keeps of who leaves.
pub(crate) async fn marks_of(tx: &mut PlatformTx, users: &[Uuid]) -> Result<Vec<(UserId, Vec<u8>)>> {
    let addresses = tenantry_db::openid::addresses(tx, users).await?;
    Ok(addresses
        .into_iter()
        .map(|(user, address)| (user, crate::app::token_hash(&address)))
        .collect())
}

/// Deletes one's own account with all memberships.
///
/// # Errors
/// A fault of `password`, `NotFresh` without one; `LastOwner` while a tenant has no other owner, `LastOperator` while the server
/// has no other.
pub async fn delete_me(app: &App, who: &Principal, cmd: &AccountDeletion) -> Result<()> {
    match &cmd.password {
        Some(password) => passwords::prove(app, who, password, "password").await?,
        None => passwords::just_signed_in(who)?,
    }
    let mut tx = app.db().platform().await?;
    if who.user().is_operator && account::other_operators(&mut tx, who.id()).await? == 0 {
        return Err(ProblemCode::LastOperator.into());
    }
    if account::sole_ownerships(&mut tx, who.id()).await? > 0 {
        return Err(ProblemCode::LastOwner.into());
    }
    tx.record(
        &who.actor(),
        event(
            "user.deleted",
            "user",
            Some(who.id().to_string()),
            &who.user().name,
            json!({ "address": address_mark(&who.user().email) }),
        ),
    );
    tx.erase(who.id(), &who.user().email);
    account::delete(&mut tx, who.id()).await?;
    tx.commit().await?;
    Ok(())
}

/// The tenants that one may enter, the last used first.
///
/// # Errors
/// When the database does not answer.
pub async fn available_tenants(app: &App, who: &Principal) -> Result<Vec<AvailableTenant>> {
    let mut tx = app.db().platform().await?;
    let mut tenants = account::tenants(&mut tx, who.id()).await?;
    // Activity is noted once a minute; switching counts at once.
    tenants.sort_by_key(|tenant| Some(tenant.id) != who.last_tenant());
    Ok(tenants)
}

/// Every model that one may use, in each tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn my_models(app: &App, who: &Principal) -> Result<Vec<MyModel>> {
    crate::model_access::mine(app, who).await
}

/// Remembers where one was last.
///
/// # Errors
/// When the database does not answer.
pub async fn remember_tenant(app: &App, who: &Principal, tenant: TenantId) -> Result<()> {
    if who.last_tenant() == Some(tenant) {
        return Ok(());
    }
    let mut tx = app.db().platform().await?;
    account::set_last_tenant(&mut tx, who.id(), tenant).await?;
    record_switch(&mut tx, who, tenant).await?;
    tx.commit().await?;
    Ok(())
}

/// Records that somebody stands in another tenant from now on.
pub(crate) async fn record_switch(tx: &mut PlatformTx, who: &Principal, to: TenantId) -> Result<()> {
    let name = tenant::find(tx, Some(to), None).await?.map(|to| to.name).unwrap_or_default();
    tx.record(
        &who.actor(),
        event("user.switched_tenant", "tenant", Some(to.to_string()), &name, json!({})),
    );
    Ok(())
}

/// Makes an account from the command line or the environment. That its address is theirs the person shows like others.
///
/// # Errors
/// `EmailTaken`; a fault of `password`.
pub async fn create_operator(app: &App, origin: &Origin, email: Email, name: &Name, password: &str) -> Result<User> {
    let hash = app.passwords().hash(choose(password, "password")?).await?;
    let user = User {
        is_operator: true,
        ..new_user(email, name)
    };
    let mut tx = app.db().platform().await?;
    let first = account::lock_first(&mut tx).await?;
    account::insert(&mut tx, &user, Some(&hash)).await.map_err(email_taken)?;
    let actor = Actor::system(origin.clone());
    tx.record(
        &actor,
        event("user.created", "user", Some(user.id.to_string()), &user.name, json!({ "operator": true })),
    );
    verification::welcome(app, &mut tx, &user).await?;
    match if first { crate::initialize::claim(&mut tx).await? } else { None } {
        Some(tenant) => own(tx, &tenant, actor, &user).await?.commit().await?,
        None => tx.commit().await?,
    }
    Ok(user)
}

/// Makes an existing account operator, from the command line.
///
/// # Errors
/// `NotFound` for an unknown address.
pub async fn promote(app: &App, origin: &Origin, email: &Email) -> Result<User> {
    let mut tx = app.db().platform().await?;
    let mut user = account::credentials(&mut tx, email).await?.ok_or(Error::NOT_FOUND)?.user;
    user.is_operator = true;
    account::set_standing(&mut tx, user.id, user.status, true, now()).await?;
    tx.record(
        &Actor::system(origin.clone()),
        event("user.promoted", "user", Some(user.id.to_string()), &user.name, json!({})),
    );
    tx.commit().await?;
    Ok(user)
}

/// Forgets links whose time is over, and places where nobody was seen for half a year.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    app.tidy_guesses();
    let mut tx = app.db().platform().await?;
    account_token::delete_expired(&mut tx, now()).await?;
    tenantry_db::sign_up::delete_expired(&mut tx, now()).await?;
    tenantry_db::openid::delete_expired(&mut tx, now()).await?;
    sign_in_place::delete_old(&mut tx, Timestamp(now().0 - PLACES_KEPT)).await?;
    tx.commit().await?;
    Ok(())
}
