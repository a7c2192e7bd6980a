//! API keys: the list, and how they end. What shows a secret is a plain form (`crate::forms`).
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tenantry_types::api_key::KeyStatus;
use tenantry_types::{ApiKeyId, Permission, Timestamp};

use super::{Done, ListQuery, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::server,
    std::collections::HashMap,
    tenantry_domain::{api_keys, needs, workspaces},
    tenantry_types::PageQuery,
    tenantry_types::api_key::KeyOwner,
    tenantry_types::workspace::WorkspaceStatus,
};

/// One key, as the list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    pub id: ApiKeyId,
    pub name: String,
    pub prefix: String,
    /// None for a key of the tenant.
    pub owner: Option<String>,
    pub made_by: String,
    pub scopes: Vec<Permission>,
    /// The name of the only workspace that it works in.
    pub workspace: Option<String>,
    pub status: KeyStatus,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub previous_until: Option<Timestamp>,
    /// Whether the person may have its secret, and so make another.
    pub rotate: bool,
    pub revoke: bool,
}

/// The keys, and what the form for new ones offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysPage {
    pub keys: Vec<KeyRow>,
    pub total: Option<i64>,
    pub more: bool,
    /// Ids and names of the workspaces that are active.
    pub workspaces: Vec<(String, String)>,
}

#[server(endpoint = "keys", output = Answer)]
pub async fn list_keys(tenant: String, list: ListQuery) -> Result<KeysPage, UiError> {
    let s = server::ctx(&tenant).await?;
    let reach = api_keys::Reach::of(&s.ctx);
    let found = api_keys::list(&s.app, s.grant()?, reach, list.paging(), KeyStatus::from_word(&list.status)).await?;
    let all = PageQuery {
        limit: PageQuery::MAX_LIMIT,
        ..PageQuery::default()
    };
    let workspaces = match s.ctx.grant() {
        Ok(by) => workspaces::list(&s.app, by, all, None).await?.items,
        Err(_) => Vec::new(),
    };
    let names: HashMap<_, _> = workspaces.iter().map(|w| (w.id, w.name.as_str())).collect();
    let me = s.ctx.asker().user_id();
    let may = s.ctx.grant::<needs::KeysCreate>().is_ok();
    let manages = s.ctx.grant::<needs::KeysManage>().is_ok();
    let more = found.next_cursor.is_some();
    let keys = found.items.into_iter().map(|key| {
        let own = match key.owner {
            KeyOwner::User => key.user_id == me,
            KeyOwner::Tenant => manages,
        };
        KeyRow {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            // People make their own keys only.
            owner: (key.owner == KeyOwner::User).then(|| key.made_by.clone()),
            made_by: key.made_by,
            scopes: key.scopes,
            workspace: key
                .workspace
                .map(|id| names.get(&id).map_or_else(|| id.to_string(), |name| (*name).to_owned())),
            status: key.status,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            previous_until: key.previous_until,
            rotate: may && own && key.status == KeyStatus::Active,
            revoke: may && key.status != KeyStatus::Revoked,
        }
    });
    let keys = keys.collect();
    let open = workspaces.iter().filter(|w| w.status == WorkspaceStatus::Active);
    Ok(KeysPage {
        keys,
        total: found.total,
        more,
        workspaces: open.map(|w| (w.id.to_string(), w.name.clone())).collect(),
    })
}

#[server(endpoint = "keys/revoke", output = Answer)]
pub async fn revoke_key(tenant: String, id: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    api_keys::revoke(&s.app, s.grant()?, &s.ctx, server::id(&id)?).await?;
    Ok(server::done(What::KeyRevoked, "", None))
}
