//! What a tenant is told of and where, and one of its webhooks. The server draws what stands below the head, with plain
//! forms.
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::data::{fetch, loaded_here};
use crate::frame::{param, tenant_param};
use crate::rpc::alerts::{notifications_of, webhook_of};
use crate::ui::PageHead;

#[component]
pub fn Notifications() -> impl IntoView {
    let tenant = tenant_param();
    let data = fetch(move || notifications_of(tenant.get()));
    loaded_here(data, |drawn, here| {
        view! {
            <PageHead title="Notifications" lead="What the tenant is told of without asking, and where." crumbs=vec![(format!("/t/{}", here.slug), here.name)] />
            <div class="drawn" inner_html=drawn></div>
        }
    })
}

#[component]
pub fn WebhookPage() -> impl IntoView {
    let (tenant, id) = (tenant_param(), param("webhook"));
    let query = use_location().search;
    let data = fetch(move || webhook_of(tenant.get(), id.get(), query.get()));
    loaded_here(data, |drawn, here| {
        let base = format!("/t/{}", here.slug);
        let crumbs = vec![(base.clone(), here.name), (format!("{base}/notifications"), "Notifications".into())];
        view! {
            <PageHead title="Webhook" lead="Where it goes, what it takes, and what became of what was sent." crumbs />
            <div class="drawn" inner_html=drawn></div>
        }
    })
}
