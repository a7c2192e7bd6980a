//! The domains of a tenant, with a plain form for each thing that can be done with one.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::openid::{JoinRole, TenantDomain};

use super::when;
use crate::rpc::encode;
use crate::rpc::tenants::{AddDomain, ConfirmDomain, RemoveDomain, UpdateDomain};
use crate::state::Posted;

/// The id that all of these forms have in an answer.
const FORM: &str = "domain";

/// `may_confirm`: for an operator. `posted`: what became of a form before.
pub fn domains(slug: &str, items: Vec<TenantDomain>, may_confirm: bool, posted: Option<&Posted>) -> String {
    let action = |function: &str| format!("/t/{slug}/settings?act={}", encode(&format!("{FORM}:{function}")));
    let error = posted.filter(|posted| posted.form == FORM).and_then(|posted| posted.error.as_ref());
    let alert = error.map(|error| {
        let faults: Vec<String> = error.fields.iter().map(|field| field.fault.message()).collect();
        view! { <div class="alert tone-bad" role="alert"><p>{error.code.title()}" "{faults.join(" ")}</p></div> }
    });
    let button = |what: &'static str, function: &str, class: &'static str, domain: &str| {
        view! {
            <form method="post" action=action(function)>
                <input type="hidden" name="tenant" value=slug.to_owned() />
                <input type="hidden" name="domain" value=domain.to_owned() />
                <button type="submit" class=class aria-label=format!("{what} {domain}")>{what}</button>
            </form>
        }
    };
    let some = !items.is_empty();
    let rows = items
        .into_iter()
        .map(|item| {
            let domain = item.domain.to_string();
            let confirmed = item.confirmed_at.is_some();
            let state = match item.confirmed_at {
                Some(at) => view! { <span>"Confirmed "{when(at)}</span> }.into_any(),
                None => view! { <span>"Waits for an operator"</span> }.into_any(),
            };
            view! {
                <tr>
                    <th scope="row">{domain.clone()}</th>
                    <td data-label="State">{state}</td>
                    <td data-label="People become">
                        <form method="post" action=action(UpdateDomain::url()) class="button-row">
                            <input type="hidden" name="tenant" value=slug.to_owned() />
                            <input type="hidden" name="domain" value=domain.clone() />
                            {roles(format!("role-{domain}"), format!("What people of {domain} become"), item.join_role)}
                            <button type="submit" class="btn btn-small" aria-label=format!("Save {domain}")>"Save"</button>
                        </form>
                    </td>
                    <td class="actions">
                        {(may_confirm && !confirmed).then(|| button("Confirm", ConfirmDomain::url(), "btn btn-small", &domain))}
                        {button("Remove", RemoveDomain::url(), "btn btn-quiet btn-small", &domain)}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        {alert}
        {some
            .then(|| {
                view! {
                    <table class="table">
                        <thead><tr><th scope="col">"Domain"</th><th scope="col">"State"</th><th scope="col">"People become"</th><td></td></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
            })}
        <form method="post" action=action(AddDomain::url()) class="button-row">
            <input type="hidden" name="tenant" value=slug.to_owned() />
            <input class="input" type="text" name="domain" aria-label="Domain" placeholder="example.com" autocomplete="off" required=true />
            {roles("role-new".to_owned(), "What its people become".to_owned(), None)}
            <button type="submit" class="btn">"Add domain"</button>
        </form>
    }
    .to_html()
}

fn roles(id: String, label: String, now: Option<JoinRole>) -> impl IntoView {
    let options = JoinRole::ALL
        .iter()
        .map(|role| view! { <option value=role.as_str() selected=now == Some(*role)>{role.as_str()}</option> })
        .collect_view();
    view! {
        <select class="input" name="join_role" id=id aria-label=label>
            <option value="" selected=now.is_none()>"nothing"</option>
            {options}
        </select>
    }
}
