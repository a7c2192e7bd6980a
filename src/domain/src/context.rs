//! Which tenant and which workspace a request is about: the one resolver of every door. The path,
//! the headers, the subdomain and the credential all speak; when they disagree the request is refused,
//! never guessed at. The fallbacks count only where no source speaks, and only for what asks for a
//! context without a path.

use tenantry_types::account::ContextSource;
use tenantry_types::{ProblemCode, TenantId, WorkspaceId};

use crate::session::Place;
use crate::{App, Asker, Error, Result, TenantCtx, WorkspaceCtx, access, accounts, audit};

/// What names a tenant or a workspace in a request, beside its path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// A header, by id or slug.
    pub tenant: Option<String>,
    /// A header, by id, or in a known tenant by slug.
    pub workspace: Option<String>,
    /// The subdomain of the server's base domain, a slug.
    pub subdomain: Option<String>,
    /// What an access token claims, or what a key is bound to.
    pub credential: Option<Claimed>,
}

/// Where a credential stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    pub tenant: Option<TenantId>,
    pub workspace: Option<WorkspaceId>,
    pub source: ContextSource,
}

impl Sources {
    /// Whether no source names another tenant than this one. Compared as texts: whether there is such
    /// another tenant is not looked at, so nothing can be learned from the answer.
    pub fn agree_on_tenant(&self, id: TenantId, slug: &str) -> bool {
        let same = |named: &String| named == slug || *named == id.to_string();
        let claimed = self.credential.and_then(|c| c.tenant);
        self.tenant.iter().chain(&self.subdomain).all(same) && claimed.is_none_or(|claimed| claimed == id)
    }

    /// The same for a workspace.
    pub fn agree_on_workspace(&self, id: WorkspaceId, slug: &str) -> bool {
        let same = |named: &String| named == slug || *named == id.to_string();
        let claimed = self.credential.and_then(|c| c.workspace);
        self.workspace.iter().all(same) && claimed.is_none_or(|claimed| claimed == id)
    }

    fn hold_tenant(&self, app: &App, ctx: &TenantCtx) -> Result<()> {
        let tenant = ctx.tenant();
        held(app, ctx, self.agree_on_tenant(tenant.id, tenant.slug.as_str()))
    }

    fn hold_workspace(&self, app: &App, ctx: &WorkspaceCtx) -> Result<()> {
        let workspace = ctx.workspace();
        held(app, ctx.tenant(), self.agree_on_workspace(workspace.id, workspace.slug.as_str()))
    }

    fn claimed_workspace(&self) -> Option<String> {
        Some(self.credential?.workspace?.to_string())
    }
}

fn held(app: &App, ctx: &TenantCtx, agree: bool) -> Result<()> {
    if agree { Ok(()) } else { Err(audit::conflicting(app, ctx)) }
}

/// The tenant of a path.
///
/// # Errors
/// `NotFound` when it is not there or not theirs; `ContextConflict` when a source disagrees.
pub async fn in_tenant(app: &App, who: impl Into<Asker>, tenant: &str, sources: &Sources) -> Result<TenantCtx> {
    let ctx = access::tenant(app, who, tenant).await?;
    sources.hold_tenant(app, &ctx)?;
    if let Some(named) = &sources.workspace {
        sources.hold_workspace(app, &named_workspace(app, &ctx, named).await?)?;
    }
    Ok(ctx)
}

/// The workspace of a path.
///
/// # Errors
/// As `in_tenant`.
pub async fn in_workspace(app: &App, who: impl Into<Asker>, tenant: &str, workspace: &str, sources: &Sources) -> Result<WorkspaceCtx> {
    let ctx = access::tenant(app, who, tenant).await?;
    sources.hold_tenant(app, &ctx)?;
    let ctx = access::workspace(app, &ctx, workspace).await?;
    sources.hold_workspace(app, &ctx)?;
    Ok(ctx)
}

/// The workspace of a path without a tenant: by id only, because slugs are unique in a tenant only.
///
/// # Errors
/// As `in_tenant`.
pub async fn in_workspace_by_id(app: &App, who: impl Into<Asker>, workspace: &str, sources: &Sources) -> Result<WorkspaceCtx> {
    let id: WorkspaceId = workspace.parse().map_err(|_| Error::NOT_FOUND)?;
    let ctx = access::lone_workspace(app, who, id).await?;
    sources.hold_tenant(app, ctx.tenant())?;
    sources.hold_workspace(app, &ctx)?;
    Ok(ctx)
}

