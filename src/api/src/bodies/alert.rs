//! Bodies about what is told, and where.

use tenantry_types::alert::AlertKind;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationPatch {
    /// Only what changes: of the kinds those that are named, of each the channels that are named.
    #[schema(required = false, example = json!({"quota_exceeded": {"in_app": true, "mail": true, "webhook": true}, "security": {"mail": false}}))]
    kinds: std::collections::BTreeMap<String, ChannelsPatch>,
    /// So many days before a key ends it is told of; null: 7.
    #[schema(minimum = 1, maximum = 90, example = 14)]
    key_days: Option<u16>,
    /// From so many refusals of one key by one rule in a minute on; null: 60.
    #[schema(minimum = 1, maximum = 1_000_000, example = 120)]
    refusals_per_minute: Option<u32>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelsPatch {
    #[schema(required = false)]
    in_app: bool,
    #[schema(required = false)]
    mail: bool,
    #[schema(required = false)]
    webhook: bool,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    #[schema(min_length = 1, max_length = 100, example = "Operations")]
    name: String,
    /// http or https; not into a private network, unless the operator allows it.
    #[schema(max_length = 1000, example = "https://hooks.example.com/tenantry")]
    url: String,
    /// The only kinds that go there; null: all that the notification settings send to webhooks.
    #[schema(min_items = 1, example = json!(["quota_warning", "quota_exceeded"]))]
    events: Option<Vec<AlertKind>>,
    /// True when absent.
    enabled: Option<bool>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookPatch {
    #[schema(required = false, min_length = 1, max_length = 100, example = "Operations, second line")]
    name: String,
    #[schema(required = false, max_length = 1000, example = "https://hooks.example.com/second")]
    url: String,
    #[schema(min_items = 1, example = json!(["security"]))]
    events: Option<Vec<AlertKind>>,
    #[schema(required = false, example = true)]
    enabled: bool,
}
