//! The settings of a tenant: name and ways, limits and plan, and how it ends.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::plan::{Quotas, Resource as Limited};
use tenantry_types::sign_in::SignInPolicy;
use tenantry_types::tenant::{MembersJoin, Tenant, TenantStatus};
use tenantry_types::{Permission, WorkspaceRole, counted};

use super::overview::Limits;
use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::Here;
use crate::rpc::tenants::{
    ActivateTenant, DeactivateTenant, SetLimits, SetPlan, SettingsPage, SuspendTenant, UpdateSignInPolicy, UpdateTenant, settings,
};
use crate::ui::{
    ActForm, Check, ConfirmName, Field, FormState, Hidden, IdText, MetadataField, Modal, PageHead, Panel, Section, Select, Submit, TenantBadge, When,
    choices, tenant_colour,
};

pub const COLOURS: [&str; 12] = [
    "Red", "Orange", "Amber", "Olive", "Green", "Teal", "Cyan", "Blue", "Indigo", "Violet", "Magenta", "Rose",
];

#[component]
pub fn Settings() -> impl IntoView {
    let tenant = tenant_param();
    let data = fetch(move || settings(tenant.get()));
    loaded_here(data, |page, here| {
        let t = page.tenant.clone();
        view! {
            <PageHead title="Settings" lead="What the tenant is called, how people come in, and how much it may use." crumbs=vec![(format!("/t/{}", here.slug), here.name.clone())]>
                <TenantBadge status=t.status />
            </PageHead>
            <dl class="facts facts-wide">
                <div><dt>"Id"</dt><dd><IdText id=t.id.to_string() /></dd></div>
                <div><dt>"Created"</dt><dd><When at=t.created_at /></dd></div>
                <div><dt>"Changed"</dt><dd><When at=t.updated_at /></dd></div>
            </dl>
            {if here.may(Permission::TenantUpdate) {
                view! { <General tenant=t.clone() here=here.clone() /> }.into_any()
            } else {
                view! { <p class="muted">"Owners and admins can change the settings."</p> }.into_any()
            }}
            {here.may(Permission::TenantUpdate).then(|| view! { <SignIn policy=page.sign_in.clone() here=here.clone() /> })}
            {page
                .domains
                .clone()
                .map(|drawn| {
                    view! {
                        <Section title="Domains" lead="Once an operator has confirmed a domain, people of it who sign in with a provider become what you choose here.">
                            <div inner_html=drawn></div>
                        </Section>
                    }
                })}
            <Quota page here=here.clone() />
            {here.may(Permission::TenantLifecycle).then(|| view! { <Lifecycle tenant=t here /> })}
        }
    })
}

#[component]
fn General(tenant: Tenant, here: Here) -> impl IntoView {
    let joins = vec![
        (MembersJoin::Invitation.as_str().to_owned(), "By invitation only".to_owned()),
        (
            MembersJoin::Direct.as_str().to_owned(),
            "Also directly, when they have an account".to_owned(),
        ),
    ];
    let s = tenant.settings.clone();
    view! {
        <Section title="General">
            <ActForm id="general" url=UpdateTenant::url() class="form">
                <Hidden name="tenant" value=here.slug.to_string() />
                <Field name="name" label="Name" value=tenant.name.clone() required=true />
                <Field name="slug" label="Slug" value=tenant.slug.to_string() help="Stands in addresses. The old one keeps leading here." mono=true required=true />
                <Colours now=s.colour />
                <Select name="members_join" label="How people become members" options=joins value=s.members_join.as_str() />
                <Select
                    name="member_role"
                    label="Role of who is added to a workspace"
                    options=choices(WorkspaceRole::ALL.iter().map(|r| (r.as_str(), r.label())))
                    value=s.member_role.as_str()
                    help="When none is chosen. A workspace can set its own."
                />
                <Field name="invitation_days" label="Invitations are valid for (days)" inputmode="numeric" value=s.invitation_days.to_string() help="1 to 90." required=true />
                <Field name="external_id" label="External id" value=tenant.external_id.clone().unwrap_or_default() help="What another system calls this tenant." mono=true />
                <MetadataField metadata=tenant.metadata.clone() />
                <Submit label="Save settings" />
            </ActForm>
        </Section>
    }
}

/// What signing in takes; binds members of this tenant.
#[component]
fn SignIn(policy: SignInPolicy, here: Here) -> impl IntoView {
    let ways = vec![
        ("password,oidc".to_owned(), "By password or by a provider".to_owned()),
        ("password".to_owned(), "By password only".to_owned()),
        ("oidc".to_owned(), "By a provider (OpenID Connect) only".to_owned()),
    ];
    let now: Vec<&str> = policy.methods.iter().map(|method| method.as_str()).collect();
    view! {
        <Section title="Signing in" lead="Binds everyone who enters this tenant. Whoever does not meet it is told what to do.">
            <ActForm id="sign-in" url=UpdateSignInPolicy::url() class="form">
                <Hidden name="tenant" value=here.slug.to_string() />
                <Check name="require_totp" label="Members must have one-time codes" checked=policy.require_totp />
                <Select name="methods" label="Ways of signing in" options=ways value=now.join(",") />
                <Field
                    name="session_hours"
                    label="Sign in again after (hours)"
                    inputmode="numeric"
                    value=policy.session_hours.map(|hours| hours.to_string()).unwrap_or_default()
                    help="1 to 8760. Empty: as long as the server lets a session live."
                />
                <Submit label="Save" about="Save what signing in takes" />
            </ActForm>
        </Section>
    }
}

