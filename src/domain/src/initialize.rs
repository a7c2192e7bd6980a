//! Automatic initialization: what a server makes of its environment at start. Doing it again changes
//! nothing that is there.

use serde_json::json;
use tenantry_db::{PlatformTx, tenant as db};
use tenantry_types::tenant::Tenant;
use tenantry_types::text::Secret;
use tenantry_types::{Email, Name, NewPassword, ProblemCode, TenantId};

use crate::tenants::{Founding, found};
use crate::{Actor, App, Error, Origin, Result, accounts, now};

const SETTING: &str = "initialization";

/// What the environment asks for.
#[derive(Debug, Default)]
pub struct Wanted {
    pub organization_name: Option<Name>,
    /// Kept as the tenant's external id.
    pub external_id: Option<String>,
    pub openrouter_api_key: Option<Secret>,
    pub admin: Option<(Email, NewPassword)>,
}

fn origin() -> Origin {
    Origin::system("initialization")
}

/// Makes the tenant, the operator's account and the provider that the environment names.
///
/// # Errors
/// When the database does not answer.
pub async fn run(app: &App, wanted: Wanted) -> Result<()> {
    if let Some(name) = &wanted.organization_name {
        ensure_tenant(app, name, wanted.external_id).await?;
    }
    if let Some((email, password)) = wanted.admin {
        ensure_admin(app, email, &password).await?;
    }
    Ok(())
}

async fn ensure_tenant(app: &App, name: &Name, external_id: Option<String>) -> Result<TenantId> {
    let mut tx = app.db().platform().await?;
    tenantry_db::platform::lock(&mut tx).await?;
    if let Some(done) = db::find_setting(&mut tx, SETTING).await? {
        let id = done.get("tenant").and_then(|v| v.as_str()).and_then(|t| t.parse().ok());
        return id.ok_or_else(|| Error::internal("the note of the initialization cannot be read"));
    }
    let founding = Founding {
        external_id,
        ..Founding::named(name)
    };
    let (tx, tenant) = found(app, tx, Actor::system(origin()), founding).await?;
    tx.commit().await?;
    let mut tx = app.db().platform().await?;
    db::put_setting(&mut tx, SETTING, &json!({ "tenant": tenant.id, "claimed": false }), now()).await?;
    tx.commit().await?;
    Ok(tenant.id)
}

/// The tenant that waits for the first account, which takes it.
pub(crate) async fn claim(tx: &mut PlatformTx) -> Result<Option<Tenant>> {
    let Some(done) = db::find_setting(tx, SETTING).await? else {
        return Ok(None);
    };
    if done.get("claimed").and_then(serde_json::Value::as_bool) != Some(false) {
        return Ok(None);
    }
    let id = done.get("tenant").and_then(|v| v.as_str()).and_then(|t| t.parse::<TenantId>().ok());
    let Some(id) = id else { return Ok(None) };
    db::put_setting(tx, SETTING, &json!({ "tenant": id, "claimed": true }), now()).await?;
    Ok(db::find(tx, Some(id), None).await?)
}

async fn ensure_admin(app: &App, email: Email, password: &NewPassword) -> Result<()> {
    let name = Name::parse("Administrator").map_err(|fault| Error::field("name", fault))?;
    let user = match accounts::create_operator(app, &origin(), email, &name, password.expose()).await {
        Ok(user) => user,
        Err(Error::Code(ProblemCode::EmailTaken)) => return Ok(()),
        Err(other) => return Err(other),
    };
    let mut tx = app.db().platform().await?;
    if let Some(tenant) = claim(&mut tx).await? {
        let by = tenantry_db::access::found(db::head(&tenant), Actor::system(origin()));
        let mut tx = tx.enter(&by).await?;
        crate::members::join_as_owner(&mut tx, &user).await?;
        tx.commit().await?;
    }
    Ok(())
}
