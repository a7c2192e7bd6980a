//! What members may and why, and the overrides that a tenant gives them.
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tenantry_types::WorkspaceRef;
use tenantry_types::permission::{Effective, OverrideItem};

use super::{Done, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::server,
    serde_json::json,
    tenantry_domain::{Granted, needs, permissions, workspaces},
    tenantry_types::permission::OverrideChange,
    tenantry_types::workspace::WorkspaceStatus,
    tenantry_types::{CtxRole, PageQuery, UserId},
};

/// What the page of a member shows of their permissions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberPermissions {
    pub effective: Effective,
    pub overrides: Vec<OverrideItem>,
    /// Workspaces that an override may name; None for those who may not rule on this member.
    pub places: Option<Vec<WorkspaceRef>>,
}

/// None for those who may not read it: the page then leaves it out.
#[server(endpoint = "permissions/of", output = Answer)]
pub async fn permissions_of(tenant: String, user: String) -> Result<Option<MemberPermissions>, UiError> {
    let s = server::ctx(&tenant).await?;
    let Ok(by) = s.ctx.grant::<needs::PermissionsRead>() else {
        return Ok(None);
    };
    let user: UserId = server::id(&user)?;
    let effective = permissions::of_member(&s.app, by.clone(), user).await?;
    let all = permissions::overrides(&s.app, by, user).await?;
    let rules = |by: Granted<needs::PermissionsManage>| match effective.role {
        CtxRole::Member(role) => by.covers(role) && s.ctx.asker().user_id() != Some(user),
        CtxRole::Operator => false,
    };
    let places = match (s.ctx.grant().is_ok_and(rules), s.ctx.grant()) {
        (true, Ok(by)) => {
            let query = PageQuery {
                limit: PageQuery::MAX_LIMIT,
                ..PageQuery::default()
            };
            let there = workspaces::list(&s.app, by, query, Some(WorkspaceStatus::Active)).await?.items;
            let named = there.into_iter().map(|w| WorkspaceRef {
                id: w.id,
                slug: w.slug,
                name: w.name,
            });
            Some(named.collect())
        }
        (true, Err(_)) => Some(Vec::new()),
        (false, _) => None,
    };
    Ok(Some(MemberPermissions {
        effective,
        overrides: all.into_iter().map(OverrideItem::from).collect(),
        places,
    }))
}

/// `effect` is `grant`, `deny`, or nothing to take back what was said; `workspace` an id, or nothing for
/// the whole tenant.
#[server(endpoint = "permissions/set", output = Answer)]
pub async fn set_override(
    tenant: String,
    user: String,
    #[server(default)] permission: String,
    #[server(default)] effect: String,
    #[server(default)] workspace: String,
) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let by = s.grant()?;
    let change = OverrideChange::parse(&json!({ "permission": permission, "effect": effect, "workspace": workspace }))?;
    let member = permissions::change_override(&s.app, by, server::id(&user)?, change).await?;
    Ok(server::done(
        What::OverrideSaved,
        format!("The permissions of {} are saved.", member.name),
        None,
    ))
}
