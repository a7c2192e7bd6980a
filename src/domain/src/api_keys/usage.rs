//! How often keys are used, and when last: counted in memory, and written now and then, so that no
//! request waits for it. A server that dies loses at most a minute of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tenantry_db::access::job;
use tenantry_db::api_key::{self as db, Use};
use tenantry_types::{ApiKeyId, TenantId, Timestamp};

use crate::{App, Result};

type Uses = HashMap<TenantId, HashMap<ApiKeyId, Use>>;

#[derive(Default)]
pub(crate) struct Counter(Mutex<Uses>);

impl Counter {
    pub(super) fn add(&self, tenant: TenantId, key: ApiKeyId, at: Timestamp) {
        self.merge(tenant, &[Use { key, count: 1, at }]);
    }

    fn merge(&self, tenant: TenantId, uses: &[Use]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_tenant = all.entry(tenant).or_default();
        for one in uses {
            of_tenant
                .entry(one.key)
                .and_modify(|sum| {
                    sum.count += one.count;
                    sum.at = sum.at.max(one.at);
                })
                .or_insert(*one);
        }
    }

    fn take(&self) -> Uses {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes what was counted since the last time; what cannot be written is kept for the next.
///
/// # Errors
/// When the database does not answer.
pub async fn write(app: &App) -> Result<()> {
    let mut failed = None;
    for (tenant, uses) in app.key_uses().take() {
        let uses: Vec<Use> = uses.into_values().collect();
        if let Err(error) = write_of(app, tenant, &uses).await {
            app.key_uses().merge(tenant, &uses);
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn write_of(app: &App, tenant: TenantId, uses: &[Use]) -> Result<()> {
    let mut tx = app.db().tenant(&job(tenant)).await?;
    db::add_uses(&mut tx, uses).await?;
    tx.commit_counts().await?;
    Ok(())
}
