//! The upstreams that serve models.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::provider::{Provider, ProviderKind};

use crate::data::{fetch, loaded};
use crate::rpc::admin::{CreateProvider, list_providers};
use crate::ui::{ActForm, Badge, Empty, Field, PageHead, Panel, Select, Submit, Tone, When, choices};

pub const fn kind_label(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::OpenAi => "OpenAI",
        ProviderKind::OpenRouter => "OpenRouter",
        ProviderKind::Azure => "Azure",
        ProviderKind::Vllm => "vLLM",
        ProviderKind::Ollama => "Ollama",
        ProviderKind::Other => "Other",
    }
}

pub fn kinds() -> Vec<(String, String)> {
    choices(ProviderKind::ALL.iter().map(|k| (k.as_str(), kind_label(*k))))
}

pub const BASE_URL: &str = "Includes /v1, such as https://api.openai.com/v1.";
pub const API_VERSION: &str = "Only of Azure, such as 2024-10-21: models are deployments then, and the base URL is https://NAME.openai.azure.com.";

#[component]
pub fn Health(provider: Provider) -> impl IntoView {
    match (provider.enabled, provider.last_check) {
        (false, _) => view! { <Badge text="Switched off" tone=Tone::Neutral /> }.into_any(),
        (true, None) => view! { <Badge text="Not checked" tone=Tone::Neutral /> }.into_any(),
        (true, Some(check)) => {
            let (text, tone) = if check.ok { ("Answers", Tone::Good) } else { ("Fails", Tone::Bad) };
            view! { <Badge text tone /><small><When at=check.at /></small> }.into_any()
        }
    }
}

#[component]
pub fn Providers() -> impl IntoView {
    let data = fetch(list_providers);
    loaded(data, |providers| {
        let empty = providers.is_empty();
        let rows = providers
            .into_iter()
            .map(|p| {
                view! {
                    <tr>
                        <th scope="row"><a class="row-link" href=format!("/admin/providers/{}", p.id)>{p.name.clone()}</a><small><code>{p.base_url.clone()}</code></small></th>
                        <td data-label="Kind">{kind_label(p.kind)}</td>
                        <td data-label="Key">{if p.has_api_key { "stored" } else { "none" }}</td>
                        <td data-label="Models" class="num">{p.models}</td>
                        <td data-label="Health"><Health provider=p /></td>
                    </tr>
                }
            })
            .collect_view();
        view! {
            <PageHead title="Providers" lead="Upstreams that serve models over the OpenAI wire format." crumbs=vec![("/admin".into(), "Operator".into())]>
                <Panel label="New provider">
                    <ActForm id="create" url=CreateProvider::url() class="form">
                        <Field name="name" label="Name" required=true />
                        <Select name="kind" label="Kind" options=kinds() value="openai" />
                        <Field name="base_url" label="Base URL" kind="url" help=BASE_URL mono=true required=true />
                        <Field name="api_key" label="API key" kind="password" autocomplete="off" help="Stored sealed; it is never shown again." />
                        <Field name="api_version" label="API version" help=API_VERSION mono=true />
                        <Submit label="Create provider" />
                    </ActForm>
                </Panel>
            </PageHead>
            {if empty {
                view! { <Empty icon="plug" title="No provider yet" text="Create the first with the button above; then read its models into the catalogue." /> }.into_any()
            } else {
                view! {
                    <table class="table table-pairs">
                        <thead>
                            <tr>
                                <th scope="col">"Provider"</th>
                                <th scope="col">"Kind"</th>
                                <th scope="col">"Key"</th>
                                <th scope="col" class="num">"Models"</th>
                                <th scope="col">"Health"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
        }
    })
}
