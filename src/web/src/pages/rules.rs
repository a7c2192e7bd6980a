//! Rules about models that are not named one by one: all whose names begin alike, and those that are new.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::Permission;
use tenantry_types::model::{Audience, ModelRules, NewModelPolicy};

use super::models::tabs;
use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::Here;
use crate::rpc::models::{ChangeRules, get_rules};
use crate::ui::{ActForm, Field, Hidden, PageHead, Section, Select, Submit, choices};

fn audience(of: Audience) -> &'static str {
    match of {
        Audience::Tenant => "Everyone in the tenant",
        Audience::Workspaces => "Workspaces that list them",
    }
}

#[component]
pub fn ModelRulesPage() -> impl IntoView {
    let tenant = tenant_param();
    let data = fetch(move || get_rules(tenant.get()));
    loaded_here(data, |rules, here| {
        let base = format!("/t/{}", here.slug);
        view! {
            <PageHead title="Rules about models" lead="They decide about every model that nobody has decided about by itself, also about those to come." crumbs=vec![(base.clone(), here.name.clone()), (format!("{base}/models"), "Models".into())] />
            {tabs(&here, "rules")}
            <Section clone:rules clone:here title="Names that begin alike" lead="Of several rules that fit a model the longest counts."><Rules rules here /></Section>
            <Section title="New models"><NewModels policy=rules.new_models here /></Section>
        }
    })
}

#[component]
fn Rules(rules: ModelRules, here: Here) -> impl IntoView {
    let may = here.may(Permission::ModelsToggle);
    let empty = rules.rules.is_empty();
    let rows = rules
        .rules
        .into_iter()
        .map(|rule| {
            let pattern = rule.pattern.to_string();
            // Not named `remove`: a control hides the method of its form that has its name, and with it the form cannot leave the page.
            let remove = may.then(|| {
                view! { <button type="submit" class="btn btn-small" name="without" value=pattern.clone() aria-label=format!("Remove {pattern}")>"Remove"</button> }
            });
            view! { <li><span><code>{pattern.clone()}</code>" "{audience(rule.audience)}</span>{remove}</li> }
        })
        .collect_view();
    view! {
        {if empty {
            view! { <p>"There are none: each model is enabled by itself."</p> }.into_any()
        } else {
            let here = here.clone();
            view! {
                <ActForm id="rules" url=ChangeRules::url() many=true>
                    <Hidden name="tenant" value=here.slug.to_string() />
                    <ul class="rows">{rows}</ul>
                </ActForm>
            }
                .into_any()
        }}
        {may.then(|| {
            view! {
                <ActForm id="add-rule" url=ChangeRules::url() class="form">
                    <Hidden name="tenant" value=here.slug.to_string() />
                    <Field name="pattern" label="Enable all models named" help="How the names begin and a star, such as openai/*; a star alone is all models. What was switched off among them counts no more." mono=true required=true />
                    <Select name="audience" label="For" options=choices(Audience::ALL.iter().map(|a| (a.as_str(), audience(*a)))) value="tenant" />
                    <Submit label="Add rule" />
                </ActForm>
            }
        })}
    }
}

#[component]
fn NewModels(policy: NewModelPolicy, here: Here) -> impl IntoView {
    let on = policy == NewModelPolicy::On;
    let words = if on {
        "Models that come into the catalogue are enabled for everyone in the tenant."
    } else {
        "Models that come into the catalogue are not enabled until somebody enables them, or a rule fits."
    };
    view! {
        <p>{words}</p>
        {here
            .may(Permission::ModelsToggle)
            .then(|| {
                let (value, label) = if on { ("off", "Do not enable new models") } else { ("on", "Enable new models") };
                view! {
                    <ActForm id="new-models" url=ChangeRules::url()>
                        <Hidden name="tenant" value=here.slug.to_string() />
                        <Hidden name="new_models" value=value />
                        <Submit label class="btn" />
                    </ActForm>
                }
            })}
    }
}
