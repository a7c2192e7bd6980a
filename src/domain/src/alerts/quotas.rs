//! Limits that come near or are reached. What uses them leaves a mark in memory, once it is written; a chore then asks
//! the database how much is used, of tenants that used something only.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use tenantry_db::access::job;
use tenantry_db::alert as db;
use tenantry_types::TenantId;
use tenantry_types::alert::AlertKind;
use tenantry_types::plan::{Quota, QuotaState, Resource};

use super::{Alert, raise};
use crate::{App, Result, now, quotas};

/// How the key of an alert begins that has no window: it stays until there is room again.
pub(super) const STANDING: &str = "members";
/// Different tenants that are marked at once.
const MOST: usize = 100_000;
const KINDS: [AlertKind; 2] = [AlertKind::QuotaWarning, AlertKind::QuotaExceeded];

/// What this server saw of tenants since it last looked.
#[derive(Debug, Default)]
pub(crate) struct Noticed(Mutex<HashMap<TenantId, Mark>>);

#[derive(Debug, Default)]
struct Mark {
    /// Limits that something was refused by.
    refused: BTreeSet<Resource>,
    /// The most requests that ran at once.
    at_once: i64,
}

impl Mark {
    fn add(&mut self, other: Self) {
        self.refused.extend(other.refused);
        self.at_once = self.at_once.max(other.at_once);
    }
}

impl Noticed {
    fn mark(&self, tenant: TenantId, mark: Mark) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MOST || all.contains_key(&tenant) {
            all.entry(tenant).or_default().add(mark);
        }
    }

    /// Something of the tenant's limits was used.
    pub(crate) fn used(&self, tenant: TenantId) {
        self.mark(tenant, Mark::default());
    }

    /// Something was refused by this limit.
    pub(crate) fn refused(&self, tenant: TenantId, resource: Resource) {
        let refused = BTreeSet::from([resource]);
        self.mark(tenant, Mark { refused, at_once: 0 });
    }

    /// So many requests of the tenant ran at once.
    pub(crate) fn ran_at_once(&self, tenant: TenantId, count: i64) {
        let refused = BTreeSet::new();
        self.mark(tenant, Mark { refused, at_once: count });
    }
}

pub(super) async fn look(app: &App) -> Result<()> {
    let marks = std::mem::take(&mut *app.noticed().0.lock().unwrap_or_else(PoisonError::into_inner));
    let mut ended = Ok(());
    for (tenant, mark) in marks {
        if let Err(error) = look_at(app, tenant, &mark).await {
            app.noticed().mark(tenant, mark);
            ended = Err(error);
        }
    }
    ended
}

/// How near a limit is, as it counts here.
fn state(quota: &Quota, mark: &Mark) -> (i64, QuotaState) {
    let Some(limit) = quota.limit.filter(|limit| *limit > 0) else {
        // A limit of 0 is a door that is shut: nothing comes near it.
        return (0, QuotaState::Ok);
    };
    let used = match quota.resource {
        Resource::ConcurrentRequests => quota.used.max(mark.at_once),
        _ => quota.used,
    };
    let state = Quota::new(quota.resource, Some(limit), used, quota.own).state;
    // What is set aside for requests that run is used as well, as far as the next one is concerned. But a single request
    // that is too large by itself does not say that the limit is near.
    let refused = mark.refused.contains(&quota.resource) && state == QuotaState::Warning;
    (used, if refused { QuotaState::Exceeded } else { state })
}

async fn look_at(app: &App, tenant: TenantId, mark: &Mark) -> Result<()> {
    let mut tx = app.db().tenant(&job(tenant)).await?;
    let limits = quotas::read(app, &mut tx).await?.items;
    let told = db::told(&mut tx, &KINDS).await?;
    let mut alerts = Vec::new();
    let mut over = Vec::new();
    for quota in &limits {
        let (used, state) = state(quota, mark);
        for kind in KINDS {
            let there = match kind {
                AlertKind::QuotaWarning => state != QuotaState::Ok,
                _ => state == QuotaState::Exceeded,
            };
            let once = once(quota);
            let known = told.iter().any(|(of, which)| *of == kind && *which == once);
            if there && !known {
                alerts.push(alert(kind, quota, used, once));
            } else if !there && quota.resource == Resource::Members {
                over.extend(told.iter().filter(|(of, which)| *of == kind && which.starts_with(STANDING)).cloned());
            }
        }
    }
    if over.is_empty() {
        drop(tx);
    } else {
        // There is room again: when it gets short once more, that is news.
        db::forget(&mut tx, &over).await?;
        tx.commit_counts().await?;
    }
    for alert in alerts {
        raise(app, tenant, alert).await?;
    }
    Ok(())
}

/// A limit in its window. One that was changed is another: what comes near it then is told again.
fn once(quota: &Quota) -> String {
    let limit = quota.limit.unwrap_or_default();
    match quota.resource {
        Resource::ConcurrentRequests => {
            let hour = tenantry_types::plan::Window::Hour.begin(now());
            format!("{} {limit} {hour}", quota.resource)
        }
        _ => match quota.resets_at {
            Some(end) => format!("{} {limit} {end}", quota.resource),
            None => format!("{} {limit}", quota.resource),
        },
    }
}

fn alert(kind: AlertKind, quota: &Quota, used: i64, once: String) -> Alert {
    let (resource, limit) = (quota.resource, quota.limit.unwrap_or_default());
    let counted = Quota::new(resource, Some(limit), used, quota.own);
    let percentage = counted.percentage.unwrap_or_default();
    let until = quota
        .resets_at
        .map(|end| format!(" It begins anew {}.", end.readable()))
        .unwrap_or_default();
    let amounts = format!("{} of {}", resource.shown(used), resource.shown(limit));
    let text = match kind {
        AlertKind::QuotaExceeded => format!("{} limit exceeded ({amounts}): what needs more is refused.{until}", resource.label()),
        _ => format!("{} usage high ({percentage:.0} %): {amounts} used.{until}", resource.label()),
    };
    Alert {
        kind,
        once,
        about: resource.as_str().to_owned(),
        text,
        page: if resource == Resource::Members { "members" } else { "usage" }.to_owned(),
        whom: None,
        data: json!({
            "resource": resource, "used": used, "limit": limit, "percentage": counted.percentage, "resets_at": quota.resets_at,
        }),
    }
}
