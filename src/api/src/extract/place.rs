//! Where a request stands: the tenant and workspace of its path, held against its headers, and the
//! permission that the handler names by its type.

use axum::extract::FromRequestParts;
use http::request::Parts;
use tenantry_domain::context::{self, Sources};
use tenantry_domain::{App, Asker, Bearer, Granted, TenantCtx, WorkspaceCtx, audit};
use tenantry_types::permission::Needs;

use super::{Anyone, find_param};
use crate::context::sources;
use crate::{ApiError, RequestInfo};

/// The tenant of the path.
pub struct InTenant(pub TenantCtx);

impl FromRequestParts<App> for InTenant {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match place(parts, app).await? {
            Place::Tenant(ctx) => Ok(Self(ctx)),
            Place::Workspace(ctx) => Ok(Self(ctx.tenant().clone())),
        }
    }
}

/// Proof that the caller may do `P` in the tenant of the path, or in its workspace when the path
/// names one.
pub struct May<P>(pub Granted<P>);

impl<P: Needs> FromRequestParts<App> for May<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match place(parts, app).await? {
            Place::Tenant(ctx) => Ok(Self(ctx.grant().map_err(|denied| audit::denied(app, &ctx, denied))?)),
            Place::Workspace(ctx) => Ok(Self(ctx.grant().map_err(|denied| audit::denied_in_workspace(app, &ctx, denied))?)),
        }
    }
}

/// The same with the context in which it was granted, for use cases that ask what else the caller may.
pub struct MayIn<P>(pub Granted<P>, pub TenantCtx);

impl<P: Needs> FromRequestParts<App> for MayIn<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match place(parts, app).await? {
            Place::Tenant(ctx) => Ok(Self(ctx.grant().map_err(|denied| audit::denied(app, &ctx, denied))?, ctx)),
            Place::Workspace(ctx) => Ok(Self(
                ctx.grant().map_err(|denied| audit::denied_in_workspace(app, &ctx, denied))?,
                ctx.tenant().clone(),
            )),
        }
    }
}

enum Place {
    Tenant(TenantCtx),
    Workspace(WorkspaceCtx),
}

async fn place(parts: &mut Parts, app: &App) -> Result<Place, ApiError> {
    let Asked(who, sources) = Asked::from_request_parts(parts, app).await?;
    let tenant = find_param(parts, app, "tenant").await?;
    let workspace = find_param(parts, app, "workspace").await?;
    Ok(match (tenant, workspace) {
        (Some(tenant), Some(workspace)) => Place::Workspace(context::in_workspace(app, &who, &tenant, &workspace, &sources).await?),
        (Some(tenant), None) => Place::Tenant(context::in_tenant(app, &who, &tenant, &sources).await?),
        (None, Some(workspace)) => Place::Workspace(context::in_workspace_by_id(app, &who, &workspace, &sources).await?),
        (None, None) => return Err(tenantry_types::ProblemCode::NotFound.into()),
    })
}

/// Whoever calls, and all that names a tenant or a workspace beside the path.
pub struct Asked(pub Asker, pub Sources);

impl FromRequestParts<App> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Anyone(who) = Anyone::from_request_parts(parts, app).await?;
        let info = RequestInfo::of(&parts.extensions);
        let sources = sources(&parts.headers, &info, &who, parts.extensions.get::<Bearer>())?;
        Ok(Self(who, sources))
    }
}
