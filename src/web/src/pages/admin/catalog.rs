//! The catalogue of models.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::model::Model;
use tenantry_types::money;
use tenantry_types::provider::Provider;

use super::super::{list_query, price, thousands};
use crate::data::{fetch, loaded};
use crate::frame::param;
use crate::rpc::admin::{ChangeRoutes, CreateModel, DeleteModel, UpdateModel, get_catalog_model, list_catalog};
use crate::ui::{
    ActForm, Badge, Check, Empty, Field, Filters, Hidden, IdText, Modal, PageHead, Pager, Panel, Section, Select, Submit, Tone, choices, count_words,
};

fn provider_choices(providers: &[Provider]) -> Vec<(String, String)> {
    std::iter::once((String::new(), "No provider".to_owned()))
        .chain(providers.iter().map(|p| (p.id.to_string(), p.name.clone())))
        .collect()
}

fn provider_name(model: &Model, providers: &[Provider]) -> String {
    providers
        .iter()
        .find(|p| Some(p.id) == model.provider)
        .map_or_else(|| "none".to_owned(), |p| p.name.clone())
}

#[component]
pub fn Catalog() -> impl IntoView {
    let list = list_query();
    let data = fetch(move || list_catalog(list.get()));
    loaded(data, move |page| {
        let list = list.get_untracked();
        let models = page.models;
        let words = count_words(models.total, models.items.len(), &list, "model", "models");
        let rows = models
            .items
            .iter()
            .map(|m| {
                view! {
                    <tr>
                        <th scope="row"><a class="row-link" href=format!("/admin/models/{}", m.id)>{m.display_name.clone()}</a><small><code>{m.name.clone()}</code></small></th>
                        <td data-label="Provider">{provider_name(m, &page.providers)}</td>
                        <td data-label="Context" class="num">{thousands(m.context_length)}</td>
                        <td data-label="Input per 1M" class="num">{price(m.input_price)}</td>
                        <td data-label="Output per 1M" class="num">{price(m.output_price)}</td>
                        <td data-label="Status">
                            {if m.is_active { view! { <Badge text="Active" tone=Tone::Good /> } } else { view! { <Badge text="Switched off" tone=Tone::Neutral /> } }}
                            {m.missing_since.map(|_| view! { <Badge text="Not listed any more" tone=Tone::Warning /> })}
                        </td>
                    </tr>
                }
            })
            .collect_view();
        let (empty, more) = (models.items.is_empty(), models.next_cursor.is_some());
        let providers = provider_choices(&page.providers);
        view! {
            <PageHead title="Catalogue" lead="Every model that tenants can be given, and who serves it." crumbs=vec![("/admin".into(), "Operator".into())]>
                <Panel label="New model" wide=true>
                    <ActForm id="create" url=CreateModel::url() class="form">
                        <Fields model=None providers />
                        <Submit label="Create model" />
                    </ActForm>
                </Panel>
            </PageHead>
            <Filters list=list.clone() placeholder="Search models" />
            <p class="count" role="status">{words}</p>
            {if empty {
                view! { <Empty icon="cpu" title="No models here" text="Read them from a provider, or create one by hand." /> }.into_any()
            } else {
                view! {
                    <table class="table table-pairs">
                        <thead>
                            <tr>
                                <th scope="col">"Model"</th>
                                <th scope="col">"Provider"</th>
                                <th scope="col" class="num">"Context"</th>
                                <th scope="col" class="num">"Input per 1M"</th>
                                <th scope="col" class="num">"Output per 1M"</th>
                                <th scope="col">"Status"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
            <Pager list total=models.total more />
        }
    })
}

#[component]
fn Fields(model: Option<Model>, providers: Vec<(String, String)>) -> impl IntoView {
    let m = model.as_ref();
    let length = m.and_then(|m| m.context_length).map(|n| n.to_string()).unwrap_or_default();
    let price = |of: fn(&Model) -> Option<i64>| m.and_then(of).map(money::typed).unwrap_or_default();
    view! {
        <Field name="name" label="Name" value=m.map(|m| m.name.clone()).unwrap_or_default() help="What callers write, such as openai/gpt-4o-mini." mono=true required=true />
        <Field name="display_name" label="Display name" value=m.map(|m| m.display_name.clone()).unwrap_or_default() />
        {m.is_none().then(|| view! {
            <Select name="provider" label="Provider" options=providers value="" />
            <Field name="upstream_name" label="Name at the provider" help="The same name when empty." mono=true />
        })}
        <Field name="context_length" label="Context length (tokens)" inputmode="numeric" value=length />
        <Field name="modalities" label="Modalities" value=m.map(|m| m.modalities.join(", ")).unwrap_or_default() help="With commas, such as text, image." />
        <div class="field-pair">
            <Field name="input_price" label="Input price" inputmode="decimal" value=price(|m| m.input_price) help="USD per million tokens; empty is unknown." />
            <Field name="output_price" label="Output price" inputmode="decimal" value=price(|m| m.output_price) help="USD per million tokens." />
            <Field name="cached_input_price" label="Cached input price" inputmode="decimal" value=price(|m| m.cached_input_price) help="USD per million tokens." />
            <Field name="request_price" label="Request price" inputmode="decimal" value=price(|m| m.request_price) help="USD per request." />
        </div>
    }
}

/// Who serves the model, in the order in which they are tried.
#[component]
fn Routes(model: Model, providers: Vec<Provider>) -> impl IntoView {
    let last = model.routes.len().saturating_sub(1);
    let rows = model
        .routes
        .iter()
        .enumerate()
        .map(|(place, route)| {
            let provider = providers.iter().find(|p| p.id == route.provider);
            let name = provider.map_or_else(|| route.provider.to_string(), |p| p.name.clone());
            let of = |how: &str| format!("{how}:{}:{}", route.provider, route.upstream_name);
            let button = |how: &'static str, word: &'static str| {
                view! { <button type="submit" class="btn btn-small" name="how" value=of(how) aria-label=format!("{word}: {name}, {}", route.upstream_name)>{word}</button> }
            };
            view! {
                <li>
                    <span>
                        {place + 1}". "<a href=format!("/admin/providers/{}", route.provider)>{name.clone()}</a>" "<code>{route.upstream_name.clone()}</code>
                        {provider.filter(|p| !p.enabled).map(|_| view! { " "<Badge text="Switched off" tone=Tone::Neutral /> })}
                        {route.missing_since.map(|_| view! { " "<Badge text="Not listed any more" tone=Tone::Warning /> })}
                    </span>
                    <span class="row-actions">
                        {(place > 0).then(|| button("up", "Up"))}
                        {(place < last).then(|| button("down", "Down"))}
                        {button("remove", "Remove")}
                    </span>
                </li>
            }
        })
        .collect_view();
    let id = model.id.to_string();
    let empty = model.routes.is_empty();
    view! {
        <Section title="Routes" lead="Who serves the model. They are tried in this order until one answers.">
            {if empty {
                view! { <p>"Nobody serves the model: it cannot be called."</p> }.into_any()
            } else {
                view! {
                    <ActForm clone:id id="routes" url=ChangeRoutes::url() many=true>
                        <Hidden name="id" value=id.clone() />
                        <ol class="rows">{rows}</ol>
                    </ActForm>
                }
                    .into_any()
            }}
            <Panel label="Add a route">
                <ActForm clone:id id="add-route" url=ChangeRoutes::url() class="form">
                    <Hidden name="id" value=id.clone() />
                    <Hidden name="how" value="add" />
                    <Select name="provider" label="Provider" options=choices(providers.iter().map(|p| (p.id.to_string(), p.name.clone()))) value="" />
                    <Field name="upstream_name" label="Name at the provider" value=model.name.clone() mono=true required=true />
                    <Submit label="Add route" />
                </ActForm>
            </Panel>
        </Section>
    }
}

#[component]
pub fn CatalogDetail() -> impl IntoView {
    let id = param("id");
    let data = fetch(move || get_catalog_model(id.get()));
    loaded(data, |page| {
        let m = page.model;
        let id = m.id.to_string();
        let name = m.display_name.clone();
        view! {
            <PageHead title=name.clone() lead=m.name.clone() crumbs=vec![("/admin".into(), "Operator".into()), ("/admin/models".into(), "Catalogue".into())] />
            <dl class="facts facts-wide"><div><dt>"Id"</dt><dd><IdText id=id.clone() /></dd></div></dl>
            <Routes model=m.clone() providers=page.providers />
            <Section clone:id title="Model">
                <ActForm clone:id id="model" url=UpdateModel::url() class="form">
                    <Hidden name="id" value=id.clone() />
                    <Fields model=Some(m.clone()) providers=Vec::new() />
                    <Check name="is_active" label="Active: tenants that enabled it may use it" checked=m.is_active />
                    <Submit label="Save model" />
                </ActForm>
            </Section>
            <Section title="Danger zone" class="danger">
                <div class="danger-row">
                    <p><strong>"Delete the model"</strong>" To stop its use and keep it, switch it off instead."</p>
                    <Modal id="delete" label="Delete" title=format!("Delete {name}?") button="btn btn-danger">
                        <p>"It disappears from the catalogue and from every tenant and workspace that enabled it."</p>
                        <ActForm id="delete-form" url=DeleteModel::url()>
                            <Hidden name="id" value=id />
                            <Submit label="Delete" class="btn btn-danger" />
                        </ActForm>
                    </Modal>
                </div>
            </Section>
        }
    })
}
