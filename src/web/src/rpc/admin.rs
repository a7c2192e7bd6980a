//! The operator's area: the system, tenants, accounts, providers, the catalogue, plans.
#![expect(clippy::too_many_arguments, reason = "one argument a field of the form")]

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tenantry_types::Page;
use tenantry_types::account::User;
use tenantry_types::model::Model;
use tenantry_types::overview::{PlatformStats, TenantRow};
use tenantry_types::plan::Plan;
use tenantry_types::provider::{Provider, SyncReport};

use super::{Done, ListQuery, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::{drawn, server},
    serde_json::{Map, Value, json},
    tenantry_domain::accounts::{sessions, totp},
    tenantry_domain::{catalog, plans, platform, providers, tenants},
    tenantry_types::account::UserPatch,
    tenantry_types::model::{ModelPatch, NewModel},
    tenantry_types::money::Dollars,
    tenantry_types::plan::{NewPlan, PlanPatch, Resource as Limited},
    tenantry_types::provider::{NewProvider, ProviderPatch},
    tenantry_types::tenant::TenantStatus,
    tenantry_types::{FieldError, counted},
};

#[server(endpoint = "admin/stats", output = Answer)]
pub async fn stats() -> Result<PlatformStats, UiError> {
    let (app, operator) = server::operator().await?;
    Ok(platform::stats(&app, &operator).await?)
}

/// What waits, which servers there are, and what they remember, as it is drawn.
#[server(endpoint = "admin/health", output = Answer)]
pub async fn health() -> Result<String, UiError> {
    let (app, operator) = server::operator().await?;
    Ok(drawn::health(platform::health(&app, &operator).await?))
}

// ---- tenants ----

#[server(endpoint = "admin/tenants", output = Answer)]
pub async fn list_tenants(list: ListQuery) -> Result<Page<TenantRow>, UiError> {
    server::operator().await?;
    let s = server::signed().await?;
    Ok(tenants::list(&s.app, &s.who, list.paging(), TenantStatus::from_word(&list.status)).await?)
}

/// `confirm` repeats the tenant's name.
#[server(endpoint = "admin/tenants/purge", output = Answer)]
pub async fn purge_tenant(tenant: String, #[server(default)] confirm: String) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    let s = server::ctx(&tenant).await?;
    let head = s.ctx.tenant();
    server::confirmed(&confirm, &head.name)?;
    tenants::purge(&app, &operator, head.id).await?;
    Ok(server::done(
        What::TenantPurged,
        format!("{} and all of its data are gone.", head.name),
        Some("/admin/tenants".into()),
    ))
}

// ---- accounts ----

#[server(endpoint = "admin/users", output = Answer)]
pub async fn list_users(list: ListQuery) -> Result<Page<User>, UiError> {
    let (app, operator) = server::operator().await?;
    Ok(platform::users(&app, &operator, list.paging(), None).await?)
}

/// Changes what is not empty.
#[server(endpoint = "admin/users/update", output = Answer)]
pub async fn update_user(user: String, #[server(default)] status: String, #[server(default)] is_operator: String) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    let mut body = Map::new();
    for (name, value) in [("status", status), ("is_operator", is_operator)] {
        if !value.is_empty() {
            body.insert(name.into(), value.into());
        }
    }
    let patch = UserPatch::parse(&Value::Object(body))?;
    let after = platform::update_user(&app, &operator, server::id(&user)?, patch).await?;
    Ok(server::done(What::UserSaved, format!("The account of {} is saved.", after.name), None))
}

/// For who lost their app and their recovery codes.
#[server(endpoint = "admin/users/reset-totp", output = Answer)]
pub async fn reset_totp(user: String) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    totp::reset(&app, &operator, server::id(&user)?).await?;
    Ok(server::done(What::TotpReset, "", None))
}

#[server(endpoint = "admin/users/end-sessions", output = Answer)]
pub async fn end_sessions(user: String) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    sessions::end_all_of(&app, &operator, server::id(&user)?).await?;
    Ok(server::done(What::SignedOutEverywhere, "", None))
}

// ---- providers ----

#[server(endpoint = "admin/providers", output = Answer)]
pub async fn list_providers() -> Result<Vec<Provider>, UiError> {
    let (app, operator) = server::operator().await?;
    Ok(providers::list(&app, &operator).await?)
}

