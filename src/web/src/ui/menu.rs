//! What opens under a button: menus of links and actions, panels with a form. `<details>` in both
//! cases, so that they open without JavaScript; with it, menus close on Escape and on a click elsewhere.
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::form::opened_by_faults;

/// A menu. The summary is its button.
#[component]
pub fn Menu(
    /// Says what the button is for, when its content is no text; else read before it.
    #[prop(into)]
    label: String,
    #[prop(default = "btn btn-quiet btn-icon")] button: &'static str,
    #[prop(optional)] class: &'static str,
    summary: AnyView,
    children: Children,
) -> impl IntoView {
    view! {
        <details class=format!("menu {class}") data-menu="">
            <summary class=button><span class="sr-only">{label}" "</span>{summary}</summary>
            <div class="menu-panel">{children()}</div>
        </details>
    }
}

const PRIMARY: &str = "btn btn-primary";

/// A form behind a button, at the right of a page's title. Stays open while one looks elsewhere, and
/// is open from the start when its form came back with faults. `?new=1` opens a page's primary one.
#[component]
pub fn Panel(
    #[prop(into)] label: String,
    #[prop(optional)] wide: bool,
    #[prop(default = PRIMARY)] button: &'static str,
    children: Children,
) -> impl IntoView {
    let asked = button == PRIMARY && use_query_map().get_untracked().get("new").is_some();
    let (body, open) = opened_by_faults(children);
    view! {
        <details class=if wide { "panel panel-wide" } else { "panel" } data-panel="" open=open || asked>
            <summary class=button>{label}</summary>
            <div class="panel-body">{body}</div>
        </details>
    }
}
