//! Every server function is a public endpoint, whatever page hides its button. Each is called with
//! everything that any of them takes: what one does not know, it does not read. A function that
//! takes something new fails here until it is added, and so does one that lets a stranger in.

mod roles;

use http::{Method, StatusCode};
use leptos::server_fn::axum::server_fn_paths;

use crate::support::call::Answer;
use crate::support::fixture::Person;
use crate::support::walk::{Things, World};

/// Functions that need no session.
const PUBLIC: &[&str] = &["/_fn/providers-of-identity", "/_fn/session", "/_fn/invitation", "/_fn/mail", "/_fn/reset"];

/// What a member may do in the tenant of the other side: nothing. And these are about the caller.
const OWN: &[&str] = &[
    "/_fn/account/invitations",
    "/_fn/account/update",
    "/_fn/account/safety",
    "/_fn/account/sessions/end-others",
    "/_fn/account/verify",
    "/_fn/tenants/create",
];

/// Every argument of every function.
fn form(things: &Things, path: &str) -> String {
    let id = match path {
        _ if path.starts_with("/_fn/admin/providers") => &things.provider,
        _ if path.starts_with("/_fn/admin/models") => &things.model,
        _ if path.starts_with("/_fn/admin/plans") => &things.plan,
        _ if path.starts_with("/_fn/keys") => &things.key,
        _ if path.starts_with("/_fn/webhooks") => &things.webhook,
        _ => &things.invitation,
    };
    // A page of its own beside a number: `members` is a limit here, and nothing elsewhere.
    let mut fields = vec![
        ("tenant", things.tenant.as_str()),
        ("workspace", &things.workspace),
        ("user", &things.user),
        ("id", id),
        ("token", &things.token),
        ("provider", &things.provider),
        ("model", &things.model),
        ("models[0]", &things.model),
        ("how", "disable"),
        ("users", "nora@a.test"),
        ("chosen[0]", &things.user),
        ("mode", "restrict"),
        ("list[q]", ""),
        ("list[page]", "1"),
        ("status", "active"),
        ("is_operator", "false"),
        ("confirm", "Acme"),
        ("slug", "a-new-slug"),
        ("description", "Walked"),
        ("external_id", "walked"),
        ("members_join", "direct"),
        ("methods", "password,oidc"),
        ("session_hours", "12"),
        ("invitation_days", "3"),
        ("member_role", "annotator"),
        ("colour", "2"),
        ("members", "30"),
        ("kind", "other"),
        ("base_url", "https://walk.example.com/v1"),
        ("upstream_name", "walk/upstream"),
        ("display_name", "Walk"),
        ("modalities", "text"),
        ("limits[members]", "30"),
        ("enabled", "true"),
        ("is_active", "true"),
        ("plan", &things.plan),
        ("permission", "workspaces:update"),
        ("effect", "grant"),
        ("domain", &things.domain),
        ("join_role", "viewer"),
        ("pattern", "walk/*"),
        ("url", "https://walk.example.com/hook"),
        ("events[0]", "security"),
        ("on[0]", "security.mail"),
        ("key_days", "5"),
        ("refusals_per_minute", "100"),
    ];
    // Words that differ from function to function.
    fields.push(("role", if path.starts_with("/_fn/workspaces") { "annotator" } else { "viewer" }));
    fields.push(("name", if path.starts_with("/_fn/admin/models") { "walk/other" } else { "Walked" }));
    let encode = |text: &str| text.replace('%', "%25").replace('&', "%26").replace('@', "%40").replace(' ', "+");
    fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect::<Vec<_>>()
        .join("&")
}

async fn call(world: &World, method: &Method, path: &str, things: &Things, by: Option<&Person>) -> Answer {
    let form = form(things, path);
    let call = if *method == Method::GET {
        world.get(&format!("{path}?{form}"))
    } else {
        world
            .test
            .call(method.clone(), path)
            .header("content-type", "application/x-www-form-urlencoded")
            .raw(form)
    };
    let call = call.header("accept", "application/json");
    match by {
        Some(person) => call.by(person),
        None => call,
    }
    .send()
    .await
}

/// The code of a refusal.
fn code(answer: &Answer) -> String {
    serde_json::from_slice::<serde_json::Value>(&answer.body)
        .ok()
        .and_then(|body| Some(body["code"].as_str()?.to_owned()))
        .unwrap_or_default()
}

/// What was answered, without what differs by nature.
fn bare(answer: &Answer) -> String {
    match serde_json::from_slice::<serde_json::Value>(&answer.body) {
        Ok(mut body) if body.is_object() => {
            body["request_id"].take();
            body.to_string()
        }
        _ => answer.text(),
    }
}

