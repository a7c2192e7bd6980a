//! The page for addresses that lead nowhere.
use leptos::prelude::*;
use tenantry_types::ProblemCode;

use crate::rpc::UiError;
use crate::ui::ProblemView;

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <main id="main" class="alone" tabindex="-1">
            <ProblemView error=UiError::bare(ProblemCode::NotFound) />
        </main>
    }
}
