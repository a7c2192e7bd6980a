//! What keeps the account safe: the proof of its address, its password, and where it is signed in.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::sign_in::{Safety, Session};

use crate::data::{fetch, loaded};
use crate::rpc::account::{EndOtherSessions, EndSession, SendVerification, load_safety};
use crate::state::shared;
use crate::ui::{ActForm, Badge, Field, Hidden, PlainForm, Section, Submit, Tone, When};

#[component]
pub fn SafetySections() -> impl IntoView {
    let shared = shared();
    let data = fetch(load_safety);
    loaded(data, move |safety: Safety| {
        let mail = safety.mail;
        view! {
            {mail.then(|| loaded(shared.me, |me| me.filter(|me| !me.user.email_verified).map(|_| view! { <Address /> })))}
            <Password />
            <Sessions items=safety.sessions />
        }
    })
}

#[component]
fn Address() -> impl IntoView {
    view! {
        <Section title="Your address is not verified" lead="The link in the mail that you got proves that it is yours. Only then do invitations to it show up here.">
            <ActForm id="verify" url=SendVerification::url()>
                <Submit label="Send the mail again" class="btn" />
            </ActForm>
        </Section>
    }
}

#[component]
fn Password() -> impl IntoView {
    view! {
        <Section title="Password" lead="Changing it signs you out everywhere else.">
            <PlainForm form="password" action="/account" class="form">
                <Hidden name="what" value="password" />
                <Field name="current_password" label="Present password" kind="password" autocomplete="current-password" required=true />
                <Field name="new_password" label="New password" kind="password" autocomplete="new-password" help="At least 8 characters." required=true />
                <Submit label="Change password" />
            </PlainForm>
        </Section>
    }
}

#[component]
fn Sessions(items: Vec<Session>) -> impl IntoView {
    let others = items.len() > 1;
    let rows = items.into_iter().map(|session| view! { <Row session /> }).collect_view();
    view! {
        <Section title="Where you are signed in" lead="If you do not know one of these, end it and change your password.">
            <table class="table">
                <thead>
                    <tr><th scope="col">"Device"</th><th scope="col">"Address"</th><th scope="col">"Since"</th><th scope="col">"Last used"</th><td></td></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            {others
                .then(|| {
                    view! {
                        <ActForm id="end-others" url=EndOtherSessions::url()>
                            <Submit label="Sign out everywhere else" class="btn" />
                        </ActForm>
                    }
                })}
        </Section>
    }
}

#[component]
fn Row(session: Session) -> impl IntoView {
    let id = session.id.to_string();
    let device = if session.device.is_empty() {
        "Unknown device".to_owned()
    } else {
        session.device
    };
    let about = format!("End the session on {device}");
    view! {
        <tr>
            <th scope="row">{device}</th>
            <td data-label="Address">{session.address.unwrap_or_else(|| "unknown".into())}</td>
            <td data-label="Since"><When at=session.created_at /></td>
            <td data-label="Last used"><When at=session.last_seen_at /></td>
            <td class="actions">
                {if session.current {
                    view! { <Badge tone=Tone::Good text="This one" /> }.into_any()
                } else {
                    view! {
                        <ActForm id=format!("end-{id}") url=EndSession::url()>
                            <Hidden name="id" value=id />
                            <Submit label="End" class="btn btn-quiet btn-small" about />
                        </ActForm>
                    }
                        .into_any()
                }}
            </td>
        </tr>
    }
}
