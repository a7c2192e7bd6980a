//! What people and programs are told of, and where: in the console, by mail, to webhooks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Bounded, Fields, Patch, words};
use crate::problem::FieldError;

words! {
    /// What a tenant is told of.
    #[derive(PartialOrd, Ord)]
    AlertKind, AlertKind {
        /// A job of the tenant ended well.
        JobCompleted = "job_completed",
        /// A job of the tenant failed.
        JobFailed = "job_failed",
        /// 80 % of a limit are used.
        QuotaWarning = "quota_warning",
        /// All of a limit is used: what needs more is refused.
        QuotaExceeded = "quota_exceeded",
        /// An API key ends soon.
        KeyExpiring = "key_expiring",
        /// A key is refused by a limit more often in a minute than is set.
        Refusals = "refusals",
        /// Something looks like an attack.
        Security = "security",
        /// A provider of enabled models does not answer, or answers again.
        ProviderDown = "provider_down",
        /// A webhook failed for so long that it was switched off.
        WebhookOff = "webhook_off",
    }
}

impl AlertKind {
    /// What it is, for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::JobCompleted => "A job has ended",
            Self::JobFailed => "A job has failed",
            Self::QuotaWarning => "80 % of a limit are used",
            Self::QuotaExceeded => "A limit is reached",
            Self::KeyExpiring => "An API key ends soon",
            Self::Refusals => "A key is refused again and again",
            Self::Security => "Something looks like an attack",
            Self::ProviderDown => "A provider of enabled models is down, or up again",
            Self::WebhookOff => "A webhook was switched off",
        }
    }

    /// Whether there is something yet that raises it: there are no jobs.
    pub const fn is_raised(self) -> bool {
        !matches!(self, Self::JobCompleted | Self::JobFailed)
    }

    /// Whether it tells of what stands in the record: only who may read that sees it in the console.
    pub const fn is_of_record(self) -> bool {
        matches!(self, Self::Refusals | Self::Security | Self::WebhookOff)
    }

    const fn usual(self) -> Channels {
        match self {
            Self::QuotaExceeded => Channels::NOWHERE,
            // Mailed to those who run the server, who can do something about it.
            Self::ProviderDown => Channels {
                mail: false,
                ..Channels::EVERYWHERE
            },
            _ => Channels::EVERYWHERE,
        }
    }
}

/// The most days before its end that a key can be told of.
pub const MOST_KEY_DAYS: u16 = 90;

/// Where a kind goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Channels {
    /// On the first page of the tenant, for those it concerns.
    pub in_app: bool,
    /// By mail to the same people, where the server sends mail.
    pub mail: bool,
    /// To the webhooks of the tenant that take this kind.
    pub webhook: bool,
}

impl Channels {
    pub const EVERYWHERE: Self = Self {
        in_app: true,
        mail: true,
        webhook: true,
    };
    pub const NOWHERE: Self = Self {
        in_app: false,
        mail: false,
        webhook: false,
    };

    pub fn anywhere(self) -> bool {
        self.in_app || self.mail || self.webhook
    }
}

/// `GET /notifications`: what a tenant is told of, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NotificationSettings {
    /// By kind; every kind is there.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, Channels>, example = json!({"quota_warning": {"in_app": true, "mail": true, "webhook": true}})))]
    pub kinds: BTreeMap<AlertKind, Channels>,
    /// So many days before a key ends it is told of, and once more on the last day; 1..90.
    pub key_days: u16,
    /// From so many refusals of one key by one rule in a minute on; 1..1,000,000.
    pub refusals_per_minute: u32,
}

impl Default for NotificationSettings {
    fn default() -> Self {
        Self {
            kinds: AlertKind::ALL.iter().map(|kind| (*kind, kind.usual())).collect(),
            key_days: 7,
            refusals_per_minute: 60,
        }
    }
}

impl NotificationSettings {
    pub fn of(&self, kind: AlertKind) -> Channels {
        self.kinds.get(&kind).copied().unwrap_or_else(|| kind.usual())
    }

