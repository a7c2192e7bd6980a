//! Plans and quotas: limits per tenant and resource.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Bounded, Fields, FromInput, words};
use crate::money::{self, Dollars};
use crate::problem::{Fault, FieldError};
use crate::{Name, PlanId, Timestamp};

words! {
    /// What a quota limits. Windows are calendar hour, day and month in UTC.
    #[derive(PartialOrd, Ord)]
    Resource, QuotaResource {
        Members = "members",
        Documents = "documents",
        StorageMb = "storage_mb",
        ApiCallsPerHour = "api_calls_per_hour",
        ProcessingJobs = "processing_jobs",
        VectorCollections = "vector_collections",
        TokensPerDay = "tokens_per_day",
        SpendPerMonth = "spend_per_month",
        ConcurrentRequests = "concurrent_requests",
    }
}

impl Resource {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Members => "Members",
            Self::Documents => "Documents",
            Self::StorageMb => "Storage (MB)",
            Self::ApiCallsPerHour => "API calls per hour",
            Self::ProcessingJobs => "Processing jobs",
            Self::VectorCollections => "Vector collections",
            Self::TokensPerDay => "Tokens per day",
            Self::SpendPerMonth => "Spend per month (USD)",
            Self::ConcurrentRequests => "Concurrent requests",
        }
    }

    /// The window of time in which it is counted; None for what is counted as it stands.
    pub const fn window(self) -> Option<Window> {
        match self {
            Self::ApiCallsPerHour => Some(Window::Hour),
            Self::TokensPerDay => Some(Window::Day),
            Self::SpendPerMonth => Some(Window::Month),
            _ => None,
        }
    }

    /// An amount as people read it: spend is micro-USD on the wire.
    pub fn shown(self, amount: i64) -> String {
        match self {
            Self::SpendPerMonth => money::dollars(amount),
            _ => amount.to_string(),
        }
    }

    /// An amount as it stands in a field.
    pub fn typed(self, amount: i64) -> String {
        match self {
            Self::SpendPerMonth => money::typed(amount),
            _ => amount.to_string(),
        }
    }

    /// The limit that a person typed; None for an empty field.
    ///
    /// # Errors
    /// When the text is no such limit.
    pub fn read_typed(self, text: &str) -> Result<Option<i64>, Fault> {
        match self {
            _ if text.trim().is_empty() => Ok(None),
            Self::SpendPerMonth => Dollars::parse(text).map(|d| Some(d.0)),
            _ => limit(&text.into()),
        }
    }
}

/// A window of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    Hour,
    Day,
    Month,
}

impl Window {
    /// When the window began in which this time lies.
    pub fn begin(self, at: Timestamp) -> Timestamp {
        let midnight = at.0.replace_time(time::Time::MIDNIGHT);
        Timestamp(match self {
            Self::Hour => midnight + time::Duration::hours(at.0.hour().into()),
            Self::Day => midnight,
            Self::Month => midnight.replace_day(1).unwrap_or(midnight),
        })
    }

    /// When the next one begins.
    pub fn end(self, at: Timestamp) -> Timestamp {
        let begin = self.begin(at).0;
        match self {
            Self::Hour => Timestamp(begin + time::Duration::hours(1)),
            Self::Day => Timestamp(begin + time::Duration::days(1)),
            // No month has more than 31 days, and none so few that this leaves the next one.
            Self::Month => Self::Month.begin(Timestamp(begin + time::Duration::days(32))),
        }
    }
}

/// Limits by resource: a missing one or null = no limit, 0 = nothing passes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, Option<i64>>))]
pub struct Limits(pub BTreeMap<Resource, Option<i64>>);

impl FromInput for Limits {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        limits(value).map(Self)
    }
}

fn limits(value: &Value) -> Result<BTreeMap<Resource, Option<i64>>, Fault> {
    let map = value.as_object().ok_or(Fault::ExpectedObject)?;
    let mut out = BTreeMap::new();
    for (key, value) in map {
        let resource: Resource = key.parse()?;
        out.insert(resource, limit(value)?);
    }
    Ok(out)
}

fn limit(value: &Value) -> Result<Option<i64>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        value => {
            let n = i64::from_input(value)?;
            if n < 0 {
                Err(Fault::OutOfRange { min: 0, max: i64::MAX })
            } else {
                Ok(Some(n))
            }
        }
    }
}

/// A named set of limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    pub id: PlanId,
    pub name: String,
    pub limits: Limits,
    /// New tenants get the default plan.
    pub is_default: bool,
    /// Tenants that have it.
    pub tenants: i64,
    pub created_at: Timestamp,
}

/// `POST /plans`.
#[derive(Debug, Clone)]
pub struct NewPlan {
    pub name: Name,
    pub limits: Limits,
    pub is_default: bool,
}

