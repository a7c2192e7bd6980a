//! What was used through the gateway. The server draws what stands below the head; the browser asks for it again now
//! and then, so that the numbers move without a reload.
use std::time::Duration;

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::usage::tenant_usage;
use crate::ui::PageHead;

const AGAIN: Duration = Duration::from_secs(5);

#[component]
pub fn Usage() -> impl IntoView {
    let tenant = tenant_param();
    let query = use_location().search;
    let turn = RwSignal::new(0_u32);
    Effect::new(move |_| {
        if let Ok(ticking) = set_interval_with_handle(move || turn.update(|n| *n = n.wrapping_add(1)), AGAIN) {
            on_cleanup(move || ticking.clear());
        }
    });
    let data = fetch(move || {
        turn.track();
        tenant_usage(tenant.get(), query.get())
    });
    loaded_here(data, |drawn, here| {
        view! {
            <PageHead title="Usage" lead="What was asked of models, what it came to and how long it took." crumbs=vec![(format!("/t/{}", here.slug), here.name)] />
            <div class="drawn" inner_html=drawn></div>
        }
    })
}
