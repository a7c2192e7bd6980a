//! The members of a tenant: search, order, filter by role.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::account::UserStatus;
use tenantry_types::tenant::MembersJoin;
use tenantry_types::{Permission, TenantRole};

use super::{list_query, role_choices};
use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::Here;
use crate::rpc::members::{AddMembers, list_members};
use crate::ui::{
    ActForm, Avatar, Empty, FilterSelect, Filters, Hidden, PageHead, Pager, Panel, RoleBadge, Select, SortHead, Submit, TextArea, UserBadge, When,
    choices, count_words,
};

#[component]
pub fn Members() -> impl IntoView {
    let tenant = tenant_param();
    let list = list_query();
    let data = fetch(move || list_members(tenant.get(), list.get()));
    loaded_here(data, move |page, here| {
        let list = list.get_untracked();
        let base = format!("/t/{}", here.slug);
        let invite = here.may(Permission::MembersInvite);
        let direct = here.may(Permission::MembersAdd) && (page.join == MembersJoin::Direct || here.role == tenantry_types::CtxRole::Operator);
        let roles = std::iter::once((String::new(), "All roles".to_owned()))
            .chain(choices(TenantRole::ALL.iter().map(|r| (r.as_str(), r.label()))))
            .collect();
        let words = count_words(page.members.total, page.members.items.len(), &list, "member", "members");
        let rows = page
            .members
            .items
            .iter()
            .map(|m| {
                view! {
                    <tr>
                        <th scope="row">
                            <div class="person">
                                <Avatar name=m.name.clone() class="avatar-round" />
                                <span><a class="row-link" href=format!("{base}/members/{}", m.user_id)>{m.name.clone()}</a><small>{m.email.to_string()}</small></span>
                            </div>
                        </th>
                        <td data-label="Role"><RoleBadge label=m.role.label() /></td>
                        <td data-label="Status"><UserBadge status=m.status /></td>
                        <td data-label="Joined"><When at=m.joined_at /></td>
                        <td data-label="Last active"><When at=m.last_active_at /></td>
                    </tr>
                }
            })
            .collect_view();
        let empty = page.members.items.is_empty();
        let more = page.members.next_cursor.is_some();
        view! {
            <PageHead title="Members" lead="Everyone who can enter this tenant, and as what." crumbs=vec![(base.clone(), here.name.clone())]>
                {direct.then(|| view! { <Add here=here.clone() /> })}
                {invite.then(|| view! { <a class="btn btn-primary" href=format!("{base}/invitations")>"Invite people"</a> })}
            </PageHead>
            <Filters clone:list list=list.clone() placeholder="Search name or address">
                <FilterSelect name="role" label="Role" options=roles value=list.role.clone() />
            </Filters>
            <p class="count" role="status">{words}</p>
            {if empty {
                view! { <Empty icon="users" title="Nobody matches" text="Change the search or the filter." /> }.into_any()
            } else {
                view! {
                    <table class="table table-pairs">
                        <thead>
                            <tr>
                                <SortHead list=list.clone() name="name" label="Name" />
                                <SortHead list=list.clone() name="role" label="Role" />
                                <th scope="col">"Status"</th>
                                <SortHead list=list.clone() name="joined_at" label="Joined" />
                                <SortHead list=list.clone() name="last_active_at" label="Last active" />
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
            <Pager list total=page.members.total more />
        }
    })
}

/// Adds people who have an account already; only where the tenant allows that.
#[component]
fn Add(here: Here) -> impl IntoView {
    view! {
        <Panel label="Add people" button="btn">
            <ActForm id="add" url=AddMembers::url() class="form">
                <Hidden name="tenant" value=here.slug.to_string() />
                <TextArea name="users" label="Addresses" help="People who have an account already; separated by commas or lines." required=true />
                <Select name="role" label="Role" options=role_choices(&here.roles()) value="developer" />
                <Submit label="Add people" />
            </ActForm>
        </Panel>
    }
}

/// Whether a member can be let in again or kept out.
pub const fn other_status(status: UserStatus) -> (&'static str, &'static str) {
    match status {
        UserStatus::Active => ("disabled", "Disable"),
        UserStatus::Disabled => ("active", "Let in again"),
    }
}