/// A workspace named beside a tenant that is known. One that belongs to another tenant of the caller
/// is a source that disagrees; one that they cannot see is not there.
async fn named_workspace(app: &App, ctx: &TenantCtx, workspace: &str) -> Result<WorkspaceCtx> {
    match access::workspace(app, ctx, workspace).await {
        Err(Error::Code(ProblemCode::NotFound)) => {}
        found => return found,
    }
    if let Ok(id) = workspace.parse::<WorkspaceId>()
        && access::lone_workspace(app, ctx.asker(), id).await.is_ok()
    {
        return Err(audit::conflicting(app, ctx));
    }
    Err(Error::NOT_FOUND)
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
/// `NotFound` for a tenant or workspace that is not there or not theirs; `ContextConflict`.
pub async fn standing(app: &App, who: &Asker, sources: &Sources) -> Result<Standing> {
    let claimed = sources.credential.and_then(|c| Some((c.tenant?.to_string(), c.source)));
    let header = sources.tenant.clone().map(|named| (named, ContextSource::Header));
    let subdomain = sources.subdomain.clone().map(|named| (named, ContextSource::Subdomain));
    let workspace = sources.workspace.clone().or(sources.claimed_workspace());
    let found = match header.or(subdomain).or(claimed) {
        Some((named, source)) => {
            let ctx = access::tenant(app, who, &named).await?;
            sources.hold_tenant(app, &ctx)?;
            Standing {
                tenant: Some(ctx),
                workspace: None,
                source,
            }
        }
        None => match &workspace {
            Some(named) if named.parse::<WorkspaceId>().is_ok() => {
                let ctx = in_workspace_by_id(app, who, named, sources).await?;
                return Ok(Standing {
                    tenant: Some(ctx.tenant().clone()),
                    workspace: Some(ctx),
                    source: ContextSource::Header,
                });
            }
            _ => fallback(app, who).await?,
        },
    };
    // The workspace of the session is a fallback, too: one that is named counts instead.
    let Some(named) = workspace else { return Ok(found) };
    let ctx = named_workspace(app, found.tenant.as_ref().ok_or(Error::NOT_FOUND)?, &named).await?;
    sources.hold_workspace(app, &ctx)?;
    Ok(Standing {
        workspace: Some(ctx),
        ..found
    })
}

/// Where the session stands, else the tenant that a person was in last, else the only one they have.
/// A key always names its own.
async fn fallback(app: &App, who: &Asker) -> Result<Standing> {
    let who = who.person()?;
    let of_session = who.session().and_then(|held| held.place);
    let of_account = who.last_tenant().map(|tenant| Place { tenant, workspace: None });
    if let Some(place) = of_session.or(of_account) {
        // Else they have left it since, or it is gone.
        if let Some(tenant) = access::tenant_of(app, who, &place.tenant.to_string()).await? {
            let workspace = match place.workspace {
                Some(id) => app.db().resolve_workspace(&tenant, &id.to_string()).await?,
                None => None,
            };
            return Ok(Standing {
                tenant: Some(tenant),
                workspace,
                source: ContextSource::Session,
            });
        }
    }
    if app.policy().only_tenant_fallback
        && let [only] = accounts::available_tenants(app, who).await?.as_slice()
    {
        let ctx = access::tenant(app, who, &only.id.to_string()).await?;
        return Ok(Standing {
            tenant: Some(ctx),
            workspace: None,
            source: ContextSource::OnlyTenant,
        });
    }
    Ok(Standing {
        tenant: None,
        workspace: None,
        source: ContextSource::None,
    })
}

/// The context that a request with these names would get; changes nothing.
///
/// # Errors
/// As `standing` and `in_workspace`.
pub async fn validate(app: &App, who: &Asker, tenant: Option<&str>, workspace: Option<&str>, sources: &Sources) -> Result<Standing> {
    let (tenant, workspace) = match (tenant, workspace) {
        (Some(tenant), Some(workspace)) => {
            let ctx = in_workspace(app, who, tenant, workspace, sources).await?;
            (ctx.tenant().clone(), Some(ctx))
        }
        (Some(tenant), None) => (in_tenant(app, who, tenant, sources).await?, None),
        (None, Some(workspace)) if workspace.parse::<WorkspaceId>().is_ok() => {
            let ctx = in_workspace_by_id(app, who, workspace, sources).await?;
            (ctx.tenant().clone(), Some(ctx))
        }
        (None, Some(workspace)) => {
            let tenant = standing(app, who, sources).await?.tenant.ok_or(Error::NOT_FOUND)?;
            let ctx = access::workspace(app, &tenant, workspace).await?;
            sources.hold_workspace(app, &ctx)?;
            (tenant, Some(ctx))
        }
        (None, None) => return standing(app, who, sources).await,
    };
    Ok(Standing {
        tenant: Some(tenant),
        workspace,
        source: ContextSource::Body,
    })
}

#[cfg(test)]
mod tests;
