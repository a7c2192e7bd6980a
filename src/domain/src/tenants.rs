//! Tenants: founding, changing, suspending, purging, and the numbers of their first page.

use serde_json::{Value, json};
use tenantry_db::{PlatformTx, TenantTx, account, member, tenant as db, workspace};
use tenantry_types::account::User;
use tenantry_types::input::Metadata;
use tenantry_types::overview::{Attention, FirstSteps, Overview, TenantRow};
use tenantry_types::tenant::{NewTenant, Tenant, TenantPatch, TenantSettings, TenantStats, TenantStatus};
use tenantry_types::{CtxRole, Name, Page, PageQuery, ProblemCode, Slug, TenantId};

use crate::audit::event;
use crate::workspaces::new_workspace;
use crate::{Actor, App, Error, Granted, Operator, Principal, Result, TenantCreation, TenantCtx, needs, new_id, now};

/// What a new tenant is made of.
pub(crate) struct Founding<'a> {
    pub name: &'a Name,
    /// None: made from the name, numbered when it is taken.
    pub slug: Option<&'a Slug>,
    pub external_id: Option<String>,
    pub metadata: Metadata,
}

impl<'a> Founding<'a> {
    pub(crate) fn named(name: &'a Name) -> Self {
        Self {
            name,
            slug: None,
            external_id: None,
            metadata: Metadata::default(),
        }
    }
}

/// Reserves a slug and settles what a new tenant is. Nothing of it is written yet.
pub(crate) async fn plan(tx: &mut PlatformTx, new: Founding<'_>) -> Result<Tenant> {
    let id: TenantId = new_id();
    let now = now();
    let wanted = new.slug.cloned().unwrap_or_else(|| Slug::derive(new.name.as_str()));
    let slug = db::reserve_slug(tx, &wanted, new.slug.is_none(), id)
        .await?
        .ok_or(ProblemCode::SlugTaken)?;
    let colour = u8::try_from(db::count(tx).await? % 12).unwrap_or(0);
    Ok(Tenant {
        id,
        slug,
        name: new.name.as_str().to_owned(),
        status: TenantStatus::Active,
        plan: tenantry_db::plan::default(tx).await?,
        external_id: new.external_id,
        metadata: new.metadata,
        settings: TenantSettings {
            colour,
            ..TenantSettings::default()
        },
        created_at: now,
        updated_at: now,
        stats: None,
    })
}

/// Founds a tenant, with its key, its audit chain and the workspace `default`, and goes on in it.
pub(crate) async fn found(app: &App, mut tx: PlatformTx, actor: Actor, tenant: Tenant, owner: Option<&User>) -> Result<TenantTx> {
    db::insert(&mut tx, &tenant).await?;
    if let Some(owner) = owner {
        account::set_last_tenant(&mut tx, owner.id, tenant.id).await?;
    }
    let by = tenantry_db::access::found(db::head(&tenant), actor);
    let mut tx = tx.enter(&by).await?;
    tenantry_db::audit::start(&mut tx).await?;
    app.vault().found(&mut tx).await?;
    tx.record(event(
        "tenant.created",
        "tenant",
        Some(tenant.id.to_string()),
        &tenant.name,
        json!({ "slug": tenant.slug }),
    ));
    if let Some(owner) = owner {
        crate::members::join_as_owner(&mut tx, owner).await?;
    }
    workspace::insert(&mut tx, &new_workspace("Default", Slug::stored("default".into()), &tenant.settings)).await?;
    Ok(tx)
}

/// Creates a tenant; the creator becomes its owner.
///
/// # Errors
/// `TenantCreationClosed` by policy, `SlugTaken` for a given slug.
pub async fn create(app: &App, who: &Principal, new: NewTenant) -> Result<Tenant> {
    if app.policy().tenant_creation == TenantCreation::Operator && !who.user().is_operator {
        return Err(ProblemCode::TenantCreationClosed.into());
    }
    let mut tx = app.db().platform().await?;
    let founding = Founding {
        name: &new.name,
        slug: new.slug.as_ref(),
        external_id: new.external_id.map(|t| t.0),
        metadata: new.metadata,
    };
    let mut tenant = plan(&mut tx, founding).await?;
    let mut tx = found(app, tx, who.actor(), tenant.clone(), Some(who.user())).await?;
    tenant.stats = Some(db::stats(&mut tx, now()).await?);
    tx.commit().await?;
    Ok(tenant)
}

