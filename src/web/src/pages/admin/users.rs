//! All accounts of the server.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::account::{User, UserStatus};
use tenantry_types::sign_in::ResetLink;

use super::super::list_query;
use crate::data::{fetch, loaded};
use crate::rpc::admin::{EndSessions, ResetTotp, UpdateUser, list_users};
use crate::state::shared;
use crate::ui::{
    ActForm, Avatar, CopyButton, Empty, Filters, Hidden, Modal, PageHead, Pager, PlainForm, RoleBadge, Submit, UserBadge, When, count_words,
};

#[component]
pub fn Users() -> impl IntoView {
    let list = list_query();
    let shared = shared();
    let data = fetch(move || list_users(list.get()));
    loaded(data, move |page| {
        let list = list.get_untracked();
        let words = count_words(page.total, page.items.len(), &list, "account", "accounts");
        let rows = page.items.iter().map(|u| view! { <Row user=u.clone() /> }).collect_view();
        let (empty, more) = (page.items.is_empty(), page.next_cursor.is_some());
        view! {
            <PageHead title="Accounts" lead="Everyone who can sign in to this server." crumbs=vec![("/admin".into(), "Operator".into())] />
            {shared.posted.get_value().reset_link.map(|link| view! { <Link link /> })}
            <Filters list=list.clone() placeholder="Search name or address" />
            <p class="count" role="status">{words}</p>
            {if empty {
                view! { <Empty icon="users" title="No account matches" text="Change the search: it looks at names and addresses." /> }.into_any()
            } else {
                view! {
                    <table class="table table-pairs">
                        <thead>
                            <tr>
                                <th scope="col">"Account"</th>
                                <th scope="col">"Status"</th>
                                <th scope="col">"Since"</th>
                                <th scope="col">"Last active"</th>
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

/// A link just made. It is not stored: this is the only time it is seen.
#[component]
fn Link(link: ResetLink) -> impl IntoView {
    view! {
        <section class="card once" role="status" aria-labelledby="once-title">
            <div class="card-head"><h2 id="once-title">"The link is made"</h2></div>
            <p>"Hand it to the owner of the account, and to nobody else. It works once, until "<When at=link.expires_at />", and is shown only now."</p>
            <div class="copy-row">
                <input class="input mono" aria-label="Link to a new password" readonly=true value=link.link.clone() />
                <CopyButton text=link.link label="Copy link" />
            </div>
        </section>
    }
}

#[component]
fn Row(user: User) -> impl IntoView {
    let id = user.id.to_string();
    let name = user.name.clone();
    let disabled = user.status == UserStatus::Disabled;
    let (flag, flag_verb, flag_text) = if user.is_operator {
        (
            "false",
            "Take operator",
            "They can no longer see the operator area, nor tenants that they are not a member of.",
        )
    } else {
        (
            "true",
            "Make operator",
            "They can then see and change everything on this server: all tenants, providers, plans and accounts.",
        )
    };
    let (status, status_verb, status_text) = if disabled {
        ("active", "Enable", "They can sign in again, with the memberships they had.")
    } else {
        (
            "disabled",
            "Disable",
            "They are signed out everywhere and cannot sign in. Their memberships stay.",
        )
    };
    view! {
        <tr>
            <th scope="row">
                <div class="person">
                    <Avatar name=name.clone() class="avatar-round" />
                    <span>{name.clone()}<small>{user.email.to_string()}</small></span>
                </div>
            </th>
            <td data-label="Status"><UserBadge status=user.status />{user.is_operator.then(|| view! { <RoleBadge label="Operator" /> })}</td>
            <td data-label="Since"><When at=user.created_at /></td>
            <td data-label="Last active"><When at=user.last_active_at /></td>
            <td class="actions">
                {(!disabled).then(|| view! { <Access id=id.clone() name=name.clone() /> })}
                <Change kind="operator" id=id.clone() name=name.clone() verb=flag_verb text=flag_text field="is_operator" value=flag />
                <Change kind="status" id name verb=status_verb text=status_text field="status" value=status />
            </td>
        </tr>
    }
}

/// Ways back in for who is locked out, and out for who should not be in.
#[component]
fn Access(id: String, name: String) -> impl IntoView {
    view! {
        <Modal
            id=format!("access-{id}")
            label="Access"
            title=format!("Access: {name}")
            button="btn btn-quiet btn-small"
            about=format!("Access: {name}")
        >
            <p>"They forgot their password: hand them a link. Using it sets a new one and signs them out everywhere."</p>
            <PlainForm clone:id form="reset-link" id=format!("password-form-{id}") action="/admin/users">
                <Hidden name="user" value=id.clone() />
                <Submit label="Make a link to a new password" />
            </PlainForm>
            <p>"They lost their app and their recovery codes: turn their one-time codes off."</p>
            <ActForm clone:id id=format!("totp-form-{id}") url=ResetTotp::url()>
                <Hidden name="user" value=id.clone() />
                <Submit label="Turn off one-time codes" class="btn" />
            </ActForm>
            <p>"Somebody else may be using the account: end all of its sessions."</p>
            <ActForm id=format!("end-form-{id}") url=EndSessions::url()>
                <Hidden name="user" value=id />
                <Submit label="Sign out everywhere" class="btn" />
            </ActForm>
        </Modal>
    }
}

#[component]
fn Change(
    kind: &'static str,
    id: String,
    name: String,
    verb: &'static str,
    text: &'static str,
    field: &'static str,
    value: &'static str,
) -> impl IntoView {
    view! {
        <Modal id=format!("{kind}-{id}") label=verb title=format!("{verb}: {name}") button="btn btn-quiet btn-small" about=format!("{verb}: {name}")>
            <p>{text}</p>
            <ActForm id=format!("{kind}-form-{id}") url=UpdateUser::url()>
                <Hidden name="user" value=id />
                <Hidden name=field value=value />
                <Submit label=verb />
            </ActForm>
        </Modal>
    }
}
