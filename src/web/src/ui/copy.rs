//! Text that one takes elsewhere: ids, links, request ids.
use leptos::prelude::*;

use super::Icon;
use crate::browser;
use crate::state::shared;

/// Copies a text; shows only when JavaScript can do that.
#[component]
pub fn CopyButton(#[prop(into)] text: String, #[prop(default = "Copy")] label: &'static str, #[prop(optional)] small: bool) -> impl IntoView {
    let shared = shared();
    let copied = RwSignal::new(false);
    let class = if small { "btn btn-quiet btn-icon needs-js" } else { "btn needs-js" };
    view! {
        <button
            type="button"
            class=class
            aria-label=small.then_some(label)
            on:click=move |_| {
                browser::copy(
                    &text,
                    move || {
                        copied.set(true);
                        shared.toast("Copied to the clipboard.".into(), true);
                    },
                );
            }
        >
            {move || if copied.get() { view! { <Icon name="check" /> } } else { view! { <Icon name="copy" /> } }}
            {(!small).then_some(label)}
        </button>
    }
}

/// An id in the mono face, with its button.
#[component]
pub fn IdText(#[prop(into)] id: String) -> impl IntoView {
    view! { <span class="id-text"><code>{id.clone()}</code><CopyButton text=id label="Copy the id" small=true /></span> }
}
