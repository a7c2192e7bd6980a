//! What the playground offers. What it asks goes through `crate::forms::playground`, because the answer is a stream.
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    crate::server,
    tenantry_domain::{gateway, workspaces},
    tenantry_types::PageQuery,
    tenantry_types::workspace::WorkspaceStatus,
};

/// Parts what a model said from what it came to; no text of a model holds it.
pub const END: char = '\u{1e}';
/// Behind `END`: there is no whole answer, and what follows says why.
pub const BROKEN: char = '!';

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaygroundPage {
    /// Names of the models that can be called there.
    pub models: Vec<String>,
    /// Slugs and names of the workspaces that one can stand in.
    pub workspaces: Vec<(String, String)>,
}

/// `workspace` is empty for the whole tenant.
#[server(endpoint = "playground/models", output = Answer)]
pub async fn playground(tenant: String, #[server(default)] workspace: String) -> Result<PlaygroundPage, UiError> {
    let s = server::ctx(&tenant).await?;
    let seat = gateway::seat(&s.app, &server::standing_in(&s.app, &s.ctx, workspace.trim()).await?).await?;
    let all = PageQuery {
        limit: PageQuery::MAX_LIMIT,
        ..PageQuery::default()
    };
    let workspaces = match s.ctx.grant() {
        Ok(by) => workspaces::list(&s.app, by, all, None).await?.items,
        Err(_) => Vec::new(),
    };
    let open = workspaces.into_iter().filter(|w| w.status == WorkspaceStatus::Active);
    Ok(PlaygroundPage {
        models: seat.models().into_iter().map(|model| model.name).collect(),
        workspaces: open.map(|w| (w.slug.to_string(), w.name)).collect(),
    })
}
