//! Forms. `ActForm` belongs to a server function: with JavaScript it is sent in the background, and
//! without it the browser posts it to its page (`crate::forms::act`). `PlainForm` belongs to a handler
//! of `crate::forms`. Either way the page comes back with what was typed when there are faults; both
//! kinds sum these up at the top, with links to the fields.
use std::collections::BTreeMap;

use leptos::context::Provider;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};

use super::CopyButton;
use crate::browser;
use crate::rpc::{UiError, encode};
use crate::state::{Posted, shared};

/// One form on the page; its fields find it in the context.
#[derive(Clone, Copy)]
pub struct FormState {
    pub id: StoredValue<String>,
    pub error: RwSignal<Option<UiError>>,
    pub pending: RwSignal<bool>,
    values: StoredValue<BTreeMap<String, String>>,
}

impl FormState {
    /// What became of the form before, if it is the one that came back.
    fn new(id: String, before: Posted) -> Self {
        if before.error.is_some()
            && let Some(Opened(opened)) = use_context()
        {
            opened.set_value(true);
        }
        Self {
            id: StoredValue::new(id),
            error: RwSignal::new(before.error),
            pending: RwSignal::new(false),
            values: StoredValue::new(before.values),
        }
    }

    /// The form around a field; a field without a form has a state of its own.
    pub fn here() -> Self {
        use_context().unwrap_or_else(|| Self::new("field".into(), Posted::default()))
    }

    /// What was typed before the form came back with faults.
    pub fn value(&self, name: &str) -> Option<String> {
        self.values.with_value(|values| values.get(name).cloned())
    }

    /// Whether a box or a button of a group was ticked; `otherwise` for a form that did not come back.
    pub fn ticked(&self, name: &str, value: &str, otherwise: bool) -> bool {
        self.values.with_value(|values| {
            if values.is_empty() {
                return otherwise;
            }
            values.get(name).is_some_and(|all| all.split(' ').any(|v| v == value))
        })
    }

    pub fn faults(&self, name: &str) -> Vec<String> {
        self.error.with(|error| error.as_ref().map(|e| e.of_field(name)).unwrap_or_default())
    }
}

/// Set by a form that came back with faults, for the panel or dialog around it: it is open then.
#[derive(Clone, Copy)]
pub struct Opened(pub StoredValue<bool>);

/// Renders what may hold a form, and says whether that form came back with faults.
pub fn opened_by_faults(children: Children) -> (AnyView, bool) {
    let opened = Opened(StoredValue::new(false));
    let body = view! { <Provider value=opened>{children()}</Provider> }.into_any();
    (body, opened.0.get_value())
}

/// What the form of this name or id came to, when it is the one that the page answers.
fn came_back(form: &str) -> Posted {
    let posted = shared().posted.get_value();
    if posted.form == form { posted } else { Posted::default() }
}

/// Where the browser sends a form of a server function by itself: to this page.
fn act_address(form: &str, url: &str) -> String {
    let here = use_location();
    let mut address = format!("{}?", here.pathname.get_untracked());
    // What stands in the address already stays as it is written.
    let search = here.search.get_untracked();
    let kept = search.trim_start_matches('?').split('&');
    for part in kept.filter(|p| !p.is_empty() && !p.starts_with("act=") && !p.starts_with("done=")) {
        address.push_str(part);
        address.push('&');
    }
    address.push_str("act=");
    address.push_str(&encode(&format!("{form}:{url}")));
    address
}

/// The faults of a form in one place.
#[component]
fn Summary(state: FormState) -> impl IntoView {
    let form = state.id.get_value();
    let id = format!("{form}-errors");
    move || {
        state.error.get().map(|error| {
            let items = error
                .fields
                .iter()
                .map(|e| {
                    let (field, name) = place_of(&e.field);
                    let text = e.fault.message();
                    view! { <li><a href=format!("#{form}-{field}") rel="external">{words(name)}</a>": "{text}</li> }
                })
                .collect_view();
            let id_line = error.shown_id().filter(|_| error.code.status() >= 500).map(|id| {
                let id = id.to_owned();
                view! { <p class="help">"Request "<code>{id.clone()}</code><CopyButton text=id label="Copy the request id" small=true /></p> }
            });
            view! {
                <div class="alert tone-bad" role="alert" tabindex="-1" id=id.clone()>
                    <p>{error.code.title()}</p>
                    {(!error.fields.is_empty()).then(|| view! { <ul>{items}</ul> })}
                    {id_line}
                </div>
            }
        })
    }
}

/// The id of the field that a fault is of, and its name: `email[2]` is in the field `email`,
/// `limits[members]` is a field of its own.
fn place_of(field: &str) -> (String, &str) {
    let first = field.split(['[', '.']).next().unwrap_or_default();
    match field.split_once('[').and_then(|(_, rest)| rest.split_once(']')) {
        Some((part, _)) if part.parse::<u32>().is_err() => (format!("{first}{part}"), part),
        _ => (first.to_owned(), first),
    }
}

/// A field's name as people read it.
fn words(field: &str) -> String {
    let text = field.replace('_', " ");
    let mut chars = text.chars();
    chars
        .next()
        .map(|c| c.to_uppercase().chain(chars).collect())
        .unwrap_or_else(|| "Form".into())
}

/// A form of a server function. `url` is `X::url()`, `id` unique on the page.
#[component]
pub fn ActForm(
    #[prop(into)] id: String,
    url: &'static str,
    /// Its row buttons are presses of their own: one need not wait for the other.
    #[prop(optional)]
    many: bool,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    let action = act_address(&id, url);
    let state = FormState::new(id.clone(), came_back(&id));
    let shared = shared();
    let navigate = use_navigate();
    view! {
        <Provider value=state>
            <form id=id method="post" action=action class=class on:submit=move |ev| browser::submit(&ev, url, many, state, shared, navigate.clone())>
                <Summary state />
                {children()}
            </form>
        </Provider>
    }
}

/// A form that a plain handler answers with a whole page.
#[component]
pub fn PlainForm(
    /// The name of the form in `Posted`; one of many of a kind may also stand there by its id.
    form: &'static str,
    #[prop(into)] action: String,
    #[prop(optional, into)] id: Option<String>,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| form.to_owned());
    let before = if shared().posted.with_value(|posted| posted.form == id) {
        came_back(&id)
    } else {
        came_back(form)
    };
    let state = FormState::new(id.clone(), before);
    view! {
        <Provider value=state>
            <form id=id method="post" action=action class=class on:submit=move |_| state.pending.set(true)>
                <Summary state />
                {children()}
            </form>
        </Provider>
    }
}

/// The button of a form: says the verb, is disabled only while the form is on its way.
#[component]
pub fn Submit(
    #[prop(into)] label: String,
    #[prop(default = "btn btn-primary")] class: &'static str,
    #[prop(optional)] name: Option<&'static str>,
    #[prop(optional)] value: Option<&'static str>,
    #[prop(optional, into)] about: Option<String>,
) -> impl IntoView {
    let state = FormState::here();
    view! {
        <button
            type="submit"
            class=class
            name=name
            value=value
            aria-label=about
            aria-busy=move || state.pending.get().then_some("true")
            disabled=move || state.pending.get()
        >
            {label}
        </button>
    }
}
