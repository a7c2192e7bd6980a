//! The person's own page: profile, what they are a member of, what waits for them, the way out. What
//! keeps the account safe stands in `safety`.
mod safety;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::invitation::MyInvitation;
use tenantry_types::{CtxRole, counted};

use crate::data::{fetch, loaded};
use crate::rpc::Me;
use crate::rpc::account::{AcceptMyInvitation, DeleteMe, LeaveTenant, UpdateMe, my_invitations};
use crate::state::shared;
use crate::ui::{ActForm, Avatar, Empty, Field, Hidden, IdText, Modal, PageHead, RoleBadge, Section, Submit, TenantBadge, When, tenant_colour};

#[component]
pub fn Account() -> impl IntoView {
    let shared = shared();
    let waiting = fetch(my_invitations);
    view! {
        <PageHead title="Account" lead="You, on this server." />
        {loaded(shared.me, |me| me.map(|me| view! { <Profile me=me.clone() /><Tenants me /> }))}
        {loaded(waiting, |items| view! { <Waiting items /> })}
        <safety::SafetySections />
        <Section title="Theme" lead="Kept in this browser.">
            <form method="post" action="/theme" class="button-row">
                {[("light", "Light"), ("dark", "Dark"), ("system", "As the system")]
                    .map(|(word, label)| view! { <button type="submit" class="btn" name="theme" value=word>{label}</button> })
                    .collect_view()}
            </form>
        </Section>
        {loaded(shared.me, |me| me.map(|me| view! { <Delete me /> }))}
    }
}

#[component]
fn Profile(me: Me) -> impl IntoView {
    let user = me.user;
    view! {
        <Section title="Profile">
            <dl class="facts facts-wide">
                <div><dt>"Email"</dt><dd>{user.email.to_string()}<small>{if user.email_verified { "verified" } else { "not verified" }}</small></dd></div>
                <div><dt>"Id"</dt><dd><IdText id=user.id.to_string() /></dd></div>
                <div><dt>"Since"</dt><dd><When at=user.created_at /></dd></div>
            </dl>
            <ActForm id="profile" url=UpdateMe::url() class="form">
                <Field name="name" label="Name" value=user.name autocomplete="name" required=true />
                <Submit label="Save profile" />
            </ActForm>
        </Section>
    }
}

#[component]
fn Tenants(me: Me) -> impl IntoView {
    let may_create = me.may_create_tenants;
    let empty = me.tenants.is_empty();
    let rows = me
        .tenants
        .into_iter()
        .map(|t| {
            let slug = t.slug.to_string();
            let member = matches!(t.role, CtxRole::Member(_));
            view! {
                <tr>
                    <th scope="row"><div class=format!("person {}", tenant_colour(t.colour))><Avatar name=t.name.clone() /><a class="row-link" href=format!("/t/{slug}")>{t.name.clone()}</a></div></th>
                    <td data-label="Role"><RoleBadge label=t.role.label() /></td>
                    <td data-label="Status"><TenantBadge status=t.status /></td>
                    <td data-label="Last used"><When at=t.last_used_at /></td>
                    <td class="actions">
                        {member
                            .then(|| {
                                view! {
                                    <Modal id=format!("leave-{slug}") label="Leave" title=format!("Leave {}?", t.name) button="btn btn-quiet btn-small" about=format!("Leave {}", t.name)>
                                        <p>"You lose access at once. To come back you need an invitation. The last owner of a tenant cannot leave it."</p>
                                        <ActForm id=format!("leave-form-{slug}") url=LeaveTenant::url()>
                                            <Hidden name="tenant" value=slug.clone() />
                                            <Submit label="Leave" class="btn btn-danger" />
                                        </ActForm>
                                    </Modal>
                                }
                            })}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Section title="My tenants">
            {if empty {
                view! { <Empty icon="layers" title="You are in no tenant yet" text="Create one, or ask for an invitation." /> }.into_any()
            } else {
                view! {
                    <table class="table">
                        <thead>
                            <tr><th scope="col">"Tenant"</th><th scope="col">"Role"</th><th scope="col">"Status"</th><th scope="col">"Last used"</th><td></td></tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
            {may_create.then(|| view! { <p><a class="btn" href="/new">"New tenant"</a></p> })}
        </Section>
    }
}

#[component]
fn Waiting(items: Vec<MyInvitation>) -> impl IntoView {
    if items.is_empty() {
        return ().into_any();
    }
    let rows = items
        .into_iter()
        .map(|i| {
            let id = i.id.to_string();
            view! {
                <li>
                    <span class="who"><strong>{i.tenant_name.clone()}</strong><small>{format!("{} invites you as {}, until ", i.invited_by, i.role.label())}<When at=i.expires_at /></small></span>
                    <ActForm id=format!("accept-{id}") url=AcceptMyInvitation::url()>
                        <Hidden name="id" value=id />
                        <Submit label="Join" about=format!("Join {}", i.tenant_name) />
                    </ActForm>
                </li>
            }
        })
        .collect_view();
    view! { <Section title="Invitations for you"><ul class="rows">{rows}</ul></Section> }.into_any()
}

#[component]
fn Delete(me: Me) -> impl IntoView {
    let n = me.tenants.len();
    view! {
        <Section title="Danger zone" class="danger">
            <div class="danger-row">
                <p><strong>"Delete the account"</strong>" Refused while you are the last owner of a tenant, or the last operator."</p>
                <Modal id="delete" label="Delete account" title="Delete your account?" button="btn btn-danger">
                    <p>{format!("Your account and your place in {} are deleted. This cannot be undone.", counted(n, "tenant", "tenants"))}</p>
                    <ActForm id="delete-form" url=DeleteMe::url() class="form">
                        <Field
                            name="password"
                            label="Your password"
                            kind="password"
                            autocomplete="current-password"
                            help="Not needed when you signed in within the last ten minutes."
                        />
                        <Submit label="Delete account" class="btn btn-danger" />
                    </ActForm>
                </Modal>
            </div>
        </Section>
    }
}
