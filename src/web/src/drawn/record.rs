//! A page of the record: the filters as a plain form, the events with all that is known of them behind
//! a line, older ones and files as links that keep the filter.
use std::collections::{BTreeMap, BTreeSet};

use leptos::prelude::*;
use serde_json::{Map, Value};
use tenantry_domain::audit::Part;
use tenantry_types::audit::{AuditEvent, AuditFilter, AuditParty, AuditVerification, Door, Outcome};
use tenantry_types::{FieldError, Fields, Page};

use super::query::{time_of, typed_in};
use super::{refused, when};
use crate::rpc::encode;
use crate::ui::{Alert, Avatar, Empty, Icon, Tone};

/// Fields of the filter, as the address and the API have them.
const NAMES: [&str; 8] = ["q", "actor", "action", "target", "outcome", "door", "from", "to"];
/// Events on one page.
const PER_PAGE: u32 = 50;
/// What can be followed by a point and a word in an action.
const ABOUT: [&str; 15] = [
    "access",
    "audit",
    "invitation",
    "key",
    "member",
    "model",
    "models",
    "plan",
    "provider",
    "security",
    "tenant",
    "token",
    "user",
    "workspace",
    "server",
];

/// What the address asks for.
pub struct Asked {
    /// As it was typed; what is empty is not there.
    typed: BTreeMap<String, String>,
    pub filter: Result<AuditFilter, Vec<FieldError>>,
    pub part: Part,
    /// Whether the chain is to be verified as well.
    pub verify: bool,
}

impl Asked {
    /// `query` as it stands in the address.
    pub fn read(query: &str) -> Self {
        let mut all = typed_in(query);
        let verify = all.contains_key("verify");
        let before = all.get("cursor").and_then(|cursor| Part::place_of_cursor(cursor));
        all.retain(|name, _| NAMES.contains(&name.as_str()));
        let body: Map<String, Value> = all
            .iter()
            .map(|(name, value)| {
                let value = if matches!(name.as_str(), "from" | "to") {
                    time_of(name, value)
                } else {
                    value.clone()
                };
                (name.clone(), value.into())
            })
            .collect();
        Self {
            filter: Fields::read(&Value::Object(body), AuditFilter::read),
            typed: all,
            part: Part {
                before,
                skip: 0,
                limit: PER_PAGE,
            },
            verify,
        }
    }

    fn typed(&self, name: &str) -> String {
        self.typed.get(name).cloned().unwrap_or_default()
    }

    /// The address of this page with the filter, and one thing more.
    fn with(&self, name: &str, value: &str) -> String {
        let kept = self.typed.iter().filter(|(n, _)| *n != name).map(|(n, v)| (n.as_str(), v.as_str()));
        let all: Vec<String> = kept
            .chain([(name, value)])
            .filter(|(_, v)| !v.is_empty())
            .map(|(n, v)| format!("{n}={}", encode(v)))
            .collect();
        format!("?{}", all.join("&"))
    }

    /// The filter as the API takes it, behind a `?`.
    fn for_file(&self, format: &str) -> String {
        let mut out = format!("?format={format}");
        for (name, value) in &self.typed {
            let value = if matches!(name.as_str(), "from" | "to") {
                time_of(name, value)
            } else {
                value.clone()
            };
            out.push_str(&format!("&{name}={}", encode(&value)));
        }
        out
    }

