//! What a tenant is told of and where, its webhooks, and what was sent to one, with a plain form for each thing that
//! can be done.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::Page;
use tenantry_types::alert::{AlertKind, Channels, NotificationSettings};
use tenantry_types::webhook::{Delivery, DeliveryState, HookUrl, Webhook};

use super::when;
use crate::rpc::alerts::{DeleteWebhook, TestWebhook, UpdateNotifications, UpdateWebhook};
use crate::rpc::encode;
use crate::state::{Posted, ShownKey};
use crate::ui::Tabs;

/// Deliveries of one page of the log.
pub const DELIVERIES: u32 = 30;

/// What the page of notifications shows.
pub struct Told {
    pub settings: NotificationSettings,
    /// None for those who may not see them.
    pub hooks: Option<Vec<Webhook>>,
    pub may_update: bool,
    pub may_manage: bool,
    /// Whether the server sends mail at all.
    pub by_mail: bool,
}

/// What of the log is asked for, and found.
pub struct Log {
    pub deliveries: Page<Delivery>,
    pub state: Option<DeliveryState>,
    /// From 1 on.
    pub number: u32,
}

/// `posted`: what became of a form before.
pub fn notifications(slug: &str, told: Told, posted: Option<&Posted>) -> String {
    let here = format!("/t/{slug}/notifications");
    let hooks = told.hooks.map(|hooks| {
        let rows = hooks.into_iter().map(|hook| row(slug, hook)).collect_view();
        let new = told.may_manage.then(|| new_hook(&here, posted));
        view! {
            <section class="section">
                <h2>"Webhooks"</h2>
                <p class="muted">"Programs of yours that are told over HTTP. What is sent is signed with a secret that only the webhook and you know."</p>
                <ul class="rows">{rows}</ul>
                {new}
            </section>
        }
    });
    let settings = settings(slug, &here, &told.settings, (told.may_update, told.by_mail), posted);
    view! {
        {secret(posted)}
        {settings}
        {hooks}
    }
    .to_html()
}

fn settings(slug: &str, here: &str, settings: &NotificationSettings, (may, by_mail): (bool, bool), posted: Option<&Posted>) -> impl IntoView {
    const FORM: &str = "told";
    let rows = AlertKind::ALL
        .iter()
        .filter(|kind| kind.is_raised())
        .map(|kind| {
            let Channels { in_app, mail, webhook } = settings.of(*kind);
            let cells = [
                ("in_app", "In the console", in_app),
                ("mail", "By mail", mail),
                ("webhook", "To webhooks", webhook),
            ]
            .map(|(channel, label, on)| {
                view! {
                    <td data-label=label>
                        <input
                            type="checkbox"
                            name="on[]"
                            value=format!("{kind}.{channel}")
                            checked=on
                            disabled=!may
                            aria-label=format!("{}: {}", kind.label(), label.to_lowercase())
                        />
                    </td>
                }
            })
            .into_iter()
            .collect_view();
            view! { <tr><th scope="row">{kind.label()}</th>{cells}</tr> }
        })
        .collect_view();
    let typed = |name: &str, now: String| posted.filter(|p| p.form == FORM).and_then(|p| p.values.get(name).cloned()).unwrap_or(now);
    view! {
        <section class="section">
            <h2>"What is told"</h2>
            <p class="muted">
                "Owners and admins are told; of a key that ends, whose it is. Each thing is told once." {(!by_mail).then_some(" This server sends no mail.")}
            </p>
            {alert(posted, FORM)}
            <form method="post" action=act(here, FORM, UpdateNotifications::url()) aria-label="What is told" class="form">
                <input type="hidden" name="tenant" value=slug.to_owned() />
                <table class="table table-pairs">
                    <thead>
                        <tr><th scope="col">"What"</th><th scope="col">"In the console"</th><th scope="col">"By mail"</th><th scope="col">"To webhooks"</th></tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                {number("key_days", "Days before a key ends", typed("key_days", settings.key_days.to_string()), (may, "1 to 90; and once more on the last day."))}
                {number(
                    "refusals_per_minute",
                    "Refusals of a key in a minute",
                    typed("refusals_per_minute", settings.refusals_per_minute.to_string()),
                    (may, "From so many on it is told. 1 to 1,000,000."),
                )}
                {may.then(|| view! { <div class="button-row"><button type="submit" class="btn btn-primary">"Save what is told"</button></div> })}
            </form>
        </section>
    }
}

