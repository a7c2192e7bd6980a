//! Automatic initialization: what a server makes of its environment at start. Doing it again changes
//! nothing that is there. What it made is noted in the database, so that the first account finds its
//! tenant, and so that models are read once, when the provider first answers.

use serde::{Deserialize, Serialize};
use tenantry_db::{PlatformTx, account, platform, tenant as db};
use tenantry_types::model::ModelsToggle;
use tenantry_types::provider::{BaseUrl, NewProvider, ProviderKind};
use tenantry_types::tenant::Tenant;
use tenantry_types::text::Secret;
use tenantry_types::{Email, Name, NewPassword, ProblemCode, ProviderId, TenantId};

use crate::tenants::{Founding, found};
use crate::{Actor, App, Error, Operator, Origin, Result, accounts, model_access, now, providers};

const NOTE: &str = "initialization";
const OPENROUTER: &str = "https://openrouter.ai/api/v1";

/// What the environment asks for.
#[derive(Debug, Default)]
pub struct Wanted {
    pub organization_name: Option<Name>,
    /// Kept as the tenant's external id.
    pub external_id: Option<String>,
    pub openrouter_api_key: Option<Secret>,
    pub admin: Option<(Email, NewPassword)>,
}

/// What was made.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    tenant: Option<TenantId>,
    /// Whether an account has taken the tenant.
    claimed: bool,
    provider: Option<ProviderId>,
    /// Whether the provider's models were read and enabled.
    synced: bool,
}

async fn read(tx: &mut PlatformTx) -> Result<Note> {
    match db::find_setting(tx, NOTE).await? {
        Some(value) => serde_json::from_value(value).map_err(Error::internal),
        None => Ok(Note::default()),
    }
}

async fn write(tx: &mut PlatformTx, note: &Note) -> Result<()> {
    let value = serde_json::to_value(note).map_err(Error::internal)?;
    Ok(db::put_setting(tx, NOTE, &value, now()).await?)
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
    if let Some(key) = wanted.openrouter_api_key {
        ensure_provider(app, key).await?;
    }
    Ok(())
}

async fn ensure_tenant(app: &App, name: &Name, external_id: Option<String>) -> Result<()> {
    let mut tx = app.db().platform().await?;
    platform::lock(&mut tx).await?;
    let mut note = read(&mut tx).await?;
    if note.tenant.is_some() {
        return Ok(());
    }
    // The note must name a tenant that is there: both are written, or neither.
    let actor = Actor::system(origin());
    let tenant = crate::tenants::plan(
        &mut tx,
        Founding {
            external_id,
            ..Founding::named(name)
        },
    )
    .await?;
    note.tenant = Some(tenant.id);
    // Where people registered before, the tenant waits for nobody: an operator enters and invites.
    note.claimed = !account::lock_first(&mut tx).await?;
    write(&mut tx, &note).await?;
    found(app, tx, actor, tenant, None).await?.commit().await?;
    Ok(())
}

/// The tenant that waits for the first account, which takes it.
pub(crate) async fn claim(tx: &mut PlatformTx) -> Result<Option<Tenant>> {
    let note = read(tx).await?;
    let Some(id) = note.tenant.filter(|_| !note.claimed) else {
        return Ok(None);
    };
    write(tx, &Note { claimed: true, ..note }).await?;
    Ok(db::find(tx, Some(id), None).await?)
}

async fn ensure_admin(app: &App, email: Email, password: &NewPassword) -> Result<()> {
    let name = Name::parse("Administrator").map_err(|fault| Error::field("name", fault))?;
    match accounts::create_operator(app, &origin(), email, &name, password.expose()).await {
        Ok(_) | Err(Error::Code(ProblemCode::EmailTaken)) => Ok(()),
        Err(other) => Err(other),
    }
}

async fn ensure_provider(app: &App, key: Secret) -> Result<()> {
    let mut tx = app.db().platform().await?;
    if read(&mut tx).await?.provider.is_some() {
        return Ok(());
    }
    drop(tx);
    let operator = Operator::of_command_line(origin());
    let name = Name::parse("OpenRouter").map_err(|fault| Error::field("name", fault))?;
    let new = NewProvider {
        name,
        kind: ProviderKind::OpenRouter,
        base_url: BaseUrl(OPENROUTER.into()),
        api_key: Some(key),
        enabled: true,
    };
    let provider = match providers::create(app, &operator, new).await {
        Ok(provider) => provider,
        // Made by hand under this name: it is left alone.
        Err(Error::Code(ProblemCode::NameTaken)) => return Ok(()),
        Err(other) => return Err(other),
    };
    let mut tx = app.db().platform().await?;
    platform::lock(&mut tx).await?;
    let note = read(&mut tx).await?;
    write(
        &mut tx,
        &Note {
            provider: Some(provider.id),
            ..note
        },
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Reads the models of the provider that the environment named and enables them for the tenant that
/// it named. To be called at start and again later: true when there is nothing left to do.
///
/// # Errors
/// When the database does not answer. A provider that does not answer is tried again later.
pub async fn catch_up(app: &App) -> Result<bool> {
    let mut tx = app.db().platform().await?;
    let note = read(&mut tx).await?;
    let Some(provider) = note.provider.filter(|_| !note.synced) else {
        return Ok(true);
    };
    drop(tx);
    let operator = Operator::of_command_line(origin());
    match providers::sync(app, &operator, provider, true).await {
        Ok(_) => {}
        Err(Error::Code(ProblemCode::UpstreamUnreachable)) => return Ok(false),
        // Removed in the meantime: then there is nothing to read.
        Err(Error::Code(ProblemCode::NotFound)) => {}
        Err(other) => return Err(other),
    }
    let mut tx = app.db().platform().await?;
    let tenant = match note.tenant {
        Some(id) => db::find(&mut tx, Some(id), None).await?,
        None => None,
    };
    let models = tenantry_db::model::active_of(&mut tx, provider).await?;
    drop(tx);
    if let Some(tenant) = tenant.filter(|_| !models.is_empty()) {
        let by = tenantry_db::access::found_for(db::head(&tenant), Actor::system(origin()));
        model_access::toggle(
            app,
            by,
            ModelsToggle {
                enable: models,
                disable: Vec::new(),
            },
        )
        .await?;
    }
    let mut tx = app.db().platform().await?;
    platform::lock(&mut tx).await?;
    let note = read(&mut tx).await?;
    write(&mut tx, &Note { synced: true, ..note }).await?;
    tx.commit().await?;
    Ok(true)
}
