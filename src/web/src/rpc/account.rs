//! The signed-in person's own things: profile, tenants, invitations that wait for them.
use leptos::prelude::*;
use tenantry_types::invitation::{InvitationPreview, MyInvitation};
use tenantry_types::sign_in::Safety;

use super::{Done, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::server,
    serde_json::json,
    tenantry_domain::accounts::{openid, passwords, sessions, totp, verification},
    tenantry_domain::{accounts, invitations, members, tenants},
    tenantry_types::account::MePatch,
    tenantry_types::sign_in::AccountDeletion,
    tenantry_types::tenant::NewTenant,
};

#[server(endpoint = "account/invitations", output = Answer)]
pub async fn my_invitations() -> Result<Vec<MyInvitation>, UiError> {
    let s = server::signed().await?;
    Ok(invitations::mine(&s.app, &s.who).await?)
}

/// Where one is signed in, and how.
#[server(endpoint = "account/safety", output = Answer)]
pub async fn load_safety() -> Result<Safety, UiError> {
    let s = server::signed().await?;
    Ok(Safety {
        sessions: sessions::list(&s.app, &s.who).await?,
        totp: totp::state(&s.app, &s.who).await?,
        mail: s.app.mailer().is_some(),
        providers: super::session::named(&s.app),
        identities: openid::list(&s.app, &s.who).await?,
        has_password: passwords::has_password(&s.app, &s.who).await?,
    })
}

#[server(endpoint = "account/sessions/end", output = Answer)]
pub async fn end_session(id: String) -> Result<Done, UiError> {
    let s = server::signed().await?;
    sessions::end(&s.app, &s.who, server::id(&id)?).await?;
    Ok(server::done(What::SessionEnded, "", None))
}

#[server(endpoint = "account/sessions/end-others", output = Answer)]
pub async fn end_other_sessions() -> Result<Done, UiError> {
    let s = server::signed().await?;
    sessions::end_others(&s.app, &s.who).await?;
    Ok(server::done(What::SessionsEnded, "", None))
}

/// Sends the mail that proves the address again.
#[server(endpoint = "account/verify", output = Answer)]
pub async fn send_verification() -> Result<Done, UiError> {
    let s = server::signed().await?;
    verification::send(&s.app, &s.who, &server::request_info().public_origin).await?;
    Ok(server::done(What::VerificationSent, "", None))
}

/// Whether this server sends mail; public, for who forgot their password.
#[server(endpoint = "mail", output = Answer)]
pub async fn sends_mail() -> Result<bool, UiError> {
    Ok(server::app()?.mailer().is_some())
}

/// Whether a link to a new password works; public, the token is the proof.
#[server(endpoint = "reset", output = Answer)]
pub async fn reset_link_works(token: String) -> Result<bool, UiError> {
    Ok(passwords::link_works(&server::app()?, &token).await?)
}

/// What the invited person sees; public, the token is the proof.
#[server(endpoint = "invitation", output = Answer)]
pub async fn preview_invitation(token: String) -> Result<InvitationPreview, UiError> {
    let app = server::app()?;
    Ok(invitations::preview(&app, &token).await?)
}

#[server(endpoint = "account/update", output = Answer)]
pub async fn update_me(#[server(default)] name: String) -> Result<Done, UiError> {
    let s = server::signed().await?;
    let patch = MePatch::parse(&json!({ "name": name }))?;
    accounts::update_me(&s.app, &s.who, patch).await?;
    Ok(server::done(What::ProfileSaved, "", None))
}

#[server(endpoint = "account/accept", output = Answer)]
pub async fn accept_my_invitation(id: String) -> Result<Done, UiError> {
    let s = server::signed().await?;
    let tenant = invitations::accept_mine(&s.app, &s.who, server::id(&id)?).await?;
    Ok(server::done(
        What::Joined,
        format!("You are a member of {} now.", tenant.name),
        Some(format!("/t/{}", tenant.slug)),
    ))
}

#[server(endpoint = "account/leave", output = Answer)]
pub async fn leave_tenant(tenant: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let name = s.ctx.tenant().name.clone();
    members::leave(&s.app, &s.ctx).await?;
    Ok(server::done(What::Left, format!("You left {name}."), Some("/account".into())))
}

/// Takes the password again, or a sign-in of just now.
#[server(endpoint = "account/delete", output = Answer)]
pub async fn delete_me(#[server(default)] password: String) -> Result<Done, UiError> {
    let s = server::signed().await?;
    let cmd = AccountDeletion::parse(&json!({ "password": password }))?;
    accounts::delete_me(&s.app, &s.who, &cmd).await?;
    let session = server::session()?;
    if let Err(error) = session.flush().await {
        tracing::error!(%error, "session of a deleted account cannot be removed");
    }
    Ok(server::done(What::AccountDeleted, "", Some("/login".into())))
}

#[server(endpoint = "tenants/create", output = Answer)]
pub async fn create_tenant(
    #[server(default)] name: String,
    #[server(default)] slug: String,
    #[server(default)] external_id: String,
    #[server(default)] metadata: String,
) -> Result<Done, UiError> {
    let s = server::signed().await?;
    let metadata = server::metadata(&metadata)?;
    let new = NewTenant::parse(&json!({ "name": name, "slug": slug, "external_id": external_id, "metadata": metadata }))?;
    let tenant = tenants::create(&s.app, &s.who, new).await?;
    Ok(server::done(
        What::TenantCreated,
        format!("{} is created.", tenant.name),
        Some(format!("/t/{}", tenant.slug)),
    ))
}
