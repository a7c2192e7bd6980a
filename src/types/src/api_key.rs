//! API keys: what a script or a service shows instead of a session. A key belongs to a person, and
//! can do at most what they can, or to the tenant, and survives who made it. Its secret is seen once.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Bounded, Fields, FromInput, Patch, words};
use crate::model::ModelRef;
use crate::problem::{Choice, Fault, FieldError};
use crate::{ApiKeyId, Name, Permission, Timestamp, UserId, WorkspaceId};

words! {
    /// Whose key it is.
    KeyOwner, KeyOwner {
        User = "user",
        Tenant = "tenant",
    }
}

words! {
    /// Whether a key opens anything.
    KeyStatus, KeyStatus {
        Active = "active",
        Expired = "expired",
        Revoked = "revoked",
    }
}

words! {
    /// The calendar window of a budget, in UTC.
    BudgetPeriod, BudgetPeriod {
        Day = "day",
        Month = "month",
    }
}

/// So many requests in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateLimit {
    pub requests: u32,
    pub per_seconds: u32,
}

/// What a key may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Budget {
    /// Micro-USD.
    pub amount: i64,
    pub per: BudgetPeriod,
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// How the secret begins: people tell keys apart by it.
    pub prefix: String,
    /// What it may, as far as its owner may.
    pub scopes: Vec<Permission>,
    /// The only workspace that it works in; null: the whole tenant.
    pub workspace: Option<WorkspaceId>,
    /// The only models that it may use, one by one (`mod_...`) and by how their names begin (`openai/*`); null: whatever is
    /// allowed, an empty list: none.
    pub models: Option<Vec<ModelRef>>,
    pub owner: KeyOwner,
    /// The person whose key it is; null for a key of the tenant.
    pub user_id: Option<UserId>,
    /// Who made it.
    pub made_by: String,
    pub rate_limit: Option<RateLimit>,
    pub budget: Option<Budget>,
    /// Counted with some delay.
    pub usage_count: i64,
    pub status: KeyStatus,
    pub expires_at: Option<Timestamp>,
    /// Noted with some delay.
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// Until then the secret from before the last rotation works, too.
    pub previous_until: Option<Timestamp>,
    pub created_at: Timestamp,
    /// Only in the answers of create and rotate.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub secret: Option<String>,
}

/// The most scopes, and the most models, that a key lists.
pub const MAX_SCOPES: u32 = 100;
pub const MAX_MODELS: u32 = 1000;

/// What a key cannot have: a key that makes keys would outlive its own end and its own limits.
pub const NO_SCOPES: &[Permission] = &[Permission::KeysCreate, Permission::KeysManage];

/// A permission that a key can have.
struct Scope(Permission);

impl FromInput for Scope {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let text = value.as_str().ok_or(Fault::ExpectedText)?;
        match Permission::from_text(text.trim()) {
            Some(permission) if !NO_SCOPES.contains(&permission) => Ok(Self(permission)),
            _ => Err(Fault::NotOneOf { of: Choice::Scope }),
        }
    }
}

fn scopes(f: &mut Fields<'_>) -> Option<Vec<Permission>> {
    let mut scopes: Vec<Permission> = f.list::<Scope>("scopes", MAX_SCOPES)?.into_iter().map(|s| s.0).collect();
    scopes.sort_unstable();
    scopes.dedup();
    Some(scopes)
}

/// A list of models. None of them is something else than no list.
struct Models(Vec<ModelRef>);

impl FromInput for Models {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let items = value.as_array().ok_or(Fault::ExpectedList)?;
        if items.len() > MAX_MODELS as usize {
            return Err(Fault::TooMany { max: MAX_MODELS });
        }
        items.iter().map(ModelRef::from_input).collect::<Result<_, _>>().map(Self)
    }
}

impl FromInput for RateLimit {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let map = value.as_object().ok_or(Fault::ExpectedObject)?;
        if map.keys().any(|key| key != "requests" && key != "per_seconds") {
            return Err(Fault::UnknownField);
        }
        let read = |name: &str| map.get(name).ok_or(Fault::Required);
        let requests = Bounded::<1, 1_000_000>::from_input(read("requests")?)?.0;
        let per_seconds = Bounded::<1, 86_400>::from_input(read("per_seconds")?)?.0;
        Ok(Self {
            requests: u32::try_from(requests).map_err(|_| Fault::ExpectedNumber)?,
            per_seconds: u32::try_from(per_seconds).map_err(|_| Fault::ExpectedNumber)?,
        })
    }
}

