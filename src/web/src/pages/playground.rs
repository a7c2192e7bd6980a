//! A model to try: a question, the answer as it comes, what it came to.
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;
use tenantry_types::Permission;
use web_sys::HtmlFormElement;

use crate::browser::stream;
use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::Here;
use crate::rpc::playground::{BROKEN, END, PlaygroundPage, playground};
use crate::ui::{CopyButton, Empty, PageHead, Tabs};

const ADDRESS: &str = "/_fn/playground";

/// One thing that was said.
#[derive(Clone, PartialEq, Eq)]
struct Said {
    asked: bool,
    text: String,
    /// What it came to, or why there is no more of it.
    note: String,
    failed: bool,
    by: String,
}

/// What is said so far, and what is being said.
#[derive(Clone, Copy)]
struct Talk {
    turns: RwSignal<Vec<Said>>,
    now: RwSignal<String>,
    busy: RwSignal<bool>,
}

impl Talk {
    fn new() -> Self {
        Self {
            turns: RwSignal::default(),
            now: RwSignal::default(),
            busy: RwSignal::new(false),
        }
    }

    fn clear(self) {
        self.turns.set(Vec::new());
    }

    /// Sends what the form holds, and what was said before it.
    fn ask(self, ev: &SubmitEvent) {
        ev.prevent_default();
        let form: Option<HtmlFormElement> = ev.target().and_then(|t| wasm_bindgen::JsCast::dyn_into(t).ok());
        let Some(form) = form.filter(|_| !self.busy.get_untracked()) else {
            return;
        };
        let fields = web_sys::FormData::new_with_form(&form).ok();
        let field = |name: &str| fields.as_ref().and_then(|f| f.get(name).as_string()).unwrap_or_default();
        let (prompt, model) = (field("prompt"), field("model"));
        let turns = self.turns.with_untracked(|turns| {
            let whole: Vec<(bool, &str)> = turns.iter().filter(|t| !t.text.is_empty()).map(|t| (t.asked, t.text.as_str())).collect();
            serde_json::to_string(&whole).unwrap_or_default()
        });
        let fields: Vec<(&str, String)> = ["tenant", "workspace", "model", "system", "max_tokens"]
            .map(|name| (name, field(name)))
            .into();
        let fields: Vec<(&str, String)> = fields.into_iter().chain([("turns", turns), ("prompt", prompt.clone())]).collect();
        self.turns.update(|turns| {
            turns.push(Said {
                asked: true,
                text: prompt,
                note: String::new(),
                failed: false,
                by: "You".into(),
            })
        });
        self.busy.set(true);
        spawn_local(async move {
            let mut all = String::new();
            let answered = stream::read(ADDRESS, &fields, |piece| {
                all.push_str(piece);
                let shown = all.split(END).next().unwrap_or_default().to_owned();
                let _ = self.now.try_set(shown);
            })
            .await;
            let (text, end) = all.split_once(END).unwrap_or((&all, ""));
            let said = |text: &str, note: &str, failed| Said {
                asked: false,
                text: text.to_owned(),
                note: note.to_owned(),
                failed,
                by: model.clone(),
            };
            let said = match (answered, end.strip_prefix(BROKEN)) {
                (Ok(200), None) => said(text, end, false),
                (Ok(200), Some(why)) => said(text, why, true),
                (Ok(_), _) => said("", text, true),
                (Err(true), _) => said(text, "Stopped.", false),
                (Err(false), _) => said(text, "The connection was lost.", true),
            };
            // The page may be left by now.
            let _ = self.busy.try_set(false);
            let _ = self.now.try_set(String::new());
            let good = !said.failed;
            let _ = self.turns.try_update(|turns| turns.push(said));
            if good {
                form.query_selector("textarea[name=prompt]")
                    .ok()
                    .flatten()
                    .and_then(|el| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlTextAreaElement>(el).ok())
                    .inspect(|el| el.set_value(""));
            }
        });
    }
}

#[component]
pub fn Playground() -> impl IntoView {
    let tenant = tenant_param();
    let query = use_query_map();
    let workspace = Memo::new(move |_| query.with(|q| q.get("workspace").unwrap_or_default()));
    let talk = Talk::new();
    on_cleanup(stream::stop);
    let data = fetch(move || playground(tenant.get(), workspace.get()));
    loaded_here(data, move |page, here| {
        view! {
            <PageHead title="Playground" lead="Try a model. What is asked here counts like any other request; nothing of it is kept." crumbs=vec![(format!("/t/{}", here.slug), here.name.clone())] />
            <Body page here workspace=workspace.get_untracked() talk />
        }
    })
}

