//! The frame around pages: the rail with the switcher and the navigation, the line in the tenant's
//! colour, the account menu. One frame a kind of area: a tenant, the operator's, the person's own.
mod rail;
mod switcher;

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_params_map;

use crate::rpc::{Here, UiError, session};
use crate::state::shared;
use crate::ui::{Flash, ProblemView, Skeleton};
use rail::{Area, Rail};

/// The tenant of the pages in its frame.
#[derive(Clone, Copy)]
pub struct Standing(pub Resource<Result<Here, UiError>>);

/// The slug in the address.
pub fn tenant_param() -> Memo<String> {
    param("tenant")
}

pub fn param(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.get().get(name).unwrap_or_default())
}

/// Where the pages stand in their frame.
fn body(rail: impl IntoView + 'static) -> impl IntoView {
    view! {
        <div class="frame">
            {rail}
            <main id="main" tabindex="-1">
                <Flash />
                <Outlet />
            </main>
        </div>
    }
}

#[component]
pub fn TenantFrame() -> impl IntoView {
    let shared = shared();
    let tenant = tenant_param();
    let here = Resource::new_blocking(move || (tenant.get(), shared.refresh.get()), |(tenant, _)| session::load_here(tenant));
    provide_context(Standing(here));
    let rail = view! {
        <Transition>
            {move || Suspend::new(async move {
                let me = shared.me.await.ok().flatten();
                match here.await {
                    Ok(here) => view! { <Rail area=Area::Tenant(here) me /> }.into_any(),
                    Err(_) => view! { <Rail area=Area::Person me /> }.into_any(),
                }
            })}
        </Transition>
    };
    body(rail)
}

#[component]
pub fn AdminFrame() -> impl IntoView {
    let shared = shared();
    let rail = view! {
        <Transition>
            {move || Suspend::new(async move {
                let me = shared.me.await.ok().flatten();
                view! { <Rail area=Area::Operator me /> }
            })}
        </Transition>
    };
    body(rail)
}

#[component]
pub fn PersonFrame() -> impl IntoView {
    let shared = shared();
    let rail = view! {
        <Transition>
            {move || Suspend::new(async move {
                let me = shared.me.await.ok().flatten();
                view! { <Rail area=Area::Person me /> }
            })}
        </Transition>
    };
    body(rail)
}

/// As `ui::loaded`, for a page that also needs to know what one may do in the tenant.
pub fn loaded_here<T, F, V>(data: Resource<Result<T, UiError>>, view: F) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    F: Fn(T, Here) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let Standing(here) = expect_context();
    view! {
        <Transition fallback=|| view! { <Skeleton /> }>
            {move || {
                let view = view.clone();
                Suspend::new(async move {
                    match (data.await, here.await) {
                        (Ok(value), Ok(here)) => view(value, here).into_any(),
                        (Err(error), _) | (_, Err(error)) => view! { <ProblemView error /> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
}