#[server(endpoint = "admin/providers/one", output = Answer)]
pub async fn get_provider(id: String) -> Result<Provider, UiError> {
    let (app, operator) = server::operator().await?;
    Ok(providers::get(&app, &operator, server::id(&id)?).await?)
}

/// What reading the provider's list would change.
#[server(endpoint = "admin/providers/preview", output = Answer)]
pub async fn sync_preview(id: String) -> Result<SyncReport, UiError> {
    let (app, operator) = server::operator().await?;
    Ok(providers::sync(&app, &operator, server::id(&id)?, false).await?)
}

#[server(endpoint = "admin/providers/create", output = Answer)]
pub async fn create_provider(
    #[server(default)] name: String,
    #[server(default)] kind: String,
    #[server(default)] base_url: String,
    #[server(default)] api_key: String,
    #[server(default)] api_version: String,
) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    let body = json!({ "name": name, "kind": kind, "base_url": base_url, "api_key": api_key, "api_version": api_version });
    let new = NewProvider::parse(&body)?;
    let made = providers::create(&app, &operator, new).await?;
    Ok(server::done(
        What::ProviderCreated,
        format!("{} is created.", made.name),
        Some(format!("/admin/providers/{}", made.id)),
    ))
}

/// An empty `api_key` keeps the stored one; `forget_key` takes it away.
#[server(endpoint = "admin/providers/update", output = Answer)]
pub async fn update_provider(
    id: String,
    #[server(default)] name: String,
    #[server(default)] kind: String,
    #[server(default)] base_url: String,
    #[server(default)] api_key: String,
    #[server(default)] forget_key: Option<String>,
    #[server(default)] api_version: String,
    #[server(default)] sync_hours: String,
    #[server(default)] new_models: String,
    #[server(default)] enabled: Option<String>,
) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    let mut body = json!({
        "name": name, "kind": kind, "base_url": base_url, "api_version": api_version, "sync_hours": sync_hours,
        "enabled": enabled.is_some(),
    });
    if !new_models.is_empty() {
        body["new_models"] = new_models.into();
    }
    if forget_key.is_some() {
        body["api_key"] = Value::Null;
    } else if !api_key.is_empty() {
        body["api_key"] = api_key.into();
    }
    let patch = ProviderPatch::parse(&body)?;
    let after = providers::update(&app, &operator, server::id(&id)?, patch).await?;
    Ok(server::done(What::ProviderSaved, format!("{} is saved.", after.name), None))
}

#[server(endpoint = "admin/providers/delete", output = Answer)]
pub async fn delete_provider(id: String) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    providers::delete(&app, &operator, server::id(&id)?).await?;
    Ok(server::done(What::ProviderDeleted, "", Some("/admin/providers".into())))
}

#[server(endpoint = "admin/providers/check", output = Answer)]
pub async fn check_provider(id: String) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    let check = providers::check(&app, &operator, server::id(&id)?).await?;
    Ok(server::done(if check.ok { What::ProviderAnswers } else { What::ProviderFails }, "", None))
}

#[server(endpoint = "admin/providers/sync", output = Answer)]
pub async fn apply_sync(id: String) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    let report = providers::sync(&app, &operator, server::id(&id)?, true).await?;
    let added = counted(report.added.len(), "model", "models");
    let marked = report.newly_missing.len() + report.returned.len();
    let name = format!("{added} added, {} changed, {marked} marked.", report.changed.len());
    Ok(server::done(What::ProviderSynced, name, Some(format!("/admin/providers/{id}"))))
}

// ---- the catalogue ----

/// The catalogue, with the providers to name and to choose from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatalogPage {
    pub models: Page<Model>,
    pub providers: Vec<Provider>,
}

#[server(endpoint = "admin/models", output = Answer)]
pub async fn list_catalog(list: ListQuery) -> Result<CatalogPage, UiError> {
    let (app, operator) = server::operator().await?;
    let models = catalog::list(&app, &operator, list.paging()).await?;
    let providers = providers::list(&app, &operator).await?;
    Ok(CatalogPage { models, providers })
}

/// One model, with the providers to choose from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatalogModel {
    pub model: Model,
    pub providers: Vec<Provider>,
}

#[server(endpoint = "admin/models/one", output = Answer)]
pub async fn get_catalog_model(id: String) -> Result<CatalogModel, UiError> {
    let (app, operator) = server::operator().await?;
    let model = catalog::get(&app, &operator, server::id(&id)?).await?;
    let providers = providers::list(&app, &operator).await?;
    Ok(CatalogModel { model, providers })
}

