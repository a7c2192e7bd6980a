//! Parts of pages that are drawn on the server and put into the page as they are: the record of what
//! happened, what looks like an attack, what was used. There is nothing to press in them but links and plain
//! forms, and so the browser needs no code for them. Escaping is left to `view!`.
mod access;
mod alerts;
mod chart;
mod domains;
mod health;
mod keys;
mod query;
mod record;
mod usage;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_domain::now;
use tenantry_types::Timestamp;
use tenantry_types::audit::{AuditEvent, Notification, Outcome};

use crate::rpc::audit::ReadNotification;
use crate::rpc::encode;
use crate::ui::{Avatar, Empty, Icon};

pub use access::access;
pub use alerts::{DELIVERIES, Log, Told, notifications, webhook};
pub use domains::domains;
pub use health::health;
pub use keys::keys_of;
pub use query::typed_in;
pub use record::{Asked, Chain, Found, record};
pub use usage::{Seen, Shown, usage};

/// A point in time as of now: what is drawn does not move on by itself.
fn when(at: Timestamp) -> impl IntoView {
    view! { <time datetime=at.to_string() title=at.readable()>{at.relative(now())}</time> }
}

/// What became of it, where it did not go well.
fn refused(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "",
        Outcome::Denied => " (refused)",
        Outcome::Failed => " (failed)",
    }
}

/// Events in words, the latest first.
pub fn activity(events: Vec<AuditEvent>) -> String {
    happened(events).to_html()
}

/// For those who may not read the record.
pub fn no_activity() -> String {
    view! { <p class="muted">"Owners and admins see here what happened."</p> }.to_html()
}

/// What one person did last, with the way to all of it: as a page, and as a file.
pub fn activity_of(slug: &str, user: &str, events: Vec<AuditEvent>) -> String {
    let some = !events.is_empty();
    view! {
        {happened(events)}
        {some
            .then(|| {
                view! {
                    <p class="button-row">
                        <a class="btn btn-small" href=format!("/t/{slug}/audit?actor={user}")>"All they did"</a>
                        <a class="btn btn-small" href=format!("/t/{slug}/audit?target={user}")>"What was done to them"</a>
                        <a
                            class="btn btn-small btn-quiet"
                            href=format!("/api/v1/tenants/{slug}/audit/export?format=csv&actor={user}")
                            rel="external"
                            download=""
                        >
                            <Icon name="download" />
                            "CSV"
                        </a>
                    </p>
                }
            })}
    }
    .to_html()
}

fn happened(events: Vec<AuditEvent>) -> AnyView {
    if events.is_empty() {
        return view! { <Empty icon="list" title="Nothing has happened yet" text="What people change in this tenant shows here." /> }.into_any();
    }
    let items = events
        .into_iter()
        .map(|e| {
            let said = format!(" {}{}", e.sentence(), refused(e.outcome));
            view! {
                <li>
                    <Avatar name=e.actor.name.clone() class="avatar-small avatar-round" />
                    <span><strong>{e.actor.name}</strong>{said}<small>{when(e.at)}</small></span>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="activity">{items}</ol> }.into_any()
}

/// What waits to be looked at; each leads to what it is about, and is put away with a form that stands
/// on the page `here`. Empty when nothing waits.
pub fn notices(notices: Vec<Notification>, here: &str) -> String {
    if notices.is_empty() {
        return String::new();
    }
    let action = format!("{here}?act={}", encode(&format!("seen:{}", ReadNotification::url())));
    let items = notices
        .into_iter()
        .map(|n| {
            view! {
                <li class="notice">
                    <a class="look look-urgent" href=n.page()><Icon name="alert" /><span>{n.sentence()}<small>{when(n.created_at)}</small></span></a>
                    <form method="post" action=action.clone()>
                        <input type="hidden" name="id" value=n.id.to_string() />
                        <button type="submit" class="btn btn-quiet btn-small">"Mark as read"</button>
                    </form>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="looks">{items}</ul> }.to_html()
}
