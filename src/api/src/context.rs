//! Which tenant a request is about. The path, the headers `X-Tenant-ID` and `X-Workspace-ID`, and
//! the tenant of a workspace that is named by its id all speak; when they disagree the request is
//! refused, never guessed at. The fallbacks count only where no source speaks, and only for the
//! routes that ask for a context without a path: `/auth/context`.

use http::{HeaderMap, HeaderName};
use tenantry_domain::{App, Asker, Error, TenantCtx, WorkspaceCtx, access, accounts};
use tenantry_types::account::{Context, ContextSource, KeyRef, TenantRef, WorkspaceRef};
use tenantry_types::{ProblemCode, WorkspaceId};

use crate::ApiError;

const TENANT: HeaderName = HeaderName::from_static("x-tenant-id");
const WORKSPACE: HeaderName = HeaderName::from_static("x-workspace-id");

/// What the headers name, by id or slug.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Headers {
    pub tenant: Option<String>,
    pub workspace: Option<String>,
}

impl Headers {
    /// # Errors
    /// When a header is there twice with different values, or is not text.
    pub fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        Ok(Self {
            tenant: read(headers, &TENANT)?,
            workspace: read(headers, &WORKSPACE)?,
        })
    }

    /// # Errors
    /// When the header names another tenant. Whether that one exists is not looked at, so nothing
    /// can be learned from the answer.
    fn agree_on_tenant(&self, ctx: &TenantCtx) -> Result<(), ApiError> {
        let tenant = ctx.tenant();
        match self.tenant.as_deref() {
            Some(named) if named != tenant.slug.as_str() && named != tenant.id.to_string() => Err(ProblemCode::ContextConflict.into()),
            _ => Ok(()),
        }
    }

    fn agree_on_workspace(&self, ctx: &WorkspaceCtx) -> Result<(), ApiError> {
        let workspace = ctx.workspace();
        match self.workspace.as_deref() {
            Some(named) if named != workspace.slug.as_str() && named != workspace.id.to_string() => Err(ProblemCode::ContextConflict.into()),
            _ => Ok(()),
        }
    }
}

fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, ApiError> {
    let mut found: Option<&str> = None;
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| ApiError::from(ProblemCode::BadRequest))?.trim();
        if found.is_some_and(|before| before != text) {
            return Err(ProblemCode::ContextConflict.into());
        }
        found = Some(text);
    }
    Ok(found.filter(|text| !text.is_empty()).map(str::to_owned))
}

/// The tenant of a path.
///
/// # Errors
/// 404 when it is not there or not theirs; 400 when a header disagrees.
pub async fn in_tenant(app: &App, who: &Asker, tenant: &str, headers: &Headers) -> Result<TenantCtx, ApiError> {
    let ctx = access::tenant(app, who, tenant).await?;
    headers.agree_on_tenant(&ctx)?;
    if let Some(workspace) = &headers.workspace {
        workspace_of_header(app, &ctx, workspace).await?;
    }
    Ok(ctx)
}

/// The workspace of a path.
///
/// # Errors
/// 404 when it is not there or not theirs; 400 when a header disagrees.
pub async fn in_workspace(app: &App, who: &Asker, tenant: &str, workspace: &str, headers: &Headers) -> Result<WorkspaceCtx, ApiError> {
    let ctx = access::tenant(app, who, tenant).await?;
    headers.agree_on_tenant(&ctx)?;
    let ctx = access::workspace(app, &ctx, workspace).await?;
    headers.agree_on_workspace(&ctx)?;
    Ok(ctx)
}

/// The workspace of a path without a tenant: by id only, because slugs are unique in a tenant only.
///
/// # Errors
/// As `in_workspace`.
pub async fn in_workspace_by_id(app: &App, who: &Asker, workspace: &str, headers: &Headers) -> Result<WorkspaceCtx, ApiError> {
    let id: WorkspaceId = workspace.parse().map_err(|_| ApiError::from(ProblemCode::NotFound))?;
    let ctx = access::lone_workspace(app, who, id).await?;
    headers.agree_on_tenant(ctx.tenant())?;
    headers.agree_on_workspace(&ctx)?;
    Ok(ctx)
}

