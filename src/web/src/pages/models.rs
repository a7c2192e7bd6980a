//! The models that the tenant may use: a switch a model, who may use it, and both for many at once.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::Permission;
use tenantry_types::model::{Audience, DecidedBy, TenantModel};

use super::{list_query, price, thousands};
use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::Here;
use crate::rpc::models::{ToggleModels, list_models};
use crate::ui::{
    ActForm, Alert, Badge, BulkBar, Empty, FilterSelect, Filters, Hidden, Icon, Menu, PageHead, Pager, Submit, Tabs, TickAll, Tone, choices,
    count_words, counts_ticked, ticked,
};

/// What input and output cost at most, in dollars.
const PRICES: [(&str, &str); 6] = [
    ("", "Any price"),
    ("0", "Free"),
    ("0.5", "Up to $0.50"),
    ("1", "Up to $1"),
    ("5", "Up to $5"),
    ("20", "Up to $20"),
];

/// The tabs of this page and of those beside it; `open` is the last part of the address of the one that is shown.
pub fn tabs(here: &Here, open: &str) -> impl IntoView + use<> {
    let base = format!("/t/{}/models", here.slug);
    let warning = here.models_open.clone();
    let tab = |path: &str, label: &str| {
        let address = if path.is_empty() { base.clone() } else { format!("{base}/{path}") };
        (address, label.to_owned(), path == open)
    };
    let mut items = vec![tab("", "Models"), tab("rules", "Rules")];
    if here.may(Permission::ModelsReport) {
        items.push(tab("report", "Who can use what"));
    }
    view! {
        {warning.map(|text| view! { <Alert tone=Tone::Bad><p>{text}</p></Alert> })}
        <Tabs label="Models" items />
    }
}

#[component]
pub fn Models() -> impl IntoView {
    let tenant = tenant_param();
    let list = list_query();
    let ticked = ticked();
    let data = fetch(move || list_models(tenant.get(), list.get()));
    loaded_here(data, move |page, here| {
        let list = list.get_untracked();
        let may = here.may(Permission::ModelsToggle);
        let providers = std::iter::once((String::new(), "All providers".to_owned()))
            .chain(page.providers.into_iter().map(|p| (p.clone(), p)))
            .collect();
        let page = page.models;
        let base = format!("/t/{}/models", here.slug);
        let states = choices([("", "Enabled and not"), ("yes", "Enabled"), ("no", "Not enabled")]);
        let prices = choices(PRICES);
        let words = count_words(page.total, page.items.len(), &list, "model", "models");
        let rows = page
            .items
            .iter()
            .map(|m| view! { <Row model=m.clone() base=base.clone() may /> })
            .collect_view();
        let (empty, more) = (page.items.is_empty(), page.next_cursor.is_some());
        view! {
            <PageHead title="Models" lead="Which models of the catalogue this tenant may use, and who in it." crumbs=vec![(format!("/t/{}", here.slug), here.name.clone())] />
            {tabs(&here, "")}
            <Filters clone:list list=list.clone() placeholder="Search models">
                <FilterSelect name="enabled" label="Enabled" options=states value=list.enabled.clone() />
                <FilterSelect name="provider" label="Provider" options=providers value=list.provider.clone() />
                <FilterSelect name="price" label="Price of a million tokens" options=prices value=list.price.clone() />
            </Filters>
            <p class="count" role="status">{words}</p>
            {if empty && list.is_narrowed() {
                view! { <Empty icon="cpu" title="No model matches" text="Change the search or the filters." /> }.into_any()
            } else if empty {
                view! { <Empty icon="cpu" title="The catalogue is empty" text="An operator of this server adds providers and models." /> }.into_any()
            } else {
                view! {
                    <ActForm id="models" url=ToggleModels::url() many=true>
                        <Hidden name="tenant" value=here.slug.to_string() />
                        <div on:change=counts_ticked(ticked)>
                            {may.then(|| view! { <Bulk ticked /> })}
                            <table class="table table-pairs">
                                <thead>
                                    <tr>
                                        {may.then(|| view! { <TickAll form="models" /> })}
                                        <th scope="col">"Model"</th>
                                        <th scope="col">"Provider"</th>
                                        <th scope="col" class="num">"Context"</th>
                                        <th scope="col" class="num">"Input per 1M"</th>
                                        <th scope="col" class="num">"Output per 1M"</th>
                                        <th scope="col">"Who can use it"</th>
                                        <th scope="col">"Enabled"</th>
                                    </tr>
                                </thead>
                                <tbody>{rows}</tbody>
                            </table>
                        </div>
                    </ActForm>
                }
                    .into_any()
            }}
            <Pager list total=page.total more />
        }
    })
}