fn functions() -> Vec<(&'static str, Method)> {
    let all: Vec<_> = server_fn_paths().collect();
    assert!(all.len() > 40, "only {} server functions", all.len());
    all
}

#[tokio::test]
async fn every_function_asks_who_calls() {
    let world = World::new().await;
    the_right_person_is_understood(&world).await;
    nobody_gets_in_without_a_session(&world).await;
    a_member_of_another_tenant_finds_nothing(&world).await;
}

async fn nobody_gets_in_without_a_session(world: &World) {
    let mut faults = Vec::new();
    for (path, method) in functions() {
        for by in [None, Some(&world.disabled)] {
            let answer = call(world, &method, path, &world.a, by).await;
            let let_in = PUBLIC.contains(&path) && answer.status == StatusCode::OK;
            let refused = answer.status == StatusCode::UNAUTHORIZED && code(&answer) == "unauthenticated";
            if let_in == refused {
                faults.push(format!("{method} {path}: {} {}", answer.status, answer.text()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(call(world, &Method::POST, "/_fn/session", &world.a, None).await.text(), "null");
}

async fn a_member_of_another_tenant_finds_nothing(world: &World) {
    let mut faults = Vec::new();
    let stranger = Some(&world.test.b.owner);
    // Things of the other tenant, and of nobody, in the caller's own.
    let in_own = |things: &Things| Things {
        tenant: world.b.tenant.clone(),
        // They belong to the server.
        model: world.a.model.clone(),
        provider: world.a.provider.clone(),
        plan: world.a.plan.clone(),
        ..things.clone()
    };
    let unknown = Things::unknown();
    for (path, method) in functions() {
        if PUBLIC.contains(&path) {
            continue;
        }
        for (foreign, missing, all_foreign) in [(world.a.clone(), unknown.clone(), true), (in_own(&world.a), in_own(&unknown), false)] {
            let answer = call(world, &method, path, &foreign, stranger).await;
            let touched = world.changed_in(&world.a.tenant).await;
            if answer.status.is_success() {
                world.put_back().await;
            }
            let other = call(world, &method, path, &missing, stranger).await;
            if other.status.is_success() {
                world.put_back().await;
            }
            let refused = code(&answer) == "not_found" && answer.status == StatusCode::NOT_FOUND;
            // It asks for the password, which the form does not hold.
            let own = OWN.contains(&path) || path == "/_fn/account/delete";
            let (text, other_text) = (bare(&answer), bare(&other));
            let leak = [&world.a.tenant, &world.a.workspace, &world.a.user, &world.a.invitation, &world.a.key]
                .into_iter()
                .find(|id| text.contains(*id));
            let same = (answer.status, code(&answer)) == (other.status, code(&other)) && (answer.status.is_success() || text == other_text);
            if all_foreign && !refused && !own || !same && !own || leak.is_some() || text.contains("@a.test") || answer.status.is_server_error() {
                faults.push(format!(
                    "{method} {path}: {} {text}, and of nobody {} {}",
                    answer.status,
                    other.status,
                    other.text()
                ));
            }
            if touched > 0 {
                faults.push(format!("{method} {path} changed {touched} tables of another tenant"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What the two tests above send would do its work in the right hands: they see a refusal, not a
/// form that nobody understands.
async fn the_right_person_is_understood(world: &World) {
    let mut faults = Vec::new();
    for (path, method) in functions() {
        let by = if path.starts_with("/_fn/admin") || matches!(path, "/_fn/tenant/limits" | "/_fn/tenant/plan" | "/_fn/tenant/domains/confirm") {
            &world.operator
        } else {
            &world.test.a.owner
        };
        let answer = call(world, &method, path, &world.a, Some(by)).await;
        if answer.status.is_success() {
            world.put_back().await;
        }
        let expected = match path {
            "/_fn/account/leave" => "last_owner",
            // They gave no password, and their session does not say when they signed in.
            "/_fn/account/delete" => "not_fresh",
            "/_fn/account/accept" | "/_fn/account/sessions/end" | "/_fn/notifications/read" => "not_found",
            "/_fn/account/verify" => "no_mail",
            // It is there already.
            "/_fn/tenant/domains/add" => "domain_taken",
            "/_fn/admin/users/reset-totp" => "totp_off",
            "/_fn/admin/providers/preview" | "/_fn/admin/providers/sync" => "upstream_unreachable",
            "/_fn/admin/providers/delete" => "in_use",
            "/_fn/admin/tenants/purge" => "not_deactivated",
            _ => "",
        };
        if code(&answer) != expected || answer.status.is_success() != expected.is_empty() {
            faults.push(format!("{method} {path}: {} {}", answer.status, answer.text()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