impl FromInput for Budget {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let map = value.as_object().ok_or(Fault::ExpectedObject)?;
        if map.keys().any(|key| key != "amount" && key != "per") {
            return Err(Fault::UnknownField);
        }
        let read = |name: &str| map.get(name).ok_or(Fault::Required);
        Ok(Self {
            amount: Bounded::<0, { i64::MAX }>::from_input(read("amount")?)?.0,
            per: BudgetPeriod::from_input(read("per")?)?,
        })
    }
}

/// `POST /api-keys`.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    pub name: Name,
    /// The caller's own when absent.
    pub owner: KeyOwner,
    pub scopes: Vec<Permission>,
    pub workspace: Option<WorkspaceId>,
    pub models: Option<Vec<ModelRef>>,
    pub expires_at: Option<Timestamp>,
    pub rate_limit: Option<RateLimit>,
    pub budget: Option<Budget>,
}

impl NewApiKey {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.required("name");
            let owner = f.optional("owner");
            let scopes = scopes(f);
            if scopes.as_ref().is_some_and(Vec::is_empty) {
                f.fault("scopes", Fault::Required);
            }
            let workspace = f.optional("workspace");
            let models = f.optional::<Models>("models");
            let expires_at = f.optional("expires_at");
            let rate_limit = f.optional("rate_limit");
            let budget = f.optional("budget");
            Some(Self {
                name: name?,
                owner: owner?.unwrap_or(KeyOwner::User),
                scopes: scopes?,
                workspace: workspace?,
                models: models?.map(|m| m.0),
                expires_at: expires_at?,
                rate_limit: rate_limit?,
                budget: budget?,
            })
        })
    }
}

/// `PATCH /api-keys/{id}`.
#[derive(Debug, Clone, Default)]
pub struct ApiKeyPatch {
    pub name: Option<Name>,
    pub scopes: Option<Vec<Permission>>,
    pub workspace: Patch<WorkspaceId>,
    pub models: Patch<Vec<ModelRef>>,
    pub expires_at: Patch<Timestamp>,
    pub rate_limit: Patch<RateLimit>,
    pub budget: Patch<Budget>,
}

impl ApiKeyPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.change("name");
            let there = body.get("scopes").is_some();
            let scopes = scopes(f);
            if there && scopes.as_ref().is_some_and(Vec::is_empty) {
                f.fault("scopes", Fault::Required);
            }
            let workspace = f.patch("workspace");
            let models = f.patch::<Models>("models");
            let expires_at = f.patch("expires_at");
            let rate_limit = f.patch("rate_limit");
            let budget = f.patch("budget");
            f.read_only(&[
                "id",
                "prefix",
                "owner",
                "user_id",
                "made_by",
                "usage_count",
                "status",
                "last_used_at",
                "revoked_at",
                "previous_until",
                "created_at",
                "secret",
            ]);
            Some(Self {
                name: name?,
                scopes: Some(scopes?).filter(|_| there),
                workspace: workspace?,
                models: models?.map_set(|m| m.0),
                expires_at: expires_at?,
                rate_limit: rate_limit?,
                budget: budget?,
            })
        })
    }
}

/// `POST /api-keys/{id}/rotate`.
#[derive(Debug, Clone, Copy)]
pub struct KeyRotation {
    /// For so long the secret from before works, too: 0..720, 24 when absent.
    pub overlap_hours: u16,
}

impl KeyRotation {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        if body.is_null() {
            return Ok(Self { overlap_hours: 24 });
        }
        Fields::read(body, |f| {
            let hours = f.optional::<Bounded<0, 720>>("overlap_hours")?;
            Some(Self {
                overlap_hours: hours.map_or(Some(24), |hours| u16::try_from(hours.0).ok())?,
            })
        })
    }
}

#[cfg(test)]
mod tests;
