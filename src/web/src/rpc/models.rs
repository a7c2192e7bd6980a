//! Which models a tenant may use, who in it, and the report of that.
use leptos::prelude::*;
use tenantry_types::Page;
use tenantry_types::model::{ModelReportRow, TenantModel};

use super::{Done, ListQuery, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::server,
    serde_json::json,
    tenantry_domain::model_access::{self, ModelFilter},
    tenantry_types::model::{Audience, ModelAccess, ModelsToggle},
    tenantry_types::{Fault, FieldError},
};

#[server(endpoint = "models", output = Answer)]
pub async fn list_models(tenant: String, list: ListQuery) -> Result<Page<TenantModel>, UiError> {
    let s = server::ctx(&tenant).await?;
    let enabled = match list.enabled.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    let provider = (!list.provider.is_empty()).then(|| list.provider.clone());
    Ok(model_access::list(&s.app, s.grant()?, list.paging(), ModelFilter { enabled, provider }).await?)
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
            many => format!("{} models are {how}d.", many.len()),
        };
        return Ok(server::done(What::ModelsSaved, name, None));
    }
    if models.is_empty() {
        return Err(vec![FieldError::new("models", Fault::Required)].into());
    }
    let access = ModelAccess::parse(&json!({ "enabled": true, "audience": how }))?;
    let mut name = String::new();
    for id in &models {
        name = model_access::set(&s.app, s.grant()?, server::id(id)?, access).await?.display_name;
    }
    let name = if models.len() == 1 { name } else { format!("{} models", models.len()) };
    let who = if access.audience == Some(Audience::Tenant) {
        "for everyone"
    } else {
        "for workspaces that list them"
    };
    Ok(server::done(What::AudienceSaved, format!("{name}: {who} now."), None))
}
