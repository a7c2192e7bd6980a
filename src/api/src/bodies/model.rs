//! Bodies about models and the providers that serve them.

use tenantry_types::model::{Audience, ModelPattern, NewModelPolicy};
use tenantry_types::provider::{NewModels, ProviderKind};
use tenantry_types::{ModelId, ProviderId};
use utoipa::ToSchema;

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "OpenRouter", "kind": "openrouter", "base_url": "https://openrouter.ai/api/v1", "api_key": "sk-or-v1-0000", "sync_hours": 24,
}))]
pub struct NewProvider {
    #[schema(min_length = 1, max_length = 100, example = "OpenRouter")]
    name: String,
    /// `other` when absent.
    kind: Option<ProviderKind>,
    /// Includes `/v1`; no user info, query or fragment.
    #[schema(format = "uri", max_length = 500, example = "https://openrouter.ai/api/v1")]
    base_url: String,
    #[schema(format = Password, max_length = 4096, example = "sk-or-v1-0000")]
    api_key: Option<String>,
    /// Only of the kind `azure`, whose `base_url` is the resource then: models are deployments.
    #[schema(max_length = 40, example = "2024-10-21")]
    api_version: Option<String>,
    /// How often its list of models is read by itself; null never. Once a day when absent, for `azure` never.
    #[schema(minimum = 1, maximum = 720, example = 24)]
    sync_hours: Option<i64>,
    /// What a model becomes that is found so: `inactive` when absent.
    #[schema(nullable = true)]
    new_models: Option<NewModels>,
    /// True when absent.
    #[schema(example = true)]
    enabled: Option<bool>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "OpenRouter", "api_key": "sk-or-v1-0001", "sync_hours": 12, "new_models": "inactive", "enabled": true}))]
pub struct ProviderPatch {
    #[schema(required = false, min_length = 1, max_length = 100, example = "OpenRouter")]
    name: String,
    #[schema(required = false)]
    kind: ProviderKind,
    #[schema(required = false, format = "uri", max_length = 500, example = "https://openrouter.ai/api/v1")]
    base_url: String,
    /// Null removes the key.
    #[schema(format = Password, max_length = 4096, example = "sk-or-v1-0001")]
    api_key: Option<String>,
    /// Null removes it.
    #[schema(max_length = 40, example = "2024-10-21")]
    api_version: Option<String>,
    /// Null: never.
    #[schema(minimum = 1, maximum = 720, example = 24)]
    sync_hours: Option<i64>,
    #[schema(required = false)]
    new_models: NewModels,
    #[schema(required = false, example = true)]
    enabled: bool,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoute {
    provider: ProviderId,
    /// What the provider calls the model.
    #[schema(min_length = 1, max_length = 200, example = "openai/gpt-4o-mini")]
    upstream_name: String,
    /// Lower is tried first.
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    priority: Option<i32>,
}

/// Either `routes`, or `provider` and `upstream_name` for a single one.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "openai/gpt-4o-mini", "display_name": "GPT-4o mini",
    "routes": [{"provider": "prv_01j0000000e008000000000000", "upstream_name": "openai/gpt-4o-mini", "priority": 0}],
    "context_length": 128_000, "modalities": ["text", "image"], "input_price": 150_000, "output_price": 600_000,
}))]
pub struct NewModel {
    /// What callers write; no spaces.
    #[schema(min_length = 1, max_length = 200, example = "openai/gpt-4o-mini")]
    name: String,
    #[schema(max_length = 200, example = "GPT-4o mini")]
    display_name: Option<String>,
    /// Stands for a single route; not together with `routes`.
    #[schema(nullable = true)]
    provider: Option<ProviderId>,
    /// The provider's name for the model; the name itself when absent.
    #[schema(max_length = 200, example = "openai/gpt-4o-mini")]
    upstream_name: Option<String>,
    #[schema(max_items = 20)]
    routes: Option<Vec<NewRoute>>,
    #[schema(minimum = 1, maximum = 1_000_000_000, example = 128_000)]
    context_length: Option<i64>,
    #[schema(max_items = 20, example = json!(["text", "image"]))]
    modalities: Option<Vec<String>>,
    /// Micro-USD per million tokens; null is unknown.
    #[schema(minimum = 0, example = 150_000)]
    input_price: Option<i64>,
    #[schema(minimum = 0, example = 600_000)]
    output_price: Option<i64>,
    #[schema(minimum = 0, example = 75_000)]
    cached_input_price: Option<i64>,
    /// Micro-USD per request.
    #[schema(minimum = 0, example = 0)]
    request_price: Option<i64>,
    /// True when absent.
    #[schema(example = true)]
    is_active: Option<bool>,
}

/// Either `routes`, or `provider` and `upstream_name` for a single one.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"display_name": "GPT-4o mini", "input_price": 120_000, "cached_input_price": null}))]
pub struct ModelPatch {
    #[schema(required = false, min_length = 1, max_length = 200, example = "openai/gpt-4o-mini")]
    name: String,
    #[schema(max_length = 200, example = "GPT-4o mini")]
    display_name: Option<String>,
    /// With `upstream_name`, replaces all routes by one; not together with `routes`.
    #[schema(required = false)]
    provider: ProviderId,
    #[schema(required = false, max_length = 200, example = "openai/gpt-4o-mini")]
    upstream_name: String,
    /// Replaces all routes.
    #[schema(required = false, max_items = 20)]
    routes: Vec<NewRoute>,
    #[schema(minimum = 1, maximum = 1_000_000_000, example = 128_000)]
    context_length: Option<i64>,
    #[schema(required = false, max_items = 20, example = json!(["text", "image"]))]
    modalities: Vec<String>,
    #[schema(minimum = 0, example = 150_000)]
    input_price: Option<i64>,
    #[schema(minimum = 0, example = 600_000)]
    output_price: Option<i64>,
    #[schema(minimum = 0, example = 75_000)]
    cached_input_price: Option<i64>,
    #[schema(minimum = 0, example = 0)]
    request_price: Option<i64>,
    #[schema(required = false, example = true)]
    is_active: bool,
}

/// At least one of the lists, and no model in both.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelsToggle {
    #[schema(max_items = 1000)]
    enable: Option<Vec<ModelId>>,
    #[schema(max_items = 1000, example = json!([]))]
    disable: Option<Vec<ModelId>>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelAccess {
    #[schema(example = true)]
    enabled: bool,
    /// Kept as it is when absent.
    audience: Option<Audience>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewModelRule {
    pattern: ModelPattern,
    /// `tenant` when absent.
    audience: Option<Audience>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"new_models": "off", "rules": [{"pattern": "openai/*", "audience": "tenant"}]}))]
pub struct ModelRulesPatch {
    #[schema(required = false)]
    new_models: NewModelPolicy,
    /// Replaces all.
    #[schema(required = false, max_items = 100)]
    rules: Vec<NewModelRule>,
}
