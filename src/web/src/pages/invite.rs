//! The page behind an invitation's link: who invites, to what, as what, until when; one button.
use leptos::prelude::*;
use leptos_meta::Title;
use tenantry_types::ProblemCode;
use tenantry_types::invitation::{InvitationPreview, InvitationStatus};

use super::login::{Door, Providers};
use super::role_help;
use crate::data::fetch;
use crate::frame::param;
use crate::rpc::{Me, account, encode, page_status};
use crate::state::shared;
use crate::ui::{Alert, Avatar, Field, Hidden, PlainForm, ProblemView, Submit, Tone, When, tenant_colour, waiting};

#[component]
pub fn Invite() -> impl IntoView {
    let token = param("token");
    let me = shared().me;
    let preview = fetch(move || account::preview_invitation(token.get()));
    waiting(move || {
        Box::pin(async move {
            let me = me.read().await.ok().flatten();
            match preview.read().await {
                Ok(preview) => view! { <Invitation token=token.get_untracked() preview me /> }.into_any(),
                Err(error) if error.not_found() => view! { <Unknown /> }.into_any(),
                Err(error) => view! { <main id="main" class="alone" tabindex="-1"><ProblemView error /></main> }.into_any(),
            }
        })
    })
}

#[component]
fn Unknown() -> impl IntoView {
    page_status(ProblemCode::NotFound);
    view! {
        <Door title="No such invitation">
            <p>"The link is not complete, or it was never valid. Copy the whole link from the message, or ask who invited you for a new one."</p>
            <p><a class="btn" href="/" rel="external">"To Tenantry"</a></p>
        </Door>
    }
}

#[component]
fn Invitation(token: String, preview: InvitationPreview, me: Option<Me>) -> impl IntoView {
    let title = format!("Join {}", preview.tenant_name);
    let closed = match preview.status {
        InvitationStatus::Pending => None,
        InvitationStatus::Accepted => Some((
            "This invitation was used already.",
            "If it was you, sign in: the tenant is in your list. If not, ask for a new invitation.",
            ProblemCode::InvitationUsed,
        )),
        InvitationStatus::Expired => Some((
            "This invitation has expired.",
            "Ask who invited you to send it again.",
            ProblemCode::InvitationExpired,
        )),
        InvitationStatus::Revoked => Some((
            "This invitation was revoked.",
            "Ask who invited you if that is a mistake.",
            ProblemCode::InvitationRevoked,
        )),
    };
    let is_in = |me: &Me| me.user.email == preview.email && me.tenants.iter().any(|t| t.slug == preview.tenant_slug);
    let body = match closed {
        // Whatever became of the invitation: who is added in another way has theirs revoked.
        _ if me.as_ref().is_some_and(is_in) => view! {
            <Alert tone=Tone::Good><p><strong>"You are in already."</strong></p></Alert>
            <p><a class="btn btn-primary btn-wide" href=format!("/t/{}", preview.tenant_slug) rel="external">{format!("To {}", preview.tenant_name)}</a></p>
        }
        .into_any(),
        Some((what, hint, code)) => {
            page_status(code);
            view! {
                <Alert tone=Tone::Warning><p><strong>{what}</strong></p><p>{hint}</p></Alert>
                <p><a class="btn btn-primary btn-wide" href="/" rel="external">{if me.is_some() { "To my tenants" } else { "Sign in" }}</a></p>
            }
            .into_any()
        }
        None => view! { <Answer token preview=preview.clone() me /> }.into_any(),
    };
    view! {
        <Title text=title.clone() />
        <Door title=title.clone()>
            <div class=format!("invite-card {}", tenant_colour(preview.tenant_colour))>
                <Avatar name=preview.tenant_name.clone() class="avatar-large" />
                <dl class="facts">
                    <div><dt>"Invited by"</dt><dd>{preview.invited_by.clone()}</dd></div>
                    <div><dt>"As"</dt><dd>{preview.role.label()}<small>{role_help(preview.role)}</small></dd></div>
                    <div><dt>"For"</dt><dd>{preview.email.to_string()}</dd></div>
                    <div><dt>"Until"</dt><dd><When at=preview.expires_at /></dd></div>
                </dl>
            </div>
            {body}
        </Door>
    }
}

/// What the invited person can do: join, register, or sign in with the right address.
#[component]
fn Answer(token: String, preview: InvitationPreview, me: Option<Me>) -> impl IntoView {
    let here = format!("/invite/{token}");
    let login = format!("/login?next={}", encode(&here));
    let email = preview.email.to_string();
    match me {
        Some(me) if me.user.email == preview.email => view! {
            <PlainForm form="accept" action=here>
                <Submit label=format!("Join {}", preview.tenant_name) class="btn btn-primary btn-wide" />
            </PlainForm>
        }
        .into_any(),
        Some(me) => view! {
            <Alert tone=Tone::Warning>
                <p>"You are signed in as "<strong>{me.user.email.to_string()}</strong>", and the invitation is for "<strong>{email}</strong>"."</p>
            </Alert>
            <form method="post" action="/logout">
                <Hidden name="next" value=login />
                <button type="submit" class="btn btn-primary btn-wide">"Sign out and use the other address"</button>
            </form>
        }
        .into_any(),
        // Whether there is an account with this address is not said before somebody tries.
        None => view! {
            <p>"You have an account with this address? "<a href=login>"Sign in to join"</a></p>
            <Providers next=Some(here.clone()) />
            <PlainForm form="accept" action=here>
                <Field name="email" label="Email" kind="email" value=email autocomplete="username" readonly=true required=true />
                <Field name="name" label="Your name" autocomplete="name" required=true />
                <Field name="password" label="Choose a password" kind="password" autocomplete="new-password" help="At least 8 characters." required=true />
                <Submit label=format!("Create account and join {}", preview.tenant_name) class="btn btn-primary btn-wide" />
            </PlainForm>
        }
        .into_any(),
    }
}
