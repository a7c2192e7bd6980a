//! The use cases on a real Postgres, through the real login role. Two tenants with the same names of
//! things are always there.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod accounts;
mod agreement;
mod audit;
mod explain;
mod initialize;
mod invitations;
mod isolation;
mod members;
mod memory;
mod models;
mod overrides;
mod plans;
mod schedule;
mod support;
mod tenants;
mod timeouts;
mod workspaces;
