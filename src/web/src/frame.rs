//! The frame around pages: the rail with the switcher and the navigation, the line in the tenant's
//! colour, the account menu. One frame a kind of area: a tenant, the operator's, the person's own.
mod rail;
mod switcher;

use std::pin::Pin;

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_params_map;

use crate::data::{Data, fetch};
use crate::rpc::{Here, session};
use crate::state::shared;
use crate::ui::{Flash, waiting};
use rail::{Area, Rail};

/// The tenant of the pages in its frame.
#[derive(Clone, Copy)]
pub struct Standing(pub Data<Here>);

/// Addresses and names of the pages of a tenant that one may see, as the rail has them.
#[cfg(feature = "ssr")]
pub fn tenant_pages(here: &Here) -> Vec<(String, &'static str)> {
    rail::pages(&Area::Tenant(here.clone()))
}

/// Those of the operator's area.
#[cfg(feature = "ssr")]
pub fn operator_pages() -> Vec<(String, &'static str)> {
    rail::pages(&Area::Operator)
}

/// The slug in the address.
pub fn tenant_param() -> Memo<String> {
    param("tenant")
}

pub fn param(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.get().get(name).unwrap_or_default())
}

type Finding = Pin<Box<dyn Future<Output = Area> + Send>>;

/// The rail, and where the pages stand beside it.
fn body(area: impl Fn() -> Finding + Copy + Send + Sync + 'static) -> AnyView {
    let me = shared().me;
    let rail = waiting(move || {
        Box::pin(async move {
            let me = me.read().await.ok().flatten();
            let area = area().await;
            view! { <Rail area me /> }.into_any()
        })
    });
    view! {
        <div class="frame">
            {rail}
            <main id="main" tabindex="-1">
                <Flash />
                <Outlet />
            </main>
        </div>
    }
    .into_any()
}

#[component]
pub fn TenantFrame() -> impl IntoView {
    let tenant = tenant_param();
    let here = fetch(move || session::load_here(tenant.get()));
    provide_context(Standing(here));
    body(move || {
        Box::pin(async move {
            match here.read().await {
                Ok(here) => Area::Tenant(here),
                Err(_) => Area::Person,
            }
        })
    })
}

#[component]
pub fn AdminFrame() -> impl IntoView {
    body(|| Box::pin(async { Area::Operator }))
}

#[component]
pub fn PersonFrame() -> impl IntoView {
    body(|| Box::pin(async { Area::Person }))
}
