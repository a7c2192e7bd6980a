//! Messages that go by themselves, said by screen readers as they come.
use std::time::Duration;

use leptos::prelude::*;

use super::Icon;
use crate::browser;
use crate::state::shared;

#[component]
pub fn Toasts() -> impl IntoView {
    let shared = shared();
    // Each toast leaves on its own; the effect sees only the newest.
    Effect::new(move |_| {
        if let Some((id, offers)) = shared.toasts.with(|t| t.last().map(|t| (t.id, t.next.is_some()))) {
            let seconds = if offers { 12 } else { 6 };
            set_timeout(move || shared.drop_toast(id), Duration::from_secs(seconds));
        }
    });
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || shared.toasts.get() key=|t| t.id let:toast>
                <div class=if toast.good { "toast" } else { "toast toast-bad" }>
                    <Icon name=if toast.good { "check" } else { "alert" } />
                    <span>{toast.text}</span>
                    {toast
                        .next
                        .map(|next| {
                            let label = next.label.clone();
                            let act = move |_| {
                                shared.drop_toast(toast.id);
                                browser::act(next.clone(), shared);
                            };
                            view! { <button type="button" class="btn btn-small" on:click=act>{label}</button> }
                        })}
                    <button type="button" class="btn btn-quiet btn-icon" aria-label="Dismiss" on:click=move |_| shared.drop_toast(toast.id)>
                        <Icon name="x" />
                    </button>
                </div>
            </For>
        </div>
    }
}
