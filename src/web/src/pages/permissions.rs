//! The permission matrix: roles across, permissions down. All of it is known to the browser.
use leptos::prelude::*;
use tenantry_types::permission::TENANT_COLUMNS;
use tenantry_types::{Permission, WorkspaceRole};

use crate::data::loaded;
use crate::frame::Standing;
use crate::ui::{Icon, PageHead, Section};

#[component]
pub fn Permissions() -> impl IntoView {
    let Standing(here) = expect_context();
    loaded(here, |here| {
        let tenant = TENANT_COLUMNS.map(|role| role.label()).to_vec();
        let workspace = WorkspaceRole::ALL.iter().map(|role| role.label()).collect();
        let in_tenant = |p: Permission| TENANT_COLUMNS.map(|role| role.allows(p)).to_vec();
        let in_workspace = |p: Permission| WorkspaceRole::ALL.iter().map(|role| role.allows(p)).collect();
        let rows = |marks: &dyn Fn(Permission) -> Vec<bool>| {
            Permission::ALL
                .iter()
                .map(|p| (*p, marks(*p)))
                .filter(|(_, m)| m.contains(&true))
                .collect()
        };
        view! {
            <PageHead title="Permissions" lead="What each role may do here. Owners and admins can grant and deny single permissions on the page of a member." crumbs=vec![(format!("/t/{}", here.slug), here.name.clone())] />
            <Section title="In the tenant" lead="A viewer sees the workspaces that they are in; all other roles see all of them.">
                <Matrix label="Roles in the tenant" roles=tenant rows=rows(&in_tenant) />
            </Section>
            <Section title="In a workspace" lead="Owners and admins of the tenant are admin in each of its workspaces.">
                <Matrix label="Roles in a workspace" roles=workspace rows=rows(&in_workspace) />
            </Section>
        }
    })
}

#[component]
fn Matrix(label: &'static str, roles: Vec<&'static str>, rows: Vec<(Permission, Vec<bool>)>) -> impl IntoView {
    let heads = roles.iter().map(|role| view! { <th scope="col">{*role}</th> }).collect_view();
    let body = rows
        .into_iter()
        .map(|(permission, marks)| {
            let cells = roles
                .iter()
                .zip(marks)
                .map(|(role, yes)| {
                    let mark = if yes {
                        view! { <Icon name="check" />"Yes" }.into_any()
                    } else {
                        view! { <span class="muted">"No"</span> }.into_any()
                    };
                    view! { <td data-label=*role>{mark}</td> }
                })
                .collect_view();
            view! { <tr><th scope="row">{permission.describe()}<small><code>{permission.as_str()}</code></small></th>{cells}</tr> }
        })
        .collect_view();
    view! {
        <table class="table table-pairs" aria-label=label>
            <thead><tr><th scope="col">"Permission"</th>{heads}</tr></thead>
            <tbody>{body}</tbody>
        </table>
    }
}
