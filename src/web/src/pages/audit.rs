//! What happened in a tenant, and on the server itself. The server draws what stands below the head:
//! filters, events, files and the verification are links and a plain form.
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::data::{fetch, loaded, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::audit::{server_record, tenant_record};
use crate::ui::PageHead;

#[component]
pub fn Audit() -> impl IntoView {
    let tenant = tenant_param();
    let query = use_location().search;
    let data = fetch(move || tenant_record(tenant.get(), query.get()));
    loaded_here(data, |drawn, here| {
        view! {
            <PageHead title="Audit" lead="What happened in this tenant, who did it, and what was refused." crumbs=vec![(format!("/t/{}", here.slug), here.name)] />
            <div class="drawn" inner_html=drawn></div>
        }
    })
}

#[component]
pub fn ServerAudit() -> impl IntoView {
    let query = use_location().search;
    let data = fetch(move || server_record(query.get()));
    loaded(data, |drawn| {
        view! {
            <PageHead title="Audit" lead="What happened on the server itself: accounts, providers, the catalogue, tenants as such, and who tried doors that are not theirs." />
            <div class="drawn" inner_html=drawn></div>
        }
    })
}
