//! Who can use what: users down, models across; under 900 px a list a user. The same numbers as the CSV.
use std::collections::BTreeSet;

use leptos::prelude::*;
use tenantry_types::counted;
use tenantry_types::model::ModelReportRow;

use super::{list_query, models::tabs};
use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::models::report;
use crate::ui::{Empty, Filters, Icon, PageHead, Pager, count_words};

/// So many columns are still read as a table; beyond that the list says it better.
const COLUMNS: usize = 12;

#[component]
pub fn Report() -> impl IntoView {
    let tenant = tenant_param();
    let list = list_query();
    let data = fetch(move || report(tenant.get(), list.get()));
    loaded_here(data, move |page, here| {
        let list = list.get_untracked();
        let csv = format!("/api/v1/tenants/{}/models/report?format=csv", here.slug);
        let words = count_words(page.total, page.items.len(), &list, "person", "people");
        let names: BTreeSet<String> = page.items.iter().flat_map(|r| r.model_names.iter().cloned()).collect();
        let wide = (1..=COLUMNS).contains(&names.len());
        let (empty, more) = (page.items.is_empty(), page.next_cursor.is_some());
        view! {
            <PageHead title="Who can use what" lead="What each person may use, all workspaces counted." crumbs=vec![(format!("/t/{}", here.slug), here.name.clone()), (format!("/t/{}/models", here.slug), "Models".into())]>
                <a class="btn" href=csv rel="external" download=""><Icon name="download" />"CSV"</a>
            </PageHead>
            {tabs(&here, "report")}
            <Filters list=list.clone() placeholder="Search people" />
            <p class="count" role="status">{words}</p>
            {if empty {
                view! { <Empty icon="users" title="Nobody matches" text="Change the search: it looks at names and addresses of active members." /> }.into_any()
            } else {
                view! {
                    {wide.then(|| view! { <Matrix rows=page.items.clone() names=names.iter().cloned().collect() /> })}
                    <ul class=if wide { "report-list report-narrow" } else { "report-list" }>
                        {page
                            .items
                            .iter()
                            .map(|r| {
                                let models = r.model_names.iter().map(|n| view! { <li><code>{n.clone()}</code></li> }).collect_view();
                                view! {
                                    <li>
                                        <details>
                                            <summary>
                                                <span class="who"><strong>{r.user_name.clone()}</strong><small>{r.user_email.to_string()}</small></span>
                                                <span class="muted">{counted(r.accessible_models, "model", "models")}</span>
                                            </summary>
                                            <ul>{models}</ul>
                                        </details>
                                    </li>
                                }
                            })
                            .collect_view()}
                    </ul>
                }
                    .into_any()
            }}
            <Pager list total=page.total more />
        }
    })
}

#[component]
fn Matrix(rows: Vec<ModelReportRow>, names: Vec<String>) -> impl IntoView {
    let heads = names
        .iter()
        .map(|n| view! { <th scope="col" class="slant"><code>{n.clone()}</code></th> })
        .collect_view();
    let body = rows
        .into_iter()
        .map(|r| {
            let cells = names
                .iter()
                .map(|n| {
                    if r.model_names.contains(n) {
                        view! { <td class="cell"><Icon name="check" /><span class="sr-only">"yes"</span></td> }.into_any()
                    } else {
                        view! { <td class="cell"><span class="sr-only">"no"</span></td> }.into_any()
                    }
                })
                .collect_view();
            view! {
                <tr>
                    <th scope="row">{r.user_name}<small>{r.user_email.to_string()}</small></th>
                    <td class="num">{r.accessible_models}</td>
                    {cells}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="report-wide" tabindex="0" role="region" aria-label="People and models">
            <table class="table matrix">
                <thead><tr><th scope="col">"Person"</th><th scope="col" class="num">"Models"</th>{heads}</tr></thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
}
