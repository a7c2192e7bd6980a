//! Bringing another system's people, groups and models in: one transaction, so that all of it is
//! there or none. `source` says what an adapter found, `plan` holds the rules, `tenant` writes one
//! tenant. A second run adds what is new and reverts nothing: rows that are there stay as they are,
//! and what people removed stays removed.

mod plan;
mod report;
mod source;
mod tenant;

use std::collections::HashMap;

use serde_json::json;
use tenantry_db::{PlatformTx, import as db, platform, tenant as tenants};
use tenantry_types::provider::{NewModels, Provider};
use tenantry_types::tenant::{Tenant, TenantStatus};
use tenantry_types::{Email, ModelId, Name, ProblemCode, ProviderId, Slug, TenantId, UserId};

pub use report::*;
pub use source::*;

use crate::audit::event;
use crate::tenants::{Founding, found};
use crate::{Actor, App, Origin, Result, accounts, new_id, now, providers};
use plan::{Person, Plan, PlannedProvider, PlannedTenant};

/// Where the import goes. When the source knows several organizations, each becomes a tenant of its
/// own name, and these two stand for the source as a whole.
#[derive(Debug, Clone)]
pub struct Target {
    pub tenant_slug: Slug,
    pub tenant_name: Name,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub step: Step,
    /// Records that are done, of all steps.
    pub done: usize,
    pub total: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Accounts,
    Catalogue,
    Members,
    Workspaces,
    Models,
    Done,
}

impl Step {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Catalogue => "providers and models",
            Self::Members => "members",
            Self::Workspaces => "workspaces",
            Self::Models => "model access",
            Self::Done => "done",
        }
    }
}

/// Tells how far an import is.
struct Meter<'a> {
    tell: &'a (dyn Fn(Progress) + Send + Sync),
    done: usize,
    total: usize,
}

impl Meter<'_> {
    fn new<'a>(tell: &'a (dyn Fn(Progress) + Send + Sync), plan: &Plan) -> Meter<'a> {
        let of = |t: &PlannedTenant| t.members.len() + t.workspaces.iter().map(|w| 1 + w.members.len()).sum::<usize>() + t.access.len();
        let total = plan.people.len() + plan.providers.len() + plan.models.len() + plan.tenants.iter().map(of).sum::<usize>();
        Meter { tell, done: 0, total }
    }

    fn begin(&self, step: Step) {
        (self.tell)(Progress {
            step,
            done: self.done,
            total: self.total,
        });
    }

    fn add(&mut self, records: usize) {
        self.done += records;
    }
}

/// What stands in the database for the lists of the plan, place by place.
struct Placed {
    users: Vec<UserId>,
    models: Vec<ModelId>,
}

