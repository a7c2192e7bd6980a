//! Icons: strokes on a grid of 24, decoration beside a word, hidden from screen readers.
use leptos::prelude::*;

/// An icon by name. Stroke and size come from the stylesheet.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    let d = match name {
        "alert" => "M12 3 2 20h20L12 3ZM12 10v4M12 17v.01",
        "archive" => "M3 5h18v4H3ZM5 9v10h14V9M10 13h4",
        "bell" => "M6 16V11a6 6 0 0 1 12 0v5l2 2H4ZM10 21h4",
        "chart" => "M4 4v16h16M9 16v-5M13 16V8M17 16v-8",
        "chat" => "M4 5h16v11H11l-5 4v-4H4ZM8 9h8M8 12h5",
        "check" => "M4 12.5 9.5 18 20 6.5",
        "chevron" => "m8 10 4 4 4-4",
        "copy" => "M9 9h11v11H9ZM5 15H4V4h11v1",
        "cpu" => "M6 6h12v12H6ZM10 10h4v4h-4ZM9 3v3M15 3v3M9 18v3M15 18v3M3 9h3M3 15h3M18 9h3M18 15h3",
        "dots" => "M5 12h.01M12 12h.01M19 12h.01",
        "download" => "M12 4v11M7 11l5 5 5-5M4 20h16",
        "exit" => "M10 4H5v16h5M10 12h10M16 8l4 4-4 4",
        "folder" => "M3 6h6l2 2h10v11H3Z",
        "gauge" => "M4 18a9 9 0 1 1 16 0M12 14l4-5",
        "home" => "M4 11 12 4l8 7v9h-5v-6H9v6H4Z",
        "info" => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v5M12 8v.01",
        "key" => "M8 12a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM11 13l9-9M16 8l3 3",
        "keys" => "M3 7h18v10H3ZM7 11h.01M11 11h.01M15 11h.01M8 14h8",
        "layers" => "m12 3 9 5-9 5-9-5 9-5ZM3 13l9 5 9-5",
        "list" => "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
        "mail" => "M3 6h18v12H3ZM3 7l9 7 9-7",
        "menu" => "M4 7h16M4 12h16M4 17h16",
        "moon" => "M20 14A8 8 0 1 1 10 4a7 7 0 0 0 10 10Z",
        "plug" => "M9 3v5M15 3v5M6 8h12v4a6 6 0 0 1-12 0ZM12 18v3",
        "plus" => "M12 5v14M5 12h14",
        "search" => "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM20 20l-4-4",
        "settings" => "M4 7h10M18 7h2M4 17h2M10 17h10M14 5v4M6 15v4",
        "shield" => "M12 3 5 6v6c0 5 3.5 7.5 7 9 3.5-1.5 7-4 7-9V6Z",
        "tag" => "M4 4h8l8 8-8 8-8-8ZM8 8h.01",
        "user" => "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4 20c1-4 4-5 8-5s7 1 8 5",
        "users" => {
            "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM2 19c.8-3.5 3.5-4.5 7-4.5s6.200 1 7 4.500M16 5a3.500 3.500 0 0 1 0 7M18 15c2.200.5 3.500 1.700 4 4"
        }
        "x" => "M6 6l12 12M18 6 6 18",
        _ => "M12 5v14",
    };
    view! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=d></path></svg> }
}
