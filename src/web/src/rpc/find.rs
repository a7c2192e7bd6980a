//! What the palette jumps to: a few of each kind, found by a text. Called by `public/palette.js` only.
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::session::here_of,
    crate::frame::{operator_pages, tenant_pages},
    crate::server,
    tenantry_domain::model_access::{self, ModelFilter},
    tenantry_domain::{members, tenants, workspaces},
    tenantry_types::workspace::WorkspaceStatus,
    tenantry_types::{PageQuery, Permission},
};

/// Things of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub name: String,
    pub items: Vec<Hit>,
}

/// Somewhere to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    pub name: String,
    pub hint: String,
    pub href: String,
}

#[cfg(feature = "ssr")]
fn hit(name: impl Into<String>, hint: impl Into<String>, href: impl Into<String>) -> Hit {
    Hit {
        name: name.into(),
        hint: hint.into(),
        href: href.into(),
    }
}

/// Hits of each kind.
#[cfg(feature = "ssr")]
const FEW: u32 = 5;

/// `tenant` is where the person stands; empty outside of tenants. What they may not see is not asked for.
#[server(endpoint = "find", output = Answer)]
pub async fn find(#[server(default)] tenant: String, #[server(default)] q: String) -> Result<Vec<Group>, UiError> {
    let s = server::signed().await?;
    let few = || PageQuery {
        limit: FEW,
        q: q.clone(),
        ..PageQuery::default()
    };
    let mut groups: Vec<(&str, Vec<Hit>)> = Vec::new();
    let (mut pages, mut actions) = (Vec::new(), Vec::new());
    if !tenant.is_empty() {
        let here = here_of(&server::ctx(&tenant).await?);
        let base = format!("/t/{}", here.slug);
        pages.extend(tenant_pages(&here).into_iter().map(|(href, name)| hit(name, here.name.clone(), href)));
        let all = [
            (Permission::MembersInvite, "Invite people", "invitations"),
            (Permission::WorkspacesCreate, "New workspace", "workspaces"),
            (Permission::KeysCreate, "New key", "keys"),
        ];
        let may = all.into_iter().filter(|(permission, ..)| here.may(*permission));
        actions.extend(may.map(|(_, name, path)| hit(name, here.name.clone(), format!("{base}/{path}?new=1"))));
    }
    pages.push(hit("Account", "You", "/account"));
    if s.who.user().is_operator {
        pages.extend(operator_pages().into_iter().map(|(href, name)| hit(name, "Operator", href)));
    }
    actions.push(hit("New tenant", "", "/new"));
    let sought = q.trim().to_lowercase();
    for (name, mut hits) in [("Pages", pages), ("Actions", actions)] {
        hits.retain(|h| h.name.to_lowercase().contains(&sought));
        groups.push((name, hits));
    }
    let found = tenants::list(&s.app, &s.who, few(), None).await?.items;
    let found = found
        .into_iter()
        .map(|t| hit(t.tenant.name, t.tenant.slug.to_string(), format!("/t/{}", t.tenant.slug)));
    groups.push(("Tenants", found.collect()));
    if !tenant.is_empty() && !sought.is_empty() {
        groups.extend(in_tenant(&tenant, few).await?);
    }
    groups.retain(|(_, items)| !items.is_empty());
    Ok(groups
        .into_iter()
        .map(|(name, items)| Group {
            name: name.to_owned(),
            items,
        })
        .collect())
}

#[cfg(feature = "ssr")]
async fn in_tenant(tenant: &str, few: impl Fn() -> PageQuery) -> Result<Vec<(&'static str, Vec<Hit>)>, UiError> {
    let s = server::ctx(tenant).await?;
    let base = format!("/t/{}", s.ctx.tenant().slug);
    let mut groups = Vec::new();
    if let Ok(by) = s.ctx.grant() {
        let found = workspaces::list(&s.app, by, few(), Some(WorkspaceStatus::Active)).await?.items;
        let hits = found
            .into_iter()
            .map(|w| hit(w.name, w.description, format!("{base}/workspaces/{}", w.slug)));
        groups.push(("Workspaces", hits.collect()));
    }
    if let Ok(by) = s.ctx.grant() {
        let found = members::list(&s.app, by, few(), None).await?.items;
        let hits = found
            .into_iter()
            .map(|m| hit(m.name, m.email.to_string(), format!("{base}/members/{}", m.user_id)));
        groups.push(("Members", hits.collect()));
    }
    if let Ok(by) = s.ctx.grant() {
        let found = model_access::list(&s.app, by, few(), ModelFilter::default()).await?.items;
        let hits = found.into_iter().map(|m| hit(m.display_name, m.name, format!("{base}/models/{}", m.id)));
        groups.push(("Models", hits.collect()));
    }
    Ok(groups)
}