/// Twelve radio buttons, each in its colour and with its name.
#[component]
fn Colours(now: u8) -> impl IntoView {
    let state = FormState::here();
    let form = state.id.get_value();
    let items = (0_u8..)
        .zip(COLOURS)
        .map(|(n, name)| {
            let id = format!("{form}-colour-{n}");
            view! {
                <span class=format!("swatch {}", tenant_colour(n))>
                    <input type="radio" name="colour" id=id.clone() value=n.to_string() checked=state.ticked("colour", &n.to_string(), n == now) />
                    <label for=id title=name><span class="sr-only">{name}</span></label>
                </span>
            }
        })
        .collect_view();
    view! { <fieldset class="swatches"><legend>"Colour"</legend>{items}</fieldset> }
}

#[component]
fn Quota(page: SettingsPage, here: Here) -> impl IntoView {
    let operator = here.permissions.contains(&Permission::QuotasUpdate);
    let plan = page.tenant.plan;
    let plan_name = page.plans.iter().find(|p| Some(p.id) == plan).map(|p| p.name.clone());
    let plans = std::iter::once((String::new(), "No plan".to_owned()))
        .chain(page.plans.iter().map(|p| (p.id.to_string(), p.name.clone())))
        .collect();
    let (tenant, limits) = (here.slug.to_string(), page.quotas.clone());
    let warnings = page.quotas.warnings.clone();
    view! {
        <Section title="Plan and limits" lead="Limits come from the plan; the tenant can have its own.">
            {plan_name.map(|name| view! { <p>"Plan: "<strong>{name}</strong></p> })}
            {(!warnings.is_empty()).then(|| view! { <p class="fault">{warnings.join("; ")}</p> })}
            <Limits quotas=page.quotas.items.clone() />
            {operator
                .then(|| {
                    view! {
                        <div class="button-row">
                            <Panel clone:tenant label="Set plan" button="btn">
                                <ActForm clone:tenant id="plan" url=SetPlan::url() class="form">
                                    <Hidden name="tenant" value=tenant.clone() />
                                    <Select name="plan" label="Plan" options=plans value=plan.map(|p| p.to_string()).unwrap_or_default() />
                                    <Submit label="Set plan" />
                                </ActForm>
                            </Panel>
                            <Panel clone:tenant label="Set own limits" button="btn">
                                <LimitsForm tenant limits />
                            </Panel>
                        </div>
                    }
                })}
        </Section>
    }
}

#[component]
fn LimitsForm(tenant: String, limits: Quotas) -> impl IntoView {
    // Made where the form is: a field that is made before it does not know its faults.
    let fields = move || {
        let field = |r: &Limited| {
            let own = limits.items.iter().find(|q| q.resource == *r && q.own).and_then(|q| q.limit);
            view! { <Field name=r.as_str() label=r.label() inputmode="decimal" value=own.map(|l| r.typed(l)).unwrap_or_default() /> }
        };
        Limited::ALL.iter().map(field).collect_view()
    };
    view! {
        <ActForm id="limits" url=SetLimits::url() class="form">
            <Hidden name="tenant" value=tenant />
            <p class="help">"Empty: the plan's limit counts. 0: nothing passes."</p>
            {fields()}
            <Submit label="Save limits" />
        </ActForm>
    }
}

#[component]
fn Lifecycle(tenant: Tenant, here: Here) -> impl IntoView {
    let slug = here.slug.to_string();
    let name = tenant.name.clone();
    let stats = tenant.stats.clone();
    let lost = stats.map_or_else(String::new, |s| {
        format!(
            "{}, {} and {}. ",
            counted(s.members, "member", "members"),
            counted(s.workspaces, "workspace", "workspaces"),
            counted(s.models, "enabled model", "enabled models"),
        )
    });
    let active = tenant.status == TenantStatus::Active;
    let inactive = tenant.status == TenantStatus::Inactive;
    view! {
        <Section title="Danger zone" class="danger">
            {(!active)
                .then(|| {
                    view! {
                        <div class="danger-row">
                            <p><strong>"Activate the tenant"</strong>" Everything works again as it was."</p>
                            <ActForm clone:slug id="activate" url=ActivateTenant::url()>
                                <Hidden name="tenant" value=slug.clone() />
                                <Submit label="Activate" />
                            </ActForm>
                        </div>
                    }
                })}
            {active
                .then(|| {
                    view! {
                        <div class="danger-row">
                            <p><strong>"Suspend the tenant"</strong>" Its owner can still read it; nobody can change anything until it is activated."</p>
                            <Modal clone:slug clone:name clone:lost id="suspend" label="Suspend" title=format!("Suspend {name}?") button="btn btn-danger">
                                <p>{format!("{lost}All of it stays, and stands still until the tenant is activated.")}</p>
                                <ActForm clone:slug clone:name id="suspend-form" url=SuspendTenant::url() class="form">
                                    <Hidden name="tenant" value=slug.clone() />
                                    <ConfirmName name=name.clone() />
                                    <Submit label="Suspend" class="btn btn-danger" />
                                </ActForm>
                            </Modal>
                        </div>
                    }
                })}
            {(!inactive)
                .then(|| {
                    view! {
                        <div class="danger-row">
                            <p><strong>"Deactivate the tenant"</strong>" Members lose access; an operator can then purge it with all of its data."</p>
                            <Modal clone:slug clone:name clone:lost id="deactivate" label="Deactivate" title=format!("Deactivate {name}?") button="btn btn-danger">
                                <p>{format!("{lost}All of it is out of reach until the tenant is activated again.")}</p>
                                <ActForm clone:slug clone:name id="deactivate-form" url=DeactivateTenant::url() class="form">
                                    <Hidden name="tenant" value=slug.clone() />
                                    <ConfirmName name=name.clone() />
                                    <Submit label="Deactivate" class="btn btn-danger" />
                                </ActForm>
                            </Modal>
                        </div>
                    }
                })}
        </Section>
    }
}
