//! Automatic initialization: what a server makes of its environment at start. Doing it again changes
//! nothing that is there. What it made is noted in the database, so that the first account finds its
//! tenant, and so that models are read once, when the provider first answers.

use serde::{Deserialize, Serialize};
use tenantry_db::{PlatformTx, account, platform, tenant as db};
use tenantry_types::input::Bounded;
use tenantry_types::model::ModelsToggle;
use tenantry_types::provider::{BaseUrl, NewModels, NewProvider, ProviderKind, ProviderPatch, SYNC_HOURS};
use tenantry_types::tenant::Tenant;
use tenantry_types::text::Secret;
use tenantry_types::{Email, Name, NewPassword, Patch, ProblemCode, ProviderId, TenantId};

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
    /// Whether the provider's models were read.
    synced: bool,
    /// Whether they were enabled for the tenant; done once, so that what is disabled later stays so.
    #[serde(default)]
    enabled: bool,
}

impl Note {
    fn is_done(&self) -> bool {
        self.synced && (self.enabled || self.tenant.is_none())
    }
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
    let operator = Operator::of_command_line(origin());
    let new = NewProvider {
        name: Name::parse("OpenRouter").map_err(|fault| Error::field("name", fault))?,
        kind: ProviderKind::OpenRouter,
        base_url: BaseUrl(OPENROUTER.into()),
        api_key: Some(key),
        api_version: None,
        // Not on a schedule before its models were read for the tenant: whoever reads them first decides what becomes of them.
        sync_hours: None,
        new_models: NewModels::Inactive,
        enabled: true,
    };
    let mut tx = app.db().platform().await?;
    platform::lock(&mut tx).await?;
    let mut note = read(&mut tx).await?;
    if note.provider.is_some() {
        return Ok(());
    }
    note.provider = match providers::create_in(app, &mut tx, &operator, new).await {
        Ok(provider) => Some(provider.id),
        // Made by hand under this name: it is left alone.
        Err(Error::Code(ProblemCode::NameTaken)) => return Ok(()),
        Err(other) => return Err(other),
    };
    write(&mut tx, &note).await?;
    Ok(tx.commit().await?)
}

/// Reads the models of the provider that the environment named and enables them for the tenant that
/// it named, whichever of the two came first. To be called at start and again later: true when there
/// is nothing left to do.
///
/// # Errors
/// When the database does not answer. A provider that does not answer is tried again later.
pub async fn catch_up(app: &App) -> Result<bool> {
    let mut tx = app.db().platform().await?;
    let note = read(&mut tx).await?;
    drop(tx);
    let Some(provider) = note.provider.filter(|_| !note.is_done()) else {
        return Ok(true);
    };
    if !note.synced {
        match providers::sync(app, &Operator::of_command_line(origin()), provider, true).await {
            Ok(_) => keep_reading(app, provider).await?,
            Err(Error::Code(ProblemCode::UpstreamUnreachable)) => return Ok(false),
            // Removed in the meantime: then there is nothing to read.
            Err(Error::Code(ProblemCode::NotFound)) => {}
            Err(other) => return Err(other),
        }
    }
    if let Some(tenant) = note.tenant {
        enable(app, provider, tenant).await?;
    }
    let mut tx = app.db().platform().await?;
    platform::lock(&mut tx).await?;
    let done = Note {
        synced: true,
        enabled: note.tenant.is_some(),
        ..read(&mut tx).await?
    };
    write(&mut tx, &done).await?;
    tx.commit().await?;
    Ok(true)
}

/// From now on its list is read on a schedule.
async fn keep_reading(app: &App, provider: ProviderId) -> Result<()> {
    let patch = ProviderPatch {
        sync_hours: Patch::Set(Bounded(SYNC_HOURS)),
        ..ProviderPatch::default()
    };
    match providers::update(app, &Operator::of_command_line(origin()), provider, patch).await {
        Ok(_) | Err(Error::Code(ProblemCode::NotFound)) => Ok(()),
        Err(other) => Err(other),
    }
}

/// Enables the models of the provider for the tenant, where both are still there.
async fn enable(app: &App, provider: ProviderId, tenant: TenantId) -> Result<()> {
    let mut tx = app.db().platform().await?;
    let tenant = db::find(&mut tx, Some(tenant), None).await?;
    let enable = tenantry_db::model::active_of(&mut tx, provider).await?;
    drop(tx);
    let Some(tenant) = tenant.filter(|_| !enable.is_empty()) else {
        return Ok(());
    };
    let by = tenantry_db::access::found_for(db::head(&tenant), Actor::system(origin()));
    let toggle = ModelsToggle { enable, disable: Vec::new() };
    model_access::toggle(app, by, toggle).await?;
    Ok(())
}
