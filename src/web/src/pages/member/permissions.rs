//! What a member may and why, and the form that grants and denies beside their role.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::permission::{Effect, OverrideItem, Reason, Ruling};
use tenantry_types::{CtxRole, Permission, TenantRole, WorkspaceRef, WorkspaceRole};

use crate::data::{Data, fetch, loaded};
use crate::rpc::permissions::{MemberPermissions, SetOverride, permissions_of};
use crate::ui::{ActForm, Badge, Hidden, Panel, Section, Select, Submit, Tone, choices};

/// To be called where the page is made, beside its other data.
pub fn load(tenant: Memo<String>, user: Memo<String>) -> Data<Option<MemberPermissions>> {
    fetch(move || permissions_of(tenant.get(), user.get()))
}

/// In words: why.
fn why(reason: Reason, role: CtxRole, there: Option<WorkspaceRole>) -> String {
    let role = role.label().to_lowercase();
    match reason {
        Reason::Role | Reason::Inherited => format!("as {role} of the tenant"),
        Reason::WorkspaceRole => format!("as {} of the workspace", there.map_or("member", WorkspaceRole::label).to_lowercase()),
        Reason::Granted => "granted in the whole tenant".into(),
        Reason::GrantedHere => "granted in this workspace".into(),
        Reason::Operator => "as operator of this server".into(),
        Reason::Denied => "denied in the whole tenant".into(),
        Reason::DeniedHere => "denied in this workspace".into(),
        Reason::Unseen => "they do not see this workspace".into(),
        Reason::NoRole => "nothing gives it".into(),
    }
}

#[component]
pub fn Permissions(data: Data<Option<MemberPermissions>>, tenant: String) -> impl IntoView {
    loaded(data, move |page| page.map(|page| view! { <Known page tenant=tenant.clone() /> }))
}

#[component]
fn Known(page: MemberPermissions, tenant: String) -> impl IntoView {
    let MemberPermissions {
        effective,
        overrides,
        places,
    } = page;
    let role = effective.role;
    let owner = role == CtxRole::Member(TenantRole::Owner);
    let user = effective.user_id.to_string();
    let workspaces = effective
        .workspaces
        .iter()
        .map(|w| view! { <Rulings title=format!("In the workspace {}", w.workspace.name) rulings=w.permissions.clone() role there=w.role /> })
        .collect_view();
    let named: Vec<WorkspaceRef> = effective.workspaces.iter().map(|w| w.workspace.clone()).collect();
    let rules = places.is_some();
    let items = overrides
        .iter()
        .map(|o| view! { <Said said=*o named=named.clone() rules tenant=tenant.clone() user=user.clone() /> })
        .collect_view();
    view! {
        <Section title="Permissions" lead="What they may here, and why. A denial wins over every role and grant.">
            {owner.then(|| view! { <p class="section-lead">"An owner has all that a tenant can give, and is not denied anything."</p> })}
            <Rulings title="In the tenant" rulings=effective.permissions role />
            {workspaces}
            {(!overrides.is_empty()).then(|| view! { <ul class="rows">{items}</ul> })}
            {places.filter(|_| !owner).map(|places| view! { <Rule tenant user places /> })}
        </Section>
    }
}

#[component]
fn Rulings(
    #[prop(into)] title: String,
    rulings: Vec<Ruling>,
    role: CtxRole,
    #[prop(optional)] there: Option<Option<WorkspaceRole>>,
) -> impl IntoView {
    let there = there.flatten();
    let count = format!("{} of {}", rulings.iter().filter(|r| r.allowed).count(), rulings.len());
    let rows = rulings
        .into_iter()
        .map(|r| {
            let (text, tone) = if r.allowed { ("Yes", Tone::Good) } else { ("No", Tone::Neutral) };
            view! {
                <tr>
                    <th scope="row">{r.permission.describe()}<small><code>{r.permission.as_str()}</code></small></th>
                    <td data-label="Allowed"><Badge text tone /></td>
                    <td data-label="Why">{why(r.reason, role, there)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <details>
            <summary>{title}" "<span class="muted">{count}</span></summary>
            <table class="table">
                <thead><tr><th scope="col">"Permission"</th><th scope="col">"Allowed"</th><th scope="col">"Why"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </details>
    }
}

/// One override, with the button that takes it back.
#[component]
fn Said(said: OverrideItem, named: Vec<WorkspaceRef>, rules: bool, tenant: String, user: String) -> impl IntoView {
    let permission = said.permission.as_str();
    let (text, tone) = match said.effect {
        Effect::Grant => ("Granted", Tone::Good),
        Effect::Deny => ("Denied", Tone::Bad),
    };
    let workspace = said.workspace.map(|id| id.to_string()).unwrap_or_default();
    let place = match said.workspace {
        None => "in the whole tenant".to_owned(),
        Some(id) => format!("in {}", named.iter().find(|w| w.id == id).map_or("a workspace", |w| w.name.as_str())),
    };
    let about = format!("Clear {permission} {place}");
    view! {
        <li>
            <span><Badge text tone />" "<code>{permission}</code>" "{place}</span>
            {rules
                .then(|| {
                    view! {
                        <ActForm id=format!("clear-{}-{workspace}", permission.replace(':', "-")) url=SetOverride::url() many=true>
                            <Hidden name="tenant" value=tenant />
                            <Hidden name="user" value=user />
                            <Hidden name="permission" value=permission />
                            <Hidden name="workspace" value=workspace />
                            <Submit label="Clear" class="btn btn-small" about />
                        </ActForm>
                    }
                })}
        </li>
    }
}

#[component]
fn Rule(tenant: String, user: String, places: Vec<WorkspaceRef>) -> impl IntoView {
    let given = Permission::ALL.iter().filter(|p| p.grantable());
    let permissions = choices(given.map(|p| (p.as_str(), format!("{} ({})", p.describe(), p.as_str()))));
    let effects = choices([("grant", "Grant"), ("deny", "Deny"), ("", "Clear: the role decides")]);
    let everywhere = (String::new(), "The whole tenant".to_owned());
    let places = std::iter::once(everywhere)
        .chain(places.iter().map(|w| (w.id.to_string(), w.name.clone())))
        .collect();
    view! {
        <Panel label="Grant or deny" button="btn">
            <ActForm id="override" url=SetOverride::url() class="form">
                <Hidden name="tenant" value=tenant />
                <Hidden name="user" value=user />
                <Select name="permission" label="Permission" options=permissions />
                <Select name="effect" label="What is said" options=effects help="Nobody grants what they do not have themselves." />
                <Select name="workspace" label="Where" options=places help="Only what is asked for in workspaces can be ruled on in one." />
                <Submit label="Save permission" />
            </ActForm>
        </Panel>
    }
}