/// A list with commas.
#[cfg(feature = "ssr")]
fn words(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|w| !w.is_empty()).collect()
}

/// Reads a body whose prices were typed in dollars; the use cases take micro-USD.
#[cfg(feature = "ssr")]
fn with_prices<T>(mut body: Value, typed: [(&str, String); 4], parse: impl Fn(&Value) -> Result<T, Vec<FieldError>>) -> Result<T, UiError> {
    let mut faults = Vec::new();
    for (name, text) in typed {
        body[name] = match text.trim() {
            "" => Value::Null,
            text => match Dollars::parse(text) {
                Ok(dollars) => dollars.0.into(),
                Err(fault) => {
                    faults.push(FieldError::new(name, fault));
                    Value::Null
                }
            },
        };
    }
    match parse(&body) {
        Ok(value) if faults.is_empty() => Ok(value),
        Ok(_) => Err(faults.into()),
        Err(more) => Err([more, faults].concat().into()),
    }
}

#[server(endpoint = "admin/models/create", output = Answer)]
pub async fn create_model(
    #[server(default)] name: String,
    #[server(default)] display_name: String,
    #[server(default)] provider: String,
    #[server(default)] upstream_name: String,
    #[server(default)] context_length: String,
    #[server(default)] modalities: String,
    #[server(default)] input_price: String,
    #[server(default)] output_price: String,
    #[server(default)] cached_input_price: String,
    #[server(default)] request_price: String,
) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    let body = json!({
        "name": name, "display_name": display_name, "provider": provider, "upstream_name": upstream_name,
        "context_length": context_length, "modalities": words(&modalities),
    });
    let prices = [
        ("input_price", input_price),
        ("output_price", output_price),
        ("cached_input_price", cached_input_price),
        ("request_price", request_price),
    ];
    let new = with_prices(body, prices, NewModel::parse)?;
    let made = catalog::create(&app, &operator, new).await?;
    Ok(server::done(
        What::ModelCreated,
        format!("{} is in the catalogue.", made.display_name),
        None,
    ))
}

#[server(endpoint = "admin/models/update", output = Answer)]
pub async fn update_model(
    id: String,
    #[server(default)] name: String,
    #[server(default)] display_name: String,
    #[server(default)] context_length: String,
    #[server(default)] modalities: String,
    #[server(default)] input_price: String,
    #[server(default)] output_price: String,
    #[server(default)] cached_input_price: String,
    #[server(default)] request_price: String,
    #[server(default)] is_active: Option<String>,
) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    let id = server::id(&id)?;
    let body = json!({
        "name": name, "display_name": display_name, "context_length": context_length, "modalities": words(&modalities),
        "is_active": is_active.is_some(),
    });
    let prices = [
        ("input_price", input_price),
        ("output_price", output_price),
        ("cached_input_price", cached_input_price),
        ("request_price", request_price),
    ];
    let patch = with_prices(body, prices, ModelPatch::parse)?;
    let after = catalog::update(&app, &operator, id, patch).await?;
    Ok(server::done(What::ModelSaved, format!("{} is saved.", after.display_name), None))
}

