//! The server as a library: what `main` and the whole-server tests share. Configuration, the
//! embedded database, middleware, the router and the command line; no use case and no page.
#![recursion_limit = "256"]

pub mod application;
pub mod assets;
pub mod cli;
pub mod config;
pub mod database;
pub mod failure;
pub mod leptos_options;
pub mod middleware;
pub mod postgres;
pub mod router;
pub mod serve;
