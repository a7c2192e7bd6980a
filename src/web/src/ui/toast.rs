//! Messages that go by themselves, said by screen readers as they come.
use std::time::Duration;

use leptos::prelude::*;

use super::Icon;
use crate::state::shared;

#[component]
pub fn Toasts() -> impl IntoView {
    let shared = shared();
    // Each toast leaves on its own; the effect sees only the newest.
    Effect::new(move |_| {
        if let Some(id) = shared.toasts.with(|t| t.last().map(|t| t.id)) {
            set_timeout(move || shared.drop_toast(id), Duration::from_secs(6));
        }
    });
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || shared.toasts.get() key=|t| t.id let:toast>
                <div class=if toast.good { "toast" } else { "toast toast-bad" }>
                    <Icon name=if toast.good { "check" } else { "alert" } />
                    <span>{toast.text}</span>
                    <button type="button" class="btn btn-quiet btn-icon" aria-label="Dismiss" on:click=move |_| shared.drop_toast(toast.id)>
                        <Icon name="x" />
                    </button>
                </div>
            </For>
        </div>
    }
}
