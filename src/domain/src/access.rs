//! Who asks, and where they stand: the first lines of every request.

use serde_json::json;
use tenantry_db::access;
use tenantry_types::{CtxRole, Timestamp, UserId, WorkspaceId};

use crate::audit::event;
use crate::{App, Error, Origin, Principal, Result, TenantCtx, WorkspaceCtx, now};

/// The person behind a session; None when there is no such account or it is disabled.
///
/// # Errors
/// When the database does not answer.
pub async fn principal(app: &App, user: UserId, origin: Origin) -> Result<Option<Principal>> {
    Ok(app.db().principal(user, origin).await?)
}

/// The context in a tenant, named by id or slug. An operator's visit to a tenant without being its
/// member is recorded there, once an hour.
///
/// # Errors
/// `NotFound` when there is no such tenant, or no membership in it.
pub async fn tenant(app: &App, who: &Principal, tenant: &str) -> Result<TenantCtx> {
    let ctx = app.db().resolve(who, tenant).await?.ok_or(Error::NOT_FOUND)?;
    if ctx.role() == CtxRole::Operator {
        let by = access::oneself(&ctx);
        let mut tx = app.db().tenant(&by).await?;
        let hour_ago = Timestamp(now().0 - std::time::Duration::from_secs(3600));
        let id = who.id().to_string();
        const ACTION: &str = "tenant.entered_by_operator";
        if !tenantry_db::audit::did_since(&mut tx, &id, ACTION, hour_ago).await? {
            tx.record(event(ACTION, "tenant", Some(ctx.tenant().id.to_string()), &ctx.tenant().name, json!({})));
            tx.commit().await?;
        }
    }
    Ok(ctx)
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
pub async fn lone_workspace(app: &App, who: &Principal, workspace: WorkspaceId) -> Result<WorkspaceCtx> {
    let id = app.db().tenant_of_workspace(workspace).await?.ok_or(Error::NOT_FOUND)?;
    let ctx = tenant(app, who, &id.to_string()).await?;
    self::workspace(app, &ctx, &workspace.to_string()).await
}
