//! The members of a tenant: search, order, filter by role; one or many of them changed.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::account::UserStatus;
use tenantry_types::member::Member;
use tenantry_types::tenant::MembersJoin;
use tenantry_types::{Permission, TenantRole};

use super::{list_query, role_choices};
use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::Here;
use crate::rpc::members::{AddMembers, ChangeMembers, list_members};
use crate::ui::{
    ActForm, Avatar, BulkBar, Empty, FilterSelect, Filters, Hidden, Icon, Menu, Modal, PageHead, Pager, Panel, RoleBadge, Select, SortHead, Submit,
    TextArea, TickAll, UserBadge, When, choices, count_words, counts_ticked, ticked,
};

#[component]
pub fn Members() -> impl IntoView {
    let tenant = tenant_param();
    let list = list_query();
    let ticked = ticked();
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
        let (may, may_remove) = (here.may(Permission::MembersUpdate), here.may(Permission::MembersRemove));
        let ticks = may || may_remove;
        let rows = page
            .members
            .items
            .iter()
            .map(|m| view! { <Row member=m.clone() base=base.clone() roles=here.roles() may=may && here.role.covers(m.role) tick=here.role.covers(m.role) ticks /> })
            .collect_view();
        let empty = page.members.items.is_empty();
        let more = page.members.next_cursor.is_some();
        view! {
            <PageHead clone:here title="Members" lead="Everyone who can enter this tenant, and as what." crumbs=vec![(base.clone(), here.name.clone())]>
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
                    <ActForm clone:list id="members" url=ChangeMembers::url() many=true>
                        <Hidden name="tenant" value=here.slug.to_string() />
                        <div on:change=counts_ticked(ticked)>
                            {ticks.then(|| view! { <Bulk ticked roles=here.roles() may may_remove /> })}
                            <table class="table table-pairs">
                                <thead>
                                    <tr>
                                        {ticks.then(|| view! { <TickAll form="members" /> })}
                                        <SortHead list=list.clone() name="name" label="Name" />
                                        <SortHead list=list.clone() name="role" label="Role" />
                                        <th scope="col">"Status"</th>
                                        <SortHead list=list.clone() name="joined_at" label="Joined" />
                                        <SortHead list=list.clone() name="last_active_at" label="Last active" />
                                        {ticks.then(|| view! { <td></td> })}
                                    </tr>
                                </thead>
                                <tbody>{rows}</tbody>
                            </table>
                        </div>
                    </ActForm>
                }
                    .into_any()
            }}
            <Pager list total=page.members.total more />
        }
    })
}

/// What can be done with many at once.
#[component]
fn Bulk(ticked: RwSignal<u32>, roles: Vec<TenantRole>, may: bool, may_remove: bool) -> impl IntoView {
    let options = roles
        .into_iter()
        .map(|role| view! { <option value=role.as_str() selected=role == TenantRole::Developer>{role.label()}</option> })
        .collect_view();
    let who = move || match ticked.get() {
        0 => "Those who are ticked lose".to_owned(),
        1 => "1 member loses".to_owned(),
        n => format!("{n} members lose"),
    };
    view! {
        <BulkBar ticked one="member" many="members">
            {may.then(|| {
                view! {
                    <select class="input btn" name="role" aria-label="Role for the selected">{options}</select>
                    <Submit label="Set role" class="btn btn-small" name="how" value="role" />
                    <Submit label="Disable" class="btn btn-small" name="how" value="disable" />
                    <Submit label="Let in again" class="btn btn-small" name="how" value="enable" />
                }
            })}
            {may_remove
                .then(|| {
                    view! {
                        <Modal id="remove" label="Remove" title="Remove the selected members?" button="btn btn-small" about="Remove the selected">
                            <p>
                                {who}
                                " access at once, and their roles in workspaces. Their accounts stay; to come back they need an invitation. You, the last owner and people with a role above yours are not removed."
                            </p>
                            <Submit label="Remove members" class="btn btn-danger" name="how" value="remove" />
                        </Modal>
                    }
                })}
        </BulkBar>
    }
}

/// `may`: change this one. `tick`: choose this one; `ticks`: there is a column of boxes.
#[component]
fn Row(member: Member, base: String, roles: Vec<TenantRole>, may: bool, tick: bool, ticks: bool) -> impl IntoView {
    let m = member;
    let id = m.user_id.to_string();
    let name = m.name.clone();
    let (status, verb) = match m.status {
        UserStatus::Active => ("disable", "Disable"),
        UserStatus::Disabled => ("enable", "Let in again"),
    };
    let offered = roles
        .into_iter()
        .filter(|role| *role != m.role)
        .map(|role| (role.as_str(), format!("Make {}", role.label().to_lowercase())));
    let items: Vec<_> = offered
        .chain([(status, verb.to_owned())])
        .filter(|_| may)
        .map(|(word, label)| view! { <button type="submit" class="menu-item" data-item="" name="one" value=format!("{word}:{id}")>{label}</button> })
        .collect();
    let menu = may.then(|| {
        let summary = view! { <Icon name="chevron" /> }.into_any();
        view! { <Menu label=format!("Change {name}") class="menu-end" summary>{items}</Menu> }
    });
    view! {
        <tr>
            {ticks
                .then(|| {
                    view! {
                        <td class="tick">
                            {tick.then(|| view! { <input type="checkbox" name="chosen[]" value=id.clone() aria-label=format!("Select {name}") /> })}
                        </td>
                    }
                })}
            <th scope="row">
                <div class="person">
                    <Avatar name=name.clone() class="avatar-round" />
                    <span><a class="row-link" href=format!("{base}/members/{id}")>{name.clone()}</a><small>{m.email.to_string()}</small></span>
                </div>
            </th>
            <td data-label="Role"><RoleBadge label=m.role.label() /></td>
            <td data-label="Status"><UserBadge status=m.status /></td>
            <td data-label="Joined"><When at=m.joined_at /></td>
            <td data-label="Last active"><When at=m.last_active_at /></td>
            {ticks.then(|| view! { <td class="actions">{menu}</td> })}
        </tr>
    }
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