impl NewPlan {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.required("name");
            let limits = f.optional("limits");
            let is_default = f.optional("is_default");
            Some(Self {
                name: name?,
                limits: limits?.unwrap_or_default(),
                is_default: is_default?.unwrap_or(false),
            })
        })
    }
}

/// `PATCH /plans/{id}`. `limits` changes only the resources it names.
#[derive(Debug, Clone, Default)]
pub struct PlanPatch {
    pub name: Option<Name>,
    pub limits: Option<Limits>,
    pub is_default: Option<bool>,
}

impl PlanPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let name = f.change("name");
            let limits = f.change("limits");
            let is_default = f.change("is_default");
            f.read_only(&["id", "tenants", "created_at"]);
            Some(Self {
                name: name?,
                limits: limits?,
                is_default: is_default?,
            })
        })
    }
}

words! {
    QuotaState, QuotaResource {
        Ok = "ok",
        /// From 80 %.
        Warning = "warning",
        /// From 100 %.
        Exceeded = "exceeded",
    }
}

/// One limit and how much of it is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quota {
    pub resource: Resource,
    /// Null: no limit.
    pub limit: Option<i64>,
    pub used: i64,
    /// 0..100 and above, one decimal; null without a limit.
    pub percentage: Option<f64>,
    pub state: QuotaState,
    /// When the window ends; null for what does not reset.
    pub resets_at: Option<Timestamp>,
    /// Whether the limit is the tenant's own (else it is the plan's).
    pub own: bool,
}

impl Quota {
    pub fn new(resource: Resource, limit: Option<i64>, used: i64, own: bool) -> Self {
        let (percentage, state) = match limit {
            None => (None, QuotaState::Ok),
            Some(limit) => {
                #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
                let share = if limit == 0 { 100.0 } else { used as f64 / limit as f64 * 100.0 };
                let state = if share >= 100.0 {
                    QuotaState::Exceeded
                } else if share >= 80.0 {
                    QuotaState::Warning
                } else {
                    QuotaState::Ok
                };
                (Some((share * 10.0).round() / 10.0), state)
            }
        };
        Self {
            resource,
            limit,
            used,
            percentage,
            state,
            resets_at: None,
            own,
        }
    }
}

/// `GET /quotas`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quotas {
    pub items: Vec<Quota>,
    pub is_over_limit: bool,
    /// In words: "members usage high (96 %)" from 80 %, "members limit exceeded (50/50)" from 100 %.
    pub warnings: Vec<String>,
}

impl Quotas {
    pub fn of(items: Vec<Quota>) -> Self {
        let words = |q: &Quota| match q.state {
            QuotaState::Exceeded => format!("{} limit exceeded ({}/{})", q.resource, q.used, q.limit.unwrap_or_default()),
            _ => format!("{} usage high ({:.0} %)", q.resource, q.percentage.unwrap_or_default()),
        };
        Self {
            is_over_limit: items.iter().any(|q| q.limit.is_some_and(|limit| q.used > limit)),
            warnings: items.iter().filter(|q| q.state != QuotaState::Ok).map(words).collect(),
            items,
        }
    }
}

/// `POST /quotas/check`.
#[derive(Debug, Clone, Copy)]
pub struct QuotaQuestion {
    pub resource: Resource,
    pub amount: i64,
}

impl QuotaQuestion {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let resource = f.required("resource");
            let amount = f.optional::<Bounded<1, { i64::MAX }>>("amount");
            Some(Self {
                resource: resource?,
                amount: amount?.map_or(1, |amount| amount.0),
            })
        })
    }
}

/// Whether there is so much left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuotaVerdict {
    pub allowed: bool,
}

/// `PATCH /quotas`: `{"members": 10, "documents": null}`. The plan is changed beside it, by the door.
#[derive(Debug, Clone, Default)]
pub struct QuotaPatch {
    /// Limits of the tenant's own. None: no limit, whatever the plan says.
    pub limits: BTreeMap<Resource, Option<i64>>,
    /// What the tenant gives its own limit up for: the plan's counts again.
    pub as_in_plan: BTreeSet<Resource>,
}

impl QuotaPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        let Some(map) = body.as_object() else {
            return Err(vec![FieldError::new("", Fault::ExpectedObject)]);
        };
        let mut errors = Vec::new();
        let mut out = BTreeMap::new();
        for (key, value) in map {
            match key.parse::<Resource>() {
                Err(_) => errors.push(FieldError::new(key.clone(), Fault::UnknownField)),
                Ok(resource) => match limit(value) {
                    Ok(limit) => drop(out.insert(resource, limit)),
                    Err(fault) => errors.push(FieldError::new(key.clone(), fault)),
                },
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            limits: out,
            ..Self::default()
        })
    }
}