/// The tenants that one may see: an operator all, others their own.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, who: &Principal, query: PageQuery, status: Option<TenantStatus>) -> Result<Page<TenantRow>> {
    let of = (!who.user().is_operator).then(|| who.id());
    let mut tx = app.db().platform().await?;
    let (items, total) = db::list(&mut tx, of, status, &query).await?;
    Ok(Page::of(items, &query, Some(total)))
}

/// # Errors
/// When the database does not answer.
pub async fn get(app: &App, by: Granted<needs::TenantRead>) -> Result<Tenant> {
    let mut tx = app.db().tenant(&by).await?;
    let mut tenant = db::get(&mut tx).await?;
    tenant.stats = Some(db::stats(&mut tx, now()).await?);
    Ok(tenant)
}

/// # Errors
/// When the database does not answer.
pub async fn stats(app: &App, by: Granted<needs::TenantRead>) -> Result<TenantStats> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::stats(&mut tx, now()).await?)
}

/// Changes a tenant. A former slug stays reserved and leads here.
///
/// # Errors
/// `SlugTaken`.
pub async fn update(app: &App, by: Granted<needs::TenantUpdate>, patch: TenantPatch) -> Result<Tenant> {
    let now = now();
    let mut platform = app.db().platform().await?;
    if let Some(slug) = &patch.slug {
        db::reserve_slug(&mut platform, slug, false, by.tenant_id())
            .await?
            .ok_or(ProblemCode::SlugTaken)?;
        db::keep_slug(&mut platform, slug, by.tenant_id(), now).await?;
    }
    let mut tx = platform.enter(&by).await?;
    member::lock(&mut tx).await?;
    let before = db::get(&mut tx).await?;
    let mut tenant = before.clone();
    if let Some(name) = patch.name {
        tenant.name = name.as_str().to_owned();
    }
    if let Some(slug) = patch.slug {
        tenant.slug = slug;
    }
    tenant.external_id = patch.external_id.map_set(|t| t.0).apply(tenant.external_id);
    tenant.metadata = patch.metadata.apply(Some(tenant.metadata)).unwrap_or_default();
    let settings = &mut tenant.settings;
    settings.members_join = patch.members_join.unwrap_or(settings.members_join);
    settings.member_role = patch.member_role.unwrap_or(settings.member_role);
    if let Some(days) = patch.invitation_days {
        settings.invitation_days = u16::try_from(days.0).unwrap_or(7);
    }
    if let Some(colour) = patch.colour {
        settings.colour = u8::try_from(colour.0).unwrap_or(0);
    }
    if tenant != before {
        tenant.updated_at = now;
        db::update(&mut tx, &tenant).await?;
        let changes = json!({ "from": recorded(&before), "to": recorded(&tenant) });
        tx.record(event("tenant.updated", "tenant", Some(tenant.id.to_string()), &tenant.name, changes));
    }
    tenant.stats = Some(db::stats(&mut tx, now).await?);
    tx.commit().await?;
    Ok(tenant)
}

/// What the record keeps of it. Of the metadata the names only: what stands in it is anybody's guess, and the record is for ever.
fn recorded(tenant: &Tenant) -> Value {
    let metadata: Vec<_> = tenant.metadata.0.keys().collect();
    json!({ "name": tenant.name, "slug": tenant.slug, "external_id": tenant.external_id, "settings": tenant.settings, "metadata": metadata })
}

async fn set_status(app: &App, by: Granted<needs::TenantLifecycle>, status: TenantStatus, action: &'static str) -> Result<Tenant> {
    let operator = by.role() == CtxRole::Operator;
    // What an operator suspended, only an operator brings back.
    if by.tenant().status_by_operator && !operator && by.tenant().status != TenantStatus::Active && status == TenantStatus::Active {
        return Err(match by.tenant().status {
            TenantStatus::Inactive => ProblemCode::TenantInactive.into(),
            _ => ProblemCode::TenantSuspended.into(),
        });
    }
    let now = now();
    let mut tx = app.db().tenant(&by).await?;
    member::lock(&mut tx).await?;
    let before = db::get(&mut tx).await?;
    if before.status != status {
        db::set_status(&mut tx, status, operator && status != TenantStatus::Active, now).await?;
        let changes = json!({ "from": before.status, "to": status });
        tx.record(event(action, "tenant", Some(before.id.to_string()), &before.name, changes));
    }
    let mut tenant = db::get(&mut tx).await?;
    tenant.stats = Some(db::stats(&mut tx, now).await?);
    tx.commit().await?;
    Ok(tenant)
}

