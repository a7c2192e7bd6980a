//! Lists: search and filters as a GET form, column heads and pages as links. The state stands in the address.
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};
use tenantry_types::counted;
use wasm_bindgen::JsCast;

use super::field::Choices;
use crate::browser;
use crate::rpc::{ListQuery, PER_PAGE};
use crate::state::shared;

/// The search field and the filters of a list.
#[component]
pub fn Filters(list: ListQuery, #[prop(into)] placeholder: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    let path = use_location().pathname;
    let navigate = use_navigate();
    view! {
        <form method="get" action=move || path.get() role="search" class="filters" on:submit=move |ev| browser::filter(&ev, &navigate)>
            <input class="input" type="search" name="q" value=list.q.clone() placeholder=placeholder.clone() aria-label=placeholder />
            {children.map(|c| c())}
            {(!list.sort.is_empty()).then(|| view! { <input type="hidden" name="sort" value=list.sort.clone() /> })}
            <button type="submit" class="btn">"Search"</button>
            {list.is_narrowed().then(|| view! { <a class="btn btn-quiet" href="?">"Clear"</a> })}
        </form>
    }
}

/// A filter that applies as soon as it is changed (with JavaScript; else with the button).
#[component]
pub fn FilterSelect(name: &'static str, label: &'static str, options: Choices, #[prop(into)] value: String) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(word, label)| {
            let selected = word == value;
            view! { <option value=word selected=selected>{label}</option> }
        })
        .collect_view();
    let apply = move |ev: leptos::ev::Event| {
        let form = ev
            .target()
            .and_then(|t| t.dyn_into::<web_sys::HtmlSelectElement>().ok())
            .and_then(|s| s.form());
        if let Some(form) = form {
            drop(form.request_submit());
        }
    };
    view! { <select class="input" name=name aria-label=label on:change=apply>{options}</select> }
}

/// The head of a column that the list can be ordered by.
#[component]
pub fn SortHead(list: ListQuery, name: &'static str, label: &'static str, #[prop(optional)] class: &'static str) -> impl IntoView {
    let (order, next, mark) = match list.sort.strip_prefix('-').unwrap_or(&list.sort) {
        now if now != name => (None, name.to_owned(), ""),
        _ if list.sort.starts_with('-') => (Some("descending"), name.to_owned(), " \u{2193}"),
        _ => (Some("ascending"), format!("-{name}"), " \u{2191}"),
    };
    view! { <th scope="col" class=class aria-sort=order><a href=list.with("sort", &next)>{label}<span aria-hidden="true">{mark}</span></a></th> }
}

/// How many rows of a form's table are ticked.
pub fn ticked() -> RwSignal<u32> {
    let ticked = RwSignal::new(0_u32);
    let shared = shared();
    // A reset form has nothing ticked.
    Effect::new(move |_| {
        shared.refresh.track();
        ticked.set(0);
    });
    ticked
}

/// For `on:change` around the table.
pub fn counts_ticked(ticked: RwSignal<u32>) -> impl Fn(leptos::ev::Event) {
    move |ev| {
        let form = ev
            .target()
            .and_then(|t| t.dyn_into::<web_sys::Element>().ok())
            .and_then(|el| el.closest("form").ok().flatten());
        if let Some(form) = form {
            ticked.set(browser::count_ticked(&form));
        }
    }
}

/// The head of the column of boxes.
#[component]
pub fn TickAll(form: &'static str) -> impl IntoView {
    view! {
        <td class="tick">
            <input type="checkbox" class="needs-js" aria-label="Select all on this page" on:change=move |ev| browser::tick_all(form, event_target_checked(&ev)) />
        </td>
    }
}

/// The bar for many at once: says how many, and holds the buttons.
#[component]
pub fn BulkBar(ticked: RwSignal<u32>, one: &'static str, many: &'static str, children: Children) -> impl IntoView {
    let words = move || match ticked.get() {
        0 => format!("Tick {many} to change many at once"),
        n => format!("{} selected", counted(n, one, many)),
    };
    view! {
        <div class="bulk" class:bulk-on=move || { ticked.get() > 0 } role="group" aria-label=format!("Selected {many}")>
            <span role="status">{words}</span>
            {children()}
        </div>
    }
}

/// "340 members", "12 members match, role developer".
pub fn count_words(total: Option<i64>, shown: usize, list: &ListQuery, one: &str, many: &str) -> String {
    let n = total.unwrap_or_else(|| i64::try_from(shown).unwrap_or(i64::MAX));
    let noun = if n == 1 { one } else { many };
    let mut out = format!("{n} {noun}");
    if list.is_narrowed() {
        out.push_str(if n == 1 { " matches" } else { " match" });
        for (label, value) in [("role", &list.role), ("status", &list.status), ("provider", &list.provider)] {
            if !value.is_empty() {
                out.push_str(&format!(", {label} {value}"));
            }
        }
        out.push_str(match list.enabled.as_str() {
            "yes" => ", enabled",
            "no" => ", not enabled",
            _ => "",
        });
        match list.price.as_str() {
            "" => {}
            "0" => out.push_str(", free"),
            price => out.push_str(&format!(", up to ${price}")),
        }
    }
    out
}

/// Previous and next, when there is more than one page.
#[component]
pub fn Pager(list: ListQuery, total: Option<i64>, more: bool) -> impl IntoView {
    let page = list.page.max(1);
    let pages = total.map(|t| (t.max(1) + i64::from(PER_PAGE) - 1) / i64::from(PER_PAGE));
    (page > 1 || more).then(|| {
        let words = match pages {
            Some(pages) => format!("Page {page} of {pages}"),
            None => format!("Page {page}"),
        };
        view! {
            <nav class="pager" aria-label="Pages">
                <span>{words}</span>
                {(page > 1).then(|| view! { <a class="btn" rel="prev" href=list.with("page", &(page - 1).to_string())>"Previous"</a> })}
                {more.then(|| view! { <a class="btn" rel="next" href=list.with("page", &(page + 1).to_string())>"Next"</a> })}
            </nav>
        }
    })
}
