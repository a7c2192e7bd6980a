//! The workspaces of a tenant.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::Permission;
use tenantry_types::input::Metadata;

use super::list_query;
use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::workspaces::{CreateWorkspace, list_workspaces};
use crate::ui::{
    ActForm, Empty, Field, Filters, Hidden, MetadataField, PageHead, Pager, Panel, Submit, Tabs, TextArea, When, WorkspaceBadge, count_words,
};

#[component]
pub fn Workspaces() -> impl IntoView {
    let tenant = tenant_param();
    let list = list_query();
    let data = fetch(move || list_workspaces(tenant.get(), list.get()));
    loaded_here(data, move |page, here| {
        let list = list.get_untracked();
        let base = format!("/t/{}", here.slug);
        let may_create = here.may(Permission::WorkspacesCreate);
        let now = if list.status.is_empty() { "active" } else { list.status.as_str() };
        let tabs = [("active", "Active"), ("archived", "Archived"), ("all", "All")]
            .map(|(word, label)| (list.with("status", word), label.to_owned(), word == now))
            .to_vec();
        let words = count_words(page.total, page.items.len(), &list, "workspace", "workspaces");
        let rows = page
            .items
            .iter()
            .map(|w| {
                view! {
                    <tr>
                        <th scope="row">
                            <a class="row-link" href=format!("{base}/workspaces/{}", w.slug)>{w.name.clone()}</a>
                            {(!w.description.is_empty()).then(|| view! { <small>{w.description.clone()}</small> })}
                        </th>
                        <td data-label="Members" class="num">{w.members}</td>
                        <td data-label="Status"><WorkspaceBadge status=w.status /></td>
                        <td data-label="Created"><When at=w.created_at /></td>
                    </tr>
                }
            })
            .collect_view();
        let empty = page.items.is_empty();
        let narrowed = !list.q.is_empty() || now != "active";
        let more = page.next_cursor.is_some();
        view! {
            <PageHead title="Workspaces" lead="Parts of the tenant with their own members and models." crumbs=vec![(base.clone(), here.name.clone())]>
                {may_create
                    .then(|| {
                        view! {
                            <Panel label="New workspace">
                                <ActForm id="create" url=CreateWorkspace::url() class="form">
                                    <Hidden name="tenant" value=here.slug.to_string() />
                                    <Field name="name" label="Name" required=true />
                                    <Field name="slug" label="Slug" help="Stands in addresses. Made from the name when empty." mono=true />
                                    <TextArea name="description" label="Description" />
                                    <MetadataField metadata=Metadata::default() />
                                    <Submit label="Create workspace" />
                                </ActForm>
                            </Panel>
                        }
                    })}
            </PageHead>
            <Tabs label="Status" items=tabs />
            <Filters clone:list list=list.clone() placeholder="Search workspaces">
                {(!list.status.is_empty()).then(|| view! { <Hidden name="status" value=list.status.clone() /> })}
            </Filters>
            <p class="count" role="status">{words}</p>
            {if !empty {
                view! {
                    <table class="table table-pairs">
                        <thead>
                            <tr>
                                <th scope="col">"Name"</th>
                                <th scope="col" class="num">"Members"</th>
                                <th scope="col">"Status"</th>
                                <th scope="col">"Created"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            } else if narrowed {
                view! { <Empty icon="layers" title="No workspace matches" text="Change the search, or look at the others." /> }.into_any()
            } else if may_create {
                view! { <Empty icon="layers" title="No workspace yet" text="Create the first with the button above: a team, a project, a client." /> }.into_any()
            } else {
                view! { <Empty icon="layers" title="You are in no workspace yet" text="An admin of the tenant or of a workspace can add you." /> }.into_any()
            }}
            <Pager list total=page.total more />
        }
    })
}
