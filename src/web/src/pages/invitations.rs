//! Invitations: a form for many addresses, the links just made (shown once), and the list by status.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::invitation::{Invitation, InvitationStatus};
use tenantry_types::workspace::Workspace;
use tenantry_types::{Permission, WorkspaceRole, counted};

use super::{list_query, role_choices};
use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::Here;
use crate::rpc::invitations::{InvitationsPage, RevokeInvitation, list_invitations};
use crate::state::shared;
use crate::ui::{
    ActForm, Check, CopyButton, Empty, Field, Filters, Hidden, InvitationBadge, Modal, PageHead, Pager, Panel, PlainForm, RoleBadge, Select, Submit,
    Tabs, TextArea, When, choices, count_words,
};

#[component]
pub fn Invitations() -> impl IntoView {
    let tenant = tenant_param();
    let list = list_query();
    let shared = shared();
    let data = fetch(move || list_invitations(tenant.get(), list.get()));
    loaded_here(data, move |page, here| {
        let list = list.get_untracked();
        let base = format!("/t/{}", here.slug);
        let may = here.may(Permission::MembersInvite);
        let posted = shared.posted.get_value();
        let tabs = InvitationStatus::ALL
            .iter()
            .map(|s| {
                let word = s.as_str();
                let label = word[..1].to_uppercase() + &word[1..];
                (list.with("status", word), label, *s == page.status)
            })
            .collect();
        let words = count_words(page.invitations.total, page.invitations.items.len(), &list, "invitation", "invitations");
        let status = page.status;
        let rows = page
            .invitations
            .items
            .iter()
            .map(|i| view! { <Row invitation=i.clone() here=here.clone() may /> })
            .collect_view();
        let empty = page.invitations.items.is_empty();
        let more = page.invitations.next_cursor.is_some();
        let total = page.invitations.total;
        view! {
            <PageHead title="Invitations" lead="People come in by a link that is made for their address and works once." crumbs=vec![(base, here.name.clone())]>
                {may.then(|| view! { <Panel label="Invite people" wide=true><Form here=here.clone() page=page.clone() /></Panel> })}
            </PageHead>
            {(!posted.invitations.is_empty()).then(|| view! { <Links invitations=posted.invitations /> })}
            <Tabs label="Status" items=tabs />
            <Filters clone:list list=list.clone() placeholder="Search addresses">
                {(!list.status.is_empty()).then(|| view! { <Hidden name="status" value=list.status.clone() /> })}
            </Filters>
            <p class="count" role="status">{words}</p>
            {if empty {
                let text = if status == InvitationStatus::Pending && may { "Invite people with the button above: one address or many." } else { "" };
                view! { <Empty icon="mail" title=format!("No {status} invitations") text /> }.into_any()
            } else {
                view! {
                    <table class="table table-pairs">
                        <thead>
                            <tr>
                                <th scope="col">"Address"</th>
                                <th scope="col">"Role"</th>
                                <th scope="col">"Status"</th>
                                <th scope="col">"Invited by"</th>
                                <th scope="col">"Expires"</th>
                                <td></td>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
            <Pager list total more />
        }
    })
}

#[component]
fn Form(here: Here, page: InvitationsPage) -> impl IntoView {
    let some = !page.workspaces.is_empty();
    let workspaces = page.workspaces;
    // Made where the form is: a box that is made before it does not know that it was ticked.
    let boxes = move || {
        let tick = |w: &Workspace| {
            let id = w.id.to_string();
            view! { <Check name="workspaces" label=w.name.clone() value=id.clone() key=id /> }
        };
        workspaces.iter().map(tick).collect_view()
    };
    view! {
        <PlainForm form="invite" action=format!("/t/{}/invitations", here.slug) class="form">
            <TextArea name="email" label="Addresses" help="One, or many separated by commas, spaces or lines: at most 200." rows=4 required=true />
            <Select name="role" label="Role in the tenant" options=role_choices(&here.roles()) value="developer" />
            {some
                .then(|| {
                    view! {
                        <fieldset class="checks"><legend>"Workspaces"</legend>{boxes()}</fieldset>
                        <Select
                            name="workspace_role"
                            label="Role in these workspaces"
                            options=choices(WorkspaceRole::ALL.iter().map(|r| (r.as_str(), r.label())))
                            value="annotator"
                        />
                    }
                })}
            <Field name="expires_in_days" label="Valid for (days)" inputmode="numeric" value=page.days.to_string() help="1 to 90." />
            <Submit label="Invite" />
        </PlainForm>
    }
}

/// The links of invitations just made. They are not stored: this is the only time they are seen.
#[component]
fn Links(invitations: Vec<Invitation>) -> impl IntoView {
    let n = invitations.len();
    let title = if n == 1 {
        "The invitation is made".to_owned()
    } else {
        format!("{n} invitations are made")
    };
    let all: String = invitations
        .iter()
        .filter_map(|i| Some(format!("{}\t{}\n", i.email, i.link.as_ref()?)))
        .collect();
    let items = invitations
        .into_iter()
        .filter_map(|i| {
            let link = i.link?;
            let id = format!("link-{}", i.id);
            Some(view! {
                <li>
                    <label for=id.clone()>{i.email.to_string()}</label>
                    <div class="copy-row">
                        <input class="input mono" id=id readonly=true value=link.clone() />
                        <CopyButton text=link label="Copy link" />
                    </div>
                </li>
            })
        })
        .collect_view();
    view! {
        <section class="card once" role="status" aria-labelledby="once-title">
            <div class="card-head">
                <h2 id="once-title">{title}</h2>
                {(n > 1).then(|| view! { <CopyButton text=all label="Copy all" /> })}
            </div>
            <p>"Send each person their link. The links are shown only now: afterwards you can revoke an invitation or send it again, which makes a new link."</p>
            <ul>{items}</ul>
        </section>
    }
}

#[component]
fn Row(invitation: Invitation, here: Here, may: bool) -> impl IntoView {
    let i = invitation;
    let id = i.id.to_string();
    let email = i.email.to_string();
    let slug = here.slug.to_string();
    let resendable = may && matches!(i.status, InvitationStatus::Pending | InvitationStatus::Expired);
    let revocable = may && i.status == InvitationStatus::Pending;
    let n = i.workspaces.len();
    view! {
        <tr>
            <th scope="row">{email.clone()}</th>
            <td data-label="Role">
                <RoleBadge label=i.role.label() />
                {(n > 0).then(|| view! { <small>{format!("+ {}", counted(n, "workspace", "workspaces"))}</small> })}
            </td>
            <td data-label="Status"><InvitationBadge status=i.status /></td>
            <td data-label="Invited by">{i.invited_by.clone()}</td>
            <td data-label="Expires"><When at=i.expires_at /></td>
            <td class="actions">
                {resendable
                    .then(|| {
                        view! {
                            <PlainForm form="resend" clone:id clone:email id=format!("resend-{id}") action=format!("/t/{slug}/invitations")>
                                <Hidden name="resend" value=id.clone() />
                                <Submit label="Send again" class="btn btn-quiet btn-small" about=format!("Send the invitation of {email} again") />
                            </PlainForm>
                        }
                    })}
                {revocable
                    .then(|| {
                        view! {
                            <Modal
                                clone:id
                                clone:slug
                                id=format!("revoke-{id}")
                                label="Revoke"
                                title=format!("Revoke the invitation of {email}?")
                                button="btn btn-quiet btn-small"
                                about=format!("Revoke the invitation of {email}")
                            >
                                <p>"Its link stops working at once."</p>
                                <ActForm id=format!("revoke-form-{id}") url=RevokeInvitation::url()>
                                    <Hidden name="tenant" value=slug.clone() />
                                    <Hidden name="id" value=id.clone() />
                                    <Submit label="Revoke" class="btn btn-danger" />
                                </ActForm>
                            </Modal>
                        }
                    })}
            </td>
        </tr>
    }
}