/// Changes who serves a model, and in which order. `how` is `add` (`provider`, `upstream_name`, behind the others), or
/// `up`, `down` or `remove` with a route behind it: `up:prv_...:openai/gpt-4o-mini`.
#[server(endpoint = "admin/models/routes", output = Answer)]
pub async fn change_routes(
    id: String,
    #[server(default)] how: String,
    #[server(default)] provider: String,
    #[server(default)] upstream_name: String,
) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    let id = server::id(&id)?;
    let before = catalog::get(&app, &operator, id).await?;
    let mut routes: Vec<(String, String)> = before.routes.into_iter().map(|r| (r.provider.to_string(), r.upstream_name)).collect();
    let mut parts = how.splitn(3, ':');
    let (how, provider, upstream_name) = match (parts.next(), parts.next(), parts.next()) {
        (Some(how), Some(provider), Some(name)) => (how, provider.to_owned(), name.to_owned()),
        _ => (how.as_str(), provider, upstream_name),
    };
    let route = (provider, upstream_name.trim().to_owned());
    let place = routes.iter().position(|r| *r == route);
    match (how, place) {
        ("add", _) => routes.push(route),
        ("remove", Some(at)) => drop(routes.remove(at)),
        ("up", Some(at)) if at > 0 => routes.swap(at - 1, at),
        ("down", Some(at)) if at + 1 < routes.len() => routes.swap(at, at + 1),
        // Somebody else was faster: the page shows how it is now.
        _ => {}
    }
    let routes: Vec<Value> = (0..)
        .zip(routes)
        .map(|(priority, (provider, name))| json!({ "provider": provider, "upstream_name": name, "priority": priority }))
        .collect();
    // The new one is the last: its faults are those of the form.
    let new = format!("routes[{}].", routes.len().saturating_sub(1));
    let to_form = |faults: Vec<FieldError>| -> UiError {
        let named = faults.into_iter().map(|f| match f.field.strip_prefix(&new) {
            Some(field) if how == "add" => FieldError::new(field, f.fault),
            _ => f,
        });
        named.collect::<Vec<_>>().into()
    };
    let patch = ModelPatch::parse(&json!({ "routes": routes })).map_err(to_form)?;
    match catalog::update(&app, &operator, id, patch).await {
        Ok(after) => Ok(server::done(
            What::RoutesSaved,
            format!("The routes of {} are saved.", after.display_name),
            None,
        )),
        Err(error) if !error.fields().is_empty() => Err(to_form(error.fields().to_vec())),
        Err(error) => Err(error.into()),
    }
}

#[server(endpoint = "admin/models/delete", output = Answer)]
pub async fn delete_model(id: String) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    catalog::delete(&app, &operator, server::id(&id)?).await?;
    Ok(server::done(What::ModelDeleted, "", Some("/admin/models".into())))
}

// ---- plans ----

#[server(endpoint = "admin/plans", output = Answer)]
pub async fn list_plans() -> Result<Vec<Plan>, UiError> {
    let (app, operator) = server::operator().await?;
    Ok(plans::list(&app, &operator).await?)
}

/// The limits of a form: `limits[members]`, spend in dollars.
#[cfg(feature = "ssr")]
fn limits(given: &std::collections::HashMap<String, String>) -> Result<Value, UiError> {
    let mut known = Map::new();
    let mut faults = Vec::new();
    for resource in Limited::ALL {
        let Some(text) = given.get(resource.as_str()) else { continue };
        match resource.read_typed(text) {
            Ok(limit) => drop(known.insert(resource.as_str().to_owned(), limit.into())),
            Err(fault) => faults.push(FieldError::new(format!("limits[{resource}]"), fault)),
        }
    }
    if faults.is_empty() {
        Ok(Value::Object(known))
    } else {
        Err(faults.into())
    }
}

#[server(endpoint = "admin/plans/create", output = Answer)]
pub async fn create_plan(
    #[server(default)] name: String,
    #[server(default)] limits: std::collections::HashMap<String, String>,
    #[server(default)] is_default: Option<String>,
) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    let new = NewPlan::parse(&json!({ "name": name, "limits": self::limits(&limits)?, "is_default": is_default.is_some() }))?;
    let made = plans::create(&app, &operator, new).await?;
    Ok(server::done(What::PlanCreated, format!("{} is created.", made.name), None))
}

#[server(endpoint = "admin/plans/update", output = Answer)]
pub async fn update_plan(
    id: String,
    #[server(default)] name: String,
    #[server(default)] limits: std::collections::HashMap<String, String>,
    #[server(default)] is_default: Option<String>,
) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    let mut body = json!({ "name": name, "limits": self::limits(&limits)? });
    if is_default.is_some() {
        body["is_default"] = true.into();
    }
    let patch = PlanPatch::parse(&body)?;
    let changed = plans::update(&app, &operator, server::id(&id)?, patch).await?;
    if changed.over_limit.is_empty() {
        return Ok(server::done(What::PlanSaved, format!("{} is saved.", changed.plan.name), None));
    }
    let over: Vec<&str> = changed.over_limit.iter().map(|t| t.name.as_str()).collect();
    Ok(server::done(
        What::PlanSavedOver,
        format!("The plan is saved. More members than it allows now have: {}.", over.join(", ")),
        None,
    ))
}

#[server(endpoint = "admin/plans/delete", output = Answer)]
pub async fn delete_plan(id: String) -> Result<Done, UiError> {
    let (app, operator) = server::operator().await?;
    plans::delete(&app, &operator, server::id(&id)?).await?;
    Ok(server::done(What::PlanDeleted, "", None))
}
