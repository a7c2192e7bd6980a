//! Bodies about API keys.

use tenantry_types::api_key::{Budget, KeyOwner, RateLimit};
use tenantry_types::model::ModelRef;
use tenantry_types::{Permission, Timestamp, WorkspaceId};
use utoipa::ToSchema;

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    #[schema(min_length = 1, max_length = 100, example = "Nightly evaluation")]
    name: String,
    /// `user` when absent: the caller's own.
    owner: Option<KeyOwner>,
    /// Permissions that the caller has; `keys:create` and `keys:manage` are for people.
    #[schema(min_items = 1, max_items = 100, example = json!(["models:read", "gateway:use"]))]
    scopes: Vec<Permission>,
    /// The only workspace that it works in; it then does nothing in the tenant as such.
    workspace: Option<WorkspaceId>,
    /// The only models that it may use; null: whatever is allowed, `[]`: none.
    #[schema(max_items = 1000)]
    models: Option<Vec<ModelRef>>,
    expires_at: Option<Timestamp>,
    #[schema(example = json!({"requests": 600, "per_seconds": 60}))]
    rate_limit: Option<RateLimit>,
    /// In micro-USD.
    #[schema(example = json!({"amount": 25_000_000, "per": "month"}))]
    budget: Option<Budget>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyPatch {
    #[schema(required = false, min_length = 1, max_length = 100, example = "Weekly evaluation")]
    name: String,
    #[schema(required = false, min_items = 1, max_items = 100, example = json!(["gateway:use"]))]
    scopes: Vec<Permission>,
    workspace: Option<WorkspaceId>,
    #[schema(max_items = 1000)]
    models: Option<Vec<ModelRef>>,
    expires_at: Option<Timestamp>,
    #[schema(example = json!({"requests": 60, "per_seconds": 60}))]
    rate_limit: Option<RateLimit>,
    #[schema(example = json!({"amount": 5_000_000, "per": "day"}))]
    budget: Option<Budget>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRotation {
    /// For so long the secret from before works, too; 24 when absent.
    #[schema(minimum = 0, maximum = 720, example = 24)]
    overlap_hours: Option<u16>,
}
