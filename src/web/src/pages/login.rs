//! Signing in and signing up. Plain forms: their handlers stand in `crate::forms`.
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::data::fetch_apart;
use crate::rpc::{encode, session};
use crate::state::shared;
use crate::ui::{Field, Flash, Hidden, PlainForm, Submit, waiting};

/// A page without a frame: the sign, a card, what else one may want.
#[component]
pub fn Door(#[prop(into)] title: String, #[prop(optional)] lead: &'static str, children: Children) -> impl IntoView {
    view! {
        <Title text=title.clone() />
        <main id="main" class="door" tabindex="-1">
            <p class="sign"><span class="sign-mark" aria-hidden="true"></span>"Tenantry"</p>
            <div class="card">
                <h1>{title}</h1>
                {(!lead.is_empty()).then_some(view! { <p class="lead">{lead}</p> })}
                <Flash />
                {children()}
            </div>
        </main>
    }
}

/// Where to go after signing in, when the address says so, or who came back from a provider began with it.
fn next() -> Option<String> {
    let posted = shared().posted.get_value();
    use_query_map()
        .get_untracked()
        .get("next")
        .or_else(|| posted.values.get("next").cloned())
        .filter(|n| n.starts_with('/') && !n.starts_with("//") && !n.starts_with("/\\"))
}

fn with_next(path: &str, next: Option<&str>) -> String {
    next.map_or_else(|| path.to_owned(), |next| format!("{path}?next={}", encode(next)))
}

#[component]
pub fn Login() -> impl IntoView {
    let next = next();
    let after = next.clone();
    let action = with_next("/login", next.as_deref());
    let register = with_next("/register", next.as_deref());
    let posted = shared().posted.get_value();
    if let Some(ticket) = posted.values.get("ticket").filter(|_| posted.form == "login-code") {
        return view! { <Code ticket=ticket.clone() action next /> }.into_any();
    }
    view! {
        <Door title="Sign in">
            <PlainForm form="login" action>
                {next.map(|next| view! { <Hidden name="next" value=next /> })}
                <Field name="email" label="Email" kind="email" autocomplete="username" required=true />
                <Field name="password" label="Password" kind="password" autocomplete="current-password" required=true />
                <Submit label="Sign in" class="btn btn-primary btn-wide" />
            </PlainForm>
            <Providers next=after />
            <p class="aside"><a href="/forgot">"Forgot your password?"</a></p>
            <p class="aside">"No account yet? "<a href=register>"Create one"</a></p>
        </Door>
    }
    .into_any()
}

/// Links to the providers that this server knows. The browser leaves the console with them.
#[component]
pub fn Providers(next: Option<String>) -> impl IntoView {
    let data = fetch_apart(session::providers);
    waiting(move || {
        let next = next.clone();
        Box::pin(async move {
            let links = data.read().await.unwrap_or_default();
            links
                .into_iter()
                .map(|(name, label)| {
                    let href = with_next(&format!("/auth/openid/{name}"), next.as_deref());
                    view! { <p><a class="btn btn-wide" rel="external" href=href>{format!("Continue with {label}")}</a></p> }
                })
                .collect_view()
                .into_any()
        })
    })
}

/// The second step, for accounts with one-time codes.
#[component]
fn Code(ticket: String, action: String, next: Option<String>) -> impl IntoView {
    view! {
        <Door title="One more step" lead="Give the code that your app shows. If you lost it, one of your recovery codes does as well.">
            <PlainForm form="login-code" action>
                <Hidden name="ticket" value=ticket />
                {next.map(|next| view! { <Hidden name="next" value=next /> })}
                <Field name="totp" label="Code" autocomplete="one-time-code" mono=true required=true />
                <Submit label="Sign in" class="btn btn-primary btn-wide" />
            </PlainForm>
            <p class="aside"><a href="/login" rel="external">"Start again"</a></p>
        </Door>
    }
}

#[component]
pub fn Register() -> impl IntoView {
    let next = next();
    let after = next.clone();
    let action = with_next("/register", next.as_deref());
    let login = with_next("/login", next.as_deref());
    view! {
        <Door title="Create an account" lead="It comes with a tenant of your own, where you invite others.">
            <PlainForm form="register" action>
                {next.map(|next| view! { <Hidden name="next" value=next /> })}
                <Field name="name" label="Your name" autocomplete="name" required=true />
                <Field name="email" label="Email" kind="email" autocomplete="username" required=true />
                <Field
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="new-password"
                    help="At least 8 characters."
                    required=true
                />
                <Field name="tenant_name" label="Name of your tenant" autocomplete="organization" help="Your organization or team. Made from your name when empty." />
                <Submit label="Create account" class="btn btn-primary btn-wide" />
            </PlainForm>
            <Providers next=after />
            <p class="aside">"You have an account? "<a href=login>"Sign in"</a></p>
        </Door>
    }
}
