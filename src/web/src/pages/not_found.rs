//! The page for addresses that lead nowhere: without a frame, and in the frame of the area that they are below.
use leptos::prelude::*;
use tenantry_types::ProblemCode;

use crate::rpc::UiError;
use crate::ui::ProblemView;

#[component]
pub fn Missing() -> impl IntoView {
    view! { <ProblemView error=UiError::bare(ProblemCode::NotFound) /> }
}

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <main id="main" class="alone" tabindex="-1">
            <ProblemView error=UiError::bare(ProblemCode::NotFound) />
        </main>
    }
}
