//! Which models a tenant may use, who in it, and the report of that.
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tenantry_types::explain::ModelExplanation;
use tenantry_types::model::{ModelReportRow, ModelRules, TenantModel};
use tenantry_types::{Email, Page};

use super::{Done, ListQuery, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::server,
    leptos::server_fn::ServerFn,
    serde_json::json,
    tenantry_domain::model_access::{self, ModelFilter},
    tenantry_domain::{members, needs},
    tenantry_types::member::Who,
    tenantry_types::model::{Audience, ModelAccess, ModelRulesPatch, ModelsToggle},
    tenantry_types::money::Dollars,
    tenantry_types::{Fault, FieldError, FromInput, PageQuery, counted},
};

/// The models, with what the list can be narrowed by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelsPage {
    pub models: Page<TenantModel>,
    pub providers: Vec<String>,
}

/// `price` of the list is what input and output cost at most, in dollars per million tokens.
#[server(endpoint = "models", output = Answer)]
pub async fn list_models(tenant: String, list: ListQuery) -> Result<ModelsPage, UiError> {
    let s = server::ctx(&tenant).await?;
    let enabled = match list.enabled.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let provider = (!list.provider.is_empty()).then(|| list.provider.clone());
    let filter = ModelFilter {
        enabled,
        provider,
        max_price: Dollars::parse(&list.price).ok().map(|price| price.0),
    };
    let models = model_access::list(&s.app, s.grant()?, list.paging(), filter).await?;
    let providers = model_access::providers(&s.app, s.grant()?).await?;
    Ok(ModelsPage { models, providers })
}

/// One model as the tenant sees it; with a person, why they may use it or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelPage {
    pub model: TenantModel,
    /// Of the person that was asked about; None also for what is neither an address nor an id.
    pub explanation: Option<ModelExplanation>,
    /// Members to choose from, by address and name; empty for those who may not ask.
    pub people: Vec<(Email, String)>,
}

/// `user` is an address or an id; empty asks about nobody. With `key`, the id of a key, it is about that.
#[server(endpoint = "models/one", output = Answer)]
pub async fn get_model(tenant: String, model: String, #[server(default)] user: String, #[server(default)] key: String) -> Result<ModelPage, UiError> {
    let s = server::ctx(&tenant).await?;
    let id = server::id(&model)?;
    let found = model_access::get(&s.app, s.grant()?, id).await?;
    let who = Who::from_input(&user.into()).ok();
    let key = key.parse().ok();
    let explanation = if who.is_some() || key.is_some() {
        Some(model_access::explain(&s.app, s.grant()?, id, who, key).await?)
    } else {
        None
    };
    let people = match (s.ctx.grant::<needs::ModelsReport>(), s.ctx.grant()) {
        (Ok(_), Ok(by)) => {
            let all = PageQuery {
                limit: PageQuery::MAX_LIMIT,
                ..PageQuery::default()
            };
            members::list(&s.app, by, all, None).await?.items
        }
        _ => Vec::new(),
    };
    Ok(ModelPage {
        model: found,
        explanation,
        people: people.into_iter().map(|m| (m.email, m.name)).collect(),
    })
}

#[server(endpoint = "models/rules", output = Answer)]
pub async fn get_rules(tenant: String) -> Result<ModelRules, UiError> {
    let s = server::ctx(&tenant).await?;
    Ok(model_access::rules(&s.app, s.grant()?).await?)
}

/// Adds a rule (`pattern`, `audience`), removes one (`without` is its pattern), or says what becomes of new models.
#[server(endpoint = "models/rules/change", output = Answer)]
pub async fn change_rules(
    tenant: String,
    #[server(default)] pattern: String,
    #[server(default)] audience: String,
    #[server(default)] without: String,
    #[server(default)] new_models: String,
) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let body = if new_models.is_empty() {
        let before = model_access::rules(&s.app, s.grant()?).await?.rules;
        let others = before
            .into_iter()
            .filter(|rule| ![&without, pattern.trim()].contains(&rule.pattern.to_string().as_str()));
        let mut rules: Vec<_> = others.map(|rule| json!(rule)).collect();
        if without.is_empty() {
            rules.push(json!({ "pattern": pattern, "audience": audience }));
        }
        json!({ "rules": rules })
    } else {
        json!({ "new_models": new_models })
    };
    let of_form = |faults: Vec<FieldError>| {
        // The new rule is the last: its faults are those of the form.
        let named = faults.into_iter().map(|f| match f.field.rsplit_once("].") {
            Some((_, field)) => FieldError::new(field, f.fault),
            None => f,
        });
        named.collect::<Vec<_>>()
    };
    let patch = ModelRulesPatch::parse(&body).map_err(of_form)?;
    model_access::set_rules(&s.app, s.grant()?, patch).await?;
    Ok(server::done(What::ModelRulesSaved, "", None))
}

#[server(endpoint = "models/report", output = Answer)]
pub async fn report(tenant: String, list: ListQuery) -> Result<Page<ModelReportRow>, UiError> {
    let s = server::ctx(&tenant).await?;
    Ok(model_access::report(&s.app, s.grant()?, list.paging()).await?)
}

/// What is to be done with one model or many: `enable`, `disable`, `tenant` (everyone may use it),
/// `workspaces` (only where it is listed). `one` is the button of a row: the same word, a colon, an id.
#[server(endpoint = "models/toggle", output = Answer)]
pub async fn toggle_models(
    tenant: String,
    #[server(default)] how: String,
    #[server(default)] one: String,
    #[server(default)] models: Vec<String>,
) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let (how, models) = match one.split_once(':') {
        Some((how, id)) => (how.to_owned(), vec![id.to_owned()]),
        None => (how, models),
    };
    if matches!(how.as_str(), "enable" | "disable") {
        let toggle = ModelsToggle::parse(&json!({ how.as_str(): models }))?;
        let changed = model_access::toggle(&s.app, s.grant()?, toggle).await?;
        let name = match changed.as_slice() {
            [one] => format!("{} is {how}d.", one.display_name),
            many => format!("{} {how}d.", counted(many.len(), "model is", "models are")),
        };
        let done = server::done(What::ModelsSaved, name, None);
        let back = if how == "enable" { "disable" } else { "enable" };
        let ids: Vec<(String, String)> = (0..).zip(&changed).map(|(n, m)| (format!("models[{n}]"), m.id.to_string())).collect();
        let mut fields = vec![("tenant", tenant.as_str()), ("how", back)];
        fields.extend(ids.iter().map(|(name, id)| (name.as_str(), id.as_str())));
        return Ok(if changed.is_empty() {
            done
        } else {
            done.offer("Undo", ToggleModels::url(), &fields)
        });
    }
    if models.is_empty() {
        return Err(vec![FieldError::new("models", Fault::Required)].into());
    }
    let access = ModelAccess::parse(&json!({ "enabled": true, "audience": how }))?;
    let mut name = String::new();
    for id in &models {
        name = model_access::set(&s.app, s.grant()?, server::id(id)?, access).await?.display_name;
    }
    let name = if models.len() == 1 {
        name
    } else {
        counted(models.len(), "model", "models")
    };
    let who = if access.audience == Some(Audience::Tenant) {
        "for everyone"
    } else {
        "for workspaces that list them"
    };
    Ok(server::done(What::AudienceSaved, format!("{name}: {who} now."), None))
}
