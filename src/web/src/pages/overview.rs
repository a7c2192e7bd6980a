//! The first page of a tenant: first steps, numbers against limits, what waits, what happened.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::Permission;
use tenantry_types::invitation::Invitation;
use tenantry_types::overview::{Attention, FirstSteps};
use tenantry_types::plan::{Quota, QuotaState, Resource as Limited};
use tenantry_types::tenant::TenantStatus;

use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::Here;
use crate::rpc::tenants::{DismissSteps, get_overview};
use crate::ui::{ActForm, Alert, Hidden, Icon, PageHead, Section, Submit, TenantBadge, Tone, When};

#[component]
pub fn Overview() -> impl IntoView {
    let tenant = tenant_param();
    let data = fetch(move || get_overview(tenant.get()));
    loaded_here(data, |page, here| {
        let overview = page.overview;
        let base = format!("/t/{}", here.slug);
        let stats = &overview.stats;
        let tiles = [
            ("Members", stats.members, "members"),
            ("Workspaces", stats.workspaces, "workspaces"),
            ("Enabled models", stats.models, "models?enabled=yes"),
            ("Pending invitations", stats.pending_invitations, "invitations"),
            ("Keys that work", stats.api_keys, "keys"),
            ("Calls today", stats.calls_today, "usage"),
        ];
        let ever = stats.total_api_calls;
        let members = overview.quotas.iter().find(|q| q.resource == Limited::Members).and_then(|q| q.limit);
        let may_invite = here.may(Permission::InvitationsRead);
        let hidden = [
            ("invitations", may_invite),
            ("keys", here.may(Permission::KeysRead)),
            ("usage", here.may(Permission::UsageRead)),
        ];
        let tiles = tiles
            .into_iter()
            .filter(|(.., path)| hidden.iter().all(|(page, may)| page != path || *may))
            .map(|(name, n, path)| {
                let beside = match path {
                    "members" => members.map(|limit| format!(" of {limit}")),
                    "usage" => Some(format!(" of {ever} ever")),
                    _ => None,
                };
                let limit = beside.map(|text| view! { <small>{text}</small> });
                view! { <li><a class="tile" href=format!("{base}/{path}")><span class="tile-number">{n}{limit}</span><span>{name}</span></a></li> }
            })
            .collect_view();
        let steps = overview.steps;
        let show_steps = !steps.done() && !steps.dismissed && here.may(Permission::WorkspacesCreate);
        let status = overview.tenant.status;
        view! {
            <PageHead title=overview.tenant.name.clone() lead=format!("You are {} here.", here.role.label().to_lowercase())>
                {(status != TenantStatus::Active).then(|| view! { <TenantBadge status /> })}
            </PageHead>
            {(status != TenantStatus::Active)
                .then(|| {
                    view! {
                        <Alert clone:base tone=Tone::Warning>
                            <p>"This tenant is not active: it can be read, and nothing in it can be changed. It is activated again in its "<a href=format!("{base}/settings")>"settings"</a>"."</p>
                        </Alert>
                    }
                })}
            {show_steps.then(|| view! { <Steps steps here=here.clone() /> })}
            <ul class="tiles">{tiles}</ul>
            <Look attention=if here.may(Permission::TenantUpdate) { overview.attention } else { Vec::new() } notices=page.notices base=base.clone() />
            <div class="columns">
                <div>
                    <Section title="Recent activity"><div inner_html=page.activity></div></Section>
                </div>
                <div>
                    <Section title="Limits"><Limits quotas=overview.quotas /></Section>
                    {may_invite.then(|| view! { <Section title="Pending invitations"><Pending items=page.pending base=base.clone() /></Section> })}
                </div>
            </div>
        }
    })
}