    fn faults(&self, name: &str) -> String {
        let faults = self.filter.as_ref().err().into_iter().flatten();
        faults
            .filter(|e| e.field == name)
            .map(|e| e.fault.message())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Whose record it is.
pub struct Chain<'a> {
    /// `/api/v1/tenants/acme/audit`
    pub api: String,
    /// The slug, for links to people and workspaces; None for the server's own.
    pub slug: Option<&'a str>,
}

/// What was found.
pub struct Found {
    pub page: Page<AuditEvent>,
    pub verified: Option<AuditVerification>,
}

/// The page below its head.
pub fn record(asked: &Asked, chain: &Chain<'_>, found: Option<Found>) -> String {
    let (csv, lines) = (asked.for_file("csv"), asked.for_file("ndjson"));
    let files = [("CSV", csv), ("NDJSON", lines)].map(|(name, query)| {
        view! { <a class="btn btn-quiet" href=format!("{}/export{query}", chain.api) rel="external" download=""><Icon name="download" />{name}</a> }
    });
    let (page, verified) = found.map_or((None, None), |found| (Some(found.page), found.verified));
    let list = page.map(|page| events(asked, chain, page));
    view! {
        {form(asked)}
        <div class="button-row">
            <a class="btn" href=asked.with("verify", "1") rel="nofollow"><Icon name="shield" />"Verify the chain"</a>
            {files.into_iter().collect_view()}
        </div>
        {verified.map(outcome)}
        {list}
    }
    .to_html()
}

fn form(asked: &Asked) -> impl IntoView {
    let field = |name: &'static str, label: &'static str, kind: &'static str, hint: &'static str, list: Option<&'static str>| {
        let value = asked.typed(name);
        // A date field takes a day only; an exact time from a link keeps its day.
        let value = if kind == "date" { value.chars().take(10).collect() } else { value };
        let fault = asked.faults(name);
        let faulty = !fault.is_empty();
        let fault_id = format!("audit-{name}-fault");
        view! {
            <div class="field">
                <label for=format!("audit-{name}")>{label}</label>
                <input
                    class="input"
                    id=format!("audit-{name}")
                    type=kind
                    name=name
                    value=value
                    placeholder=hint
                    list=list
                    autocomplete="off"
                    aria-invalid=faulty.then_some("true")
                    aria-describedby=faulty.then(|| fault_id.clone())
                />
                {faulty.then(|| view! { <p class="fault" id=fault_id>{fault}</p> })}
            </div>
        }
    };
    let choice = |name: &'static str, label: &'static str, options: Vec<(&'static str, &'static str)>| {
        let value = asked.typed(name);
        let options = options
            .into_iter()
            .map(|(word, label)| view! { <option value=word selected=word == value>{label}</option> })
            .collect_view();
        view! {
            <div class="field">
                <label for=format!("audit-{name}")>{label}</label>
                <select class="input" id=format!("audit-{name}") name=name>{options}</select>
            </div>
        }
    };
    let outcomes = vec![
        ("", "Any"),
        (Outcome::Ok.as_str(), "Went well"),
        (Outcome::Denied.as_str(), "Refused"),
        (Outcome::Failed.as_str(), "Failed"),
    ];
    let doors = std::iter::once(("", "Any"))
        .chain(Door::ALL.iter().map(|door| (door.as_str(), door_name(*door))))
        .collect();
    let about = ABOUT.map(|word| view! { <option value=word></option> }).into_iter().collect_view();
    let kinds = ["user", "key", "anonymous", "system"]
        .map(|word| view! { <option value=word></option> })
        .into_iter()
        .collect_view();
    view! {
        <form method="get" action="" role="search" aria-label="The record" class="record-filters">
            {field("q", "Search", "search", "Name, address or request id", None)}
            {field("action", "Action", "text", "member or member.removed", Some("audit-actions"))}
            {field("actor", "Who", "text", "An id, user, key, system", Some("audit-actors"))}
            {field("target", "On what", "text", "An id, or workspace", Some("audit-actions"))}
            {choice("outcome", "Outcome", outcomes)}
            {choice("door", "Came through", doors)}
            {field("from", "From (UTC)", "date", "", None)}
            {field("to", "To, this day too (UTC)", "date", "", None)}
            <div class="button-row">
                <button type="submit" class="btn">"Filter"</button>
                {(!asked.typed.is_empty()).then(|| view! { <a class="btn btn-quiet" href="?">"Clear"</a> })}
            </div>
            <datalist id="audit-actions">{about}</datalist>
            <datalist id="audit-actors">{kinds}</datalist>
        </form>
    }
}

