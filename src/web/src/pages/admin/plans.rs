//! Plans: named sets of limits.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::counted;
use tenantry_types::plan::{Plan, Resource as Limited};

use crate::data::{fetch, loaded};
use crate::rpc::admin::{CreatePlan, DeletePlan, UpdatePlan, list_plans};
use crate::ui::{ActForm, Badge, Check, Empty, Field, Hidden, Modal, PageHead, Panel, Submit, Tone};

#[component]
pub fn Plans() -> impl IntoView {
    let data = fetch(list_plans);
    loaded(data, |plans| {
        let empty = plans.is_empty();
        let cards = plans.into_iter().map(|p| view! { <Card p /> }).collect_view();
        view! {
            <PageHead title="Plans" lead="Named sets of limits. New tenants get the default plan; a tenant's own limits go before the plan's." crumbs=vec![("/admin".into(), "Operator".into())]>
                <Panel label="New plan">
                    <ActForm id="create" url=CreatePlan::url() class="form">
                        <Fields plan=None />
                        <Submit label="Create plan" />
                    </ActForm>
                </Panel>
            </PageHead>
            {if empty {
                view! { <Empty icon="tag" title="No plan yet" text="Without a plan, tenants have no limits." /> }.into_any()
            } else {
                view! { <div class="cards">{cards}</div> }.into_any()
            }}
        }
    })
}

#[component]
fn Fields(plan: Option<Plan>) -> impl IntoView {
    let limits = plan.as_ref().map(|p| p.limits.clone()).unwrap_or_default();
    let fields = Limited::ALL
        .iter()
        .map(|r| {
            let value = limits.0.get(r).copied().flatten().map(|l| r.typed(l)).unwrap_or_default();
            view! { <Field name=format!("limits[{r}]") label=r.label() inputmode="decimal" value /> }
        })
        .collect_view();
    let is_default = plan.as_ref().is_some_and(|p| p.is_default);
    view! {
        <Field name="name" label="Name" value=plan.as_ref().map(|p| p.name.clone()).unwrap_or_default() required=true />
        <fieldset class="field-pair">
            <legend>"Limits"</legend>
            <p class="help">"Empty: no limit. 0: nothing passes."</p>
            {fields}
        </fieldset>
        {if is_default {
            view! { <p class="help">"This is the default plan. Make another one the default to change that."</p> }.into_any()
        } else {
            view! { <Check name="is_default" label="Default: new tenants get this plan" /> }.into_any()
        }}
    }
}

#[component]
fn Card(p: Plan) -> impl IntoView {
    let id = p.id.to_string();
    let name = p.name.clone();
    let limits = Limited::ALL
        .iter()
        .filter_map(|r| {
            let limit = p.limits.0.get(r).copied().flatten()?;
            Some(view! { <div><dt>{r.label()}</dt><dd>{r.shown(limit)}</dd></div> })
        })
        .collect_view();
    let tenants = p.tenants;
    view! {
        <section class="card" aria-labelledby=format!("title-{id}")>
            <div class="card-head">
                <h2 id=format!("title-{id}")>{name.clone()}</h2>
                {p.is_default.then(|| view! { <Badge text="Default" tone=Tone::Accent /> })}
                <span class="muted">{counted(tenants, "tenant", "tenants")}</span>
            </div>
            <dl class="facts">{limits}</dl>
            <div class="button-row">
                <Panel clone:id label="Edit" button="btn btn-small">
                    <ActForm id=format!("edit-{id}") url=UpdatePlan::url() class="form">
                        <Hidden name="id" value=id.clone() />
                        <Fields plan=Some(p.clone()) />
                        <Submit label="Save plan" />
                    </ActForm>
                </Panel>
                <Modal clone:id id=format!("delete-{id}") label="Delete" title=format!("Delete {name}?") button="btn btn-quiet btn-small" about=format!("Delete {name}")>
                    <p>{format!("{} this plan. A plan in use is not deleted.", counted(tenants, "tenant has", "tenants have"))}</p>
                    <ActForm id=format!("delete-form-{id}") url=DeletePlan::url()>
                        <Hidden name="id" value=id.clone() />
                        <Submit label="Delete" class="btn btn-danger" />
                    </ActForm>
                </Modal>
            </div>
        </section>
    }
}
