//! Asking before something is taken away: a popover that says what will be lost, and a field that
//! repeats a name where it cannot be undone. Popovers need no JavaScript.
use leptos::prelude::*;

use super::form::opened_by_faults;
use super::{Field, Icon};

/// A button that opens a dialog above the page. `id` is unique on the page. A form in it that came back
/// with faults shows in the page itself: without JavaScript nothing opens a popover.
#[component]
pub fn Modal(
    #[prop(into)] id: String,
    /// What the button says.
    #[prop(into)]
    label: String,
    /// What the dialog asks.
    #[prop(into)]
    title: String,
    #[prop(default = "btn")] button: &'static str,
    /// Names the thing for those who hear the button without its row: "Remove Ada".
    #[prop(optional, into)]
    about: Option<String>,
    children: Children,
) -> impl IntoView {
    let heading = format!("{id}-title");
    let (opens, closes, labelled) = (id.clone(), id.clone(), heading.clone());
    let (body, faulty) = opened_by_faults(children);
    view! {
        <button type="button" class=button popovertarget=opens aria-haspopup="dialog" aria-label=about>{label}</button>
        <div class=if faulty { "modal modal-faulty" } else { "modal" } id=id popover="auto" role="dialog" aria-labelledby=labelled>
            <div class="modal-head">
                <h2 id=heading>{title}</h2>
                <button type="button" class="btn btn-quiet btn-icon" popovertarget=closes popovertargetaction="hide" aria-label="Close">
                    <Icon name="x" />
                </button>
            </div>
            {body}
        </div>
    }
}

/// The field in which a name is typed to confirm; stands in a form.
#[component]
pub fn ConfirmName(#[prop(into)] name: String) -> impl IntoView {
    view! { <Field name="confirm" label=format!("Type \u{201c}{name}\u{201d} to confirm") autocomplete="off" required=true /> }
}