fn number(name: &'static str, label: &'static str, value: String, (may, help): (bool, &'static str)) -> impl IntoView {
    field(("told", name), label, value, help, ("numeric", !may))
}

fn field(
    (form, name): (&str, &'static str),
    label: &'static str,
    value: String,
    help: &'static str,
    (mode, disabled): (&'static str, bool),
) -> impl IntoView {
    let id = format!("{form}-{name}");
    let help_id = format!("{id}-help");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input class="input" id=id type="text" name=name value=value inputmode=mode autocomplete="off" required=true disabled=disabled aria-describedby=help_id.clone() />
            <p class="help" id=help_id>{help}</p>
        </div>
    }
}

fn act(here: &str, form: &str, function: &str) -> String {
    format!("{here}?act={}", encode(&format!("{form}:{function}")))
}

/// What was wrong with a form.
fn alert(posted: Option<&Posted>, form: &str) -> Option<impl IntoView + use<>> {
    let error = posted.filter(|posted| posted.form == form).and_then(|posted| posted.error.as_ref())?;
    let faults: Vec<String> = error
        .fields
        .iter()
        .map(|field| format!("{}: {}", field.field, field.fault.message()))
        .collect();
    Some(view! { <div class="alert tone-bad" role="alert"><p>{error.code.title()}" "{faults.join(" ")}</p></div> })
}

/// A secret just made: it is shown only now.
fn secret(posted: Option<&Posted>) -> Option<impl IntoView + use<>> {
    let ShownKey {
        name,
        secret,
        rotated,
        previous_until,
    } = posted.filter(|posted| posted.form == "made").and_then(|posted| posted.key.clone())?;
    let title = if rotated {
        format!("{name} has a new secret")
    } else {
        format!("{name} is made")
    };
    Some(view! {
        <section class="card once" role="status" aria-labelledby="once-title">
            <h2 id="once-title">{title}</h2>
            <p>"Copy the secret to the program that receives: it checks signatures with it. It is shown only now."</p>
            {previous_until.map(|at| view! { <p>"Until "{at.readable()}" what is sent is signed with the secret from before as well."</p> })}
            <label for="secret">"Secret"</label>
            <input class="input mono" id="secret" readonly=true autocomplete="off" value=secret />
        </section>
    })
}

fn state_of(hook: &Webhook) -> AnyView {
    match (hook.enabled, hook.switched_off_at, hook.failing_since) {
        (false, Some(at), _) => view! { <span class="badge tone-bad">"Switched off: failed for a day, "{when(at)}</span> }.into_any(),
        (false, None, _) => view! { <span class="badge">"Off"</span> }.into_any(),
        (true, _, Some(at)) => view! { <span class="badge tone-warning">"Fails, first "{when(at)}</span> }.into_any(),
        (true, _, None) => view! { <span class="badge tone-good">"On"</span> }.into_any(),
    }
}

fn row(slug: &str, hook: Webhook) -> impl IntoView {
    let state = state_of(&hook);
    let origin = HookUrl::origin(&hook.url).to_owned();
    view! {
        <li>
            <span class="who"><a href=format!("/t/{slug}/webhooks/{}", hook.id)><strong>{hook.name}</strong></a><small>{origin}</small></span>
            {state}
        </li>
    }
}

fn new_hook(here: &str, posted: Option<&Posted>) -> impl IntoView {
    const FORM: &str = "webhook";
    let failed = posted.filter(|posted| posted.form == FORM);
    let typed = |name: &str| failed.and_then(|p| p.values.get(name).cloned()).unwrap_or_default();
    view! {
        <form method="post" action=here.to_owned() aria-label="Add a webhook" class="form">
            <h3>"Add a webhook"</h3>
            {alert(posted, FORM)}
            {field((FORM, "name"), "Name", typed("name"), "For people.", ("text", false))}
            {field((FORM, "url"), "Address", typed("url"), "http or https, such as https://hooks.example.com/tenantry.", ("url", false))}
            {events(FORM, "events", &[])}
            <div class="button-row"><button type="submit" class="btn btn-primary">"Add webhook"</button></div>
        </form>
    }
}

fn events(form: &str, name: &'static str, chosen: &[AlertKind]) -> impl IntoView {
    let boxes = AlertKind::ALL
        .iter()
        .filter(|kind| kind.is_raised())
        .map(|kind| {
            let id = format!("{form}-event-{kind}");
            view! {
                <span class="check">
                    <input type="checkbox" id=id.clone() name=name value=kind.as_str() checked=chosen.contains(kind) />
                    <label for=id>{kind.label()}</label>
                </span>
            }
        })
        .collect_view();
    view! {
        <fieldset class="checks">
            <legend>"Only these events"</legend>
            <p class="help">"None ticked: all that are told to webhooks."</p>
            {boxes}
        </fieldset>
    }
}

/// The page of one webhook.
pub fn webhook(slug: &str, hook: Webhook, log: Log, may_manage: bool, posted: Option<&Posted>) -> String {
    let here = format!("/t/{slug}/webhooks/{}", hook.id);
    let state = state_of(&hook);
    let forms = may_manage.then(|| manage(slug, &here, &hook, posted));
    view! {
        {secret(posted)}
        <p><strong>{hook.name.clone()}</strong>" "<code>{HookUrl::origin(&hook.url).to_owned()}</code>" "{state}</p>
        {forms}
        {deliveries(&here, log)}
    }
    .to_html()
}

fn manage(slug: &str, here: &str, hook: &Webhook, posted: Option<&Posted>) -> impl IntoView {
    const FORM: &str = "webhook";
    let id = hook.id.to_string();
    let hidden = || {
        view! {
            <input type="hidden" name="tenant" value=slug.to_owned() />
            <input type="hidden" name="id" value=id.clone() />
        }
    };
    let typed = |name: &str, now: &str| {
        let failed = posted.filter(|posted| posted.form == FORM);
        failed.and_then(|p| p.values.get(name).cloned()).unwrap_or_else(|| now.to_owned())
    };
    view! {
        {alert(posted, "hook")}
        <div class="button-row">
            <form method="post" action=act(here, "hook", TestWebhook::url())>{hidden()}<button type="submit" class="btn">"Send a test"</button></form>
            <form method="post" action=here.to_owned()>{hidden()}<button type="submit" class="btn">"Make a new secret"</button></form>
            <details class="panel" data-panel="">
                <summary class="btn btn-danger">"Remove"</summary>
                <div class="panel-body">
                    <p>"What waits for it is not sent, and what was sent is forgotten."</p>
                    <form method="post" action=act(here, "hook", DeleteWebhook::url())>
                        {hidden()}
                        <button type="submit" class="btn btn-danger">"Remove the webhook"</button>
                    </form>
                </div>
            </details>
        </div>
        <form method="post" action=act(here, FORM, UpdateWebhook::url()) aria-label="Change the webhook" class="form">
            {hidden()}
            {alert(posted, FORM)}
            {field((FORM, "name"), "Name", typed("name", &hook.name), "For people.", ("text", false))}
            {field((FORM, "url"), "Address", typed("url", &hook.url), "http or https.", ("url", false))}
            {events(FORM, "events[]", hook.events.as_deref().unwrap_or_default())}
            <span class="check">
                <input type="checkbox" id="webhook-enabled" name="enabled" value="on" checked=hook.enabled />
                <label for="webhook-enabled">"Switched on"</label>
            </span>
            <div class="button-row"><button type="submit" class="btn btn-primary">"Save webhook"</button></div>
        </form>
    }
}

fn deliveries(here: &str, log: Log) -> impl IntoView {
    let (more, number, state) = (log.deliveries.next_cursor.is_some(), log.number, log.state);
    let link = |number: u32, state: Option<DeliveryState>| {
        let state = state.map(|state| format!("&state={state}")).unwrap_or_default();
        format!("{here}?page={number}{state}")
    };
    let states = std::iter::once(None)
        .chain(DeliveryState::ALL.iter().copied().map(Some))
        .map(|of| (link(1, of), of.map_or("All", name_of).to_owned(), of == state))
        .collect();
    let empty = log.deliveries.items.is_empty();
    let rows = log
        .deliveries
        .items
        .into_iter()
        .map(|delivery| {
            let tries = delivery.attempts.len();
            let last = delivery.attempts.last().map(|last| {
                let how = match (&last.error, last.status) {
                    (Some(error), _) => error.clone(),
                    (None, Some(status)) => format!("status {status}"),
                    (None, None) => String::new(),
                };
                format!("{how} ({} ms)", last.duration_ms)
            });
            let next = delivery.next_at.map(|at| view! { <small>"Tried again "{when(at)}</small> });
            view! {
                <tr>
                    <th scope="row">{when(delivery.created_at)}</th>
                    <td data-label="Event">{delivery.event}<small><code>{delivery.event_id.to_string()}</code></small></td>
                    <td data-label="State">{name_of(delivery.state)}{next}</td>
                    <td data-label="Tries" class="num">{tries}</td>
                    <td data-label="Last answer">{last}</td>
                </tr>
            }
        })
        .collect_view();
    let table = if empty {
        view! { <p class="muted">"Nothing was sent."</p> }.into_any()
    } else {
        view! {
            <table class="table" aria-label="Deliveries">
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col">"Event"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="num">"Tries"</th>
                        <th scope="col">"Last answer"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
        .into_any()
    };
    view! {
        <section class="section">
            <h2>"Deliveries"</h2>
            <p class="muted">"Of the last two weeks, the newest first. Neither what was sent nor what was answered is kept."</p>
            <Tabs label="Which deliveries" items=states />
            {table}
            <div class="button-row">
                {(number > 1).then(|| view! { <a class="btn btn-small" href=link(number - 1, state)>"Newer"</a> })}
                {more.then(|| view! { <a class="btn btn-small" href=link(number + 1, state)>"Older"</a> })}
            </div>
        </section>
    }
}

fn name_of(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Waiting => "Waits",
        DeliveryState::Delivered => "Delivered",
        DeliveryState::Failed => "Failed",
    }
}