/// Writes a deployment of Open WebUI. With `dry_run`, everything is tried and nothing stays.
///
/// # Errors
/// `TenantSuspended` or `TenantInactive` when the tenant is there and takes no writes; whatever the
/// database says. Then nothing was written.
pub async fn open_webui(
    app: &App,
    origin: Origin,
    mut source: Deployment,
    target: Target,
    dry_run: bool,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<ImportReport> {
    let actor = Actor::system(origin);
    let mut tx = app.db().platform().await?;
    // Two imports at once would wait for each other's rows crosswise.
    platform::lock(&mut tx).await?;
    let gone = without_deleted(&mut tx, &mut source).await?;
    let mut plan = plan::draw(&source, &target);
    plan.left_out.extend(gone);
    let mut meter = Meter::new(progress, &plan);

    meter.begin(Step::Accounts);
    let (users, accounts) = write_accounts(&mut tx, &plan.people).await?;
    meter.add(plan.people.len());
    meter.begin(Step::Catalogue);
    let (provider_ids, providers) = upstreams(app, &mut tx, &plan.providers).await?;
    let (models, model_counts) = catalogue(&mut tx, &plan, &provider_ids).await?;
    meter.add(plan.providers.len() + plan.models.len());
    let counts = json!({ "accounts": accounts.added, "models": model_counts.added, "providers": providers.iter().filter(|p| p.added).count() });
    tx.record(&actor, event("import.open_webui", "server", None, target.tenant_slug.as_str(), counts));

    let placed = Placed { users, models };
    let mut taken = Vec::new();
    for planned in &plan.tenants {
        let (inside, tenant, created) = enter(app, tx, &actor, &target, planned).await?;
        let (inside, report) = tenant::fill(inside, &tenant, created, &plan, planned, &placed, &mut meter).await?;
        taken.push(report);
        tx = inside.leave().await?;
    }
    if !dry_run {
        tx.commit().await?;
    }
    meter.begin(Step::Done);
    Ok(ImportReport {
        dry_run,
        accounts,
        providers,
        models: model_counts,
        tenants: taken,
        left_out: plan.left_out,
    })
}

/// Leaves out whoever deleted their account here.
async fn without_deleted(tx: &mut PlatformTx, source: &mut Deployment) -> Result<Vec<LeftOut>> {
    let mark = |user: &SourceUser| Email::parse(&user.email).map(|email| accounts::address_mark(&email)).unwrap_or_default();
    let marks: Vec<String> = source.users.iter().map(mark).collect();
    let deleted = db::deleted(tx, &marks).await?;
    if deleted.is_empty() {
        return Ok(Vec::new());
    }
    let (gone, kept) = std::mem::take(&mut source.users)
        .into_iter()
        .partition(|user| deleted.contains(&mark(user)));
    source.users = kept;
    let gone: Vec<SourceUser> = gone;
    Ok(gone
        .iter()
        .map(|user| LeftOut::new(What::Person, &user.email, Reason::DeletedHere))
        .collect())
}

async fn write_accounts(tx: &mut PlatformTx, people: &[Person]) -> Result<(Vec<UserId>, Taken)> {
    let ids: Vec<UserId> = people.iter().map(|_| new_id()).collect();
    let new = db::NewAccounts {
        ids: ids.iter().map(|id| id.uuid()).collect(),
        emails: people.iter().map(|p| p.email.as_str().to_owned()).collect(),
        names: people.iter().map(|p| p.name.clone()).collect(),
        hashes: people.iter().map(|p| p.password_hash.clone()).collect(),
        created_at: people.iter().map(|p| p.created_at.0).collect(),
    };
    let found: HashMap<String, UserId> = db::accounts(tx, &new, now()).await?.into_iter().collect();
    let of = |email: &Email, fresh: UserId| found.get(email.as_str()).copied().unwrap_or(fresh);
    let users: Vec<UserId> = people.iter().zip(&ids).map(|(p, id)| of(&p.email, *id)).collect();
    Ok((users.clone(), counted(&users, &ids)))
}

/// What has the id that was made for it is new.
fn counted<T: PartialEq>(placed: &[T], fresh: &[T]) -> Taken {
    let added = placed.iter().zip(fresh).filter(|(a, b)| a == b).count();
    Taken {
        added,
        existing: placed.len() - added,
    }
}

/// Finds providers by their addresses and adds those that are missing. One that is there keeps its key.
async fn upstreams(app: &App, tx: &mut PlatformTx, planned: &[PlannedProvider]) -> Result<(Vec<ProviderId>, Vec<ProviderTaken>)> {
    let there = db::providers(tx).await?;
    let mut names: Vec<String> = there.iter().map(|(_, name, _)| name.clone()).collect();
    let (mut ids, mut taken) = (Vec::new(), Vec::new());
    for provider in planned {
        let mut report = ProviderTaken {
            name: provider.name.clone(),
            base_url: provider.base_url.clone(),
            added: false,
            enabled: provider.enabled,
            has_api_key: provider.api_key.is_some(),
        };
        if let Some((id, _, _)) = there.iter().find(|(_, _, url)| *url == provider.base_url) {
            ids.push(*id);
            taken.push(report);
            continue;
        }
        let free = |name: &String| !names.contains(&name.to_lowercase());
        let numbered = (2..u32::MAX).map(|n| format!("{} {n}", provider.name));
        if let Some(name) = std::iter::once(provider.name.clone()).chain(numbered).find(free) {
            report.name = name;
        }
        names.push(report.name.to_lowercase());
        let new = Provider {
            id: new_id(),
            name: report.name.clone(),
            kind: provider.kind,
            base_url: provider.base_url.clone(),
            enabled: provider.enabled,
            has_api_key: report.has_api_key,
            api_version: None,
            // Which models there are was said by what is imported.
            sync_hours: None,
            new_models: NewModels::Inactive,
            last_check: None,
            last_sync: None,
            models: 0,
            created_at: now(),
        };
        // A handful of connections, each sealed on its own.
        providers::add(app, tx, &new, provider.api_key.as_ref()).await?;
        report.added = true;
        ids.push(new.id);
        taken.push(report);
    }
    Ok((ids, taken))
}

async fn catalogue(tx: &mut PlatformTx, plan: &Plan, providers: &[ProviderId]) -> Result<(Vec<ModelId>, Taken)> {
    let ids: Vec<ModelId> = plan.models.iter().map(|_| new_id()).collect();
    let new = db::NewModels {
        ids: ids.iter().map(|id| id.uuid()).collect(),
        names: plan.models.iter().map(|m| m.name.clone()).collect(),
        display_names: plan.models.iter().map(|m| m.display_name.clone()).collect(),
        active: plan.models.iter().map(|m| m.active).collect(),
        providers: plan.models.iter().filter_map(|m| providers.get(m.provider)).map(|id| id.uuid()).collect(),
        upstream_names: plan.models.iter().map(|m| m.upstream_name.clone()).collect(),
    };
    let found: HashMap<String, ModelId> = db::models(tx, &new, now()).await?.into_iter().collect();
    let models: Vec<ModelId> = plan
        .models
        .iter()
        .zip(&ids)
        .map(|(m, id)| found.get(&m.name).copied().unwrap_or(*id))
        .collect();
    let counts = counted(&models, &ids);
    Ok((models, counts))
}

/// The note that leads from an organization to its tenant. It is the operator's: what a tenant can
/// write about itself must not draw another's people into it.
fn note(target: &Target, organization: &str) -> String {
    format!("import.open-webui.{}.{organization}", target.tenant_slug)
}

/// Goes on in the tenant, which is founded when it is not there.
async fn enter(
    app: &App,
    mut tx: PlatformTx,
    actor: &Actor,
    target: &Target,
    planned: &PlannedTenant,
) -> Result<(tenantry_db::TenantTx, Tenant, bool)> {
    let note = planned.organization.as_ref().map(|o| note(target, o));
    let existing = match (&planned.slug, &note) {
        (Some(slug), _) => tenants::find(&mut tx, None, Some(slug.as_str())).await?,
        (None, Some(note)) => match tenants::find_setting(&mut tx, note)
            .await?
            .and_then(|v| v.as_str()?.parse::<TenantId>().ok())
        {
            Some(id) => tenants::find(&mut tx, Some(id), None).await?,
            None => None,
        },
        (None, None) => None,
    };
    if let Some(tenant) = existing {
        match tenant.status {
            TenantStatus::Active => {}
            TenantStatus::Suspended => return Err(ProblemCode::TenantSuspended.into()),
            TenantStatus::Inactive => return Err(ProblemCode::TenantInactive.into()),
        }
        let by = tenantry_db::access::found(tenants::head(&tenant), actor.clone());
        return Ok((tx.enter(&by).await?, tenant, false));
    }
    let founding = Founding {
        slug: planned.slug.as_ref(),
        ..Founding::named(&planned.name)
    };
    let tenant = crate::tenants::plan(&mut tx, founding).await?;
    if let Some(note) = note {
        tenants::put_setting(&mut tx, &note, &json!(tenant.id), now()).await?;
    }
    Ok((found(app, tx, actor.clone(), tenant.clone(), None).await?, tenant, true))
}
