//! The record of what happened. Rows of a tenant form a chain: each holds the hash of the one
//! before, so that an edit, a removal or another order shows. Rows are only ever added; what is
//! about a person stands apart from them and goes when the person does. `chain` says what is
//! hashed, `read` answers questions, `verify` looks for what was tampered with.

mod chain;
mod read;
mod verify;
mod write;

use serde_json::Value;
use tenantry_types::audit::Outcome;
use tenantry_types::{EventId, Timestamp, WorkspaceId};

use crate::{Result, TenantTx};

pub use chain::{PLATFORM, address};
pub use read::{did_since, list, list_platform, recent};
pub use verify::{Finding, Found, Head, Verified, heads, purged, verify, verify_platform};
pub(crate) use write::{erase, write, write_platform};

/// What happened: made by a use case, completed with who and where by the transaction.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: EventId,
    pub at: Timestamp,
    /// `members.invited`
    pub action: &'static str,
    /// `user`, `invitation` and `address` are people: their `target_name` is personal.
    pub target_type: &'static str,
    pub target_id: Option<String>,
    pub target_name: String,
    /// Where it happened, when the transaction was not granted for one workspace.
    pub workspace: Option<WorkspaceId>,
    pub outcome: Outcome,
    /// What changed, never a secret.
    pub changes: Value,
    /// What of that is about a person: kept apart, and erased with them.
    pub personal: Value,
}

/// Starts the chain of a new tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn start(tx: &mut TenantTx) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!("insert into audit_head (tenant_id, seq, hash) values ($1, 0, '')", tenant)
        .execute(tx.conn())
        .await?;
    Ok(())
}
