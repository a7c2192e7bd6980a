//! One provider: its settings, whether it answers, and reading its models into the catalogue: first
//! what that would change (`?preview=1`), then a button that does it.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_query_map;
use tenantry_types::counted;
use tenantry_types::provider::{ModelDifference, NewModels, Provider, ProviderSync, SyncReport};

use super::super::price;
use super::providers::{API_VERSION, BASE_URL, Health, kinds};
use crate::data::{fetch, fetch_apart, loaded};
use crate::frame::param;
use crate::rpc::admin::{ApplySync, CheckProvider, DeleteProvider, UpdateProvider, get_provider, sync_preview};
use crate::ui::{ActForm, Alert, Check, Field, Hidden, IdText, Modal, PageHead, Section, Select, Submit, Tone, When, choices};

#[component]
pub fn ProviderDetail() -> impl IntoView {
    let id = param("id");
    let query = use_query_map();
    let preview = Memo::new(move |_| query.get().get("preview").is_some());
    let data = fetch(move || get_provider(id.get()));
    let report = fetch_apart(move || {
        let (id, preview) = (id.get(), preview.get());
        async move { if preview { sync_preview(id).await.map(Some) } else { Ok(None) } }
    });
    view! {
        {loaded(data, |p| view! { <Head p=p.clone() /><Edit p /> })}
        <Section title="Models" lead="Reads the list that the provider publishes. First you see what would change; nothing is taken away.">
            {loaded(
                report,
                move |report| match report {
                    Some(report) => view! { <Report id=id.get_untracked() report /> }.into_any(),
                    None => view! { <p><a class="btn" href="?preview=1">"Read the model list"</a><span class="while-loading" role="status">"Asking the provider\u{2026}"</span></p> }.into_any(),
                },
            )}
        </Section>
        {loaded(data, |p| view! { <Delete p /> })}
    }
}

#[component]
fn Head(p: Provider) -> impl IntoView {
    let id = p.id.to_string();
    let error = p.last_check.as_ref().and_then(|c| c.error.clone());
    view! {
        <PageHead clone:id title=p.name.clone() lead=p.base_url.clone() crumbs=vec![("/admin".into(), "Operator".into()), ("/admin/providers".into(), "Providers".into())]>
            <ActForm clone:id id="check" url=CheckProvider::url()>
                <Hidden name="id" value=id.clone() />
                <Submit label="Check now" class="btn" />
            </ActForm>
        </PageHead>
        <dl class="facts facts-wide">
            <div><dt>"Id"</dt><dd><IdText id /></dd></div>
            <div><dt>"Health"</dt><dd><Health provider=p.clone() /></dd></div>
            <div><dt>"Models in the catalogue"</dt><dd>{p.models}</dd></div>
            <div><dt>"Read on schedule"</dt><dd><LastSync hours=p.sync_hours last=p.last_sync.clone() /></dd></div>
        </dl>
        {error.map(|e| view! { <Alert tone=Tone::Bad><p>{e}</p></Alert> })}
    }
}

#[component]
fn LastSync(hours: Option<i64>, last: Option<ProviderSync>) -> impl IntoView {
    let every = match hours {
        None => "never".to_owned(),
        Some(24) => "once a day".to_owned(),
        Some(n) => format!("every {}", counted(n, "hour", "hours")),
    };
    view! {
        <span>{every}</span>
        {last.map(|last| {
            let how = match last.error {
                Some(error) => error,
                None => format!("{} added, {} changed, {} not listed", last.added, last.changed, last.missing),
            };
            view! { <small>"last "<When at=last.at />": "{how}</small> }
        })}
    }
}

