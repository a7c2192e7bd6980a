//! The server as a whole.
use leptos::prelude::*;

use crate::data::{fetch, loaded};
use crate::rpc::admin::{health, stats};
use crate::rpc::audit::access_review;
use crate::ui::{PageHead, Section};

#[component]
pub fn System() -> impl IntoView {
    let data = fetch(stats);
    let access = fetch(access_review);
    let work = fetch(health);
    loaded(data, move |stats| {
        let tiles = [
            ("Tenants", stats.tenants, "/admin/tenants"),
            ("Accounts", stats.users, "/admin/users"),
            ("Providers", stats.providers, "/admin/providers"),
            ("Models", stats.models, "/admin/models"),
        ];
        let tiles = tiles
            .map(|(name, n, href)| view! { <li><a class="tile" href=href><span class="tile-number">{n}</span><span>{name}</span></a></li> })
            .collect_view();
        view! {
            <PageHead title="System" lead="The server as a whole: what runs, and how much of it there is." />
            <ul class="tiles">{tiles}</ul>
            <Section title="Versions">
                <dl class="facts facts-wide">
                    <div><dt>"Tenantry"</dt><dd><code>{stats.version}</code></dd></div>
                    <div><dt>"Database"</dt><dd><code>{stats.database_version}</code></dd></div>
                    <div><dt>"Migration"</dt><dd><code>{stats.migration}</code></dd></div>
                    <div><dt>"Active tenants"</dt><dd>{stats.active_tenants}" of "{stats.tenants}</dd></div>
                </dl>
            </Section>
            {loaded(work, |drawn| view! { <div class="sections" inner_html=drawn></div> })}
            {loaded(access, |(notices, access)| {
                view! {
                    {(!notices.is_empty()).then(|| view! { <Section title="Needs attention"><div inner_html=notices></div></Section> })}
                    <Section title="Who has access"><div inner_html=access></div></Section>
                }
            })}
        }
    })
}
