//! What the browser does beyond rendering: sending forms in the background, menus that close, keys.
//! Everything here runs only in event handlers and effects, so never on the server.
pub mod stream;

use js_sys::Date;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use tenantry_types::{ProblemCode, Timestamp};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, FormData, HtmlDetailsElement, HtmlElement, HtmlFormElement, RequestInit, Response, UrlSearchParams};

use crate::rpc::{Done, Next, UiError};
use crate::state::Shared;
use crate::ui::FormState;

/// Says that the console runs in the browser from here on: the style sheet shows what works by script only.
pub fn take_over() {
    if let Some(root) = document().document_element() {
        drop(root.set_attribute("data-hydrated", "true"));
    }
}

/// Whether it does.
pub fn taken_over() -> bool {
    document().document_element().is_some_and(|root| root.has_attribute("data-hydrated"))
}

/// The browser's clock.
pub fn now() -> Option<Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
    let seconds = (Date::now() / 1000.0) as i64;
    time::OffsetDateTime::from_unix_timestamp(seconds).ok().map(Timestamp)
}

/// The fields of a form as a query, the pressed button included.
fn fields_of(ev: &SubmitEvent) -> Option<(HtmlFormElement, UrlSearchParams)> {
    let form: HtmlFormElement = ev.target()?.dyn_into().ok()?;
    let data = FormData::new_with_form(&form).ok()?;
    if let Some(button) = ev.submitter()
        && let Some(name) = button.get_attribute("name")
    {
        data.append_with_str(&name, &button.get_attribute("value").unwrap_or_default()).ok()?;
    }
    let params = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    Some((form, params))
}

/// Goes where a search or filter form leads, without loading the page anew.
pub fn filter(ev: &SubmitEvent, navigate: &impl Fn(&str, NavigateOptions)) {
    let Some((form, params)) = fields_of(ev) else { return };
    ev.prevent_default();
    let empty: Vec<String> = params
        .keys()
        .into_iter()
        .flatten()
        .filter_map(|k| k.as_string())
        .filter(|k| params.get(k).is_none_or(|v| v.is_empty()))
        .collect();
    for key in empty {
        params.delete(&key);
    }
    let path = form.get_attribute("action").unwrap_or_default();
    let query = String::from(params.to_string());
    navigate(
        &format!("{path}?{query}"),
        NavigateOptions {
            scroll: false,
            ..NavigateOptions::default()
        },
    );
}

async fn post(url: &str, body: &UrlSearchParams) -> Result<Done, UiError> {
    let lost = |_: JsValue| UiError::bare(ProblemCode::Unavailable);
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(body);
    let headers = web_sys::Headers::new().map_err(lost)?;
    headers.set("accept", "application/json").map_err(lost)?;
    init.set_headers(&headers);
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(url, &init))
        .await
        .map_err(lost)?
        .unchecked_into();
    let text = JsFuture::from(response.text().map_err(lost)?)
        .await
        .map_err(lost)?
        .as_string()
        .unwrap_or_default();
    let broken = |_| {
        UiError::bare(if response.status() == 429 {
            ProblemCode::RateLimited
        } else {
            ProblemCode::Internal
        })
    };
    if response.ok() {
        serde_json::from_str(&text).map_err(broken)
    } else {
        Err(serde_json::from_str(&text).unwrap_or_else(broken))
    }
}

/// Sends a form to its server function in the background and shows what came of it.
pub fn submit(ev: &SubmitEvent, url: &'static str, many: bool, state: FormState, shared: Shared, navigate: impl Fn(&str, NavigateOptions) + 'static) {
    let Some((form, params)) = fields_of(ev) else { return };
    ev.prevent_default();
    // What a dialog in the form asked is answered: what comes of it shows around it.
    if let Some(dialog) = ev.submitter().and_then(|b| b.closest("form [popover]:popover-open").ok().flatten())
        && let Some(dialog) = dialog.dyn_ref::<HtmlElement>()
    {
        drop(dialog.hide_popover());
    }
    // A form whose page is being read anew may be pressed for the last time: its state is gone then.
    if state.pending.try_get_untracked().unwrap_or(false) && !many {
        return;
    }
    state.pending.set(true);
    spawn_local(async move {
        let answer = post(url, &params).await;
        state.pending.set(false);
        match answer {
            Ok(done) => {
                state.error.set(None);
                form.reset();
                close_around(&form);
                shared.toast_and(done.text(), true, done.next.clone());
                match done.go {
                    // The frame changes with these, so the page is loaded anew.
                    Some(path) if !path.starts_with("/t/") && !path.starts_with("/admin") => go(&path),
                    Some(path) => {
                        shared.refresh.update(|n| *n += 1);
                        navigate(&path, NavigateOptions::default());
                    }
                    None => shared.refresh.update(|n| *n += 1),
                }
            }
            Err(error) if error.code == ProblemCode::Unauthenticated => {
                let here = window().location().pathname().unwrap_or_default();
                go(&format!("/login?next={}", crate::rpc::encode(&here)));
            }
            Err(error) => {
                state.error.set(Some(error));
                if let Some(id) = state.id.try_get_value() {
                    focus_soon(format!("{id}-errors"));
                }
            }
        }
    });
}

