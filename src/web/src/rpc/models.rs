//! Which models a tenant may use, who in it, and the report of that.
use leptos::prelude::*;
use tenantry_types::Page;
use tenantry_types::model::{ModelReportRow, TenantModel};

use super::{Done, ListQuery, UiError};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::server,
    serde_json::json,
    tenantry_domain::model_access::{self, ModelFilter},
    tenantry_types::model::{ModelAccess, ModelsToggle},
};

#[server(endpoint = "models")]
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

#[server(endpoint = "models/report")]
pub async fn report(tenant: String, list: ListQuery) -> Result<Page<ModelReportRow>, UiError> {
    let s = server::ctx(&tenant).await?;
    Ok(model_access::report(&s.app, s.grant()?, list.paging()).await?)
}

/// `how` is `enable` or `disable`: the button that was pressed.
#[server(endpoint = "models/toggle")]
pub async fn toggle_models(tenant: String, #[server(default)] how: String, #[server(default)] models: Vec<String>) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let toggle = ModelsToggle::parse(&if how == "disable" { json!({ "disable": models }) } else { json!({ "enable": models }) })?;
    let changed = model_access::toggle(&s.app, s.grant()?, toggle).await?;
    let verb = if how == "disable" { "disabled" } else { "enabled" };
    let name = match changed.as_slice() {
        [one] => format!("{} {verb}", one.display_name),
        many => format!("{} models {verb}", many.len()),
    };
    Ok(server::done(What::ModelsSaved, name, None))
}

#[server(endpoint = "models/audience")]
pub async fn set_audience(tenant: String, model: String, #[server(default)] audience: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let access = ModelAccess::parse(&json!({ "enabled": true, "audience": audience }))?;
    let after = model_access::set(&s.app, s.grant()?, server::id(&model)?, access).await?;
    Ok(server::done(What::AudienceSaved, after.display_name, None))
}
