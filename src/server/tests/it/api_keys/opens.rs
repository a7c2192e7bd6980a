//! What a key opens, and what it does not: in its own tenant, as far as its scopes and its owner go.

use http::StatusCode;
use serde_json::{Value, json};

use super::{at, bare, keys, make, opens, secret};
use crate::support::fixture::{PASSWORD, Person};
use crate::support::server::TestApp;
use crate::support::walk::{Rule, Things, World, operations};

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

/// What a program gets that signs in.
async fn tokens_of(app: &TestApp, person: &Person) -> Value {
    let body = json!({ "email": person.user.email, "password": PASSWORD });
    let answer = app.post("/api/v1/auth/token").json(&body).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// Every operation, by keys and tokens that should open nothing of it.
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
    // A key past its day, and a token whose family ended.
    let expired = secret(&make(&world.test, side, &side.owner, json!({ "name": "Expired", "scopes": all })).await);
    let past = "update api_key set expires_at = now() where name = 'Expired'";
    world.database.run(past).await.unwrap();
    let of_family = tokens_of(&world.test, &side.owner).await;
    let end = json!({ "refresh_token": of_family["refresh_token"] });
    assert_eq!(world.post("/api/v1/auth/revoke").json(&end).send().await.status, StatusCode::NO_CONTENT);
    let ended = of_family["access_token"].as_str().unwrap().to_owned();
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
            (&expired, "unauthenticated"),
            (&ended, "unauthenticated"),
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
