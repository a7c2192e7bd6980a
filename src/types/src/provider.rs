//! Providers: upstreams that serve models over the OpenAI wire format.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Fields, FromInput, Patch, words};
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
    pub last_check: Option<ProviderCheck>,
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
            let enabled = f.optional("enabled");
            Some(Self {
                name: name?,
                kind: kind?.unwrap_or(ProviderKind::Other),
                base_url: base_url?,
                api_key: api_key?,
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
            let enabled = f.change("enabled");
            f.read_only(&["id", "has_api_key", "last_check", "models", "created_at"]);
            Some(Self {
                name: name?,
                kind: kind?,
                base_url: base_url?,
                api_key: api_key?,
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

/// `POST /providers/{id}/sync`: what the provider's list would change, or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SyncReport {
    pub applied: bool,
    /// Listed upstream, not yet in the catalogue.
    pub added: Vec<String>,
    /// In the catalogue with other prices, context length or name.
    pub changed: Vec<String>,
    /// In the catalogue by this provider, no longer listed; they are left as they are.
    pub missing: Vec<String>,
    pub unchanged: u32,
}