/// A workspace named in a header, of a tenant that is known. One that belongs to another tenant of
/// the caller is a source that disagrees; one that they cannot see is not there.
async fn workspace_of_header(app: &App, ctx: &TenantCtx, workspace: &str) -> Result<WorkspaceCtx, ApiError> {
    match access::workspace(app, ctx, workspace).await {
        Err(Error::Code(ProblemCode::NotFound)) => {}
        found => return Ok(found?),
    }
    if let Ok(id) = workspace.parse::<WorkspaceId>()
        && access::lone_workspace(app, ctx.asker(), id).await.is_ok()
    {
        return Err(ProblemCode::ContextConflict.into());
    }
    Err(ProblemCode::NotFound.into())
}

/// Where a request without a tenant in its path stands.
pub struct Standing {
    pub tenant: Option<TenantCtx>,
    pub workspace: Option<WorkspaceCtx>,
    pub source: ContextSource,
}

/// Reads the sources, then the fallbacks.
///
/// # Errors
/// 404 for a tenant or workspace that is not there or not theirs; 400 when the sources disagree.
pub async fn standing(app: &App, who: &Asker, headers: &Headers) -> Result<Standing, ApiError> {
    let (tenant, source) = match (&headers.tenant, &headers.workspace) {
        (Some(tenant), _) => (Some(access::tenant(app, who, tenant).await?), ContextSource::Header),
        (None, Some(workspace)) if workspace.parse::<WorkspaceId>().is_ok() => {
            let ctx = in_workspace_by_id(app, who, workspace, headers).await?;
            let tenant = Some(ctx.tenant().clone());
            return Ok(Standing {
                tenant,
                workspace: Some(ctx),
                source: ContextSource::Header,
            });
        }
        _ => fallback(app, who).await?,
    };
    let workspace = match (&tenant, &headers.workspace) {
        (Some(ctx), Some(named)) => Some(workspace_of_header(app, ctx, named).await?),
        (None, Some(_)) => return Err(ProblemCode::NotFound.into()),
        (_, None) => None,
    };
    Ok(Standing { tenant, workspace, source })
}

/// The tenant of the key; of a person the one that they were in last, else the only one they have.
async fn fallback(app: &App, who: &Asker) -> Result<(Option<TenantCtx>, ContextSource), ApiError> {
    let who = match who {
        Asker::Person(person) => person,
        Asker::Key(key) => return Ok((Some(access::tenant(app, who, &key.tenant().to_string()).await?), ContextSource::Key)),
    };
    if let Some(last) = who.last_tenant() {
        match access::tenant(app, who, &last.to_string()).await {
            // They have left it since, or it is gone.
            Err(Error::Code(ProblemCode::NotFound)) => {}
            found => return Ok((Some(found?), ContextSource::Session)),
        }
    }
    if app.policy().only_tenant_fallback
        && let [only] = accounts::available_tenants(app, who).await?.as_slice()
    {
        let ctx = access::tenant(app, who, &only.id.to_string()).await?;
        return Ok((Some(ctx), ContextSource::OnlyTenant));
    }
    Ok((None, ContextSource::None))
}

/// The answer that describes where somebody stands.
pub fn describe(who: &Asker, standing: &Standing) -> Context {
    let tenant = standing.tenant.as_ref();
    let workspace = standing.workspace.as_ref();
    let permissions = match (workspace, tenant) {
        (Some(ctx), _) => ctx.permissions(),
        (None, Some(ctx)) => ctx.permissions(),
        (None, None) => Vec::new(),
    };
    Context {
        user: who.person().ok().map(|person| person.user().clone()),
        key: who.key().map(|key| KeyRef {
            id: key.id(),
            name: key.name().to_owned(),
            user_id: key.user(),
        }),
        tenant: tenant.map(TenantCtx::tenant).map(|t| TenantRef {
            id: t.id,
            slug: t.slug.clone(),
            name: t.name.clone(),
        }),
        workspace: workspace.map(WorkspaceCtx::workspace).map(|w| WorkspaceRef {
            id: w.id,
            slug: w.slug.clone(),
            name: w.name.clone(),
        }),
        tenant_role: tenant.map(TenantCtx::role),
        workspace_role: workspace.and_then(WorkspaceCtx::role),
        permissions,
        source: standing.source,
        tokens: None,
    }
}

#[cfg(test)]
mod tests;
