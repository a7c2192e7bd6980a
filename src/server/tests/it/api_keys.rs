//! API keys: made and managed by those who may, shown once, and worth what their owner may, in the
//! tenant that they belong to and nowhere else.

use std::collections::HashSet;
use std::sync::Arc;

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::api_keys::usage;

use crate::support::call::Answer;
use crate::support::fixture::{Person, Side};
use crate::support::server::TestApp;
use crate::support::walk::{Rule, Things, World, operations};

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
async fn checklist_34_a_wrong_sum_is_refused_before_any_look_up() {
    let app = TestApp::new().await;
    let right = secret(&make(&app, &app.a, &app.a.owner, json!({ "name": "CI", "scopes": ["members:read"] })).await);
    let mut wrong = right.clone();
    wrong.replace_range(20..21, if &right[20..21] == "0" { "1" } else { "0" });
    // Whoever would look it up now fails.
    app.database.run("alter table api_key rename to api_key_away").await.unwrap();
    assert_eq!(opens(&app, &app.a, &wrong).await, 401);
    assert_eq!(opens(&app, &app.a, &right).await, 500);
}

#[tokio::test]
async fn checklist_36_every_key_that_opens_nothing_gets_the_same_answer() {
    let app = TestApp::new().await;
    let (side, owner) = (&app.a, &app.a.owner);
    let scopes = json!({ "name": "CI", "scopes": ["members:read"] });
    let expired = make(&app, side, owner, scopes.clone()).await;
    let revoked = make(&app, side, owner, scopes.clone()).await;
    let gone = make(&app, side, owner, scopes).await;
    let run = async |sql: String| app.database.run(&sql).await.unwrap();
    assert_eq!(app.delete(&at(side, &revoked)).by(owner).send().await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        app.delete(&at(side, &revoked)).by(owner).send().await.status,
        StatusCode::NO_CONTENT,
        "twice is no fault"
    );
    for (key, sql) in [
        (&expired, "update api_key set expires_at = now() where prefix = '{}'"),
        (&gone, "delete from api_key where prefix = '{}'"),
    ] {
        run(sql.replace("{}", key["prefix"].as_str().unwrap())).await;
    }
    let shown = app.get(&format!("{}?status=expired", keys(side))).by(owner).send().await.json();
    assert_eq!((&shown["total"], &shown["items"][0]["status"]), (&json!(1), &json!("expired")));
    let path = format!("/api/v1/tenants/{}/members", side.tenant.id);
    let mut bad_sum = secret(&expired);
    bad_sum.replace_range(39..40, if bad_sum.ends_with('0') { "1" } else { "0" });
    let mut answers = Vec::new();
    for text in [
        secret(&expired),
        secret(&revoked),
        secret(&gone),
        bad_sum,
        "tnt_".to_owned(),
        "nonsense".to_owned(),
    ] {
        answers.push(app.get(&path).bearing(&text).send().await);
        answers.push(app.get(&path).header("x-api-key", &text).send().await);
        // A session beside it is not looked at.
        answers.push(app.get(&path).by(owner).bearing(&text).send().await);
    }
    answers.push(app.get(&path).header("authorization", "Basic dXNlcjpwYXNz").send().await);
    assert_eq!(answers[0].code(), "unauthenticated");
    for answer in &answers {
        assert_eq!(bare(answer), bare(&answers[0]));
    }
}