/// What can be done with many at once.
#[component]
fn Bulk(ticked: RwSignal<u32>) -> impl IntoView {
    view! {
        <BulkBar ticked one="model" many="models">
            <Submit label="Enable" class="btn btn-small" name="how" value="enable" />
            <Submit label="Disable" class="btn btn-small" name="how" value="disable" />
            <Submit label="For everyone" class="btn btn-small" name="how" value="tenant" />
            <Submit label="Only in workspaces" class="btn btn-small" name="how" value="workspaces" />
        </BulkBar>
    }
}

#[component]
fn Row(model: TenantModel, base: String, may: bool) -> impl IntoView {
    let m = model;
    let id = m.id.to_string();
    let audience = match (m.enabled, m.audience) {
        (false, _) => "Nobody",
        (true, Audience::Tenant) => "Everyone",
        (true, Audience::Workspaces) => "Workspaces that list it",
    };
    let switch = format!("{}:{id}", if m.enabled { "disable" } else { "enable" });
    let enabled = if may {
        view! {
            <button type="submit" class="switch" role="switch" aria-checked=if m.enabled { "true" } else { "false" } name="one" value=switch aria-label=format!("{} enabled", m.display_name)>
                <span class="switch-knob"></span>
            </button>
        }
        .into_any()
    } else if m.enabled {
        view! { <Badge text="Enabled" tone=Tone::Good /> }.into_any()
    } else {
        view! { <Badge text="Not enabled" tone=Tone::Neutral /> }.into_any()
    };
    let by = match (m.decided_by, &m.rule) {
        (Some(DecidedBy::Rule), Some(rule)) => Some(view! { <small>"by "<code>{rule.to_string()}</code></small> }.into_any()),
        (Some(DecidedBy::New), _) => Some(view! { <small>"new"</small> }.into_any()),
        _ => None,
    };
    let menu = (may && m.enabled).then(|| {
        let summary = view! { <Icon name="chevron" /> }.into_any();
        view! {
            <Menu clone:id label=format!("Who can use {}", m.display_name) class="menu-end" summary>
                <button type="submit" class="menu-item" data-item="" name="one" value=format!("tenant:{id}")>"Everyone in the tenant"</button>
                <button type="submit" class="menu-item" data-item="" name="one" value=format!("workspaces:{id}")>"Only workspaces that list it"</button>
            </Menu>
        }
    });
    view! {
        <tr>
            {may.then(|| view! { <td class="tick"><input type="checkbox" name="models[]" value=id.clone() aria-label=format!("Select {}", m.display_name) /></td> })}
            <th scope="row">
                <a class="row-link" href=format!("{base}/{id}")>{m.display_name.clone()}</a>
                <small><code>{m.name.clone()}</code></small>
                {(!m.is_active).then(|| view! { <Badge text="Switched off by the operator" tone=Tone::Warning /> })}
                {m.missing_since.map(|_| view! { <Badge text="Not listed any more" tone=Tone::Warning /> })}
            </th>
            <td data-label="Provider">{m.provider_name.clone().unwrap_or_else(|| "none".into())}</td>
            <td data-label="Context" class="num">{thousands(m.context_length)}</td>
            <td data-label="Input per 1M" class="num">{price(m.input_price)}</td>
            <td data-label="Output per 1M" class="num">{price(m.output_price)}</td>
            <td data-label="Who can use it"><span class="with-menu">{audience}{menu}</span></td>
            <td data-label="Enabled">{enabled}{by}</td>
        </tr>
    }
}
