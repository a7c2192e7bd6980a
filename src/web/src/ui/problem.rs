//! What is shown when something went wrong or went well: the page in place of a page, and boxes on top of one.
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_query_map};
use tenantry_types::{CtxRole, Permission, ProblemCode, TenantRole};

use super::{CopyButton, Icon, Tone};
use crate::rpc::{UiError, What, page_status};
use crate::state::shared;

#[component]
pub fn Alert(tone: Tone, children: Children) -> impl IntoView {
    let icon = match tone {
        Tone::Good => "check",
        Tone::Warning | Tone::Bad => "alert",
        Tone::Neutral | Tone::Accent => "info",
    };
    view! { <div class=format!("alert alert-row {}", tone.class())><Icon name=icon /><div>{children()}</div></div> }
}

/// What the last form without JavaScript came to. A fault stands at its form as well, when that is still on the page.
#[component]
pub fn Flash() -> impl IntoView {
    let query = use_query_map();
    let path = use_location().pathname;
    let (here, posted) = (path.get_untracked(), shared().posted.get_value());
    let fault = posted.error.filter(|_| !posted.plain).map(|e| e.code.title());
    move || {
        if let Some(title) = fault.filter(|_| path.get() == here) {
            return Some(view! { <div role="alert"><Alert tone=Tone::Bad><p>{title}</p></Alert></div> }.into_any());
        }
        let what = What::from_word(&query.get().get("done")?)?;
        Some(view! { <div role="status"><Alert tone=Tone::Good><p>{what.text()}</p></Alert></div> }.into_any())
    }
}

/// Who may do what the person who looks may not.
fn who_can(permission: Permission) -> String {
    let roles: Vec<&str> = TenantRole::ALL
        .iter()
        .filter(|r| CtxRole::Member(**r).allows(permission))
        .map(|r| r.label())
        .collect();
    let who = match roles.as_slice() {
        [] => "an operator of this server".to_owned(),
        [one] => format!("the role {one}"),
        [first @ .., last] => format!("the role {} or {last}", first.join(", ")),
    };
    format!(
        "To {} takes {who}. An owner or admin of this tenant can give it to you.",
        permission.describe()
    )
}

/// A problem in place of a page. The page gets its status.
#[component]
pub fn ProblemView(error: UiError) -> impl IntoView {
    page_status(error.code);
    let (title, hint) = match error.code {
        ProblemCode::NotFound => (
            "Nothing here",
            "The page does not exist, or it is not yours to see. Check the address, or go back to your tenant.".to_owned(),
        ),
        ProblemCode::Forbidden => match error.permission {
            Some(permission) => ("Not for your role", who_can(permission)),
            None => ("Not for your role", "An owner or admin of this tenant can change your role.".to_owned()),
        },
        ProblemCode::TenantSuspended => (
            "This tenant is suspended",
            "Its owner and the operators of this server can still read it, and can activate it again.".to_owned(),
        ),
        ProblemCode::TenantInactive => (
            "This tenant is deactivated",
            "Its owner and the operators of this server can activate it again.".to_owned(),
        ),
        ProblemCode::TotpRequiredByTenant => (
            "This tenant asks for one-time codes",
            "Turn them on in your account: it takes an app on your phone and a minute.".to_owned(),
        ),
        ProblemCode::SignInAgain => (
            "Sign in again",
            "This tenant asks for that after a while. Your other tenants stay as they are.".to_owned(),
        ),
        ProblemCode::SignInMethod => (
            "Sign in in another way",
            "This tenant does not take the way by which you signed in. An owner or admin can say which it takes.".to_owned(),
        ),
        ProblemCode::Unauthenticated => ("You are signed out", "Sign in to go on where you were.".to_owned()),
        code if code.status() >= 500 => (
            "This did not work",
            format!("{} Try again; if it stays, tell the operator the request id.", code.title()),
        ),
        code => ("This did not work", code.title().to_owned()),
    };
    let code = error.code;
    let id = error.shown_id().map(str::to_owned);
    view! {
        <Title text=title />
        <div class="problem">
            <Icon name="alert" />
            <h1>{title}</h1>
            <p>{hint}</p>
            {id
                .map(|id| {
                    view! { <p class="request-id">"Request "<code>{id.clone()}</code><CopyButton text=id label="Copy the request id" small=true /></p> }
                })}
            <p>
                {match code {
                    ProblemCode::Unauthenticated => view! { <a class="btn btn-primary" href="/login" rel="external">"Sign in"</a> }.into_any(),
                    ProblemCode::TotpRequiredByTenant => {
                        view! { <a class="btn btn-primary" href="/account#one-time-codes" rel="external">"Turn on one-time codes"</a> }.into_any()
                    }
                    ProblemCode::SignInAgain | ProblemCode::SignInMethod => ().into_any(),
                    _ => view! { <a class="btn" href="/" rel="external">"To my tenant"</a> }.into_any(),
                }}
            </p>
            {matches!(code, ProblemCode::SignInAgain | ProblemCode::SignInMethod)
                .then(|| {
                    view! {
                        <form method="post" action="/logout">
                            <input type="hidden" name="next" value="/login" />
                            <button type="submit" class="btn btn-primary">"Sign in again"</button>
                        </form>
                    }
                })}
        </div>
    }
}
