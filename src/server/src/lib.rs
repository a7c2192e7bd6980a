//! The server as a library: what `main` and the whole-server tests share. Configuration, the
//! embedded database, middleware, the router and the command line; no use case and no page.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test ends where it fails"))]

pub mod config;
pub mod postgres;
