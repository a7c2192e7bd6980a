//! Providers: upstreams that serve models over the OpenAI wire format.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Bounded, Fields, FromInput, Patch, words};
use crate::problem::{Fault, FieldError};
use crate::text::Secret;
use crate::{Name, ProviderId, Timestamp};

words! {
    ProviderKind, ProviderKind {
        OpenAi = "openai",
        /// Its list carries prices and context lengths.
        OpenRouter = "openrouter",
        Azure = "azure",
        Vllm = "vllm",
        Ollama = "ollama",
        Other = "other",
    }
}

words! {
    /// What a model becomes that is found by reading a provider's list on schedule.
    NewModels, NewModels {
        /// In the catalogue, and switched off.
        Inactive = "inactive",
        /// In the catalogue, and switched on: tenants may be given it.
        Active = "active",
    }
}

/// An upstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Provider {
    pub id: ProviderId,
    pub name: String,
    pub kind: ProviderKind,
    /// Includes `/v1`.
    pub base_url: String,
    pub enabled: bool,
    pub has_api_key: bool,
    /// Of Azure: `2024-10-21`. With it models are deployments, and stand in the path.
    pub api_version: Option<String>,
    /// How often its list of models is read by itself, in hours; null: never.
    pub sync_hours: Option<i64>,
    pub new_models: NewModels,
    pub last_check: Option<ProviderCheck>,
    /// How the last reading on schedule ended.
    pub last_sync: Option<ProviderSync>,
    /// Models that name it in a route.
    pub models: i64,
    pub created_at: Timestamp,
}

/// What the last look at the upstream said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderCheck {
    pub ok: bool,
    pub at: Timestamp,
    /// What was wrong, in words that hold no secret.
    pub error: Option<String>,
}

/// How a reading of the list on schedule ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderSync {
    pub at: Timestamp,
    /// What was wrong; then nothing was changed.
    pub error: Option<String>,
    /// Models that came into the catalogue, and models that were changed in it.
    pub added: i64,
    pub changed: i64,
    /// Models of the catalogue that the provider does not list.
    pub missing: i64,
}

/// The version of Azure's interface: `2024-10-21`, `2025-01-01-preview`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersion(pub String);

impl FromInput for ApiVersion {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let text = value.as_str().ok_or(Fault::ExpectedText)?.trim();
        if text.len() > 40 {
            return Err(Fault::TooLong { max: 40 });
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Fault::NotAVersion)
        }
    }
}

/// Hours between two readings of a list: an hour to a month.
pub type SyncHours = Bounded<1, 720>;
/// What a provider begins with.
pub const SYNC_HOURS: i64 = 24;

/// An http(s) URL without user info, query or fragment, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(pub String);

impl FromInput for BaseUrl {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let text = value.as_str().ok_or(Fault::ExpectedText)?.trim().trim_end_matches('/');
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(Fault::NotAUrl)?;
        let host = rest.split('/').next().unwrap_or_default();
        let ok = !host.is_empty()
            && text.len() <= 500
            && !host.starts_with(':')
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '?' | '#' | '\\'));
        if ok { Ok(Self(text.to_owned())) } else { Err(Fault::NotAUrl) }
    }
}

/// `POST /providers`.
#[derive(Debug, Clone)]
pub struct NewProvider {
    pub name: Name,
    pub kind: ProviderKind,
    pub base_url: BaseUrl,
    pub api_key: Option<Secret>,
    pub api_version: Option<ApiVersion>,
    /// Once a day when absent; Azure, which lists what could be deployed and not what is, never.
    pub sync_hours: Option<i64>,
    pub new_models: NewModels,
    pub enabled: bool,
}

impl NewProvider {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.required("name");
            let kind = f.optional("kind");
            let base_url = f.required("base_url");
            let api_key = f.optional("api_key");
            let api_version = f.optional("api_version");
            let sync_hours = f.patch::<SyncHours>("sync_hours");
            let new_models = f.optional("new_models");
            let enabled = f.optional("enabled");
            let kind = kind?.unwrap_or(ProviderKind::Other);
            let api_version = api_version?;
            if api_version.is_some() && kind != ProviderKind::Azure {
                f.fault("api_version", Fault::OnlyOfAzure);
            }
            let usual = (kind != ProviderKind::Azure).then_some(SYNC_HOURS);
            Some(Self {
                name: name?,
                kind,
                base_url: base_url?,
                api_key: api_key?,
                api_version,
                sync_hours: sync_hours?.map_set(|hours| hours.0).apply(usual),
                new_models: new_models?.unwrap_or(NewModels::Inactive),
                enabled: enabled?.unwrap_or(true),
            })
        })
    }
}

/// `PATCH /providers/{id}`.
#[derive(Debug, Clone, Default)]
pub struct ProviderPatch {
    pub name: Option<Name>,
    pub kind: Option<ProviderKind>,
    pub base_url: Option<BaseUrl>,
    pub api_key: Patch<Secret>,
    pub api_version: Patch<ApiVersion>,
    pub sync_hours: Patch<SyncHours>,
    pub new_models: Option<NewModels>,
    pub enabled: Option<bool>,
}

impl ProviderPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.change("name");
            let kind = f.change("kind");
            let base_url = f.change("base_url");
            let api_key = f.patch("api_key");
            let api_version = f.patch("api_version");
            let sync_hours = f.patch("sync_hours");
            let new_models = f.change("new_models");
            let enabled = f.change("enabled");
            f.read_only(&["id", "has_api_key", "last_check", "last_sync", "models", "created_at"]);
            Some(Self {
                name: name?,
                kind: kind?,
                base_url: base_url?,
                api_key: api_key?,
                api_version: api_version?,
                sync_hours: sync_hours?,
                new_models: new_models?,
                enabled: enabled?,
            })
        })
    }
}

/// A model as an upstream lists it. Prices in micro-USD per million tokens, null when unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpstreamModel {
    pub upstream_name: String,
    pub display_name: Option<String>,
    pub context_length: Option<i64>,
    pub modalities: Vec<String>,
    pub input_price: Option<i64>,
    pub output_price: Option<i64>,
    pub cached_input_price: Option<i64>,
    /// Micro-USD per request.
    pub request_price: Option<i64>,
}

/// One thing about a model that a provider lists otherwise than the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelDifference {
    /// The model's name in the catalogue.
    pub model: String,
    /// The field of the model: `input_price`, `context_length`, ...
    pub field: String,
    /// As text; null is unknown.
    pub from: Option<String>,
    pub to: Option<String>,
}

/// `POST /providers/{id}/sync`: what the provider's list would change, or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncReport {
    pub applied: bool,
    /// Listed upstream, not yet in the catalogue.
    pub added: Vec<String>,
    /// In the catalogue with other prices, context length or name.
    pub changed: Vec<String>,
    /// What is different about those.
    pub differences: Vec<ModelDifference>,
    /// In the catalogue by this provider, no longer listed; they are marked, and stay otherwise as they are.
    pub missing: Vec<String>,
    /// Those of `missing` that were not marked before.
    pub newly_missing: Vec<String>,
    /// Marked as missing, and listed again.
    pub returned: Vec<String>,
    pub unchanged: u32,
}

impl SyncReport {
    /// How many things applying it changes, or changed.
    pub fn changes(&self) -> usize {
        self.added.len() + self.changed.len() + self.newly_missing.len() + self.returned.len()
    }
}
