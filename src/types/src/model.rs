//! The catalogue of models, and which tenant, workspace and person may use which.

mod rules;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use rules::{DecidedBy, MAX_RULES, ModelPattern, ModelRef, ModelRule, ModelRules, ModelRulesPatch, NewModelPolicy};

use crate::input::{Bounded, Fields, FromInput, Patch, Text, words};
use crate::problem::{Fault, FieldError};
use crate::{Email, ModelId, ProviderId, TenantId, Timestamp};

words! {
    /// Who in a tenant may use an enabled model.
    Audience, Audience {
        /// Everyone in the tenant.
        Tenant = "tenant",
        /// Only in workspaces that list it.
        Workspaces = "workspaces",
    }
}

words! {
    /// How a workspace comes by its models.
    AccessMode, AccessMode {
        /// All enabled models of audience `tenant`.
        Inherit = "inherit",
        /// Only those that are listed, and enabled in the tenant. An empty list means none.
        Restrict = "restrict",
    }
}

/// A way to serve a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Route {
    pub provider: ProviderId,
    pub upstream_name: String,
    /// Lower is tried first.
    pub priority: i32,
    /// Since when the provider does not list it any more; it is tried all the same.
    #[serde(default)]
    pub missing_since: Option<Timestamp>,
}

/// A model of the catalogue. Prices in micro-USD per million tokens (`request_price`: per request); null is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Model {
    pub id: ModelId,
    /// What callers name it: `openai/gpt-4o-mini`.
    pub name: String,
    /// The first route's provider.
    pub provider: Option<ProviderId>,
    /// The first route's name for it.
    pub upstream_name: Option<String>,
    pub routes: Vec<Route>,
    pub display_name: String,
    pub context_length: Option<i64>,
    pub modalities: Vec<String>,
    pub input_price: Option<i64>,
    pub output_price: Option<i64>,
    pub cached_input_price: Option<i64>,
    pub request_price: Option<i64>,
    pub is_active: bool,
    /// Since when no provider lists it any more that has a route to it.
    pub missing_since: Option<Timestamp>,
}

/// A model as one tenant sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantModel {
    pub id: ModelId,
    pub name: String,
    pub display_name: String,
    /// The first route's provider, by name.
    pub provider_name: Option<String>,
    pub context_length: Option<i64>,
    pub modalities: Vec<String>,
    pub input_price: Option<i64>,
    pub output_price: Option<i64>,
    pub cached_input_price: Option<i64>,
    pub request_price: Option<i64>,
    pub is_active: bool,
    /// Since when no provider lists it any more that serves it; it is tried all the same.
    pub missing_since: Option<Timestamp>,
    pub enabled: bool,
    pub audience: Audience,
    /// What decided that; null: nobody did, and so it is not enabled.
    pub decided_by: Option<DecidedBy>,
    /// The rule that did.
    pub rule: Option<ModelPattern>,
}

/// The name of a model: what callers write. 1..200 characters, no spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelName(pub String);

impl FromInput for ModelName {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let text = value.as_str().ok_or(Fault::ExpectedText)?.trim();
        if text.is_empty() {
            return Err(Fault::Required);
        }
        if text.chars().count() > 200 {
            return Err(Fault::TooLong { max: 200 });
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(Fault::ControlCharacters);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A price: 0 or more.
pub type Price = Bounded<0, { i64::MAX }>;

/// `POST /models`.
#[derive(Debug, Clone)]
pub struct NewModel {
    pub name: ModelName,
    pub display_name: Option<Text<200>>,
    pub routes: Vec<Route>,
    pub context_length: Option<Bounded<1, 1_000_000_000>>,
    pub modalities: Vec<Text<40>>,
    pub input_price: Option<Price>,
    pub output_price: Option<Price>,
    pub cached_input_price: Option<Price>,
    pub request_price: Option<Price>,
    pub is_active: bool,
}

fn routes(f: &mut Fields<'_>) -> Option<Vec<Route>> {
    f.objects("routes", 20, |f| {
        let provider = f.required("provider");
        let upstream = f.required::<ModelName>("upstream_name");
        let priority = f.optional::<Bounded<0, 1000>>("priority");
        Some(Route {
            provider: provider?,
            upstream_name: upstream?.0,
            priority: priority?.and_then(|p| i32::try_from(p.0).ok()).unwrap_or(0),
            missing_since: None,
        })
    })
}

impl NewModel {
    /// `provider` and `upstream_name` stand for a single route; `upstream_name` defaults to the name.
    ///
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.required::<ModelName>("name");
            let display_name = f.optional("display_name");
            let provider = f.optional::<ProviderId>("provider");
            let upstream = f.optional::<ModelName>("upstream_name");
            let routes = routes(f);
            let context_length = f.optional("context_length");
            let modalities = f.list("modalities", 20);
            let input_price = f.optional("input_price");
            let output_price = f.optional("output_price");
            let cached_input_price = f.optional("cached_input_price");
            let request_price = f.optional("request_price");
            let is_active = f.optional("is_active");
            let name = name?;
            let mut routes = routes?;
            match (provider?, upstream?) {
                (Some(provider), upstream) if routes.is_empty() => {
                    routes.push(Route {
                        provider,
                        upstream_name: upstream.map_or_else(|| name.0.clone(), |u| u.0),
                        priority: 0,
                        missing_since: None,
                    });
                }
                (None, None) => {}
                (Some(_), _) => f.fault("provider", Fault::DoesNotMatch),
                (None, Some(_)) => f.fault("provider", Fault::Required),
            }
            Some(Self {
                name,
                display_name: display_name?,
                routes,
                context_length: context_length?,
                modalities: modalities?,
                input_price: input_price?,
                output_price: output_price?,
                cached_input_price: cached_input_price?,
                request_price: request_price?,
                is_active: is_active?.unwrap_or(true),
            })
        })
    }
}

