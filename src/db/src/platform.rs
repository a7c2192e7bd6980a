//! Numbers of the server.

use crate::{PlatformTx, Result};

/// What there is on this server.
#[derive(Debug)]
pub struct Counts {
    pub tenants: i64,
    pub active_tenants: i64,
    pub users: i64,
    pub providers: i64,
    pub models: i64,
}

/// # Errors
/// When the database does not answer.
pub async fn counts(tx: &mut PlatformTx) -> Result<Counts> {
    Ok(sqlx::query_as!(
        Counts,
        r#"select (select count(*) from tenant) as "tenants!", (select count(*) from tenant where status = 'active') as "active_tenants!",
             (select count(*) from user_account) as "users!", (select count(*) from provider) as "providers!", (select count(*) from model) as "models!""#
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Lets one node at a time make what a new server has to have.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut PlatformTx) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('tenantry.platform'))")
        .execute(tx.conn())
        .await?;
    Ok(())
}
