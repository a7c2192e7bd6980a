//! What opens under a button: menus of links and actions, panels with a form. `<details>` in both
//! cases, so that they open without JavaScript; with it, menus close on Escape and on a click elsewhere.
use leptos::prelude::*;

use super::form::error_in_address;

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

/// A form behind a button, at the right of a page's title. Stays open while one looks elsewhere.
#[component]
pub fn Panel(
    #[prop(into)] label: String,
    /// Open from the start: the form came back with faults.
    #[prop(optional)]
    open: bool,
    /// The server function of its form: open as well when the address brings an error of it.
    #[prop(optional)]
    of: &'static str,
    #[prop(optional)] wide: bool,
    #[prop(default = "btn btn-primary")] button: &'static str,
    children: Children,
) -> impl IntoView {
    let open = open || error_in_address().is_some_and(|(path, _)| path == of);
    view! {
        <details class=if wide { "panel panel-wide" } else { "panel" } data-panel="" open=open>
            <summary class=button>{label}</summary>
            <div class="panel-body">{children()}</div>
        </details>
    }
}
