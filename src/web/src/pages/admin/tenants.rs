//! All tenants of the server.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::counted;
use tenantry_types::overview::TenantRow;
use tenantry_types::plan::QuotaState;
use tenantry_types::tenant::TenantStatus;

use super::super::list_query;
use crate::data::{fetch, loaded};
use crate::rpc::account::CreateTenant;
use crate::rpc::admin::{PurgeTenant, list_tenants};
use crate::rpc::tenants::{ActivateTenant, DeactivateTenant, SuspendTenant};
use crate::ui::{
    ActForm, Avatar, Badge, ConfirmName, Empty, Field, FilterSelect, Filters, Hidden, Modal, PageHead, Pager, Panel, Submit, TenantBadge, Tone, When,
    choices, count_words, tenant_colour,
};

#[component]
pub fn Tenants() -> impl IntoView {
    let list = list_query();
    let data = fetch(move || list_tenants(list.get()));
    loaded(data, move |page| {
        let list = list.get_untracked();
        let states = choices([("", "All"), ("active", "Active"), ("suspended", "Suspended"), ("inactive", "Deactivated")]);
        let words = count_words(page.total, page.items.len(), &list, "tenant", "tenants");
        let rows = page.items.iter().map(|t| view! { <Row row=t.clone() /> }).collect_view();
        let (empty, more) = (page.items.is_empty(), page.next_cursor.is_some());
        view! {
            <PageHead title="Tenants" lead="Every organization on this server." crumbs=vec![("/admin".into(), "Operator".into())]>
                <Panel label="New tenant">
                    <ActForm id="create" url=CreateTenant::url() class="form">
                        <Field name="name" label="Name" required=true />
                        <Field name="slug" label="Slug" help="Stands in addresses. Made from the name when empty." mono=true />
                        <Field name="external_id" label="External id" help="What another system calls it." mono=true />
                        <Submit label="Create tenant" />
                    </ActForm>
                </Panel>
            </PageHead>
            <Filters clone:list list=list.clone() placeholder="Search tenants">
                <FilterSelect name="status" label="Status" options=states value=list.status.clone() />
            </Filters>
            <p class="count" role="status">{words}</p>
            {if empty {
                view! { <Empty icon="layers" title="No tenant matches" text="Change the search or the filter, or create one with the button above." /> }.into_any()
            } else {
                view! {
                    <table class="table table-pairs">
                        <thead>
                            <tr>
                                <th scope="col">"Tenant"</th>
                                <th scope="col">"Status"</th>
                                <th scope="col">"Plan"</th>
                                <th scope="col" class="num">"Members"</th>
                                <th scope="col">"Created"</th>
                                <td></td>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
            <Pager list total=page.total more />
        }
    })
}

#[component]
fn Row(row: TenantRow) -> impl IntoView {
    let members = match row.member_limit {
        Some(limit) => format!("{} of {limit}", row.members),
        None => row.members.to_string(),
    };
    let near = match row.members_state() {
        QuotaState::Ok => None,
        QuotaState::Warning => Some(view! { <Badge text="near the limit" tone=Tone::Warning /> }),
        QuotaState::Exceeded => Some(view! { <Badge text="at the limit" tone=Tone::Bad /> }),
    };
    let t = row.tenant;
    let slug = t.slug.to_string();
    let name = t.name.clone();
    view! {
        <tr>
            <th scope="row">
                <div class=format!("person {}", tenant_colour(t.settings.colour))>
                    <Avatar name=name.clone() />
                    <span><a class="row-link" href=format!("/t/{slug}")>{name.clone()}</a><small><code>{slug.clone()}</code></small></span>
                </div>
            </th>
            <td data-label="Status"><TenantBadge status=t.status /></td>
            <td data-label="Plan"><a href=format!("/t/{slug}/settings")>{row.plan_name.unwrap_or_else(|| "none".into())}</a></td>
            <td data-label="Members" class="num">{members}" "{near}</td>
            <td data-label="Created"><When at=t.created_at /></td>
            <td class="actions">
                {(t.status != TenantStatus::Active)
                    .then(|| {
                        view! {
                            <ActForm clone:slug clone:name id=format!("activate-{slug}") url=ActivateTenant::url()>
                                <Hidden name="tenant" value=slug.clone() />
                                <Submit label="Activate" class="btn btn-quiet btn-small" about=format!("Activate {name}") />
                            </ActForm>
                        }
                    })}
                {(t.status == TenantStatus::Active)
                    .then(|| view! { <Confirm verb="Suspend" url=SuspendTenant::url() slug=slug.clone() name=name.clone() text="Nobody can change anything in it until it is activated." /> })}
                {(t.status != TenantStatus::Inactive)
                    .then(|| view! { <Confirm verb="Deactivate" url=DeactivateTenant::url() slug=slug.clone() name=name.clone() text="Its members lose access until it is activated. Afterwards it can be purged." /> })}
                {(t.status == TenantStatus::Inactive)
                    .then(|| {
                        let text = format!(
                            "All of its data is deleted for ever: {}, and every workspace, invitation, model access and audit record.",
                            counted(row.members, "membership", "memberships")
                        );
                        view! { <Confirm verb="Purge" url=PurgeTenant::url() slug=slug.clone() name=name.clone() text /> }
                    })}
            </td>
        </tr>
    }
}

#[component]
fn Confirm(verb: &'static str, url: &'static str, slug: String, name: String, #[prop(into)] text: String) -> impl IntoView {
    let id = format!("{}-{slug}", verb.to_lowercase());
    view! {
        <Modal id=id.clone() label=verb title=format!("{verb} {name}?") button="btn btn-quiet btn-small" about=format!("{verb} {name}")>
            <p>{text}</p>
            <ActForm id=format!("{id}-form") url class="form">
                <Hidden name="tenant" value=slug />
                <ConfirmName name />
                <Submit label=verb class="btn btn-danger" />
            </ActForm>
        </Modal>
    }
}
