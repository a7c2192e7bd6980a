//! What the operator sees of the whole server.

use serde_json::json;
use tenantry_db::access::Rate;
use tenantry_db::{Node, account, platform as db};
use tenantry_types::account::{User, UserPatch, UserStatus};
use tenantry_types::overview::{PlatformStats, TenantAccess};
use tenantry_types::{Page, PageQuery, ProblemCode, TenantId, Timestamp, UserId};

use crate::audit::event;
use crate::{App, Error, Operator, Result, now};

/// # Errors
/// When the database does not answer.
pub async fn stats(app: &App, _by: &Operator) -> Result<PlatformStats> {
    let mut tx = app.db().platform().await?;
    let counts = db::counts(&mut tx).await?;
    drop(tx);
    Ok(PlatformStats {
        tenants: counts.tenants,
        active_tenants: counts.active_tenants,
        users: counts.users,
        providers: counts.providers,
        models: counts.models,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        database_version: app.db().version().await?,
        migration: app.db().migration().await?,
    })
}

/// Whether somebody runs the server: an active account with the operator's flag. The first who signs up is one, unless there
/// were accounts before, as after an import.
///
/// # Errors
/// When the database does not answer.
pub async fn has_operator(app: &App) -> Result<bool> {
    let mut tx = app.db().platform().await?;
    Ok(account::other_operators(&mut tx, UserId::new(uuid::Uuid::nil())).await? > 0)
}

/// How the server does its work.
#[derive(Debug)]
pub struct Health {
    /// Mails that wait, and those among them that were not taken when they were tried; None on a server without SMTP.
    pub mails: Option<(i64, i64)>,
    pub nodes: Vec<Node>,
    /// How often this node had at hand what it needs to decide, by kind.
    pub memory: Vec<(&'static str, Rate)>,
}

/// # Errors
/// When the database does not answer.
pub async fn health(app: &App, _by: &Operator) -> Result<Health> {
    let mails = match app.mailer() {
        None => None,
        Some(_) => {
            let mut tx = app.db().platform().await?;
            let waiting = db::waiting(&mut tx).await?;
            Some((waiting.mails, waiting.failed))
        }
    };
    let mut memory: Vec<_> = app.db().memory_rates().into_iter().collect();
    memory.sort_unstable_by_key(|(kind, _)| *kind);
    Ok(Health {
        mails,
        nodes: app.db().nodes().await?,
        memory,
    })
}

/// Owners and admins that a review of access names for each tenant.
const MOST_ADMINS: i64 = 50;

/// Who may enter each tenant: a hundred tenants by id, those behind `after`. Empty at the end.
///
/// # Errors
/// When the database does not answer.
pub async fn access(app: &App, _by: &Operator, after: Option<TenantId>) -> Result<Vec<TenantAccess>> {
    let mut tx = app.db().platform().await?;
    Ok(db::access(&mut tx, after, 100, MOST_ADMINS).await?)
}

/// # Errors
/// When the database does not answer.
pub async fn users(app: &App, _by: &Operator, query: PageQuery, since: Option<Timestamp>) -> Result<Page<User>> {
    let mut tx = app.db().platform().await?;
    let (items, total) = account::list(&mut tx, &query, since).await?;
    Ok(Page::of(items, &query, Some(total)))
}

/// # Errors
/// `NotFound`.
pub async fn user(app: &App, _by: &Operator, id: UserId) -> Result<User> {
    let mut tx = app.db().platform().await?;
    account::find(&mut tx, id).await?.ok_or(Error::NOT_FOUND)
}

/// Disables or enables an account, gives or takes the operator's flag. Disabling ends all sessions.
///
/// # Errors
/// `NotFound`, `LastOperator`.
pub async fn update_user(app: &App, by: &Operator, id: UserId, patch: UserPatch) -> Result<User> {
    let mut tx = app.db().platform().await?;
    let others = account::other_operators(&mut tx, id).await?;
    let mut user = account::find(&mut tx, id).await?.ok_or(Error::NOT_FOUND)?;
    let before = json!({ "status": user.status, "is_operator": user.is_operator });
    let was_operator = user.is_operator && user.status == UserStatus::Active;
    user.status = patch.status.unwrap_or(user.status);
    user.is_operator = patch.is_operator.unwrap_or(user.is_operator);
    if was_operator && others == 0 && !(user.is_operator && user.status == UserStatus::Active) {
        return Err(ProblemCode::LastOperator.into());
    }
    account::set_standing(&mut tx, id, user.status, user.is_operator, now()).await?;
    let changes = json!({ "from": before, "to": { "status": user.status, "is_operator": user.is_operator } });
    tx.record(
        by.actor(),
        event("user.standing_changed", "user", Some(id.to_string()), &user.name, changes),
    );
    tx.commit().await?;
    Ok(user)
}
