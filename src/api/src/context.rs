//! Which tenant a request is about: its sources are read here, from headers and from the credential,
//! and held against each other by `tenantry-domain::context`, the one resolver of every door.

use http::{HeaderMap, HeaderName};
use tenantry_domain::context::{Claimed, Sources, Standing};
use tenantry_domain::{Asker, Bearer, TenantCtx, WorkspaceCtx};
use tenantry_types::ProblemCode;
use tenantry_types::account::{Context, ContextSource, KeyRef, TenantRef, WorkspaceRef};

use crate::{ApiError, RequestInfo};

const TENANT: HeaderName = HeaderName::from_static("x-tenant-id");
const WORKSPACE: HeaderName = HeaderName::from_static("x-workspace-id");

/// The sources of a request beside its path.
///
/// # Errors
/// When a header is there twice with different values, or is not text.
pub fn sources(headers: &HeaderMap, info: &RequestInfo, who: &Asker, bearer: Option<&Bearer>) -> Result<Sources, ApiError> {
    let of_key = who.key().map(|key| Claimed {
        tenant: Some(key.tenant()),
        workspace: key.workspace(),
        source: ContextSource::Key,
    });
    let of_token = bearer.map(|bearer| Claimed {
        tenant: bearer.tenant,
        workspace: bearer.workspace,
        source: ContextSource::Token,
    });
    Ok(Sources {
        tenant: read(headers, &TENANT)?,
        workspace: read(headers, &WORKSPACE)?,
        subdomain: info.subdomain.clone(),
        credential: of_key.or(of_token),
    })
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
