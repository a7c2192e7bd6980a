//! The parts of a page: head, sections, tabs, what shows while it loads and when it is empty.
use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::Title;

use super::Icon;
use crate::rpc::show_loading;

/// The class of a tenant's colour. Whole words, for the scanner of the stylesheet.
pub const fn tenant_colour(colour: u8) -> &'static str {
    match colour {
        0 => "tc-0",
        1 => "tc-1",
        2 => "tc-2",
        3 => "tc-3",
        4 => "tc-4",
        5 => "tc-5",
        6 => "tc-6",
        7 => "tc-7",
        8 => "tc-8",
        9 => "tc-9",
        10 => "tc-10",
        _ => "tc-11",
    }
}

/// Title, one sentence, and the page's one primary action.
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    #[prop(optional, into)] lead: String,
    /// The pages above this one: address and name.
    #[prop(optional)]
    crumbs: Vec<(String, String)>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let crumbs = (!crumbs.is_empty()).then(|| {
        let here = title.clone();
        let above = crumbs
            .into_iter()
            .map(|(href, name)| view! { <li><a href=href>{name}</a></li> })
            .collect_view();
        view! { <nav class="crumbs" aria-label="Breadcrumb"><ol>{above}<li aria-current="page">{here}</li></ol></nav> }
    });
    view! {
        <Title text=title.clone() />
        <header class="page-head">
            {crumbs}
            <div class="page-title">
                <h1>{title}</h1>
                {(!lead.is_empty()).then(|| view! { <p class="lead">{lead}</p> })}
            </div>
            {children.map(|c| view! { <div class="page-actions">{c()}</div> })}
        </header>
    }
}

#[component]
pub fn Section(
    #[prop(into)] title: String,
    #[prop(optional)] lead: &'static str,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <section class=format!("section {class}")>
            <h2>{title}</h2>
            {(!lead.is_empty()).then_some(view! { <p class="section-lead">{lead}</p> })}
            {children()}
        </section>
    }
}

/// Tabs are links: address, name, and whether this is the one.
#[component]
pub fn Tabs(label: &'static str, items: Vec<(String, String, bool)>) -> impl IntoView {
    let items = items
        .into_iter()
        .map(|(href, name, here)| view! { <li><a href=href aria-current=here.then_some("page")>{name}</a></li> })
        .collect_view();
    view! { <nav class="tabs" aria-label=label><ul>{items}</ul></nav> }
}

/// Nothing here yet: one sentence and the next step.
#[component]
pub fn Empty(
    icon: &'static str,
    #[prop(into)] title: String,
    #[prop(optional, into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Icon name=icon />
            <p class="empty-title">{title}</p>
            {(!text.is_empty()).then_some(view! { <p>{text}</p> })}
            {children.map(|c| c())}
        </div>
    }
}

/// The shape of a page while it loads; the stylesheet shows it after 150 ms.
#[component]
pub fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="sr-only">"Loading"</span>
            <div class="bone bone-title"></div>
            <div class="bone"></div>
            <div class="bone"></div>
            <div class="bone"></div>
        </div>
    }
}

/// The work of showing something that has to be waited for.
pub type Showing = Pin<Box<dyn Future<Output = AnyView> + Send>>;

/// A skeleton, then what was waited for. Types are erased here, so that the browser carries this once
/// and not once a page.
pub fn waiting(show: impl Fn() -> Showing + Send + Sync + 'static) -> AnyView {
    let show: Arc<dyn Fn() -> Showing + Send + Sync> = Arc::new(show);
    waiting_for(show)
}

fn waiting_for(show: Arc<dyn Fn() -> Showing + Send + Sync>) -> AnyView {
    let pending = SignalSetter::map(show_loading);
    view! { <Transition fallback=|| view! { <Skeleton /> } set_pending=pending>{move || Suspend::new(show())}</Transition> }.into_any()
}
