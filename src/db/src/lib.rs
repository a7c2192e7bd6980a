//! The only crate that names sqlx. It resolves access, opens transactions that are bound to a
//! tenant, and holds every query and the session store. It writes what it is given: ids, times and
//! rules come from `tenantry-domain`. SQL is static and checked when it is compiled.
#![cfg(not(target_family = "wasm"))]

pub mod access;
pub mod account;
pub mod account_token;
pub mod alert;
pub mod api_key;
pub mod audit;
mod connect;
pub mod domain;
mod error;
pub mod idempotency;
pub mod import;
pub mod invitation;
pub mod member;
pub mod model;
pub mod notification;
pub mod openid;
pub mod outbox;
pub mod overrides;
pub mod plan;
pub mod platform;
pub mod provider;
pub mod quota;
pub mod session;
pub mod sign_in_place;
pub mod sign_in_policy;
pub mod sign_up;
pub mod tenant;
pub mod testing;
pub mod token;
pub mod totp;
mod tx;
pub mod usage;
pub mod webhook;
pub mod workspace;

pub use access::{Actor, Asker, Denied, Granted, Operator, Origin, Principal, TenantCtx, TenantHead, WorkspaceCtx, WorkspaceHead};
pub use connect::{Db, MIGRATOR, Node, OwnerDb, StartError, Timeouts};
pub use error::DbError;
pub use session::{PgSessionStore, SessionLimits, USER_KEY};
pub use tx::{PlatformTx, TenantTx};

pub type Result<T> = std::result::Result<T, DbError>;