/// Suspends: readable by the owner, nothing can be written.
///
/// # Errors
/// When the database does not answer.
pub async fn suspend(app: &App, by: Granted<needs::TenantLifecycle>) -> Result<Tenant> {
    set_status(app, by, TenantStatus::Suspended, "tenant.suspended").await
}

/// Brings a suspended or deactivated tenant back.
///
/// # Errors
/// `TenantSuspended` or `TenantInactive` when an operator's word stands against it.
pub async fn activate(app: &App, by: Granted<needs::TenantLifecycle>) -> Result<Tenant> {
    set_status(app, by, TenantStatus::Active, "tenant.activated").await
}

/// Deactivates: as suspended, and an operator may then purge it.
///
/// # Errors
/// When the database does not answer.
pub async fn deactivate(app: &App, by: Granted<needs::TenantLifecycle>) -> Result<Tenant> {
    set_status(app, by, TenantStatus::Inactive, "tenant.deactivated").await
}

/// Removes a deactivated tenant with every row of it.
///
/// # Errors
/// `NotDeactivated`, `NotFound`.
pub async fn purge(app: &App, by: &Operator, id: TenantId) -> Result<()> {
    let mut tx = app.db().platform().await?;
    let tenant = db::find(&mut tx, Some(id), None).await?.ok_or(Error::NOT_FOUND)?;
    if tenant.status != TenantStatus::Inactive {
        return Err(ProblemCode::NotDeactivated.into());
    }
    tx.record(
        by.actor(),
        event(
            "tenant.purged",
            "tenant",
            Some(id.to_string()),
            &tenant.name,
            json!({ "slug": tenant.slug }),
        ),
    );
    db::purge(&mut tx, id).await?;
    tx.commit().await?;
    Ok(())
}

/// What the first page of a tenant shows.
///
/// # Errors
/// When the database does not answer.
pub async fn overview(app: &App, by: Granted<needs::TenantRead>) -> Result<Overview> {
    let now = now();
    let mut tx = app.db().tenant(&by).await?;
    let tenant = db::get(&mut tx).await?;
    let stats = db::stats(&mut tx, now).await?;
    let mut quotas = crate::quotas::read(app, &mut tx).await?.items;
    quotas.retain(|q| q.limit.is_some());
    let concerns = db::concerns(&mut tx, now).await?;
    let dismissed = match by.actor().user_id() {
        Some(user) => member::steps_dismissed(&mut tx, user).await?,
        None => true,
    };
    let steps = FirstSteps {
        // The workspace `default` comes with the tenant: the step is one that people make.
        workspace: stats.workspaces > 1,
        invited: stats.pending_invitations > 0 || stats.members > 1,
        model: stats.models > 0,
        key: stats.api_keys > 0,
        dismissed,
    };
    Ok(Overview {
        tenant,
        stats,
        attention: Attention::of(&quotas, concerns),
        quotas,
        steps,
    })
}

/// Puts the first steps away, for the person who asks.
///
/// # Errors
/// When the database does not answer.
pub async fn dismiss_steps(app: &App, ctx: &TenantCtx) -> Result<()> {
    let person = ctx.asker().person()?.id();
    let mut tx = app.db().tenant(&tenantry_db::access::oneself(ctx)).await?;
    member::dismiss_steps(&mut tx, person).await?;
    tx.commit().await?;
    Ok(())
}

/// A tenant by id or slug, for the command line.
///
/// # Errors
/// `NotFound`.
pub async fn find(app: &App, _by: &Operator, tenant: &str) -> Result<Tenant> {
    let mut tx = app.db().platform().await?;
    db::find(&mut tx, tenant.parse().ok(), Some(tenant)).await?.ok_or(Error::NOT_FOUND)
}
