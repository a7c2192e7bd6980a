//! API keys: made and managed by those who may, shown once, rotated and counted. What they open is
//! in `opens`.

mod opens;

use std::collections::HashSet;
use std::sync::Arc;

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::api_keys::usage;

use crate::support::call::Answer;
use crate::support::fixture::{Person, Side};
use crate::support::server::TestApp;

fn keys(side: &Side) -> String {
    format!("/api/v1/tenants/{}/api-keys", side.tenant.id)
}

async fn make(app: &TestApp, side: &Side, by: &Person, body: Value) -> Value {
    let answer = app.post(&keys(side)).by(by).json(&body).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()
}

fn secret(key: &Value) -> String {
    key["secret"].as_str().unwrap().to_owned()
}

fn at(side: &Side, key: &Value) -> String {
    format!("{}/{}", keys(side), key["id"].as_str().unwrap())
}

/// The status that this secret gets for the members of the tenant.
async fn opens(app: &TestApp, side: &Side, secret: &str) -> u16 {
    let path = format!("/api/v1/tenants/{}/members", side.tenant.id);
    app.get(&path).bearing(secret).send().await.status.as_u16()
}

/// The answer without what differs by nature.
fn bare(answer: &Answer) -> (StatusCode, Value, Vec<String>) {
    let mut body = answer.json();
    body["request_id"].take();
    let headers = answer.headers.iter().filter(|(name, _)| *name != "x-request-id");
    (answer.status, body, headers.map(|(name, value)| format!("{name}: {value:?}")).collect())
}

#[tokio::test]
async fn checklist_34_the_secret_of_a_key_is_shown_once() {
    let app = TestApp::new().await;
    let (side, owner) = (&app.a, &app.a.owner);
    let body = json!({
        "name": "CI", "scopes": ["members:read", "gateway:use", "members:read"], "expires_at": "2090-01-01T00:00:00Z",
        "rate_limit": { "requests": 60, "per_seconds": 60 }, "budget": { "amount": 5_000_000, "per": "day" },
    });
    let made = app.post(&keys(side)).by(owner).header("idempotency-key", "once").json(&body).send().await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let key = made.json();
    let secret = secret(&key);
    assert_eq!(made.header("location"), at(side, &key));
    assert_eq!((secret.len(), &secret[..12]), (40, key["prefix"].as_str().unwrap()));
    assert_eq!(key["scopes"], json!(["members:read", "gateway:use"]));
    for (field, value) in [
        ("owner", json!("user")),
        ("status", json!("active")),
        ("usage_count", json!(0)),
        ("models", Value::Null),
    ] {
        assert_eq!(key[field], value, "{field}");
    }
    for field in ["rate_limit", "budget", "expires_at"] {
        assert_eq!(key[field], body[field], "{field}");
    }
    assert_eq!(opens(&app, side, &secret).await, 200);

    let again = app.post(&keys(side)).by(owner).header("idempotency-key", "once").json(&body).send().await;
    assert_eq!(again.code(), "secret_already_shown");
    let list = app.get(&keys(side)).by(owner).send().await;
    let one = app.get(&at(side, &key)).by(owner).send().await;
    let changed = app.patch(&at(side, &key)).by(owner).json(&json!({ "name": "CI 2" })).send().await;
    assert_eq!(
        (one.json()["id"].clone(), changed.json()["name"].clone()),
        (key["id"].clone(), json!("CI 2"))
    );
    for answer in [&again, &list, &one, &changed] {
        assert!(!answer.text().contains(&secret), "{}", answer.text());
    }
    // What is kept is a hash, and nothing of it is in the record of what happened.
    let stored = format!(
        "select count(*) from (select t::text from api_key t union all select t::text from audit_event t union all select t::text from idempotency_key t) x where x.t like '%{}%'",
        &secret[12..]
    );
    let mut conn = app.database.superuser().await.unwrap();
    let (found,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(stored)).fetch_one(&mut conn).await.unwrap();
    assert_eq!(found, 0);
}

