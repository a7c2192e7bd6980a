//! The rail: switcher, navigation, account menu. On small screens it is a popover behind the menu button.
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use tenantry_types::Permission;

use super::switcher::Switcher;
use crate::rpc::{Here, Me};
use crate::ui::{Avatar, Icon, Menu, tenant_colour};

/// The kind of area that the rail leads through.
#[derive(Clone)]
pub enum Area {
    Tenant(Here),
    Operator,
    Person,
}

/// One entry: address, icon, name, and whether pages below it count as it.
struct Entry {
    href: String,
    icon: &'static str,
    name: &'static str,
    deep: bool,
}

fn entry(href: String, icon: &'static str, name: &'static str) -> Entry {
    Entry {
        href,
        icon,
        name,
        deep: true,
    }
}

fn entries(area: &Area) -> Vec<Entry> {
    match area {
        Area::Tenant(here) => {
            let base = format!("/t/{}", here.slug);
            let mut out = vec![Entry {
                href: base.clone(),
                icon: "home",
                name: "Overview",
                deep: false,
            }];
            let more = [
                (Permission::WorkspacesRead, "workspaces", "layers", "Workspaces"),
                (Permission::MembersRead, "members", "users", "Members"),
                (Permission::InvitationsRead, "invitations", "mail", "Invitations"),
                (Permission::ModelsRead, "models", "cpu", "Models"),
                (Permission::KeysRead, "keys", "key", "Keys"),
                (Permission::GatewayUse, "playground", "chat", "Playground"),
                (Permission::UsageRead, "usage", "chart", "Usage"),
                (Permission::TenantRead, "permissions", "shield", "Permissions"),
                (Permission::WebhooksRead, "notifications", "bell", "Notifications"),
                (Permission::AuditRead, "audit", "list", "Audit"),
                (Permission::TenantRead, "settings", "settings", "Settings"),
            ];
            out.extend(
                more.into_iter()
                    .filter(|(p, ..)| here.may(*p))
                    .map(|(_, path, icon, name)| entry(format!("{base}/{path}"), icon, name)),
            );
            out
        }
        Area::Operator => vec![
            Entry {
                href: "/admin".into(),
                icon: "gauge",
                name: "System",
                deep: false,
            },
            entry("/admin/tenants".into(), "layers", "Tenants"),
            entry("/admin/users".into(), "users", "Accounts"),
            entry("/admin/providers".into(), "plug", "Providers"),
            entry("/admin/models".into(), "cpu", "Catalogue"),
            entry("/admin/plans".into(), "tag", "Plans"),
            entry("/admin/audit".into(), "list", "Audit"),
        ],
        Area::Person => vec![entry("/account".into(), "user", "Account")],
    }
}

/// Where the rail leads.
#[cfg(feature = "ssr")]
pub fn pages(area: &Area) -> Vec<(String, &'static str)> {
    entries(area).into_iter().map(|e| (e.href, e.name)).collect()
}

#[component]
pub fn Rail(area: Area, me: Option<Me>) -> impl IntoView {
    let path = use_location().pathname;
    let colour = match &area {
        Area::Tenant(here) => tenant_colour(here.colour),
        Area::Operator => "tc-operator",
        Area::Person => "tc-none",
    };
    let items = entries(&area)
        .into_iter()
        .map(|e| {
            let href = e.href.clone();
            let current = move || {
                let path = path.get();
                let here = path == href || (e.deep && path.strip_prefix(&href).is_some_and(|rest| rest.starts_with('/')));
                here.then_some("page")
            };
            view! { <li><a href=e.href aria-current=current><Icon name=e.icon />{e.name}</a></li> }
        })
        .collect_view();
    let top = match &area {
        Area::Tenant(here) => here.name.clone(),
        Area::Operator => "Operator".to_owned(),
        Area::Person => "Tenantry".to_owned(),
    };
    view! {
        <div class=format!("line {colour}") aria-hidden="true"></div>
        <header class="topbar">
            <button type="button" class="btn btn-quiet btn-icon" popovertarget="rail" aria-label="Navigation">
                <Icon name="menu" />
            </button>
            <Avatar name=top.clone() class=colour />
            <span>{top}</span>
        </header>
        <aside class=format!("rail {colour}") id="rail" popover="auto" aria-label="Tenants, navigation, account">
            <Switcher area me=me.clone() />
            {me.is_some().then(|| view! { <button type="button" class="rail-search needs-js" data-palette="find"><Icon name="search" />"Jump to"<kbd>"Ctrl K"</kbd></button> })}
            <nav class="rail-nav" aria-label="Main">
                <ul>{items}</ul>
            </nav>
            {me.map(|me| view! { <AccountMenu me /> })}
        </aside>
    }
}

#[component]
fn AccountMenu(me: Me) -> impl IntoView {
    let name = me.user.name.clone();
    let summary = view! {
        <Avatar name=name.clone() class="avatar-round" />
        <span class="who"><strong>{name}</strong><small>{me.user.email.to_string()}</small></span>
        <Icon name="chevron" />
    }
    .into_any();
    view! {
        <Menu label="Account menu" button="rail-button" class="menu-up" summary>
            <a class="menu-item" data-item="" href="/account"><Icon name="user" />"Account"</a>
            {me.user.is_operator.then(|| view! { <a class="menu-item" data-item="" href="/admin"><Icon name="shield" />"Operator area"</a> })}
            <form class="menu-theme" method="post" action="/theme">
                <span id="theme-label">"Theme"</span>
                <div role="group" aria-labelledby="theme-label">
                    {[("light", "Light"), ("dark", "Dark"), ("system", "System")]
                        .map(|(word, label)| view! { <button type="submit" class="btn btn-small" name="theme" value=word data-item="">{label}</button> })
                        .collect_view()}
                </div>
            </form>
            <button type="button" class="menu-item needs-js" data-item="" data-palette="shortcuts"><Icon name="keys" />"Keyboard shortcuts"</button>
            <form method="post" action="/logout">
                <button type="submit" class="menu-item" data-item=""><Icon name="exit" />"Sign out"</button>
            </form>
        </Menu>
    }
}
