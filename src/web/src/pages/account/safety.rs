//! What keeps the account safe: the proof of its address, its password, one-time codes, and where it
//! is signed in.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::openid::Identity;
use tenantry_types::sign_in::{Safety, Session, TotpSecret, TotpState};

use crate::data::{fetch, loaded};
use crate::rpc::account::{EndOtherSessions, EndSession, SendVerification, load_safety};
use crate::state::shared;
use crate::ui::{ActForm, Badge, CopyButton, Field, Hidden, IdText, Panel, PlainForm, Section, Submit, Tone, When};

#[component]
pub fn SafetySections() -> impl IntoView {
    let shared = shared();
    let data = fetch(load_safety);
    loaded(data, move |safety: Safety| {
        let mail = safety.mail;
        view! {
            {mail.then(|| loaded(shared.me, |me| me.filter(|me| !me.user.email_verified).map(|_| view! { <Address /> })))}
            <Password />
            <Codes state=safety.totp has_password=safety.has_password />
            <Identities identities=safety.identities providers=safety.providers has_password=safety.has_password />
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

/// One-time codes: off, being turned on, or on.
#[component]
fn Codes(state: TotpState, has_password: bool) -> impl IntoView {
    let posted = shared().posted.get_value();
    let body = match (posted.totp, state.enabled) {
        (Some((secret, qr)), false) => view! { <Begun secret qr /> }.into_any(),
        (_, true) => view! { <On state has_password /> }.into_any(),
        (None, false) => view! {
            <p>"Signing in then takes a code of an app on your phone as well: your password or your provider alone lets nobody in."</p>
            <PlainForm form="totp-begin" action="/account" class="form">
                <Hidden name="what" value="totp-begin" />
                <Again has_password />
                <Submit label="Turn on one-time codes" class="btn" />
            </PlainForm>
        }
        .into_any(),
    };
    view! {
        <Section title="One-time codes">
            <div id="one-time-codes"></div>
            {(!posted.recovery_codes.is_empty()).then(|| view! { <Recovery codes=posted.recovery_codes /> })}
            {body}
        </Section>
    }
}

#[component]
fn Begun(secret: TotpSecret, qr: String) -> impl IntoView {
    view! {
        <p>"Scan this with your app, or type the secret into it. Then give the code that it shows."</p>
        <div class="qr" role="img" aria-label="QR code of the secret" inner_html=qr></div>
        <p><IdText id=secret.secret /></p>
        <PlainForm form="totp-confirm" action="/account" class="form">
            <Hidden name="what" value="totp-confirm" />
            <Field name="code" label="Code" autocomplete="one-time-code" inputmode="numeric" mono=true required=true />
            <Submit label="Confirm" />
        </PlainForm>
    }
}

#[component]
fn On(state: TotpState, has_password: bool) -> impl IntoView {
    let left = state.recovery_codes_left;
    view! {
        <p>"On since "<When at=state.since />". Recovery codes left: "{left}"."</p>
        <div class="button-row">
            {[("recovery-codes", "New recovery codes", "Make new ones"), ("totp-off", "Turn off", "Turn off")]
                .map(|(act, label, verb)| {
                    view! {
                        <Panel label=label button="btn">
                            <PlainForm form=act action="/account" class="form">
                                <Hidden name="what" value=act />
                                <Again has_password />
                                <Field name="totp" label="Code" help="Of your app, or a recovery code." autocomplete="one-time-code" mono=true required=true />
                                <Submit label=verb />
                            </PlainForm>
                        </Panel>
                    }
                })
                .collect_view()}
        </div>
    }
}

/// What proves again who one is: the password. Without one the server looks at how long ago the sign-in was.
#[component]
fn Again(has_password: bool) -> impl IntoView {
    has_password.then(|| view! { <Field name="password" label="Your password" kind="password" autocomplete="current-password" required=true /> })
}

/// Recovery codes just made. They are not stored: this is the only time they are seen.
#[component]
fn Recovery(codes: Vec<String>) -> impl IntoView {
    let all = codes.join("\n");
    let items = codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view();
    view! {
        <section class="card once" role="status" aria-labelledby="once-title">
            <div class="card-head">
                <h3 id="once-title">"Your recovery codes"</h3>
                <CopyButton text=all label="Copy all" />
            </div>
            <p>"Keep them where you find them without your phone: each stands in for a code once. They are shown only now."</p>
            <ul>{items}</ul>
        </section>
    }
}

/// Who one is at the providers of this server, one form for each: to link, or to take away.
#[component]
fn Identities(identities: Vec<Identity>, providers: Vec<(String, String)>, has_password: bool) -> impl IntoView {
    if identities.is_empty() && providers.is_empty() {
        return ().into_any();
    }
    let label = |name: &str| {
        providers
            .iter()
            .find(|(one, _)| one == name)
            .map_or_else(|| name.to_owned(), |(_, label)| label.clone())
    };
    let linked = identities.into_iter().map(|one| {
        let title = format!("{} {}", label(&one.provider), one.email.unwrap_or_default());
        (title, "openid-unlink", "id", one.id.to_string(), "Unlink")
    });
    let offered = providers
        .iter()
        .map(|(name, label)| (label.clone(), "openid-link", "provider", name.clone(), "Link"));
    let rows = linked
        .chain(offered)
        .map(|(title, what, field, value, verb)| {
            let id = format!("{what}-{value}");
            view! {
                <li>
                    <span class="who"><strong>{title.clone()}</strong></span>
                    <Panel label=verb button="btn btn-small">
                        <PlainForm form=what id action="/account" class="form">
                            <Hidden name="what" value=what />
                            <Hidden name=field value />
                            <Again has_password />
                            <Submit label=verb about=format!("{verb} {title}") />
                        </PlainForm>
                    </Panel>
                </li>
            }
        })
        .collect_view();
    view! {
        <Section title="Signing in by a provider" lead="Whoever signs in there as you is signed in here.">
            <ul class="rows">{rows}</ul>
        </Section>
    }
    .into_any()
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
                            <Submit label="End all other sessions" class="btn" />
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
