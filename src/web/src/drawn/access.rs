//! Who may enter each tenant, for the operator.
use leptos::prelude::*;
use tenantry_types::overview::TenantAccess;
use tenantry_types::tenant::TenantStatus;

use super::when;
use crate::ui::Empty;

/// `more`: there are tenants beyond these.
pub fn access(tenants: Vec<TenantAccess>, more: bool) -> String {
    if tenants.is_empty() {
        return view! { <Empty icon="layers" title="No tenant yet" text="Who may enter each one shows here." /> }.to_html();
    }
    let rows = tenants
        .into_iter()
        .map(|t| {
            let shown = i64::try_from(t.admins.len()).unwrap_or(i64::MAX);
            let beyond = (t.admin_count > shown).then(|| view! { <li class="muted">{format!("and {} more", t.admin_count - shown)}</li> });
            let admins = t
                .admins
                .into_iter()
                .map(|a| {
                    let seen = match a.last_active_at {
                        Some(at) => view! { <span>"last there "{when(at)}</span> }.into_any(),
                        None => view! { <span>"never there"</span> }.into_any(),
                    };
                    view! { <li><span>{a.name}" \u{b7} "{a.role.label()}<small>{a.email}</small></span><small>{seen}</small></li> }
                })
                .collect_view();
            let status = (t.status != TenantStatus::Active).then(|| view! { <small>{t.status.as_str()}</small> });
            view! {
                <tr>
                    <th scope="row"><a href=format!("/t/{}/members", t.slug)>{t.name}</a>{status}</th>
                    <td class="num" data-label="Active users">{t.active_users}</td>
                    <td class="num" data-label="Enabled models">{t.enabled_models}</td>
                    <td data-label="Owners and admins"><ul class="rows">{admins}{beyond}</ul></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Tenant"</th>
                    <th scope="col" class="num">"Active users"</th>
                    <th scope="col" class="num">"Enabled models"</th>
                    <th scope="col">"Owners and admins"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        {more.then(|| view! { <p class="muted">"The first hundred tenants. "<code>"tenantry audit access"</code>" lists all of them."</p> })}
    }
    .to_html()
}
