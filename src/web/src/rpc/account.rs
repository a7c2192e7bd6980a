//! The signed-in person's own things: profile, tenants, invitations that wait for them.
use leptos::prelude::*;
use tenantry_types::invitation::{InvitationPreview, MyInvitation};
use tenantry_types::model::MyModel;

use super::{Done, UiError};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::server,
    serde_json::json,
    tenantry_domain::{accounts, invitations, members, tenants},
    tenantry_types::account::MePatch,
    tenantry_types::tenant::NewTenant,
};

#[server(endpoint = "account/invitations")]
pub async fn my_invitations() -> Result<Vec<MyInvitation>, UiError> {
    let s = server::signed().await?;
    Ok(invitations::mine(&s.app, &s.who).await?)
}

#[server(endpoint = "account/models")]
pub async fn my_models() -> Result<Vec<MyModel>, UiError> {
    let s = server::signed().await?;
    Ok(accounts::my_models(&s.app, &s.who).await?)
}

/// What the invited person sees; public, the token is the proof.
#[server(endpoint = "invitation")]
pub async fn preview_invitation(token: String) -> Result<InvitationPreview, UiError> {
    let app = server::app()?;
    Ok(invitations::preview(&app, &token).await?)
}

#[server(endpoint = "account/update")]
pub async fn update_me(#[server(default)] name: String) -> Result<Done, UiError> {
    let s = server::signed().await?;
    let patch = MePatch::parse(&json!({ "name": name }))?;
    accounts::update_me(&s.app, &s.who, patch).await?;
    Ok(server::done(What::ProfileSaved, "", None))
}

#[server(endpoint = "account/accept")]
pub async fn accept_my_invitation(id: String) -> Result<Done, UiError> {
    let s = server::signed().await?;
    let tenant = invitations::accept_mine(&s.app, &s.who, server::id(&id)?).await?;
    Ok(server::done(What::Joined, format!("You are a member of {} now.", tenant.name), Some(format!("/t/{}", tenant.slug))))
}

#[server(endpoint = "account/leave")]
pub async fn leave_tenant(tenant: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let name = s.ctx.tenant().name.clone();
    members::leave(&s.app, &s.ctx).await?;
    Ok(server::done(What::Left, format!("You left {name}."), Some("/account".into())))
}

/// `confirm` repeats the person's address.
#[server(endpoint = "account/delete")]
pub async fn delete_me(#[server(default)] confirm: String) -> Result<Done, UiError> {
    let s = server::signed().await?;
    server::confirmed(&confirm, s.who.user().email.as_str())?;
    accounts::delete_me(&s.app, &s.who).await?;
    let session = server::session()?;
    if let Err(error) = session.flush().await {
        tracing::error!(%error, "session of a deleted account cannot be removed");
    }
    Ok(server::done(What::AccountDeleted, "", Some("/login".into())))
}

#[server(endpoint = "tenants/create")]
pub async fn create_tenant(
    #[server(default)] name: String,
    #[server(default)] slug: String,
    #[server(default)] external_id: String,
) -> Result<Done, UiError> {
    let s = server::signed().await?;
    let new = NewTenant::parse(&json!({ "name": name, "slug": slug, "external_id": external_id }))?;
    let tenant = tenants::create(&s.app, &s.who, new).await?;
    Ok(server::done(What::TenantCreated, format!("{} is created.", tenant.name), Some(format!("/t/{}", tenant.slug))))
}