#[component]
fn Body(page: PlaygroundPage, here: Here, workspace: String, talk: Talk) -> impl IntoView {
    let base = format!("/t/{}", here.slug);
    let places = (!page.workspaces.is_empty()).then(|| {
        let all = std::iter::once((String::new(), "The whole tenant".to_owned())).chain(page.workspaces);
        let items = all
            .map(|(slug, name)| {
                let here = slug == workspace;
                let query = if slug.is_empty() { slug } else { format!("?workspace={slug}") };
                (format!("{base}/playground{query}"), name, here)
            })
            .collect();
        view! { <Tabs label="Where you stand" items /> }
    });
    if page.models.is_empty() {
        let (text, way) = if here.may(Permission::ModelsToggle) {
            ("Enable some for the tenant first.", Some((format!("{base}/models"), "Models")))
        } else {
            ("Ask an owner or admin of the tenant to enable some.", None)
        };
        return view! {
            {places}
            <Empty icon="cpu" title="No model to try here" text />
            {way.map(|(href, name)| view! { <p><a class="btn btn-primary" href=href>{name}</a></p> })}
        }
        .into_any();
    }
    let options = page
        .models
        .into_iter()
        .map(|name| view! { <option value=name.clone()>{name.clone()}</option> })
        .collect_view();
    view! {
        {places}
        <div class="play">
            <Turns talk />
            <form class="form play-form" method="post" action=ADDRESS on:submit=move |ev| talk.ask(&ev)>
                <input type="hidden" name="tenant" value=here.slug.to_string() />
                <input type="hidden" name="workspace" value=workspace />
                <div class="field-pair">
                    <div class="field">
                        <label for="play-model">"Model"</label>
                        <select class="input" id="play-model" name="model">{options}</select>
                    </div>
                    <div class="field">
                        <label for="play-max">"Longest answer (tokens)"<span class="optional">" optional"</span></label>
                        <input class="input" id="play-max" name="max_tokens" inputmode="numeric" autocomplete="off" />
                    </div>
                </div>
                <details>
                    <summary>"How to answer"</summary>
                    <div class="field">
                        <label for="play-system">"System prompt"<span class="optional">" optional"</span></label>
                        <textarea class="input" id="play-system" name="system" rows="3"></textarea>
                    </div>
                </details>
                <div class="field">
                    <label for="play-prompt">"Your question"</label>
                    <textarea class="input" id="play-prompt" name="prompt" rows="4" required=true></textarea>
                </div>
                <div class="button-row">
                    <button type="submit" class="btn btn-primary" aria-busy=move || talk.busy.get().then_some("true") disabled=move || talk.busy.get()>"Ask"</button>
                    <button type="button" class="btn" hidden=move || !talk.busy.get() on:click=move |_| stream::stop()>"Stop"</button>
                    <button type="button" class="btn btn-quiet" hidden=move || talk.busy.get() || talk.turns.with(Vec::is_empty) on:click=move |_| talk.clear()>"Begin anew"</button>
                </div>
            </form>
        </div>
    }
    .into_any()
}

#[component]
fn Turns(talk: Talk) -> impl IntoView {
    let said = move || {
        talk.turns.with(|turns| {
            turns
                .iter()
                .map(|turn| {
                    let class = if turn.asked { "turn turn-asked" } else { "turn" };
                    let note_class = if turn.failed { "fault" } else { "help" };
                    view! {
                        <li class=class>
                            <p class="turn-by">{turn.by.clone()}</p>
                            {(!turn.text.is_empty()).then(|| view! { <p class="turn-text">{turn.text.clone()}</p> })}
                            <div class="turn-note">
                                {(!turn.note.is_empty()).then(|| view! { <p class=note_class role=turn.failed.then_some("alert")>{turn.note.clone()}</p> })}
                                {(!turn.asked && !turn.text.is_empty()).then(|| view! { <CopyButton text=turn.text.clone() label="Copy the answer" small=true /> })}
                            </div>
                        </li>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <ol class="turns" aria-label="Conversation" aria-live="polite" aria-busy=move || talk.busy.get().then_some("true")>
            {said}
            {move || {
                talk.busy.get().then(|| view! { <li class="turn turn-now"><p class="turn-text">{move || talk.now.get()}<span class="caret" aria-hidden="true"></span></p></li> })
            }}
        </ol>
    }
}