#[tokio::test]
async fn everyone_sees_their_own_keys_and_managers_see_all() {
    let app = TestApp::new().await;
    let side = &app.a;
    let body = |name: &str| json!({ "name": name, "scopes": ["members:read"] });
    let of_owner = make(&app, side, &side.owner, body("Owner's")).await;
    let of_developer = make(&app, side, &side.developer, body("Developer's")).await;
    let of_tenant = make(
        &app,
        side,
        &side.owner,
        json!({ "name": "Service", "scopes": ["tenant:lifecycle"], "owner": "tenant" }),
    )
    .await;
    let listed = async |by: &Person, query: &str| {
        let answer = app.get(&format!("{}{query}", keys(side))).by(by).send().await.json();
        let names: Vec<String> = answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|k| k["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(answer["total"], json!(names.len()));
        names
    };
    assert_eq!(listed(&side.owner, "").await, ["Service", "Developer's", "Owner's"]);
    assert_eq!(listed(&app.operator, "").await.len(), 3);
    assert_eq!(listed(&side.developer, "").await, ["Developer's"]);
    assert_eq!(listed(&side.owner, "?q=SERV").await, ["Service"]);
    let prefix = of_owner["prefix"].as_str().unwrap();
    assert_eq!(listed(&side.owner, &format!("?q={prefix}")).await, ["Owner's"]);
    assert_eq!(app.get(&keys(side)).by(&side.viewer).send().await.code(), "forbidden");
    // Another's key is not there for a developer, and for a manager it has no secret to give.
    for path in [at(side, &of_owner), at(side, &of_tenant)] {
        for call in [
            app.get(&path),
            app.delete(&path),
            app.patch(&path).json(&json!({})),
            app.post(&format!("{path}/rotate")),
        ] {
            assert_eq!(call.by(&side.developer).send().await.code(), "not_found", "{path}");
        }
    }
    let rotate = |key: &Value| format!("{}/rotate", at(side, key));
    assert_eq!(app.post(&rotate(&of_developer)).by(&side.owner).send().await.code(), "not_found");
    // Nor does an admin get the secret of what only owners may.
    assert_eq!(app.post(&rotate(&of_tenant)).by(&side.admin).send().await.code(), "role_too_high");
    assert_eq!(app.post(&rotate(&of_tenant)).by(&side.owner).send().await.status, StatusCode::OK);
    let widen = json!({ "scopes": ["tenant:lifecycle", "members:read"] });
    assert_eq!(
        app.patch(&at(side, &of_developer)).by(&side.admin).json(&widen).send().await.code(),
        "invalid"
    );
    assert_eq!(
        app.delete(&at(side, &of_developer)).by(&side.admin).send().await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(opens(&app, side, &secret(&of_developer)).await, 401);
    assert_eq!(
        app.patch(&at(side, &of_developer))
            .by(&side.developer)
            .json(&json!({}))
            .send()
            .await
            .code(),
        "key_revoked"
    );
    let stats = app
        .get(&format!("/api/v1/tenants/{}/stats", side.tenant.id))
        .by(&side.owner)
        .send()
        .await
        .json();
    assert_eq!(stats["api_keys"], 2);
}

#[tokio::test]
async fn checklist_35_a_rotated_key_overlaps_with_itself() {
    let app = TestApp::new().await;
    let (side, owner) = (&app.a, &app.a.owner);
    let key = make(&app, side, owner, json!({ "name": "CI", "scopes": ["members:read"] })).await;
    let path = format!("{}/rotate", at(side, &key));
    let rotate = async |hours: u32| app.post(&path).by(owner).json(&json!({ "overlap_hours": hours })).send().await;
    let first = secret(&key);
    let answer = rotate(24).await;
    let second = secret(&answer.json());
    assert_ne!(first, second);
    assert_eq!((opens(&app, side, &first).await, opens(&app, side, &second).await), (200, 200));
    assert_eq!(rotate(1).await.code(), "key_rotating");
    app.database.run("update api_key set previous_until = now()").await.unwrap();
    assert_eq!((opens(&app, side, &first).await, opens(&app, side, &second).await), (401, 200));
    let third = secret(&rotate(1).await.json());
    let fourth = secret(&rotate(0).await.json());
    for (text, status) in [(&first, 401), (&second, 401), (&third, 401), (&fourth, 200)] {
        assert_eq!(opens(&app, side, text).await, status);
    }
    assert_eq!(rotate(721).await.code(), "invalid");
    let fifth = app.post(&path).by(owner).send().await;
    assert_eq!(fifth.status, StatusCode::OK, "a day of overlap without a body");
    assert_eq!(app.delete(&at(side, &key)).by(owner).send().await.status, StatusCode::NO_CONTENT);
    for text in [&fourth, &secret(&fifth.json())] {
        assert_eq!(opens(&app, side, text).await, 401, "both are revoked");
    }
    assert_eq!(rotate(0).await.code(), "key_revoked");
}

#[tokio::test]
async fn sixteen_rotations_at_once_make_one_secret() {
    let app = Arc::new(TestApp::new().await);
    let key = make(&app, &app.a, &app.a.owner, json!({ "name": "CI", "scopes": ["members:read"] })).await;
    let path = format!("{}/rotate", at(&app.a, &key));
    let race = async |hours: u32| {
        let tasks = (0..16).map(|_| {
            let (app, path) = (app.clone(), path.clone());
            tokio::spawn(async move {
                let by = app.a.owner.clone();
                app.post(&path).by(&by).json(&json!({ "overlap_hours": hours })).send().await
            })
        });
        join_all(tasks).await.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    };
    let with_overlap = race(1).await;
    let (won, lost): (Vec<_>, Vec<_>) = with_overlap.iter().partition(|a| a.status == StatusCode::OK);
    assert_eq!((won.len(), lost.len()), (1, 15));
    assert!(lost.iter().all(|a| a.code() == "key_rotating"));
    let winner = secret(&won[0].json());
    for text in [&secret(&key), &winner] {
        assert_eq!(opens(&app, &app.a, text).await, 200);
    }
    // Without overlap each ends the one before: the last is the only one.
    let secrets: HashSet<String> = race(0).await.iter().map(|a| secret(&a.json())).collect();
    assert_eq!(secrets.len(), 16);
    let mut open = 0;
    for text in secrets.iter().chain([&winner, &secret(&key)]) {
        open += u32::from(opens(&app, &app.a, text).await == 200);
    }
    assert_eq!(open, 1);
}

#[tokio::test]
async fn checklist_35_uses_are_counted_off_the_path_of_requests() {
    let app = TestApp::new().await;
    let (side, owner) = (&app.a, &app.a.owner);
    let key = make(&app, side, owner, json!({ "name": "CI", "scopes": ["members:read"] })).await;
    let shown = async || app.get(&at(side, &key)).by(owner).send().await.json();
    for _ in 0..3 {
        assert_eq!(opens(&app, side, &secret(&key)).await, 200);
    }
    assert_eq!(
        (shown().await["usage_count"].clone(), shown().await["last_used_at"].clone()),
        (json!(0), Value::Null)
    );
    usage::write(&app.app).await.unwrap();
    assert_eq!(shown().await["usage_count"], 3);
    let last = shown().await["last_used_at"].clone();
    assert!(last.is_string());
    usage::write(&app.app).await.unwrap();
    assert_eq!(
        (shown().await["usage_count"].clone(), shown().await["last_used_at"].clone()),
        (json!(3), last)
    );
}

#[tokio::test]
async fn the_record_names_the_key() {
    let app = TestApp::new().await;
    let side = &app.a;
    let key = make(
        &app,
        side,
        &side.owner,
        json!({ "name": "Deploy", "scopes": ["workspaces:create"], "owner": "tenant" }),
    )
    .await;
    let path = format!("/api/v1/tenants/{}/workspaces", side.tenant.id);
    let made = app.post(&path).bearing(&secret(&key)).json(&json!({ "name": "By key" })).send().await;
    assert_eq!(made.status, StatusCode::CREATED);
    let recorded = format!(
        "select count(*) from audit_event where action = 'workspace.created' and target_name = 'By key' and actor_type = 'key' \
         and actor_name = 'Deploy' and door = 'api' and actor_id = '{}'",
        key["id"].as_str().unwrap()
    );
    let mut conn = app.database.superuser().await.unwrap();
    let (found,): (i64,) = sqlx::query_as(sqlx::AssertSqlSafe(recorded)).fetch_one(&mut conn).await.unwrap();
    assert_eq!(found, 1);
}
