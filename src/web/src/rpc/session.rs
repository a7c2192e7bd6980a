//! Who is signed in, and where they stand: what every page's frame is made of.
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tenantry_types::account::{AvailableTenant, User};
use tenantry_types::permission::Kind;
use tenantry_types::tenant::TenantStatus;
use tenantry_types::{CtxRole, Permission, Slug, TenantId, TenantRole};

use super::UiError;
use super::wire::Answer;

/// The person who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub user: User,
    pub tenants: Vec<AvailableTenant>,
    pub may_create_tenants: bool,
}

/// The tenant of a page, and what the person may do in it. It hides buttons; what counts is asked again by each use case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Here {
    pub id: TenantId,
    pub slug: Slug,
    pub name: String,
    pub status: TenantStatus,
    pub colour: u8,
    pub role: CtxRole,
    pub permissions: Vec<Permission>,
    /// What the server's settings take away of the decisions about models.
    pub models_open: Option<String>,
}

impl Here {
    pub fn may(&self, permission: Permission) -> bool {
        let alive = self.status == TenantStatus::Active || permission.kind() != Kind::Write;
        alive && self.permissions.contains(&permission)
    }

    /// The roles that this person may hand out.
    pub fn roles(&self) -> Vec<TenantRole> {
        TenantRole::ALL.iter().copied().filter(|role| self.role.covers(*role)).collect()
    }
}

/// None for somebody who is not signed in.
#[server(endpoint = "session", output = Answer)]
pub async fn session() -> Result<Option<Me>, UiError> {
    use tenantry_domain::{TenantCreation, accounts};

    let app = crate::server::app()?;
    let Some(who) = crate::server::principal().await? else { return Ok(None) };
    let tenants = accounts::available_tenants(&app, &who).await?;
    let user = who.user().clone();
    let may_create_tenants = user.is_operator || matches!(app.policy().tenant_creation, TenantCreation::Any);
    Ok(Some(Me {
        user,
        tenants,
        may_create_tenants,
    }))
}

/// Name and label of each provider that one can sign in with; public.
#[server(endpoint = "providers-of-identity", output = Answer)]
pub async fn providers() -> Result<Vec<(String, String)>, UiError> {
    Ok(named(&crate::server::app()?))
}

#[cfg(feature = "ssr")]
pub fn named(app: &tenantry_domain::App) -> Vec<(String, String)> {
    let all = tenantry_domain::accounts::openid::providers(app);
    all.iter().map(|one| (one.name.clone(), one.label.clone())).collect()
}

/// The tenant of a page. A former slug leads to the present one.
#[server(endpoint = "here", output = Answer)]
pub async fn load_here(tenant: String) -> Result<Here, UiError> {
    let s = crate::server::ctx(&tenant).await?;
    let head = s.ctx.tenant();
    crate::server::canonical(&tenant, head.slug.as_str());
    let who = s.ctx.asker().person()?;
    if who.last_tenant() != Some(head.id) && matches!(s.ctx.role(), CtxRole::Member(_)) {
        tenantry_domain::accounts::remember_tenant(&s.app, who, head.id).await?;
    }
    Ok(here_of(&s))
}

#[cfg(feature = "ssr")]
pub fn here_of(s: &crate::server::InTenant) -> Here {
    let head = s.ctx.tenant();
    Here {
        id: head.id,
        slug: head.slug.clone(),
        name: head.name.clone(),
        status: head.status,
        colour: head.settings.colour,
        role: s.ctx.role(),
        permissions: s.ctx.permissions(),
        models_open: tenantry_domain::gateway::opened(&s.app).map(str::to_owned),
    }
}
