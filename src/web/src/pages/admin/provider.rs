//! One provider: its settings, whether it answers, and reading its models into the catalogue: first
//! what that would change (`?preview=1`), then a button that does it.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_query_map;
use tenantry_types::counted;
use tenantry_types::provider::{Provider, SyncReport};

use super::providers::{Health, kinds};
use crate::data::{fetch, fetch_apart, loaded};
use crate::frame::param;
use crate::rpc::admin::{ApplySync, CheckProvider, DeleteProvider, UpdateProvider, get_provider, sync_preview};
use crate::ui::{ActForm, Alert, Check, Field, Hidden, IdText, Modal, PageHead, Section, Select, Submit, Tone};

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
        </dl>
        {error.map(|e| view! { <Alert tone=Tone::Bad><p>{e}</p></Alert> })}
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
                <Field name="base_url" label="Base URL" kind="url" value=p.base_url.clone() mono=true required=true />
                <Field
                    name="api_key"
                    label="API key"
                    kind="password"
                    autocomplete="off"
                    help=if p.has_api_key { "A key is stored. Leave empty to keep it." } else { "No key is stored." }
                />
                {p.has_api_key.then(|| view! { <Check name="forget_key" label="Forget the stored key" /> })}
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
fn Report(id: String, report: SyncReport) -> impl IntoView {
    let changes = report.added.len() + report.changed.len();
    let label = format!("Apply {}", counted(changes, "change", "changes"));
    view! {
        <div class="card">
            <Names title="new" names=report.added />
            <Names title="changed" names=report.changed />
            <Names title="no longer listed; they stay as they are" names=report.missing />
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