#[tokio::test]
async fn checklist_28_a_key_can_do_what_its_owner_can_do_now_and_no_more() {
    let app = TestApp::new().await;
    let (side, developer) = (&app.a, &app.a.developer);
    // At creation: nobody gives what they lack.
    let refused = app
        .post(&keys(side))
        .by(developer)
        .json(&json!({ "name": "CI", "scopes": ["members:read", "members:invite"] }))
        .send()
        .await;
    assert_eq!(
        (refused.code().as_str(), refused.json()["errors"][0]["code"].clone()),
        ("invalid", json!("not_held"))
    );
    assert_eq!(refused.json()["errors"][0]["field"], "scopes.members:invite");
    for body in [
        json!({ "name": "CI", "scopes": [] }),
        json!({ "name": "CI", "scopes": ["keys:create"] }),
        json!({ "name": "CI", "scopes": ["members:read"], "expires_at": "2020-01-01T00:00:00Z" }),
        json!({ "name": "CI", "scopes": ["members:read"], "workspace": app.b.research.id }),
        json!({ "name": "CI", "scopes": ["members:read"], "models": ["mod_06fzz0000e00800000000zzzzz"] }),
        json!({ "name": "CI", "scopes": ["members:read"], "usage_count": 1 }),
    ] {
        let answer = app.post(&keys(side)).by(developer).json(&body).send().await;
        assert_eq!(answer.code(), "invalid", "{body}");
    }
    assert_eq!(
        app.post(&keys(side))
            .by(developer)
            .json(&json!({ "name": "CI", "scopes": ["members:read"], "owner": "tenant" }))
            .send()
            .await
            .code(),
        "forbidden"
    );
    // At use: what the owner loses, the key loses.
    let admin_key = make(
        &app,
        side,
        &side.admin,
        json!({ "name": "Hire", "scopes": ["members:read", "invitations:read"] }),
    )
    .await;
    let invitations = format!("/api/v1/tenants/{}/invitations", side.tenant.id);
    let ask = async || app.get(&invitations).bearing(&secret(&admin_key)).send().await;
    assert_eq!(ask().await.status, StatusCode::OK);
    let member = format!("/api/v1/tenants/{}/members/{}", side.tenant.id, side.admin.user.id);
    let demoted = app.patch(&member).by(&side.owner).json(&json!({ "role": "viewer" })).send().await;
    assert_eq!(demoted.status, StatusCode::OK);
    assert_eq!(ask().await.code(), "forbidden");
    assert_eq!(opens(&app, side, &secret(&admin_key)).await, 200);
    // A key gives no role that holds more than the key.
    let inviting = make(&app, side, &side.owner, json!({ "name": "Invite", "scopes": ["members:invite"] })).await;
    for role in ["owner", "admin", "developer", "viewer"] {
        let answer = app
            .post(&invitations)
            .bearing(&secret(&inviting))
            .json(&json!({ "email": format!("{role}@new.test"), "role": role }))
            .send()
            .await;
        assert_eq!(answer.code(), "role_too_high", "{role}");
    }
}

#[tokio::test]
async fn keys_end_with_their_person_and_keys_of_the_tenant_do_not() {
    let app = TestApp::new().await;
    let side = &app.a;
    let body = |owner: &str| json!({ "name": "CI", "scopes": ["members:read"], "owner": owner });
    let of_admin = make(&app, side, &side.admin, body("user")).await;
    let of_developer = make(&app, side, &side.developer, body("user")).await;
    let of_tenant = make(&app, side, &side.admin, body("tenant")).await;
    assert_eq!((of_tenant["owner"].clone(), of_tenant["user_id"].clone()), (json!("tenant"), Value::Null));
    for key in [&of_admin, &of_developer, &of_tenant] {
        assert_eq!(opens(&app, side, &secret(key)).await, 200);
    }
    let user = format!("/api/v1/platform/users/{}", side.developer.user.id);
    let disabled = app.patch(&user).by(&app.operator).json(&json!({ "status": "disabled" })).send().await;
    assert_eq!(disabled.status, StatusCode::OK, "{}", disabled.text());
    let removed = app
        .delete(&format!("/api/v1/tenants/{}/members/{}", side.tenant.id, side.admin.user.id))
        .by(&side.owner)
        .send()
        .await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(opens(&app, side, &secret(&of_admin)).await, 401);
    assert_eq!(opens(&app, side, &secret(&of_developer)).await, 401);
    assert_eq!(opens(&app, side, &secret(&of_tenant)).await, 200, "it survives its maker");
    // Not a suspended tenant, though.
    let suspend = format!("/api/v1/tenants/{}/suspend", side.tenant.id);
    assert_eq!(app.post(&suspend).by(&side.owner).send().await.status, StatusCode::OK);
    let path = format!("/api/v1/tenants/{}/members", side.tenant.id);
    assert_eq!(app.get(&path).bearing(&secret(&of_tenant)).send().await.code(), "tenant_suspended");
}

