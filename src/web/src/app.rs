//! The console: what all pages share, and the one table of its routes. Pages are rendered whole
//! (`SsrMode::Async`), so that they are complete without JavaScript and carry the right status.
use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};

use crate::browser;
use crate::data::fetch_apart;
use crate::frame::{AdminFrame, PersonFrame, TenantFrame};
use crate::pages::{self, later};
use crate::rpc::{first_look, session};
use crate::state::{Posted, Shared, shared};
use crate::ui::Toasts;

#[component]
pub fn Console() -> impl IntoView {
    provide_meta_context();
    let (now, posted) = SharedValue::new(first_look).into_inner();
    let refresh = RwSignal::new(0);
    let shared = Shared {
        now: RwSignal::new(now),
        toasts: RwSignal::new(Vec::new()),
        refresh,
        me: fetch_apart(move || {
            refresh.track();
            session::session()
        }),
        posted: StoredValue::new(posted),
    };
    provide_context(shared);
    Effect::new(move |_| {
        browser::watch_menus();
        let tick = move || {
            if let Some(now) = browser::now() {
                shared.now.set(now);
            }
        };
        tick();
        if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(30)) {
            on_cleanup(move || handle.clear());
        }
    });
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Tenantry".to_owned() } else { format!("{title} \u{b7} Tenantry") } />
        <a class="skip" href="#main" rel="external">"Skip to the content"</a>
        <Router>
            <Watch />
            <Routes fallback=pages::NotFound>
                <Route path=path!("/login") view=pages::Login ssr=SsrMode::Async />
                <Route path=path!("/register") view=pages::Register ssr=SsrMode::Async />
                <Route path=path!("/register/:token") view=later::Confirm ssr=SsrMode::Async />
                // Rendered by their handlers alone, when something is wrong or a code is to follow.
                <Route path=path!("/auth/openid/:provider") view=pages::Login ssr=SsrMode::Async />
                <Route path=path!("/auth/openid/:provider/callback") view=pages::Login ssr=SsrMode::Async />
                <Route path=path!("/forgot") view=later::Forgot ssr=SsrMode::Async />
                <Route path=path!("/reset/:token") view=later::Reset ssr=SsrMode::Async />
                <Route path=path!("/verify/:token") view=later::Verify ssr=SsrMode::Async />
                <Route path=path!("/invite/:token") view=pages::Invite ssr=SsrMode::Async />
                <ParentRoute path=path!("/t/:tenant") view=TenantFrame ssr=SsrMode::Async>
                    <Route path=path!("") view=pages::Overview ssr=SsrMode::Async />
                    <Route path=path!("workspaces") view=pages::Workspaces ssr=SsrMode::Async />
                    <Route path=path!("workspaces/:workspace") view=later::WorkspaceDetail ssr=SsrMode::Async />
                    <Route path=path!("members") view=pages::Members ssr=SsrMode::Async />
                    <Route path=path!("members/:user") view=later::MemberPage ssr=SsrMode::Async />
                    <Route path=path!("invitations") view=pages::Invitations ssr=SsrMode::Async />
                    <Route path=path!("models") view=pages::Models ssr=SsrMode::Async />
                    <Route path=path!("models/report") view=later::Report ssr=SsrMode::Async />
                    <Route path=path!("models/rules") view=later::ModelRules ssr=SsrMode::Async />
                    <Route path=path!("models/:model") view=later::ModelDetail ssr=SsrMode::Async />
                    <Route path=path!("keys") view=later::Keys ssr=SsrMode::Async />
                    <Route path=path!("usage") view=later::Usage ssr=SsrMode::Async />
                    <Route path=path!("playground") view=later::Playground ssr=SsrMode::Async />
                    <Route path=path!("notifications") view=later::Notifications ssr=SsrMode::Async />
                    <Route path=path!("webhooks/:webhook") view=later::WebhookPage ssr=SsrMode::Async />
                    <Route path=path!("audit") view=later::Audit ssr=SsrMode::Async />
                    <Route path=path!("permissions") view=later::Permissions ssr=SsrMode::Async />
                    <Route path=path!("settings") view=later::Settings ssr=SsrMode::Async />
                    <Route path=path!("*rest") view=pages::Missing ssr=SsrMode::Async />
                </ParentRoute>
                <ParentRoute path=path!("/admin") view=AdminFrame ssr=SsrMode::Async>
                    <Route path=path!("") view=later::System ssr=SsrMode::Async />
                    <Route path=path!("system") view=later::System ssr=SsrMode::Async />
                    <Route path=path!("tenants") view=later::Tenants ssr=SsrMode::Async />
                    <Route path=path!("users") view=later::Users ssr=SsrMode::Async />
                    <Route path=path!("providers") view=later::Providers ssr=SsrMode::Async />
                    <Route path=path!("providers/:id") view=later::ProviderDetail ssr=SsrMode::Async />
                    <Route path=path!("models") view=later::Catalog ssr=SsrMode::Async />
                    <Route path=path!("models/:id") view=later::CatalogDetail ssr=SsrMode::Async />
                    <Route path=path!("plans") view=later::Plans ssr=SsrMode::Async />
                    <Route path=path!("audit") view=later::ServerAudit ssr=SsrMode::Async />
                    <Route path=path!("*rest") view=pages::Missing ssr=SsrMode::Async />
                </ParentRoute>
                <ParentRoute path=path!("/account") view=PersonFrame ssr=SsrMode::Async>
                    <Route path=path!("") view=later::Account ssr=SsrMode::Async />
                </ParentRoute>
                <ParentRoute path=path!("/new") view=PersonFrame ssr=SsrMode::Async>
                    <Route path=path!("") view=later::NewTenant ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
        <Toasts />
    }
}

/// What follows the address: the navigation closes, and the answer of a plain form is over.
#[component]
fn Watch() -> impl IntoView {
    let path = use_location().pathname;
    let posted = shared().posted;
    Effect::new(move |before: Option<String>| {
        let here = path.get();
        if before.is_some_and(|b| b != here) {
            browser::close_sheet();
            posted.set_value(Posted::default());
        }
        here
    });
}
