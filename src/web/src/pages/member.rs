//! One member: role, workspaces, the models they may use and why, and the way out.
mod permissions;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::explain::MemberModel;
use tenantry_types::{Permission, counted};

use super::members::other_status;
use super::role_choices;
use crate::data::{fetch, loaded_here};
use crate::frame::{param, tenant_param};
use crate::rpc::encode;
use crate::rpc::members::{RemoveMember, SetRole, SetStatus, get_member};
use crate::ui::{ActForm, Empty, Hidden, IdText, Modal, PageHead, RoleBadge, Section, Select, Submit, UserBadge, When};

#[component]
pub fn MemberPage() -> impl IntoView {
    let tenant = tenant_param();
    let user = param("user");
    let data = fetch(move || get_member(tenant.get(), user.get()));
    let allowed = permissions::load(tenant, user);
    loaded_here(data, move |page, here| {
        let detail = page.detail;
        let m = detail.member;
        let base = format!("/t/{}", here.slug);
        let covered = here.role.covers(m.role);
        let may_update = covered && here.may(Permission::MembersUpdate);
        let may_remove = covered && here.may(Permission::MembersRemove);
        let (next_status, verb) = other_status(m.status);
        let hidden = {
            let (tenant, user) = (here.slug.to_string(), m.user_id.to_string());
            move || view! { <Hidden name="tenant" value=tenant.clone() /><Hidden name="user" value=user.clone() /> }
        };
        let workspaces = detail
            .workspaces
            .iter()
            .map(|w| {
                view! { <li><a href=format!("{base}/workspaces/{}", w.workspace.slug)>{w.workspace.name.clone()}</a><RoleBadge label=w.role.label() /></li> }
            })
            .collect_view();
        let none = detail.workspaces.is_empty();
        let inherits = m.role.inherits_workspaces();
        view! {
            <PageHead title=m.name.clone() lead=m.email.to_string() crumbs=vec![(base.clone(), here.name.clone()), (format!("{base}/members"), "Members".into())]>
                <UserBadge status=m.status />
            </PageHead>
            <dl class="facts facts-wide">
                <div><dt>"Id"</dt><dd><IdText id=m.user_id.to_string() /></dd></div>
                <div><dt>"Joined"</dt><dd><When at=m.joined_at /></dd></div>
                <div><dt>"Last active"</dt><dd><When at=m.last_active_at /></dd></div>
            </dl>
            <div class="columns">
                <div>
            <Section clone:hidden clone:here title="Role" lead="Nobody hands out a role above their own, and a tenant always has an owner.">
                {if may_update {
                    view! {
                        <ActForm clone:hidden clone:here id="role" url=SetRole::url() class="form form-row">
                            {hidden()}
                            <Select name="role" label="Role in the tenant" options=role_choices(&here.roles()) value=m.role.as_str() />
                            <Submit label="Save role" />
                        </ActForm>
                    }
                        .into_any()
                } else {
                    view! { <p><RoleBadge label=m.role.label() /></p> }.into_any()
                }}
            </Section>
            <Section title="Workspaces">
                {inherits.then(|| view! { <p class="section-lead">"Owners and admins of the tenant are admin in every workspace."</p> })}
                {if none && !inherits {
                    view! { <Empty icon="layers" title="In no workspace yet" text="People are added on the page of a workspace." /> }.into_any()
                } else {
                    view! { <ul class="rows">{workspaces}</ul> }.into_any()
                }}
            </Section>
                </div>
                <div>
                    {page.models.map(|models| view! { <Models clone:base models email=m.email.to_string() base=base.clone() /> })}
                    {(!page.keys.is_empty()).then(|| view! { <Section title="API keys"><div inner_html=page.keys></div></Section> })}
                    {page.activity.map(|drawn| view! { <Section title="Latest activity"><div inner_html=drawn></div></Section> })}
                </div>
            </div>
            <permissions::Permissions data=allowed tenant=here.slug.to_string() />
            {(may_update || may_remove)
                .then(|| {
                    view! {
                        <Section clone:hidden clone:here title="Access" class="danger">
                            {may_update
                                .then(|| {
                                    view! {
                                        <div class="danger-row">
                                            <p><strong>{verb}</strong>" A disabled member keeps the place and the roles, but cannot enter this tenant."</p>
                                            <ActForm clone:hidden id="status" url=SetStatus::url()>
                                                {hidden()}
                                                <Hidden name="status" value=next_status />
                                                <Submit label=verb class="btn" />
                                            </ActForm>
                                        </div>
                                    }
                                })}
                            {may_remove
                                .then(|| {
                                    let n = detail.workspaces.len();
                                    let title = format!("Remove {} from {}?", m.name, here.name);
                                    view! {
                                        <div class="danger-row">
                                            <p><strong>"Remove from the tenant"</strong>" The account stays; the membership and the roles in workspaces go."</p>
                                            <Modal clone:hidden id="remove" label="Remove" title button="btn btn-danger">
                                                <p>{format!(
                                                    "They lose access at once, and their roles in {}. To come back they need an invitation.",
                                                    counted(n, "workspace", "workspaces")
                                                )}</p>
                                                <ActForm id="remove-form" url=RemoveMember::url()>
                                                    {hidden()}
                                                    <Submit label="Remove" class="btn btn-danger" />
                                                </ActForm>
                                            </Modal>
                                        </div>
                                    }
                                })}
                        </Section>
                    }
                })}
        }
    })
}

/// So many are shown at once; the rest is behind a line.
const SHOWN: usize = 8;

#[component]
fn Models(models: Vec<MemberModel>, email: String, base: String) -> impl IntoView {
    let n = models.len();
    let mut rows = models.into_iter().map(|m| {
        let why = if m.everyone {
            view! { <span class="muted">"everyone"</span> }.into_any()
        } else {
            let links = m
                .workspaces
                .into_iter()
                .map(|w| view! { <a href=format!("{base}/workspaces/{}", w.slug)>{w.name}</a>" " })
                .collect_view();
            view! { <span>{links}</span> }.into_any()
        };
        let href = format!("{base}/models/{}?user={}", m.id, encode(&email));
        view! { <li><a href=href title=m.name>{m.display_name}</a>{why}</li> }
    });
    let first = rows.by_ref().take(SHOWN).collect_view();
    let more = rows.collect_view();
    view! {
        <Section title="Models they can use">
            {if n == 0 {
                view! { <p class="muted">"None. A model must be enabled for everyone, or listed by a workspace they are in."</p> }.into_any()
            } else {
                view! { <ul class="rows">{first}</ul> }.into_any()
            }}
            {(n > SHOWN).then(|| view! { <details><summary class="btn btn-small">{format!("{} more", n - SHOWN)}</summary><ul class="rows">{more}</ul></details> })}
            <p><a href=format!("{base}/models")>"Why not another one?"</a></p>
        </Section>
    }
}
