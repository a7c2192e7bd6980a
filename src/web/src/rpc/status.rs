//! What a page can only say on the server: its HTTP status, the time of its rendering, and what a
//! form handler found. In the browser there is nothing to say.
use tenantry_types::{ProblemCode, Timestamp};

use crate::state::Posted;

/// Sets the status of the page that is being rendered.
#[cfg(feature = "ssr")]
pub fn page_status(code: ProblemCode) {
    crate::server::page_status(code);
}

#[cfg(not(feature = "ssr"))]
pub fn page_status(_code: ProblemCode) {}

/// Shows, or no longer, that something is loading. On the server nothing loads.
#[cfg(feature = "ssr")]
pub fn show_loading(_on: bool) {}

#[cfg(not(feature = "ssr"))]
pub fn show_loading(on: bool) {
    crate::browser::show_loading(on);
}

/// The time, and what the form handler that renders the page found.
#[cfg(feature = "ssr")]
pub fn first_look() -> (Timestamp, Posted) {
    (time::OffsetDateTime::now_utc().into(), leptos::prelude::use_context().unwrap_or_default())
}

/// Only when the page came without what the server serialised.
#[cfg(not(feature = "ssr"))]
pub fn first_look() -> (Timestamp, Posted) {
    (
        crate::browser::now().unwrap_or(Timestamp(time::OffsetDateTime::UNIX_EPOCH)),
        Posted::default(),
    )
}