#[tokio::test]
async fn a_key_opens_its_own_tenant_only() {
    let app = TestApp::new().await;
    let of_person = secret(
        &make(
            &app,
            &app.a,
            &app.a.owner,
            json!({ "name": "CI", "scopes": ["tenant:read", "members:read"] }),
        )
        .await,
    );
    let of_tenant = secret(
        &make(
            &app,
            &app.a,
            &app.a.owner,
            json!({ "name": "CI", "scopes": ["members:read"], "owner": "tenant" }),
        )
        .await,
    );
    // Also when the person is in the other tenant as well.
    let both = json!({ "user_id": app.a.owner.user.id, "role": "admin" });
    let added = app
        .post(&format!("/api/v1/tenants/{}/members", app.b.tenant.id))
        .by(&app.operator)
        .json(&both)
        .send()
        .await;
    assert_eq!(added.status, StatusCode::CREATED);
    for secret in [&of_person, &of_tenant] {
        assert_eq!(opens(&app, &app.a, secret).await, 200);
        let missing = app
            .get("/api/v1/tenants/ten_06fzz0000e00800000000zzzzz/members")
            .bearing(secret)
            .send()
            .await;
        for named in [app.b.tenant.id.to_string(), app.b.tenant.slug.to_string()] {
            let foreign = app.get(&format!("/api/v1/tenants/{named}/members")).bearing(secret).send().await;
            assert_eq!((foreign.status, bare(&foreign)), (StatusCode::NOT_FOUND, bare(&missing)));
        }
        let workspace = app.get(&format!("/api/v1/workspaces/{}", app.b.research.id)).bearing(secret).send().await;
        assert_eq!(workspace.status, StatusCode::NOT_FOUND);
        let context = app.get("/api/v1/auth/context").bearing(secret).send().await.json();
        assert_eq!((&context["tenant"]["id"], &context["source"]), (&json!(app.a.tenant.id), &json!("key")));
        assert_eq!((&context["user"], &context["key"]["name"]), (&Value::Null, &json!("CI")));
        assert!(context["permissions"].as_array().unwrap().contains(&json!("members:read")), "{context}");
    }
}

