//! Who asks, and where they stand: the first lines of every request.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use tenantry_db::access::Rate;
use tenantry_db::{access, member};
use tenantry_types::{CtxRole, Timestamp, UserId, WorkspaceId};

use crate::audit::{self, event};
use crate::{App, Asker, Error, Origin, Principal, Result, TenantCtx, WorkspaceCtx, now, sign_in_policy};

/// The person behind a session; None when there is no such account or it is disabled.
///
/// # Errors
/// When the database does not answer.
pub async fn principal(app: &App, user: UserId, origin: Origin) -> Result<Option<Principal>> {
    Ok(app.db().principal(user, origin).await?)
}

/// The context in a tenant, named by id or slug. That a member is here is noted, at most once a
/// minute; an operator's visit to a tenant without being its member is recorded there, once an hour.
///
/// # Errors
/// `NotFound` when there is no such tenant, or no membership in it; what the tenant's policy has
/// against how a member signed in, or against the owner of a key.
pub async fn tenant(app: &App, who: impl Into<Asker>, tenant: &str) -> Result<TenantCtx> {
    let who = who.into();
    let actor = who.actor();
    match tenant_of(app, who, tenant).await? {
        Some(ctx) => Ok(ctx),
        None => {
            audit::probed(app, actor, tenant);
            Err(Error::NOT_FOUND)
        }
    }
}

/// The same where nobody asked for this tenant by name: not being in it is no attempt at it.
///
/// # Errors
/// What the tenant's policy has against how a member signed in, or against the owner of a key.
pub(crate) async fn tenant_of(app: &App, who: impl Into<Asker>, tenant: &str) -> Result<Option<TenantCtx>> {
    let Some(ctx) = app.db().resolve(who.into(), tenant).await? else {
        return Ok(None);
    };
    sign_in_policy::obey(&ctx)?;
    // That a key was here, is noted with the key.
    let Ok(person) = ctx.asker().person() else {
        return Ok(Some(ctx));
    };
    match ctx.role() {
        CtxRole::Operator => record_visit(app, &ctx, person.id()).await?,
        CtxRole::Member(_) => note_presence(app, &ctx, person.id()).await?,
    }
    Ok(Some(ctx))
}

async fn note_presence(app: &App, ctx: &TenantCtx, person: UserId) -> Result<()> {
    let now = now();
    if ctx.last_active_at().is_some_and(|at| at.0 + Duration::from_secs(60) > now.0) {
        return Ok(());
    }
    let mut tx = app.db().tenant(&access::oneself(ctx)).await?;
    member::touch(&mut tx, person, now).await?;
    tx.commit().await?;
    app.db().seen(ctx, now);
    Ok(())
}

async fn record_visit(app: &App, ctx: &TenantCtx, person: UserId) -> Result<()> {
    const ACTION: &str = "tenant.entered_by_operator";
    let hour_ago = Timestamp(now().0 - Duration::from_secs(3600));
    let mut tx = app.db().tenant(&access::oneself(ctx)).await?;
    if !tenantry_db::audit::did_since(&mut tx, &person.to_string(), ACTION, hour_ago).await? {
        tx.record(event(ACTION, "tenant", Some(ctx.tenant().id.to_string()), &ctx.tenant().name, json!({})));
        tx.commit().await?;
    }
    Ok(())
}

/// How often what decides over access was in memory, by kind.
pub fn rates(app: &App) -> HashMap<&'static str, Rate> {
    app.db().memory_rates()
}

/// Removes notes of changes that every server has read.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    app.db().sweep_changes().await?;
    Ok(())
}

/// The context in a workspace of a tenant, named by id or slug.
///
/// # Errors
/// `NotFound` when there is no such workspace, or it is not theirs to enter.
pub async fn workspace(app: &App, ctx: &TenantCtx, workspace: &str) -> Result<WorkspaceCtx> {
    app.db().resolve_workspace(ctx, workspace).await?.ok_or(Error::NOT_FOUND)
}

/// The context in a workspace that is named without its tenant.
///
/// # Errors
/// `NotFound` when there is no such workspace, or it is not theirs to enter.
pub async fn lone_workspace(app: &App, who: impl Into<Asker>, workspace: WorkspaceId) -> Result<WorkspaceCtx> {
    let id = app.db().tenant_of_workspace(workspace).await?.ok_or(Error::NOT_FOUND)?;
    let ctx = tenant(app, who, &id.to_string()).await?;
    self::workspace(app, &ctx, &workspace.to_string()).await
}