const fn door_name(door: Door) -> &'static str {
    match door {
        Door::Web => "The console",
        Door::Api => "The API",
        Door::Cli => "The command line",
        Door::System => "The server itself",
    }
}

/// What a verification came to.
fn outcome(verified: AuditVerification) -> impl IntoView {
    let erased = (verified.erased > 0).then(|| format!(" {} names of people were erased with their accounts.", verified.erased));
    let noted = match verified.noted {
        Some(at) => format!("It reaches event {at}, the last that was noted outside the database."),
        None => "No head of it was noted outside the database yet: that its end was cut off would not show.".to_owned(),
    };
    if verified.ok {
        let tone = if verified.noted.is_some() { Tone::Good } else { Tone::Warning };
        return view! {
            <div role="status">
                <Alert tone><p><strong>{format!("All {} events are what was written. ", verified.events)}</strong>{noted}{erased}</p></Alert>
            </div>
        }
        .into_any();
    }
    let found = verified
        .findings
        .into_iter()
        .map(|finding| match finding.seq {
            Some(seq) => format!("Event {seq} {}.", finding.fault.describe()),
            None => format!("{}.", finding.fault.describe()),
        })
        .map(|text| view! { <li>{text}</li> })
        .collect_view();
    view! {
        <div role="alert">
            <Alert tone=Tone::Bad><p><strong>"The record was tampered with."</strong></p><ul>{found}</ul></Alert>
        </div>
    }
    .into_any()
}

fn events(asked: &Asked, chain: &Chain<'_>, page: Page<AuditEvent>) -> impl IntoView {
    let narrowed = !asked.typed.is_empty();
    let from_the_top = asked.part.before.is_none();
    if page.items.is_empty() {
        return if narrowed || !from_the_top {
            view! { <Empty icon="list" title="No event matches" text="Change the search or the filters." /> }.into_any()
        } else {
            view! { <Empty icon="list" title="Nothing has happened yet" text="What people change here is recorded and shows on this page." /> }
                .into_any()
        };
    }
    let n = page.items.len();
    let words = match (n, &page.next_cursor, from_the_top) {
        (1, None, true) => "1 event".to_owned(),
        (n, None, true) => format!("{n} events"),
        (n, Some(_), true) => format!("The newest {n} events"),
        (n, ..) => format!("{n} older events"),
    };
    let words = match (narrowed, n) {
        (false, _) => words,
        (true, 1) => format!("{words} that matches"),
        (true, _) => format!("{words} that match"),
    };
    let rows = page.items.into_iter().map(|e| event(asked, chain, e)).collect_view();
    let older = page
        .next_cursor
        .map(|cursor| view! { <a class="btn" rel="next" href=asked.with("cursor", &cursor)>"Older"</a> });
    let newest = (!from_the_top).then(|| view! { <a class="btn" href=asked.with("cursor", "")>"Newest"</a> });
    view! {
        <p class="count" role="status">{words}</p>
        <ol class="activity record">{rows}</ol>
        {(older.is_some() || newest.is_some()).then(|| view! { <nav class="pager" aria-label="Pages"><span></span>{newest}{older}</nav> })}
    }
    .into_any()
}

