//! Invitations of a tenant, what is no secret of them. Making and resending one answers with a link
//! that is shown once, and stands in `forms`.
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tenantry_types::Page;
use tenantry_types::invitation::{Invitation, InvitationStatus};
use tenantry_types::workspace::Workspace;

use super::{Done, ListQuery, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::server,
    tenantry_domain::{invitations, workspaces},
    tenantry_types::PageQuery,
    tenantry_types::workspace::WorkspaceStatus,
};

/// The list of invitations, and what the form for new ones offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvitationsPage {
    pub status: InvitationStatus,
    pub invitations: Page<Invitation>,
    pub workspaces: Vec<Workspace>,
    pub days: u16,
}

#[server(endpoint = "invitations", output = Answer)]
pub async fn list_invitations(tenant: String, list: ListQuery) -> Result<InvitationsPage, UiError> {
    let s = server::ctx(&tenant).await?;
    let status = InvitationStatus::from_word(&list.status).unwrap_or(InvitationStatus::Pending);
    let invitations = invitations::list(&s.app, s.grant()?, list.paging(), Some(status)).await?;
    let query = PageQuery {
        limit: PageQuery::MAX_LIMIT,
        ..PageQuery::default()
    };
    let workspaces = match s.ctx.grant() {
        Ok(by) => workspaces::list(&s.app, by, query, Some(WorkspaceStatus::Active)).await?.items,
        Err(_) => Vec::new(),
    };
    Ok(InvitationsPage {
        status,
        invitations,
        workspaces,
        days: s.ctx.tenant().settings.invitation_days,
    })
}

#[server(endpoint = "invitations/revoke", output = Answer)]
pub async fn revoke_invitation(tenant: String, id: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    invitations::revoke(&s.app, s.grant()?, server::id(&id)?).await?;
    Ok(server::done(What::InvitationRevoked, "", None))
}