/// What needs attention.
#[component]
fn Look(attention: Vec<Attention>, notices: String, base: String) -> impl IntoView {
    (!attention.is_empty() || !notices.is_empty()).then(|| {
        let items = attention
            .into_iter()
            .map(|a| {
                let class = if a.urgent { "look look-urgent" } else { "look" };
                view! { <li><a class=class href=format!("{base}/{}", a.page)><Icon name="alert" />{a.text}</a></li> }
            })
            .collect_view();
        view! { <Section title="Needs attention">{(!notices.is_empty()).then(|| view! { <div inner_html=notices></div> })}<ul class="looks">{items}</ul></Section> }
    })
}

#[component]
fn Steps(steps: FirstSteps, here: Here) -> impl IntoView {
    let base = format!("/t/{}", here.slug);
    let items = [
        (
            steps.workspace,
            "Create a workspace",
            "A place for a team, with its own members and models.",
            "workspaces",
        ),
        (
            steps.invited,
            "Invite a colleague",
            "They get a link, and come in with the role you choose.",
            "invitations",
        ),
        (
            steps.model,
            "Enable a model",
            "Nobody can use a model before it is enabled here.",
            "models",
        ),
        (
            steps.key,
            "Make an API key",
            "With it, scripts and tools use the models and this API.",
            "keys",
        ),
    ];
    let count = items.iter().filter(|i| i.0).count();
    let list = items
        .into_iter()
        .map(|(done, title, text, path)| {
            view! {
                <li class=if done { "step step-done" } else { "step" }>
                    <span class="step-mark">{done.then(|| view! { <Icon name="check" /> })}</span>
                    <a href=format!("{base}/{path}")>{title}</a>
                    <span class="sr-only">{if done { " (done)" } else { " (to do)" }}</span>
                    <p>{text}</p>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="card steps" aria-labelledby="steps-title">
            <div class="card-head">
                <h2 id="steps-title">"First steps"</h2>
                <span class="muted">{count}" of 4 done"</span>
                <ActForm id="dismiss" url=DismissSteps::url()>
                    <Hidden name="tenant" value=here.slug.to_string() />
                    <Submit label="Dismiss" class="btn btn-quiet btn-small" />
                </ActForm>
            </div>
            <ol>{list}</ol>
        </section>
    }
}

#[component]
pub fn Limits(quotas: Vec<Quota>) -> impl IntoView {
    if quotas.is_empty() {
        return view! { <p class="muted">"No limits are set for this tenant."</p> }.into_any();
    }
    let items = quotas
        .into_iter()
        .map(|q| {
            let label = q.resource.label();
            let limit = q.limit.map_or_else(|| ", no limit".to_owned(), |l| format!(" of {}", q.resource.shown(l)));
            let (class, note) = match q.state {
                QuotaState::Ok => ("meter", None),
                QuotaState::Warning => ("meter meter-warning", Some("near the limit")),
                QuotaState::Exceeded => ("meter meter-bad", Some("at the limit")),
            };
            let bar = q.limit.map(|limit| {
                let value = q.used.clamp(0, limit.max(0));
                view! { <progress class=class max=limit.max(1).to_string() value=if limit == 0 { "1".to_owned() } else { value.to_string() } aria-label=label></progress> }
            });
            view! {
                <li>
                    <span>{label}</span>
                    <span class="numbers">{q.resource.shown(q.used)}{limit}{note.map(|n| view! { <span class="note">" \u{b7} "{n}</span> })}</span>
                    {bar}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="meters">{items}</ul> }.into_any()
}

#[component]
fn Pending(items: Vec<Invitation>, base: String) -> impl IntoView {
    if items.is_empty() {
        return view! { <p class="muted">"Nobody is waiting. "<a href=format!("{base}/invitations")>"Invite people"</a></p> }.into_any();
    }
    let rows = items
        .into_iter()
        .map(|i| view! { <li><span>{i.email.to_string()}</span><span class="muted">{i.role.label()}", expires "<When at=i.expires_at /></span></li> })
        .collect_view();
    view! { <ul class="rows">{rows}</ul><p><a href=format!("{base}/invitations")>"All invitations"</a></p> }.into_any()
}
