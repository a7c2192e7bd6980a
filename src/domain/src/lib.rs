//! Use cases as verbs: `members::invite`. Each names what it needs as `Granted<P>` in its signature,
//! runs in one transaction, makes ids and times, and records what happened. Knows the database crate
//! and the types; knows nothing of HTTP, JSON bodies or Leptos. What is outside stands behind the
//! ports in `ports`.

pub mod access;
pub mod accounts;
pub mod alerts;
pub mod api_keys;
mod app;
pub mod audit;
pub mod catalog;
pub mod context;
mod csv;
pub mod device;
pub mod domains;
mod error;
pub mod gateway;
mod guesses;
pub mod health;
pub mod idempotency;
pub mod import;
pub mod initialize;
pub mod invitations;
pub mod members;
pub mod model_access;
pub mod notifications;
pub mod outbox;
mod password;
pub mod permissions;
pub mod plans;
pub mod platform;
pub mod ports;
pub mod providers;
pub mod quotas;
pub mod sign_in_policy;
pub mod tenants;
pub mod tokens;
pub mod usage;
mod vault;
pub mod webhooks;
pub mod workspaces;

pub use app::{App, Policy, RegistrationPolicy, Setup, TenantCreation};
pub use error::{Error, Result};
pub use guesses::network;
pub use tenantry_db::access::Bearer;
pub use tenantry_db::session::{self, Held};
pub use tenantry_db::{Actor, Asker, Db, Denied, Granted, Operator, Origin, Principal, TenantCtx, TenantHead, USER_KEY, WorkspaceCtx, WorkspaceHead};
pub use tenantry_types::permission::needs;
pub use vault::{MasterKey, Place};

use tenantry_types::Timestamp;
use uuid::Uuid;

/// A fresh id.
pub(crate) fn new_id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

/// The time, to the microsecond: what the database keeps.
pub fn now() -> Timestamp {
    let now = time::OffsetDateTime::now_utc();
    Timestamp(now.replace_nanosecond(now.nanosecond() / 1000 * 1000).unwrap_or(now))
}
