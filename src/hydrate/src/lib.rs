//! The browser's entry point: takes over the page that the server rendered.
use leptos::mount::hydrate_from_async;
use leptos::tachys::dom::body;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    spawn_local(async {
        // Comes back when the page is taken over whole, also one whose code is fetched apart.
        hydrate_from_async(body(), tenantry_web::Console).await.forget();
        tenantry_web::browser::take_over();
    });
}
