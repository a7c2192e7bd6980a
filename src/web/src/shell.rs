//! The document around the console: head, stylesheet, and the script that lets the browser take over,
//! after the few lines that open the palette. Written here and not by leptos, as the names of the
//! built files come from the server's own list.
use leptos::config::{LeptosOptions, get_configuration};
use leptos::hydration::AutoReload;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::Console;
use crate::server::{Assets, page_headers, theme};

/// Keys and buttons that open the palette.
const KEYS: &str = include_str!("shell/keys.js");

/// Under `make dev`, which says so in the environment: where the browser hears that it should load the page again.
fn watched() -> Option<LeptosOptions> {
    let watched = cfg!(debug_assertions) && std::env::var_os("LEPTOS_WATCH").is_some();
    watched.then(|| get_configuration(None).ok()).flatten().map(|found| found.leptos_options)
}

pub fn shell(assets: Assets) -> impl IntoView {
    let nonce = use_nonce();
    if let Some(nonce) = &nonce {
        page_headers(nonce);
    }
    let icon = (assets.other)("favicon.svg");
    let palette = (assets.other)("palette.js");
    let Assets { js, wasm, css, .. } = assets;
    let start = format!(
        "import init, {{ hydrate }} from {js:?};\nconst paletteAt = {palette:?};\n{KEYS}await init({{ module_or_path: {wasm:?} }});\nhydrate();"
    );
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" type="image/svg+xml" href=icon />
                <link rel="stylesheet" href=css />
                <link rel="modulepreload" href=js nonce=nonce.clone() />
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
                <script type="module" nonce=nonce>{start}</script>
                {watched().map(|options| view! { <AutoReload options /> })}
                <MetaTags />
            </head>
            <body>
                <Console />
            </body>
        </html>
    }
}
