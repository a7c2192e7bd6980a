//! Forms. `ActForm` belongs to a server function: with JavaScript it is sent in the background, and
//! without it the browser posts it and is led back. `PlainForm` belongs to a handler of
//! `crate::forms`, which renders the page anew. Both sum up faults at the top, with links to the fields.
use std::collections::BTreeMap;

use leptos::context::Provider;
use leptos::prelude::*;
use leptos::server_fn::error::ServerFnUrlError;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::browser;
use crate::rpc::UiError;
use crate::state::shared;

/// One form on the page; its fields find it in the context.
#[derive(Clone, Copy)]
pub struct FormState {
    pub id: StoredValue<String>,
    pub error: RwSignal<Option<UiError>>,
    pub pending: RwSignal<bool>,
    values: StoredValue<BTreeMap<String, String>>,
}

impl FormState {
    fn new(id: String, error: Option<UiError>, values: BTreeMap<String, String>) -> Self {
        Self {
            id: StoredValue::new(id),
            error: RwSignal::new(error),
            pending: RwSignal::new(false),
            values: StoredValue::new(values),
        }
    }

    /// The form around a field; a field without a form has a state of its own.
    pub fn here() -> Self {
        use_context().unwrap_or_else(|| Self::new("field".into(), None, BTreeMap::new()))
    }

    /// What was typed before the form came back with faults.
    pub fn value(&self, name: &str) -> Option<String> {
        self.values.with_value(|values| values.get(name).cloned())
    }

    pub fn faults(&self, name: &str) -> Vec<String> {
        self.error.with(|error| error.as_ref().map(|e| e.of_field(name)).unwrap_or_default())
    }
}

/// The error that a form without JavaScript was led back with: the server function's path and the error.
pub fn error_in_address() -> Option<(String, UiError)> {
    let query = use_query_map().get_untracked();
    let error = query.get("__err")?;
    Some((query.get("__path").unwrap_or_default(), ServerFnUrlError::<UiError>::decode_err(&error)))
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
                    let field = e.field.split(['[', '.']).next().unwrap_or_default().to_owned();
                    let text = e.fault.message();
                    view! { <li><a href=format!("#{form}-{field}") rel="external">{words(&field)}</a>": "{text}</li> }
                })
                .collect_view();
            let id_line = error
                .shown_id()
                .filter(|_| error.code.status() >= 500)
                .map(|id| view! { <p class="help">"Request "<code>{id.to_owned()}</code></p> });
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

/// A field's name as people read it.
pub fn words(field: &str) -> String {
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
    /// The only form of this server function on the page: it shows an error that stands in the address.
    #[prop(optional)]
    sole: bool,
    /// Its row buttons are presses of their own: one need not wait for the other.
    #[prop(optional)]
    many: bool,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    let error = error_in_address().filter(|(path, _)| sole && path == url).map(|(_, e)| e);
    let state = FormState::new(id.clone(), error, BTreeMap::new());
    let shared = shared();
    let navigate = use_navigate();
    view! {
        <Provider value=state>
            <form id=id method="post" action=url class=class on:submit=move |ev| browser::submit(&ev, url, many, state, shared, navigate.clone())>
                <Summary state />
                {children()}
            </form>
        </Provider>
    }
}

/// A form that a plain handler answers with a whole page.
#[component]
pub fn PlainForm(
    /// The name of the form in `Posted`.
    form: &'static str,
    #[prop(into)] action: String,
    #[prop(optional, into)] id: Option<String>,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    let posted = shared().posted.get_value();
    let (error, values) = if posted.form == form {
        (posted.error, posted.values)
    } else {
        (None, BTreeMap::new())
    };
    let id = id.unwrap_or_else(|| form.to_owned());
    let state = FormState::new(id.clone(), error, values);
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
