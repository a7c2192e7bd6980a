//! Points in time: relative, with the absolute one in `title` and `datetime`. "Now" comes from the
//! server for the first rendering, so that both sides write the same, and moves on afterwards.
use leptos::prelude::*;
use tenantry_types::Timestamp;

use crate::state::shared;

#[component]
pub fn When(#[prop(into)] at: Option<Timestamp>, #[prop(default = "never")] none: &'static str) -> impl IntoView {
    let now = shared().now;
    match at {
        None => view! { <span class="muted">{none}</span> }.into_any(),
        Some(at) => view! { <time datetime=at.to_string() title=at.readable()>{move || at.relative(now.get())}</time> }.into_any(),
    }
}
