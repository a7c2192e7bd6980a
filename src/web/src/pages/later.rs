//! Pages whose code the browser fetches when one of them is opened, and not with the first page: each group is a file of
//! its own beside the main one. On the server they are pages like the others.
use std::future::pending;

use leptos::prelude::*;
use leptos::wasm_split::SplitLoaderError;
#[cfg(not(debug_assertions))]
use leptos::wasm_split::wasm_split;
use leptos_router::ChooseView;

use crate::browser;
use crate::ui::Icon;

use super::{
    account, admin, alerts, audit, keys, links, member, model, new_tenant, permissions, playground, report, rules, settings, usage, workspace,
};

/// A group of pages: the function that holds their code, the one that only fetches it, and the pages.
macro_rules! group {
    ($pages:ident, $open:ident, $fetch:ident: $($page:ident = $view:path),+ $(,)?) => {
        enum $pages { $($page),+ }

        #[cfg(not(debug_assertions))]
        #[wasm_split($open, wasm_split_path = ::leptos::wasm_split, preload($fetch), fallible)]
        fn $open(page: $pages) -> Result<AnyView, SplitLoaderError> {
            Ok(match page { $($pages::$page => view! { <$view /> }.into_any()),+ })
        }
        // A debug build, which nobody downloads, stays in one piece.
        #[cfg(debug_assertions)]
        async fn $open(page: $pages) -> Result<AnyView, SplitLoaderError> {
            Ok(match page { $($pages::$page => view! { <$view /> }.into_any()),+ })
        }
        #[cfg(debug_assertions)]
        async fn $fetch() -> Result<(), SplitLoaderError> {
            Ok(())
        }

        $(
            #[derive(Clone)]
            pub struct $page;

            impl ChooseView for $page {
                async fn choose(self) -> AnyView {
                    match $open($pages::$page).await {
                        Ok(view) => view,
                        Err(_) => not_fetched(),
                    }
                }
                async fn preload(&self) {
                    if $fetch().await.is_err() && !browser::taken_over() {
                        // The server rendered the page, which works without its code.
                        pending::<()>().await;
                    }
                }
            }
        )+
    };
}

/// What stands for a page whose code could not be fetched: the network is gone, or the server is of another version now.
fn not_fetched() -> AnyView {
    view! {
        <div class="problem">
            <Icon name="alert" />
            <h1>"This page could not be loaded"</h1>
            <p>"The connection was lost, or Tenantry was updated in the meantime."</p>
            <p><a class="btn btn-primary" href="" rel="external">"Load it again"</a></p>
        </div>
    }
    .into_any()
}

group!(More, more, fetch_more:
    Account = account::Account,
    Audit = audit::Audit,
    Confirm = links::Confirm,
    Forgot = links::Forgot,
    Keys = keys::Keys,
    MemberPage = member::MemberPage,
    ModelDetail = model::ModelDetail,
    ModelRules = rules::ModelRulesPage,
    NewTenant = new_tenant::NewTenant,
    Notifications = alerts::Notifications,
    Permissions = permissions::Permissions,
    Playground = playground::Playground,
    Report = report::Report,
    Reset = links::Reset,
    Settings = settings::Settings,
    Usage = usage::Usage,
    Verify = links::Verify,
    WebhookPage = alerts::WebhookPage,
    WorkspaceDetail = workspace::WorkspaceDetail,
);

group!(Operator, operator, fetch_operator:
    System = admin::System,
    Tenants = admin::Tenants,
    Users = admin::Users,
    Providers = admin::Providers,
    ProviderDetail = admin::ProviderDetail,
    Catalog = admin::Catalog,
    CatalogDetail = admin::CatalogDetail,
    Plans = admin::Plans,
    ServerAudit = audit::ServerAudit,
);