fn event(asked: &Asked, chain: &Chain<'_>, e: AuditEvent) -> impl IntoView {
    let said = format!(" {}{}", e.sentence(), refused(e.outcome));
    let actor = only(asked, "actor", e.actor.id.as_deref().unwrap_or(&e.actor.kind));
    let target = only(asked, "target", e.target.id.as_deref().unwrap_or(&e.target.kind));
    let action = only(asked, "action", &e.action);
    let workspace = e.workspace.map(|id| {
        let name = id.to_string();
        match chain.slug {
            Some(slug) => view! { <a href=format!("/t/{slug}/workspaces/{id}")><code>{name}</code></a> }.into_any(),
            None => view! { <code>{name}</code> }.into_any(),
        }
    });
    let changes = changes(&e.changes);
    view! {
        <li>
            <Avatar name=e.actor.name.clone() class="avatar-small avatar-round" />
            <details>
                <summary><span><strong>{e.actor.name.clone()}</strong>{said}<small>{when(e.at)}</small></span><Icon name="chevron" /></summary>
                <dl class="facts record-facts">
                    <div><dt>"At"</dt><dd>{e.at.to_string()}</dd></div>
                    <div><dt>"Who"</dt><dd>{party(chain, &e.actor)}" "{actor}</dd></div>
                    <div><dt>"Action"</dt><dd><code>{e.action}</code>" "{action}</dd></div>
                    <div><dt>"On what"</dt><dd>{party(chain, &e.target)}" "{target}</dd></div>
                    {workspace.map(|name| view! { <div><dt>"Workspace"</dt><dd>{name}</dd></div> })}
                    <div><dt>"Outcome"</dt><dd>{e.outcome.as_str()}</dd></div>
                    <div><dt>"Came through"</dt><dd>{door_name(e.door)}</dd></div>
                    {e.ip.map(|ip| view! { <div><dt>"Address"</dt><dd><code>{ip}</code></dd></div> })}
                    {(!e.request_id.is_empty()).then(|| view! { <div><dt>"Request"</dt><dd><code>{e.request_id}</code></dd></div> })}
                    <div><dt>"Event"</dt><dd><code>{e.id.to_string()}</code></dd></div>
                    {changes}
                </dl>
            </details>
        </li>
    }
}

/// A link to all of the same.
fn only(asked: &Asked, name: &str, value: &str) -> impl IntoView + use<> {
    let href = asked.with(name, value);
    (asked.typed(name) != value).then(|| view! { <a class="only" href=href>"only this"</a> })
}

fn party(chain: &Chain<'_>, party: &AuditParty) -> impl IntoView + use<> {
    let id = party.id.clone();
    let name = format!("{} {}", party.kind.replace('_', " "), party.name);
    let page = match (chain.slug, party.kind.as_str(), &id) {
        (Some(slug), "user" | "member", Some(id)) => Some(format!("/t/{slug}/members/{id}")),
        (Some(slug), "workspace", Some(id)) => Some(format!("/t/{slug}/workspaces/{id}")),
        _ => None,
    };
    let name = match page {
        Some(href) => view! { <a href=href>{name}</a> }.into_any(),
        None => view! { {name} }.into_any(),
    };
    view! { {name}{id.map(|id| view! { " "<code>{id}</code> })} }
}

/// What changed: a row a field; where something was before, both.
fn changes(changes: &Value) -> impl IntoView + use<> {
    let mut rows: Vec<(String, String)> = Vec::new();
    let all = changes.as_object().cloned().unwrap_or_default();
    match (all.get("from"), all.get("to")) {
        // Two whole things: what differs is what matters.
        (Some(Value::Object(from)), Some(Value::Object(to))) => {
            let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
            let differing = names.into_iter().filter(|name| from.get(*name) != to.get(*name));
            rows.extend(differing.map(|name| (name.clone(), both(from.get(name), to.get(name)))));
        }
        (Some(from), Some(to)) => rows.push(("changed".to_owned(), both(Some(from), Some(to)))),
        _ => {}
    }
    let two = all.contains_key("from") && all.contains_key("to");
    rows.extend(
        all.into_iter()
            .filter(|(name, _)| !(two && matches!(name.as_str(), "from" | "to")))
            .map(|(name, value)| match value.as_object() {
                Some(of) if of.len() == 2 && of.contains_key("from") && of.contains_key("to") => (name, both(of.get("from"), of.get("to"))),
                _ => (name, shown(&value)),
            }),
    );
    rows.into_iter()
        .map(|(name, text)| view! { <div><dt>{name.replace('_', " ")}</dt><dd>{text}</dd></div> })
        .collect_view()
}

fn both(from: Option<&Value>, to: Option<&Value>) -> String {
    let of = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), shown);
    format!("{} \u{2192} {}", of(from), of(to))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) if text.is_empty() => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(all) if all.iter().all(Value::is_string) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