/// `PATCH /models/{id}`. `routes`, when present, replaces all of them.
#[derive(Debug, Clone, Default)]
pub struct ModelPatch {
    pub name: Option<ModelName>,
    pub display_name: Patch<Text<200>>,
    pub routes: Option<Vec<Route>>,
    pub context_length: Patch<Bounded<1, 1_000_000_000>>,
    pub modalities: Option<Vec<Text<40>>>,
    pub input_price: Patch<Price>,
    pub output_price: Patch<Price>,
    pub cached_input_price: Patch<Price>,
    pub request_price: Patch<Price>,
    pub is_active: Option<bool>,
}

impl ModelPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        let has = |name: &str| body.get(name).is_some();
        Fields::read(body, |f| {
            let name = f.change("name");
            let display_name = f.patch("display_name");
            let provider = f.change::<ProviderId>("provider");
            let upstream = f.change::<ModelName>("upstream_name");
            let listed = routes(f);
            let context_length = f.patch("context_length");
            let modalities = f.list("modalities", 20);
            let input_price = f.patch("input_price");
            let output_price = f.patch("output_price");
            let cached_input_price = f.patch("cached_input_price");
            let request_price = f.patch("request_price");
            let is_active = f.change("is_active");
            f.read_only(&["id", "missing_since"]);
            let listed = listed?;
            let routes = match (provider?, upstream?) {
                (Some(provider), Some(upstream)) if !has("routes") => Some(vec![Route {
                    provider,
                    upstream_name: upstream.0,
                    priority: 0,
                    missing_since: None,
                }]),
                (None, None) => has("routes").then_some(listed),
                (None, Some(_)) => {
                    f.fault("provider", Fault::Required);
                    None
                }
                (Some(_), None) => {
                    f.fault("upstream_name", Fault::Required);
                    None
                }
                (Some(_), Some(_)) => {
                    f.fault("provider", Fault::DoesNotMatch);
                    None
                }
            };
            let modalities = modalities?;
            Some(Self {
                name: name?,
                display_name: display_name?,
                routes,
                context_length: context_length?,
                modalities: has("modalities").then_some(modalities),
                input_price: input_price?,
                output_price: output_price?,
                cached_input_price: cached_input_price?,
                request_price: request_price?,
                is_active: is_active?,
            })
        })
    }
}

/// `PATCH /tenants/{tenant}/models`.
#[derive(Debug, Clone, Default)]
pub struct ModelsToggle {
    pub enable: Vec<ModelId>,
    pub disable: Vec<ModelId>,
}

impl ModelsToggle {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let enable = f.list("enable", 1000);
            let disable = f.list::<ModelId>("disable", 1000);
            let (enable, disable): (Vec<ModelId>, _) = (enable?, disable?);
            if let Some(place) = disable.iter().position(|id| enable.contains(id)) {
                f.fault(&format!("disable[{place}]"), Fault::DoesNotMatch);
            }
            if enable.is_empty() && disable.is_empty() {
                f.fault("enable", Fault::Required);
            }
            Some(Self { enable, disable })
        })
    }
}

/// `PUT /tenants/{tenant}/models/{model}`.
#[derive(Debug, Clone, Copy)]
pub struct ModelAccess {
    pub enabled: bool,
    /// Kept as it is when absent.
    pub audience: Option<Audience>,
}

impl ModelAccess {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let enabled = f.required("enabled");
            let audience = f.optional("audience");
            Some(Self {
                enabled: enabled?,
                audience: audience?,
            })
        })
    }
}

/// `GET` and `PUT /workspaces/{workspace}/models`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkspaceModels {
    pub mode: AccessMode,
    /// The listed models: what counts when the mode is `restrict`.
    pub models: Vec<ModelId>,
}

impl WorkspaceModels {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let mode = f.required("mode");
            let models = f.list("models", 1000);
            Some(Self {
                mode: mode?,
                models: models?,
            })
        })
    }
}

/// One line of "who can use what".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelReportRow {
    pub user_email: Email,
    pub user_name: String,
    pub organization_id: TenantId,
    pub accessible_models: i64,
    pub model_names: Vec<String>,
}

/// `GET /me/models`: a model that the caller may use, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MyModel {
    pub tenant: TenantId,
    pub id: ModelId,
    pub name: String,
    pub display_name: String,
}