/// Does what a toast offers.
pub fn act(next: Next, shared: Shared) {
    let Ok(params) = UrlSearchParams::new() else { return };
    for (name, value) in &next.fields {
        params.append(name, value);
    }
    spawn_local(async move {
        match post(&next.function, &params).await {
            Ok(done) => {
                shared.toast_and(done.text(), true, done.next.clone());
                shared.refresh.update(|n| *n += 1);
            }
            Err(error) => shared.toast(error.code.title().into(), false),
        }
    });
}

/// Marks the document while something loads; the stylesheet shows it after a moment.
pub fn show_loading(on: bool) {
    if let Some(root) = document().document_element() {
        drop(if on {
            root.set_attribute("data-loading", "")
        } else {
            root.remove_attribute("data-loading")
        });
    }
}

/// Loads a page anew.
fn go(path: &str) {
    drop(window().location().assign(path));
}

fn focus_soon(id: String) {
    request_animation_frame(move || {
        if let Some(el) = document().get_element_by_id(&id).and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
            drop(el.focus());
        }
    });
}

/// Closes the panel or popover that an element stands in.
fn close_around(el: &Element) {
    if let Ok(Some(details)) = el.closest("details[data-panel]") {
        drop(details.remove_attribute("open"));
    }
    if let Ok(Some(popover)) = el.closest("[popover]:popover-open")
        && let Some(popover) = popover.dyn_ref::<HtmlElement>()
    {
        drop(popover.hide_popover());
    }
}

/// Closes the sheet with the navigation, on small screens, after going somewhere.
pub fn close_sheet() {
    if let Ok(Some(sheet)) = document().query_selector("#rail:popover-open")
        && let Some(sheet) = sheet.dyn_ref::<HtmlElement>()
    {
        drop(sheet.hide_popover());
    }
    each("details[data-menu][open]", |el| drop(el.remove_attribute("open")));
}

fn each(selector: &str, act: impl Fn(&Element)) {
    let Ok(list) = document().query_selector_all(selector) else { return };
    for place in 0..list.length() {
        if let Some(el) = list.item(place).and_then(|n| n.dyn_into::<Element>().ok()) {
            act(&el);
        }
    }
}

/// Menus close on a click elsewhere and on Escape; arrow keys walk through an open one.
pub fn watch_menus() {
    let clicks = window_event_listener(leptos::ev::click, |ev| {
        let target = ev.target().and_then(|t| t.dyn_into::<web_sys::Node>().ok());
        each("details[data-menu][open]", |el| {
            if !el.contains(target.as_ref()) {
                drop(el.remove_attribute("open"));
            }
        });
    });
    let keys = window_event_listener(leptos::ev::keydown, |ev| match ev.key().as_str() {
        "Escape" => each("details[data-menu][open]", |el| {
            drop(el.remove_attribute("open"));
            if let Ok(Some(summary)) = el.query_selector("summary")
                && let Ok(summary) = summary.dyn_into::<HtmlElement>()
            {
                drop(summary.focus());
            }
        }),
        key @ ("ArrowDown" | "ArrowUp" | "Home" | "End") if walk(key) => ev.prevent_default(),
        _ => {}
    });
    on_cleanup(move || {
        clicks.remove();
        keys.remove();
    });
}

/// Moves the focus within the open menu that holds it.
fn walk(key: &str) -> bool {
    let Some(active) = document().active_element() else { return false };
    let Ok(Some(menu)) = active.closest("details[data-menu]") else {
        return false;
    };
    let in_text = active.tag_name() == "INPUT" && matches!(key, "Home" | "End");
    if in_text {
        return false;
    }
    if let Some(details) = menu.dyn_ref::<HtmlDetailsElement>() {
        details.set_open(true);
    }
    let Ok(items) = menu.query_selector_all("[data-item]") else {
        return false;
    };
    let shown = |el: &HtmlElement| matches!(el.closest("[hidden]"), Ok(None));
    let items: Vec<HtmlElement> = (0..items.length()).filter_map(|i| items.item(i)?.dyn_into().ok()).filter(shown).collect();
    let last = items.len().saturating_sub(1);
    let at = items.iter().position(|i| i.is_same_node(Some(&active)));
    let to = match (key, at) {
        ("Home", _) | ("ArrowDown", None) => 0,
        ("End", _) | ("ArrowUp", None) => last,
        ("ArrowDown", Some(at)) => {
            if at == last {
                0
            } else {
                at + 1
            }
        }
        (_, Some(at)) => {
            if at == 0 {
                last
            } else {
                at - 1
            }
        }
        _ => 0,
    };
    items.get(to).is_some_and(|i| i.focus().is_ok())
}

/// Puts a text on the clipboard.
pub fn copy(text: &str, done: impl Fn() + 'static) {
    let promise = window().navigator().clipboard().write_text(text);
    spawn_local(async move {
        if JsFuture::from(promise).await.is_ok() {
            done();
        }
    });
}

/// How many boxes of a form are ticked.
pub fn count_ticked(form: &Element) -> u32 {
    form.query_selector_all("tbody input[type=checkbox]:checked")
        .map_or(0, |list| list.length())
}

/// Ticks all boxes of a form's table, or none.
pub fn tick_all(form_id: &str, ticked: bool) {
    each(&format!("#{form_id} tbody input[type=checkbox]"), |el| {
        if let Some(input) = el.dyn_ref::<web_sys::HtmlInputElement>() {
            input.set_checked(ticked);
        }
    });
}
