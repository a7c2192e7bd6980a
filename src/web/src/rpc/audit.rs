//! The record of what happened, and what in it somebody should look at, as they are drawn on the server.
use leptos::prelude::*;

use super::{Done, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::drawn::{self, Asked, Chain, Found},
    crate::server,
    tenantry_domain::{audit, notifications, platform},
};

/// `query` is what stands in the address of the page: filters, place, and whether to verify.
#[server(endpoint = "audit", output = Answer)]
pub async fn tenant_record(tenant: String, #[server(default)] query: String) -> Result<String, UiError> {
    let s = server::ctx(&tenant).await?;
    let by = s.grant()?;
    let asked = Asked::read(&query);
    let slug = s.ctx.tenant().slug.to_string();
    let chain = Chain {
        api: format!("/api/v1/tenants/{slug}/audit"),
        slug: Some(&slug),
    };
    let found = match &asked.filter {
        Err(_) => None,
        Ok(filter) => Some(Found {
            page: audit::list(&s.app, s.grant()?, filter, asked.part).await?,
            verified: if asked.verify { Some(audit::verify(&s.app, by).await?) } else { None },
        }),
    };
    Ok(drawn::record(&asked, &chain, found))
}

/// The same of the server itself.
#[server(endpoint = "admin/audit", output = Answer)]
pub async fn server_record(#[server(default)] query: String) -> Result<String, UiError> {
    let (app, operator) = server::operator().await?;
    let asked = Asked::read(&query);
    let chain = Chain {
        api: "/api/v1/platform/audit".to_owned(),
        slug: None,
    };
    let found = match &asked.filter {
        Err(_) => None,
        Ok(filter) => Some(Found {
            page: audit::list_platform(&app, &operator, filter, asked.part).await?,
            verified: if asked.verify {
                Some(audit::verify_platform(&app, &operator).await?)
            } else {
                None
            },
        }),
    };
    Ok(drawn::record(&asked, &chain, found))
}

/// Who may enter each tenant, and before it what the operator should look at.
#[server(endpoint = "admin/access", output = Answer)]
pub async fn access_review() -> Result<(String, String), UiError> {
    let (app, operator) = server::operator().await?;
    let notices = notifications::of_server(&app, &operator).await?;
    let tenants = platform::access(&app, &operator, None).await?;
    let more = match tenants.last() {
        Some(last) => !platform::access(&app, &operator, Some(last.id)).await?.is_empty(),
        None => false,
    };
    Ok((drawn::notices(notices, "/admin"), drawn::access(tenants, more)))
}

#[server(endpoint = "notifications/read", output = Answer)]
pub async fn read_notification(id: String) -> Result<Done, UiError> {
    let s = server::signed().await?;
    notifications::read(&s.app, &s.who, server::id(&id)?).await?;
    Ok(server::done(What::NotificationRead, "", None))
}
