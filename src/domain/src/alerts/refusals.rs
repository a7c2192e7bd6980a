//! Keys that limits refuse again and again: a program that does not wait, or a limit that is too low. Counted in memory
//! by minutes of the clock, on each server for itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use tenantry_db::access::job;
use tenantry_db::alert as db;
use tenantry_types::alert::AlertKind;
use tenantry_types::plan::{Resource, Window};
use tenantry_types::{ApiKeyId, TenantId, Timestamp};

use super::{Alert, raise};
use crate::{App, Error, Result, now};

/// Keys and rules that are counted at once.
const MOST: usize = 100_000;
const RATE_LIMIT: &str = "rate_limit";
const BUDGET: &str = "budget";

/// The rule that stands behind a refusal: the rate limit or the budget of the key, or a limit of the tenant.
fn rule(error: &Error) -> Option<&'static str> {
    match error {
        Error::RateLimited { .. } => Some(RATE_LIMIT),
        Error::Budget { .. } => Some(BUDGET),
        Error::Quota { resource, .. } => Some(resource.as_str()),
        _ => None,
    }
}

fn named(rule: &str) -> String {
    match (rule, Resource::from_word(rule)) {
        (_, Some(resource)) => format!("the tenant's limit of {}", resource.label().to_lowercase()),
        (BUDGET, _) => "its budget".to_owned(),
        _ => "its rate limit".to_owned(),
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    minute: i64,
    count: u32,
    /// The most in a minute so far, and what of that was looked at.
    most: u32,
    looked_at: u32,
}

impl Count {
    fn add(&mut self, minute: i64) {
        if self.minute != minute {
            (self.minute, self.count) = (minute, 0);
        }
        self.count = self.count.saturating_add(1);
        self.most = self.most.max(self.count);
    }
}

type Key = (TenantId, ApiKeyId, &'static str);

#[derive(Debug, Default)]
pub(crate) struct Refused(Mutex<HashMap<Key, Count>>);

impl Refused {
    /// A limit refused a request of this key.
    pub(crate) fn add(&self, tenant: TenantId, key: ApiKeyId, error: &Error) {
        let Some(rule) = rule(error) else { return };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (tenant, key, rule);
        if all.len() < MOST || all.contains_key(&key) {
            all.entry(key).or_default().add(minute(now()));
        }
    }

    /// What nobody looked at yet, by tenant: key, rule, and the most in a minute. What is over and was looked at is
    /// forgotten.
    fn news(&self) -> BTreeMap<TenantId, Vec<(ApiKeyId, &'static str, u32)>> {
        let (mut all, this) = (self.0.lock().unwrap_or_else(PoisonError::into_inner), minute(now()));
        all.retain(|_, count| count.minute == this || count.most > count.looked_at);
        let mut out: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for ((tenant, key, rule), count) in all.iter().filter(|(_, count)| count.most > count.looked_at) {
            out.entry(*tenant).or_default().push((*key, *rule, count.most));
        }
        out
    }

    fn looked_at(&self, tenant: TenantId, found: &[(ApiKeyId, &'static str, u32)]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, rule, most) in found {
            if let Some(count) = all.get_mut(&(tenant, *key, *rule)) {
                count.looked_at = *most;
            }
        }
    }
}

fn minute(at: Timestamp) -> i64 {
    at.unix() / 60
}

pub(super) async fn look(app: &App) -> Result<()> {
    let mut ended = Ok(());
    for (tenant, found) in app.refused().news() {
        match look_at(app, tenant, &found).await {
            Ok(()) => app.refused().looked_at(tenant, &found),
            Err(error) => ended = Err(error),
        }
    }
    ended
}

async fn look_at(app: &App, tenant: TenantId, found: &[(ApiKeyId, &'static str, u32)]) -> Result<()> {
    let mut tx = app.db().tenant(&job(tenant)).await?;
    let Some((_, wishes)) = db::wishes(&mut tx).await? else { return Ok(()) };
    let often: Vec<_> = found.iter().filter(|(_, _, most)| *most >= wishes.refusals_per_minute).collect();
    if often.is_empty() {
        return Ok(());
    }
    let ids: Vec<ApiKeyId> = often.iter().map(|(key, ..)| *key).collect();
    let names = db::key_names(&mut tx, &ids).await?;
    drop(tx);
    let hour = Window::Hour.begin(now());
    for (key, rule, most) in often {
        let Some((_, name)) = names.iter().find(|(id, _)| id == key) else {
            continue;
        };
        let alert = Alert {
            kind: AlertKind::Refusals,
            once: format!("{key} {rule} {hour}"),
            about: format!("{key} {rule}"),
            text: format!("The API key {name} was refused {most} times within a minute by {}.", named(rule)),
            page: "usage".to_owned(),
            whom: None,
            data: json!({ "key": key, "name": name, "rule": rule, "refused": most, "threshold": wishes.refusals_per_minute }),
        };
        raise(app, tenant, alert).await?;
    }
    Ok(())
}