    /// What was stored, over the defaults; what this version does not know is left out.
    pub fn stored(value: &Value) -> Self {
        let mut out = Self::default();
        let kinds = value.get("kinds").and_then(Value::as_object).into_iter().flatten();
        for (word, channels) in kinds {
            if let (Some(kind), Ok(channels)) = (AlertKind::from_word(word), Channels::deserialize(channels)) {
                out.kinds.insert(kind, channels);
            }
        }
        let number = |name: &str| value.get(name).and_then(Value::as_u64);
        out.key_days = number("key_days").and_then(|n| n.try_into().ok()).unwrap_or(out.key_days);
        out.refusals_per_minute = number("refusals_per_minute")
            .and_then(|n| n.try_into().ok())
            .unwrap_or(out.refusals_per_minute);
        out
    }

    /// What is stored: only what is not a default, so that a default which changes one day reaches who never chose.
    pub fn to_store(&self) -> Value {
        let usual = Self::default();
        let kinds: BTreeMap<_, _> = self.kinds.iter().filter(|(kind, channels)| usual.of(**kind) != **channels).collect();
        let mut out = serde_json::json!({ "kinds": kinds });
        if self.key_days != usual.key_days {
            out["key_days"] = self.key_days.into();
        }
        if self.refusals_per_minute != usual.refusals_per_minute {
            out["refusals_per_minute"] = self.refusals_per_minute.into();
        }
        out
    }
}

/// `PATCH /notifications`.
#[derive(Debug, Clone, Default)]
pub struct NotificationPatch {
    kinds: Vec<(AlertKind, ChannelsPatch)>,
    key_days: Patch<u16>,
    refusals_per_minute: Patch<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
struct ChannelsPatch {
    in_app: Option<bool>,
    mail: Option<bool>,
    webhook: Option<bool>,
}

impl NotificationPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let kinds = f.object("kinds", |f| {
                let mut out = Vec::new();
                for kind in AlertKind::ALL {
                    let patch = f.object(kind.as_str(), |f| {
                        let (in_app, mail, webhook) = (f.change("in_app"), f.change("mail"), f.change("webhook"));
                        Some(ChannelsPatch {
                            in_app: in_app?,
                            mail: mail?,
                            webhook: webhook?,
                        })
                    });
                    // A fault was noted; the rest is looked at all the same.
                    out.extend(patch.flatten().map(|patch| (*kind, patch)));
                }
                Some(out)
            });
            let days = f.patch::<Bounded<1, { MOST_KEY_DAYS as i64 }>>("key_days");
            let refusals = f.patch::<Bounded<1, 1_000_000>>("refusals_per_minute");
            Some(Self {
                kinds: kinds?.unwrap_or_default(),
                key_days: days?.map_set(|n| u16::try_from(n.0).unwrap_or(u16::MAX)),
                refusals_per_minute: refusals?.map_set(|n| u32::try_from(n.0).unwrap_or(u32::MAX)),
            })
        })
    }

    /// The settings after the change; null brings a default back.
    pub fn apply(self, before: &NotificationSettings) -> NotificationSettings {
        let mut out = before.clone();
        for (kind, patch) in self.kinds {
            let channels = out.of(kind);
            out.kinds.insert(
                kind,
                Channels {
                    in_app: patch.in_app.unwrap_or(channels.in_app),
                    mail: patch.mail.unwrap_or(channels.mail),
                    webhook: patch.webhook.unwrap_or(channels.webhook),
                },
            );
        }
        let usual = NotificationSettings::default();
        out.key_days = self.key_days.apply(Some(before.key_days)).unwrap_or(usual.key_days);
        out.refusals_per_minute = self
            .refusals_per_minute
            .apply(Some(before.refusals_per_minute))
            .unwrap_or(usual.refusals_per_minute);
        out
    }
}

#[cfg(test)]
mod tests;
