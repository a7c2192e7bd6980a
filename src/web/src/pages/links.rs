//! What links in mails lead to: a new password, the end of a sign-up, the proof of an address; and asking for such a mail.
//! A link that is opened does nothing yet: programs that look at mails open them, too.
use leptos::prelude::*;
use tenantry_types::ProblemCode;

use super::login::Door;
use crate::data::fetch_apart;
use crate::frame::param;
use crate::rpc::{account, page_status};
use crate::ui::{Alert, Field, PlainForm, ProblemView, Submit, Tone, waiting};

#[component]
pub fn Forgot() -> impl IntoView {
    let mail = fetch_apart(account::sends_mail);
    view! {
        <Door title="Forgot your password?">
            {waiting(move || {
                Box::pin(async move {
                    if mail.read().await.unwrap_or_default() {
                        view! {
                            <p class="lead">"Give the address of your account. You get a mail with a link that works for 30 minutes."</p>
                            <PlainForm form="forgot" action="/forgot">
                                <Field name="email" label="Email" kind="email" autocomplete="username" required=true />
                                <Submit label="Send the link" class="btn btn-primary btn-wide" />
                            </PlainForm>
                        }
                            .into_any()
                    } else {
                        view! {
                            <Alert tone=Tone::Neutral>
                                <p>"This server sends no mail. Ask whoever runs it for a link: they make one for your account in the operator area or on the command line."</p>
                            </Alert>
                        }
                            .into_any()
                    }
                })
            })}
            <p class="aside"><a href="/login">"Back to signing in"</a></p>
        </Door>
    }
}

#[component]
pub fn Reset() -> impl IntoView {
    let token = param("token");
    let works = fetch_apart(move || account::reset_link_works(token.get()));
    waiting(move || {
        Box::pin(async move {
            match works.read().await {
                Ok(true) => {
                    let action = format!("/reset/{}", token.get_untracked());
                    view! {
                            <Door title="Set a new password" lead="It signs you out everywhere. Then you sign in with it.">
                                <PlainForm form="reset" action>
                                    <Field name="new_password" label="New password" kind="password" autocomplete="new-password" help="At least 8 characters." required=true />
                                    <Submit label="Set password" class="btn btn-primary btn-wide" />
                                </PlainForm>
                            </Door>
                        }
                            .into_any()
                }
                Ok(false) => view! { <Dead /> }.into_any(),
                Err(error) => view! { <main id="main" class="alone" tabindex="-1"><ProblemView error /></main> }.into_any(),
            }
        })
    })
}

#[component]
fn Dead() -> impl IntoView {
    page_status(ProblemCode::LinkNotValid);
    view! {
        <Door title="This link does not work">
            <p>{ProblemCode::LinkNotValid.title()}</p>
            <p><a class="btn btn-primary btn-wide" href="/forgot">"Ask for a new link"</a></p>
        </Door>
    }
}

#[component]
pub fn Confirm() -> impl IntoView {
    let token = param("token");
    let action = format!("/register/{}", token.get_untracked());
    view! {
        <Door title="Finish your account" lead="Give the password that you chose: it shows that it was you who signed up.">
            <PlainForm form="confirm" action>
                <Field name="password" label="Password" kind="password" autocomplete="current-password" required=true />
                <Submit label="Finish" class="btn btn-primary btn-wide" />
            </PlainForm>
        </Door>
    }
}

#[component]
pub fn Verify() -> impl IntoView {
    let token = param("token");
    let action = format!("/verify/{}", token.get_untracked());
    view! {
        <Door title="Confirm your address" lead="One click, and this server knows that the address is yours.">
            <PlainForm form="verify" action>
                <Submit label="Confirm" class="btn btn-primary btn-wide" />
            </PlainForm>
        </Door>
    }
}