#[component]
fn Edit(p: Provider) -> impl IntoView {
    view! {
        <Section title="Settings">
            <ActForm id="provider" url=UpdateProvider::url() class="form">
                <Hidden name="id" value=p.id.to_string() />
                <Field name="name" label="Name" value=p.name.clone() required=true />
                <Select name="kind" label="Kind" options=kinds() value=p.kind.as_str() />
                <Field name="base_url" label="Base URL" kind="url" value=p.base_url.clone() help=BASE_URL mono=true required=true />
                <Field
                    name="api_key"
                    label="API key"
                    kind="password"
                    autocomplete="off"
                    help=if p.has_api_key { "A key is stored. Leave empty to keep it." } else { "No key is stored." }
                />
                {p.has_api_key.then(|| view! { <Check name="forget_key" label="Forget the stored key" /> })}
                <Field name="api_version" label="API version" value=p.api_version.clone().unwrap_or_default() help=API_VERSION mono=true />
                <Field
                    name="sync_hours"
                    label="Read the model list every (hours)"
                    inputmode="numeric"
                    value=p.sync_hours.map(|n| n.to_string()).unwrap_or_default()
                    help="Prices, context lengths and what is not listed any more are taken over by themselves then, over what was typed. Empty: never."
                />
                <Select
                    name="new_models"
                    label="New models found so"
                    options=choices([(NewModels::Inactive.as_str(), "Are switched off"), (NewModels::Active.as_str(), "Are active")])
                    value=p.new_models.as_str()
                />
                <Check name="enabled" label="Switched on" checked=p.enabled />
                <Submit label="Save provider" />
            </ActForm>
        </Section>
    }
}

#[component]
fn Names(title: &'static str, names: Vec<String>) -> impl IntoView {
    let n = names.len();
    (n > 0).then(|| {
        let items = names.into_iter().map(|n| view! { <li><code>{n}</code></li> }).collect_view();
        view! { <details class="names"><summary>{n}" "{title}</summary><ul>{items}</ul></details> }
    })
}

#[component]
fn Differences(all: Vec<ModelDifference>) -> impl IntoView {
    let shown = |field: &str, value: Option<String>| {
        let number = value.as_deref().and_then(|text| text.parse().ok());
        match value {
            None => "unknown".to_owned(),
            Some(_) if field.ends_with("_price") => price(number),
            Some(text) => text,
        }
    };
    (!all.is_empty()).then(|| {
        let rows = all
            .into_iter()
            .map(|d| {
                let (from, to) = (shown(&d.field, d.from), shown(&d.field, d.to));
                view! {
                    <tr>
                        <th scope="row"><code>{d.model}</code></th>
                        <td data-label="Field">{d.field.replace('_', " ")}</td>
                        <td data-label="From">{from}</td>
                        <td data-label="To">{to}</td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <details class="names">
                <summary>"What is different"</summary>
                <table class="table table-pairs">
                    <thead><tr><th scope="col">"Model"</th><th scope="col">"Field"</th><th scope="col">"From"</th><th scope="col">"To"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </details>
        }
    })
}

#[component]
fn Report(id: String, report: SyncReport) -> impl IntoView {
    let changes = report.changes();
    let label = format!("Apply {}", counted(changes, "change", "changes"));
    view! {
        <div class="card">
            <Names title="new" names=report.added />
            <Names title="changed" names=report.changed />
            <Differences all=report.differences />
            <Names title="no longer listed; they are marked, and stay otherwise as they are" names=report.missing />
            <Names title="listed again" names=report.returned />
            <p class="muted">{report.unchanged}" unchanged"</p>
            {if changes > 0 {
                view! {
                    <ActForm id="sync" url=ApplySync::url()>
                        <Hidden name="id" value=id />
                        <Submit label />
                        <p class="while-busy"><progress class="meter" aria-label="Writing the catalogue"></progress>"Writing the models into the catalogue\u{2026}"</p>
                    </ActForm>
                }
                    .into_any()
            } else {
                view! { <p>"The catalogue is up to date."</p> }.into_any()
            }}
        </div>
    }
}

#[component]
fn Delete(p: Provider) -> impl IntoView {
    view! {
        <Section title="Danger zone" class="danger">
            <div class="danger-row">
                <p><strong>"Delete the provider"</strong>" Refused while a model of the catalogue names it."</p>
                <Modal id="delete" label="Delete" title=format!("Delete {}?", p.name) button="btn btn-danger">
                    <p>{format!("Its address and its key are deleted. {} it.", counted(p.models, "model names", "models name"))}</p>
                    <ActForm id="delete-form" url=DeleteProvider::url()>
                        <Hidden name="id" value=p.id.to_string() />
                        <Submit label="Delete" class="btn btn-danger" />
                    </ActForm>
                </Modal>
            </div>
        </Section>
    }
}
