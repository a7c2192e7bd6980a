//! The tenant switcher: where one stands, and the way to one's other tenants. Its links keep the
//! page: from the members of one tenant to the members of the other.
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use tenantry_types::account::AvailableTenant;
use tenantry_types::tenant::TenantStatus;

use super::rail::Area;
use crate::rpc::Me;
use crate::ui::{Avatar, Icon, Menu, tenant_colour};

/// The same page in another tenant. What is below a list (a member, a workspace) belongs to its
/// tenant: the switch then leads to the list.
fn same_page(path: &str, slug: &str) -> String {
    let rest = path.strip_prefix("/t/").and_then(|p| p.split_once('/')).map_or("", |(_, rest)| rest);
    let page = match rest {
        "" => return format!("/t/{slug}"),
        "models/report" | "models/rules" => rest,
        below => below.split('/').next().unwrap_or_default(),
    };
    format!("/t/{slug}/{page}")
}

/// From so many tenants on there is a field to filter them.
const MANY: usize = 8;

#[component]
pub fn Switcher(area: Area, me: Option<Me>) -> impl IntoView {
    let (name, role, slug) = match &area {
        Area::Tenant(here) => (here.name.clone(), here.role.label(), Some(here.slug.clone())),
        Area::Operator => ("Operator".to_owned(), "All of this server", None),
        Area::Person => ("Tenantry".to_owned(), "Choose a tenant", None),
    };
    let Some(me) = me else {
        return view! { <a class="rail-button" href="/" rel="external"><Avatar name /><span class="who"><strong>"Tenantry"</strong></span></a> }
            .into_any();
    };
    let filter = RwSignal::new(String::new());
    let many = me.tenants.len() > MANY;
    // Where one stands comes first; the others as they were used.
    let mut tenants = me.tenants;
    tenants.sort_by_key(|t| slug.as_ref() != Some(&t.slug));
    let items = tenants
        .into_iter()
        .map(|tenant| {
            let here = slug.as_ref() == Some(&tenant.slug);
            view! { <TenantLink tenant here filter /> }
        })
        .collect_view();
    let summary = view! {
        <Avatar name=name.clone() />
        <span class="who"><strong>{name}</strong><small>{role}</small></span>
        <Icon name="chevron" />
    }
    .into_any();
    view! {
        <Menu label="Switch tenant" button="rail-button" class="switcher" summary>
            {many
                .then(|| {
                    view! {
                        <input
                            class="input needs-js"
                            type="search"
                            placeholder="Filter tenants"
                            aria-label="Filter tenants"
                            on:input=move |ev| filter.set(event_target_value(&ev).to_lowercase())
                        />
                    }
                })}
            <ul class="menu-list">{items}</ul>
            {me.may_create_tenants.then(|| view! { <a class="menu-item" data-item="" href="/new"><Icon name="plus" />"New tenant"</a> })}
            {me.user.is_operator.then(|| view! { <a class="menu-item" data-item="" href="/admin"><Icon name="shield" />"Operator area"</a> })}
        </Menu>
    }
    .into_any()
}

#[component]
fn TenantLink(tenant: AvailableTenant, here: bool, filter: RwSignal<String>) -> impl IntoView {
    let path = use_location().pathname;
    let slug = tenant.slug.to_string();
    let sought = format!("{} {}", tenant.name, tenant.slug).to_lowercase();
    let state = match tenant.status {
        TenantStatus::Active => String::new(),
        status => format!(", {status}"),
    };
    view! {
        <li hidden=move || !sought.contains(&filter.get())>
            <a class=format!("menu-item {}", tenant_colour(tenant.colour)) data-item="" href=move || same_page(&path.get(), &slug) aria-current=here.then_some("true")>
                <Avatar name=tenant.name.clone() class="avatar-small" />
                <span class="who"><strong>{tenant.name}</strong><small>{tenant.role.label()}{state}</small></span>
                {here.then(|| view! { <Icon name="check" /> })}
            </a>
        </li>
    }
}
