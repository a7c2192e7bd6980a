//! One model as the tenant sees it: what it is and costs, who may use it, and why a person may not.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use tenantry_types::explain::ModelExplanation;
use tenantry_types::model::{Audience, DecidedBy, TenantModel};
use tenantry_types::{Permission, counted};

use super::{price, thousands};
use crate::browser;
use crate::data::{fetch, loaded_here};
use crate::frame::{param, tenant_param};
use crate::rpc::Here;
use crate::rpc::models::{ModelPage, ToggleModels, get_model};
use crate::ui::{ActForm, Alert, Field, Hidden, IdText, PageHead, Section, Submit, Tone, When};

#[component]
pub fn ModelDetail() -> impl IntoView {
    let tenant = tenant_param();
    let model = param("model");
    let query = use_query_map();
    let user = Memo::new(move |_| query.get().get("user").unwrap_or_default());
    let key = Memo::new(move |_| query.get().get("key").unwrap_or_default());
    let data = fetch(move || get_model(tenant.get(), model.get(), user.get(), key.get()));
    loaded_here(data, |page, here| {
        let m = page.model.clone();
        let base = format!("/t/{}", here.slug);
        let off = !m.is_active;
        let why = here.may(Permission::ModelsReport);
        let crumbs = vec![(base.clone(), here.name.clone()), (format!("{base}/models"), "Models".into())];
        let facts = [
            ("Provider", m.provider_name.clone().unwrap_or_else(|| "none".into())),
            ("Context", thousands(m.context_length)),
            ("Modalities", m.modalities.join(", ")),
            ("Input per 1M", price(m.input_price)),
            ("Output per 1M", price(m.output_price)),
            ("Cached input per 1M", price(m.cached_input_price)),
            ("Per request", price(m.request_price)),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| view! { <div><dt>{name}</dt><dd class="numbers">{value}</dd></div> })
        .collect_view();
        view! {
            <PageHead title=m.display_name.clone() crumbs />
            <IdText id=m.name.clone() />
            {off.then(|| view! { <Alert tone=Tone::Warning><p>"The operator of this server has switched this model off: nobody can use it."</p></Alert> })}
            {m.missing_since.map(|at| view! { <Alert tone=Tone::Warning><p>"The provider has not listed this model any more since "<When at />". It is tried all the same."</p></Alert> })}
            <dl class="facts facts-wide">{facts}</dl>
            <Section title="Who can use it"><Access model=m here /></Section>
            {why.then(|| view! { <Why page base /> })}
        }
    })
}

#[component]
fn Access(model: TenantModel, here: Here) -> impl IntoView {
    let (words, other) = match (model.enabled, model.audience) {
        (false, _) => ("Nobody: it is not enabled in this tenant.", ("enable", "Enable")),
        (true, Audience::Tenant) => ("Everyone in the tenant.", ("workspaces", "Only in workspaces that list it")),
        (true, Audience::Workspaces) => (
            "People in workspaces that list it. Workspaces list models on their own page.",
            ("tenant", "Everyone in the tenant"),
        ),
    };
    let id = model.id;
    let button = move |(how, label): (&str, &'static str)| {
        view! { <button type="submit" class="btn" name="one" value=format!("{how}:{id}")>{label}</button> }
    };
    let by = match (model.decided_by, model.rule.as_ref()) {
        (Some(DecidedBy::Rule), Some(rule)) => Some(format!("The rule {rule} decides that.")),
        (Some(DecidedBy::New), _) => Some("It was enabled because new models are.".to_owned()),
        _ => None,
    };
    view! {
        <p>{words}</p>
        {by.map(|by| view! { <p class="muted">{by}</p> })}
        {here
            .may(Permission::ModelsToggle)
            .then(|| {
                view! {
                    <ActForm id="access" url=ToggleModels::url() class="button-row">
                        <Hidden name="tenant" value=here.slug.to_string() />
                        {button(other)}
                        {model.enabled.then(|| button(("disable", "Disable")))}
                    </ActForm>
                }
            })}
    }
}

#[component]
fn Why(page: ModelPage, base: String) -> impl IntoView {
    let path = use_location().pathname;
    let navigate = use_navigate();
    let query = use_query_map().get_untracked();
    let (asked, key) = (query.get("user").unwrap_or_default(), query.get("key").unwrap_or_default());
    let about = if key.is_empty() { asked.clone() } else { format!("The key {key}") };
    let people = page
        .people
        .iter()
        .map(|(email, name)| view! { <option value=email.to_string()>{name.clone()}</option> })
        .collect_view();
    view! {
        <Section title="Why can\u{2019}t somebody use it?" lead="Names the first step that says no to a person, or to one of the keys.">
            <form method="get" action=move || path.get() class="form form-row" on:submit=move |ev| browser::filter(&ev, &navigate)>
                <Field name="user" label="Address of a member" value=asked.clone() list="people" autocomplete="off" />
                <Field name="key" label="Or id of a key" value=key autocomplete="off" mono=true />
                <Submit label="Check" class="btn" />
                <datalist id="people">{people}</datalist>
            </form>
            <div role="status">{(!about.is_empty()).then(|| view! { <Because user=about because=page.explanation model=page.model base /> })}</div>
        </Section>
    }
}

#[component]
fn Because(user: String, because: Option<ModelExplanation>, model: TenantModel, base: String) -> impl IntoView {
    let Some(because) = because else {
        return view! { <Alert tone=Tone::Warning><p>"This is no address of a member, such as ada@example.com, and no id of a key."</p></Alert> }
            .into_any();
    };
    let (tone, answer) = if because.allowed {
        (Tone::Good, format!("{user} can use {}.", model.display_name))
    } else {
        (Tone::Warning, format!("{user} cannot use {}.", model.display_name))
    };
    let n = because.workspaces.len();
    let listing = because
        .workspaces
        .into_iter()
        .map(|w| view! { <li><a href=format!("{base}/workspaces/{}", w.slug)>{w.name}</a></li> })
        .collect_view();
    view! {
        <Alert tone>
            <p><strong>{answer}</strong></p>
            <p>{because.detail}</p>
            {because.rule.map(|rule| view! { <p>"The rule "<code>{rule.to_string()}</code>" decides about it in this tenant."</p> })}
            {because.bypass.map(|text| view! { <p>{text}</p> })}
            {(n > 0).then(|| view! { <p>{counted(n, "workspace lists it:", "workspaces list it:")}</p><ul>{listing}</ul> })}
        </Alert>
    }
    .into_any()
}
