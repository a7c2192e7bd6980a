//! HTTP for people: the pages of the console, its components and its server functions.
//! Built twice: with `ssr` into the server, with `hydrate` into the browser. Server functions are
//! thin doors to the use cases of `tenantry-domain`; no rule of the product lives here. What may
//! differ between the two builds stands in this file, in `rpc` and in `server` only.
#![recursion_limit = "256"]

pub mod app;
pub mod browser;
pub mod data;
pub mod frame;
pub mod pages;
pub mod rpc;
pub mod state;
pub mod ui;

#[cfg(feature = "ssr")]
mod drawn;
#[cfg(feature = "ssr")]
pub mod forms;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod shell;

pub use app::Console;
#[cfg(feature = "ssr")]
pub use forms::router;
#[cfg(feature = "ssr")]
pub use server::{Assets, RequestInfo};