#[tokio::test]
async fn a_key_of_one_workspace_does_nothing_outside_of_it() {
    let app = TestApp::new().await;
    let side = &app.a;
    let body = json!({ "name": "CI", "scopes": ["workspaces:read", "workspaces:update", "members:read", "workspaces:create"], "workspace": side.research.id });
    let secret = secret(&make(&app, side, &side.owner, body).await);
    let tenant = format!("/api/v1/tenants/{}", side.tenant.id);
    let research = format!("{tenant}/workspaces/{}", side.research.id);
    let support = format!("{tenant}/workspaces/{}", side.support.id);
    let get = async |path: &str| app.get(path).bearing(&secret).send().await;
    assert_eq!(get(&research).await.status, StatusCode::OK);
    let renamed = app
        .patch(&research)
        .bearing(&secret)
        .json(&json!({ "description": "By a key" }))
        .send()
        .await;
    assert_eq!(renamed.status, StatusCode::OK, "{}", renamed.text());
    assert_eq!(get(&support).await.code(), "not_found");
    assert_eq!(get(&format!("/api/v1/workspaces/{}", side.support.id)).await.code(), "not_found");
    for path in [format!("{tenant}/members"), format!("{tenant}/workspaces"), tenant.clone()] {
        assert_eq!(get(&path).await.code(), "forbidden", "{path}");
    }
    let made = app
        .post(&format!("{tenant}/workspaces"))
        .bearing(&secret)
        .json(&json!({ "name": "X" }))
        .send()
        .await;
    assert_eq!(made.code(), "forbidden");
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
async fn a_header_wins_over_the_cookie() {
    let app = TestApp::new().await;
    let side = &app.a;
    let body = json!({ "name": "CI", "scopes": ["members:read", "workspaces:create"], "owner": "tenant" });
    let secret = secret(&make(&app, side, &side.owner, body).await);
    let workspaces = format!("/api/v1/tenants/{}/workspaces", side.tenant.id);
    // No check of origins: no other site makes a browser send such a header.
    let made = app
        .post(&workspaces)
        .bearing(&secret)
        .header("origin", "https://elsewhere.example")
        .header("sec-fetch-site", "cross-site")
        .json(&json!({ "name": "By key" }))
        .send()
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    // With a cookie alone there is one; and where a session begins, there always is.
    for (path, by) in [(workspaces.as_str(), Some(&side.owner)), ("/api/v1/auth/login", None), ("/login", None)] {
        let call = app
            .post(path)
            .header("origin", "https://elsewhere.example")
            .header("sec-fetch-site", "cross-site");
        let call = match by {
            Some(person) => call.by(person),
            None => call.bearing(&secret),
        };
        assert_eq!(
            call.json(&json!({ "name": "By cookie" })).send().await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    // The owner's cookie adds nothing to the key.
    let invitations = format!("/api/v1/tenants/{}/invitations", side.tenant.id);
    let answer = app.get(&invitations).by(&side.owner).bearing(&secret).send().await;
    assert_eq!(answer.code(), "forbidden");
    assert!(answer.cookie().is_none());
    // Two are one too many.
    for call in [
        app.get(&invitations).bearing(&secret).header("x-api-key", &secret),
        app.get(&invitations).bearing(&secret).bearing(&secret),
        app.get(&invitations).header("x-api-key", &secret).header("x-api-key", &secret),
    ] {
        assert_eq!(call.send().await.code(), "bad_request");
    }
    // Pages do not know keys.
    let page = app.get(&format!("/t/{}", side.tenant.slug)).bearing(&secret).send().await;
    assert_eq!(
        (page.status, page.header("location").starts_with("/login")),
        (StatusCode::SEE_OTHER, true)
    );
}

#[tokio::test]
async fn checklist_37_a_key_counts_in_headers_only() {
    let app = TestApp::new().await;
    let secret = secret(&make(&app, &app.a, &app.a.owner, json!({ "name": "CI", "scopes": ["members:read"] })).await);
    for name in ["api_key", "key", "access_token", "authorization"] {
        let path = format!("/api/v1/tenants/{}/members?{name}={secret}", app.a.tenant.id);
        assert_eq!(app.get(&path).send().await.code(), "unauthenticated", "{name}");
    }
    let path = format!("/api/v1/tenants/{}/members", app.a.tenant.id);
    assert_eq!(
        app.get(&path).header("cookie", &format!("session={secret}")).send().await.code(),
        "unauthenticated"
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

/// Every operation, by keys that should open nothing of it.
#[tokio::test]
async fn keys_open_what_they_were_given_and_nothing_else() {
    let world = World::new().await;
    let side = &world.test.a;
    let all = json!(["gateway:use"]);
    let narrow = secret(&make(&world.test, side, &side.owner, json!({ "name": "Narrow", "scopes": all })).await);
    let revoked = make(&world.test, side, &side.owner, json!({ "name": "Revoked", "scopes": all })).await;
    assert_eq!(
        world.delete(&at(side, &revoked)).by(&side.owner).send().await.status,
        StatusCode::NO_CONTENT
    );
    let body = json!({ "name": "Foreign", "scopes": ["members:read"], "owner": "tenant" });
    let foreign = secret(&make(&world.test, &world.test.b, &world.test.b.owner, body).await);
    // A key of somebody who runs the server runs nothing.
    let add = json!({ "user_id": world.operator.user.id, "role": "owner" });
    let added = world
        .post(&format!("/api/v1/tenants/{}/members", side.tenant.id))
        .by(&world.operator)
        .json(&add)
        .send()
        .await;
    assert_eq!(added.status, StatusCode::CREATED);
    let of_operator = secret(&make(&world.test, side, &world.operator, json!({ "name": "Op", "scopes": all })).await);
    let service = secret(
        &make(
            &world.test,
            side,
            &side.owner,
            json!({ "name": "Service", "scopes": all, "owner": "tenant" }),
        )
        .await,
    );
    let unknown = Things::unknown();
    let mut faults = Vec::new();
    for operation in &operations() {
        if operation.rule == Rule::Public {
            continue;
        }
        let call = async |things: &Things, secret: &str| {
            let call = world.test.call(operation.method.clone(), &things.path(operation)).bearing(secret);
            match things.body(operation) {
                Some(body) => call.json(&body),
                None => call,
            }
            .send()
            .await
        };
        let own = match operation.rule {
            Rule::Operator => "not_found",
            Rule::SelfService if matches!(operation.id.as_str(), "get_context" | "validate_context") => continue,
            Rule::SelfService => "needs_person",
            _ => "forbidden",
        };
        for (text, want) in [
            (&narrow, own),
            (&of_operator, own),
            (&service, own),
            (&secret(&revoked), "unauthenticated"),
        ] {
            let got = call(&world.a, text).await.code();
            if got != want {
                faults.push(format!("{}: {got} instead of {want}", operation.name()));
            }
        }
        if let Rule::Needs(_) = operation.rule {
            let (there, missing) = (call(&world.a, &foreign).await, call(&unknown, &foreign).await);
            if there.status != StatusCode::NOT_FOUND || bare(&there) != bare(&missing) {
                faults.push(format!("{}: {} to a foreign key", operation.name(), there.text()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
