//! The domains of a tenant: its admins name them, an operator confirms that they are its own, and only
//! then do people of them become members when a provider signs them in; and only where an admin has
//! named the role.

use serde_json::json;
use tenantry_db::access::Needs;
use tenantry_db::domain as db;
use tenantry_db::member;
use tenantry_types::openid::{Domain, DomainPatch, JoinRole, NewDomain, TenantDomain};
use tenantry_types::{Fault, ProblemCode, TenantRole};

use crate::audit::event;
use crate::members::role_allows;
use crate::{App, Error, Granted, Result, needs, now};

/// More than any organization has; a list that is always whole.
const MOST: u32 = 50;

/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, by: Granted<needs::TenantRead>) -> Result<Vec<TenantDomain>> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::list(&mut tx).await?)
}

/// Names a domain, which then waits for an operator.
///
/// # Errors
/// `DomainTaken` when the tenant names it already; `RoleTooHigh`; a fault of `domain` for one too many.
pub async fn add(app: &App, by: Granted<needs::TenantUpdate>, new: NewDomain) -> Result<TenantDomain> {
    let NewDomain { domain, join_role } = new;
    may_give(&by, join_role)?;
    let mut tx = app.db().tenant(&by).await?;
    member::lock(&mut tx).await?;
    if db::list(&mut tx).await?.len() >= MOST as usize {
        return Err(Error::field("domain", Fault::TooMany { max: MOST }));
    }
    let created_at = now();
    db::insert(&mut tx, &domain, join_role, created_at).await.map_err(|error| {
        if error.is("tenant_domain_pkey") {
            ProblemCode::DomainTaken.into()
        } else {
            Error::from(error)
        }
    })?;
    tx.record(recorded(
        &by,
        "tenant.domain_added",
        &domain,
        json!({ "domain": domain, "join_role": join_role }),
    ));
    tx.commit().await?;
    Ok(TenantDomain {
        domain,
        confirmed_at: None,
        join_role,
        created_at,
    })
}

fn may_give<P: Needs>(by: &Granted<P>, role: Option<JoinRole>) -> Result<()> {
    role_allows(role.is_none_or(|role| by.hands_out(TenantRole::from(role))))
}

fn recorded<P: Needs>(by: &Granted<P>, action: &'static str, domain: &Domain, changes: serde_json::Value) -> tenantry_db::audit::Event {
    event(action, "domain", Some(by.tenant_id().to_string()), domain.as_str(), changes)
}

/// Says what people of a domain become.
///
/// # Errors
/// `NotFound`, `RoleTooHigh`.
pub async fn update(app: &App, by: Granted<needs::TenantUpdate>, domain: Domain, patch: DomainPatch) -> Result<TenantDomain> {
    let mut tx = app.db().tenant(&by).await?;
    member::lock(&mut tx).await?;
    let before = db::get(&mut tx, &domain).await?.ok_or(Error::NOT_FOUND)?;
    let join_role = patch.join_role.apply(before.join_role);
    if join_role != before.join_role {
        may_give(&by, join_role)?;
        db::set_role(&mut tx, &domain, join_role).await?;
        let changes = json!({ "domain": domain, "from": before.join_role, "to": join_role });
        tx.record(recorded(&by, "tenant.domain_updated", &domain, changes));
    }
    tx.commit().await?;
    Ok(TenantDomain { join_role, ..before })
}

/// Gives a domain up; who became a member by it stays one.
///
/// # Errors
/// `NotFound`.
pub async fn remove(app: &App, by: Granted<needs::TenantUpdate>, domain: Domain) -> Result<()> {
    let mut tx = app.db().tenant(&by).await?;
    if !db::delete(&mut tx, &domain).await? {
        return Err(Error::NOT_FOUND);
    }
    tx.record(recorded(&by, "tenant.domain_removed", &domain, json!({ "domain": domain })));
    tx.commit().await?;
    Ok(())
}

/// Confirms that a domain is the tenant's own: by an operator, who has found that out.
///
/// # Errors
/// `NotFound` when the tenant does not name it; `DomainTaken` when it is another tenant's.
pub async fn confirm(app: &App, by: Granted<needs::DomainsConfirm>, domain: Domain) -> Result<TenantDomain> {
    let mut tx = app.db().tenant(&by).await?;
    let before = db::get(&mut tx, &domain).await?.ok_or(Error::NOT_FOUND)?;
    drop(tx);
    if before.confirmed_at.is_some() {
        return Ok(before);
    }
    let at = now();
    let mut tx = app.db().platform().await?;
    db::confirm(&mut tx, by.tenant_id(), &domain, at).await.map_err(|error| {
        if error.is("confirmed_domain_pkey") {
            ProblemCode::DomainTaken.into()
        } else if error.is("confirmed_domain_tenant_domain_fkey") {
            // Given up meanwhile.
            Error::NOT_FOUND
        } else {
            error.into()
        }
    })?;
    let mut tx = tx.enter(&by).await?;
    tx.record(recorded(&by, "tenant.domain_confirmed", &domain, json!({ "domain": domain })));
    tx.commit().await?;
    Ok(TenantDomain {
        confirmed_at: Some(at),
        ..before
    })
}
