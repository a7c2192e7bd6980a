//! How the server does its work, for the operator.
use leptos::prelude::*;
use tenantry_domain::platform::Health;
use tenantry_types::{Timestamp, counted};

use super::when;

/// What waits, which servers share the database, and how much of what they need they have at hand.
pub fn health(health: Health) -> String {
    let mails = match health.mails {
        None => "None are sent: this server has no SMTP.".to_owned(),
        Some((0, _)) => "None wait.".to_owned(),
        Some((n, 0)) => format!("{} to be sent.", counted(n, "waits", "wait")),
        Some((n, failed)) => format!("{}, {failed} not taken when last tried.", counted(n, "waits", "wait")),
    };
    let one = health.nodes.len() == 1;
    let nodes = health
        .nodes
        .into_iter()
        .map(|node| {
            let name = node.name.trim_start_matches("tenantry ").to_owned();
            view! {
                <tr>
                    <th scope="row"><code>{name}</code></th>
                    <td data-label="Connections" class="num">{node.connections}</td>
                    <td data-label="Since">{when(Timestamp(node.since))}</td>
                </tr>
            }
        })
        .collect_view();
    let memory = health
        .memory
        .into_iter()
        .map(|(kind, rate)| {
            let kind = match kind {
                "context" => "What somebody may in a tenant",
                "principal" => "Accounts",
                "session" => "Sessions",
                "token" => "Access tokens",
                "key" => "API keys",
                other => other,
            };
            let asked = rate.hits + rate.misses;
            let share = match (rate.hits * 100).checked_div(asked) {
                Some(share) => format!("{share} %"),
                None => "not asked yet".to_owned(),
            };
            view! {
                <tr>
                    <th scope="row">{kind}</th>
                    <td data-label="Asked" class="num">{asked}</td>
                    <td data-label="At hand" class="num">{share}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="section">
            <h2>"Mails"</h2>
            <p>{mails}</p>
        </section>
        <section class="section">
            <h2>"Servers on this database"</h2>
            <table class="table table-pairs">
                <thead><tr><th scope="col">"Server"</th><th scope="col" class="num">"Connections"</th><th scope="col">"Since"</th></tr></thead>
                <tbody>{nodes}</tbody>
            </table>
            {one.then(|| view! { <p class="muted">"More of them can share the work: each needs the same database and the same secret key."</p> })}
        </section>
        <section class="section">
            <h2>"What this server remembers"</h2>
            <p class="section-lead">"To decide who may do what, since it started."</p>
            <table class="table table-pairs">
                <thead><tr><th scope="col">"Kind"</th><th scope="col" class="num">"Asked"</th><th scope="col" class="num">"At hand"</th></tr></thead>
                <tbody>{memory}</tbody>
            </table>
        </section>
    }
    .to_html()
}
