//! Forms of server functions as a browser without JavaScript sends them: to their page, which comes
//! back with faults and with what was typed, or leads to where the result shows. And the forms for API
//! keys, which have a handler of their own because their answer shows a secret.

use http::StatusCode;

use crate::support::call::Answer;
use crate::support::fixture::Person;
use crate::support::server::TestApp;

async fn post(app: &TestApp, by: &Person, page: &str, act: &str, fields: &[(&str, &str)]) -> Answer {
    let joint = if page.contains('?') { '&' } else { '?' };
    app.post(&format!("{page}{joint}act={act}"))
        .by(by)
        .header("accept", "text/html")
        .form(fields)
        .send()
        .await
}

#[tokio::test]
async fn a_form_without_javascript_is_answered_by_its_page() {
    let app = TestApp::new().await;
    it_comes_back_with_what_was_typed(&app).await;
    it_leads_to_the_result(&app).await;
    it_takes_metadata_from_the_start(&app).await;
    it_opens_nothing_else(&app).await;
}

async fn it_comes_back_with_what_was_typed(app: &TestApp) {
    let owner = &app.a.owner;
    let slug = app.a.tenant.slug.as_str();
    let page = format!("/t/{slug}/workspaces");
    let fields = [
        ("tenant", slug),
        ("name", "Kept <name>"),
        ("slug", "No Slug"),
        ("description", "also kept"),
    ];
    let answer = post(app, owner, &page, "create:/_fn/workspaces/create", &fields).await;
    let text = answer.text();
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(text.contains("value=\"Kept &lt;name&gt;\"") && text.contains("also kept"), "{text}");
    assert!(
        text.contains("aria-invalid=\"true\"") && text.contains("Must be lower-case letters"),
        "{text}"
    );
    assert!(text.contains("data-panel=\"\" open"), "the panel of the form is open");

    // Of two forms of one function only the one that was sent.
    let page = format!("/t/{slug}/workspaces/{}", app.a.research.slug);
    let person = app.a.reviewer.user.id.to_string();
    let fields = [
        ("tenant", slug),
        ("workspace", app.a.research.slug.as_str()),
        ("user", &person),
        ("role", "nonsense"),
    ];
    let answer = post(app, owner, &page, &format!("role-{person}:/_fn/workspaces/members/set"), &fields).await;
    assert_eq!(answer.text().matches("class=\"fault\"").count(), 1, "{}", answer.text());

    // Secrets do not come back.
    let fields = [("name", "Upstream"), ("base_url", "nowhere"), ("api_key", "sk-typed-by-hand")];
    let answer = post(app, &app.operator, "/admin/providers", "create:/_fn/admin/providers/create", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().contains("value=\"Upstream\"") && !answer.text().contains("sk-typed-by-hand"));
}

async fn it_leads_to_the_result(app: &TestApp) {
    let slug = app.a.tenant.slug.as_str();
    let page = format!("/t/{slug}/members?role=viewer&done=member-saved");
    let user = app.a.viewer.user.id.to_string();
    let fields = [("tenant", slug), ("user", &user), ("role", "developer")];
    let answer = post(app, &app.a.owner, &page, "role:/_fn/members/role", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(answer.header("location"), format!("/t/{slug}/members?role=viewer&done=member-saved"));
    let fields = [("tenant", slug), ("name", "Elsewhere")];
    let answer = post(
        app,
        &app.a.owner,
        &format!("/t/{slug}/workspaces"),
        "create:/_fn/workspaces/create",
        &fields,
    )
    .await;
    assert_eq!(
        answer.header("location"),
        format!("/t/{slug}/workspaces/elsewhere?done=workspace-created")
    );
}

async fn it_takes_metadata_from_the_start(app: &TestApp) {
    let slug = app.a.tenant.slug.as_str();
    let owner = &app.a.owner;
    let kept = async |path: &str| app.get(&format!("/api/v1/tenants/{path}")).by(owner).send().await.json()["metadata"].clone();
    let expected = serde_json::json!({ "cost centre": "4711: north", "pilot": "" });

    let typed = ("metadata", "cost centre: 4711: north\r\n\r\npilot\r\n");
    let page = format!("/t/{slug}/workspaces");
    let fields = [("tenant", slug), ("name", "Noted"), typed];
    let answer = post(app, owner, &page, "create:/_fn/workspaces/create", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(kept(&format!("{slug}/workspaces/noted")).await, expected);
    let answer = post(app, owner, "/new", "tenant:/_fn/tenants/create", &[("name", "Noted Too"), typed]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(kept("noted-too").await, expected);

    // Of a key that stands twice, neither value is dropped unsaid.
    let fields = [("tenant", slug), ("name", "Not Made"), ("metadata", "a: first\na: second")];
    let answer = post(app, owner, &page, "create:/_fn/workspaces/create", &fields).await;
    let text = answer.text();
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
    assert!(
        text.contains("id=\"create-metadata-fault\"") && text.contains("a: first\na: second"),
        "{text}"
    );
}

/// The address names a function and a form; it neither gives access nor leads away.
async fn it_opens_nothing_else(app: &TestApp) {
    let slug = app.a.tenant.slug.as_str();
    let fields = [("tenant", slug), ("name", "Planted")];
    let page = format!("/t/{slug}/workspaces");
    let answer = post(app, &app.b.owner, &page, "create:/_fn/workspaces/create", &fields).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let answer = app
        .post(&format!("{page}?act=create:/_fn/workspaces/create"))
        .by(&app.a.owner)
        .header("origin", "https://evil.example")
        .form(&fields)
        .send()
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let answer = app.post(&format!("{page}?act=create:/_fn/workspaces/create")).form(&fields).send().await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/login"));
    let planted = "select count(*) from workspace where name = 'Planted'";
    assert_eq!(app.database.count(planted).await.unwrap(), 0);

    // What reads, what is no function, and what is none of ours.
    for act in [
        "x:/_fn/members",
        "x:/_fn/nothing",
        "x:/api/v1/tenants",
        "x:https://evil.example/",
        "nonsense",
    ] {
        let answer = post(app, &app.a.owner, &page, act, &fields).await;
        assert!(answer.status.is_client_error(), "{act}: {}", answer.status);
        assert!(!answer.text().contains(app.a.viewer.user.email.as_str()), "{act}");
    }
    let user = app.a.viewer.user.id.to_string();
    let fields = [("tenant", slug), ("user", user.as_str()), ("role", "viewer")];
    let answer = post(app, &app.a.owner, "//evil.example/", "role:/_fn/members/role", &fields).await;
    assert!(!answer.header("location").contains("evil"), "{}", answer.header("location"));
}

/// The secret on a page.
fn secret(answer: &Answer) -> String {
    let text = answer.text();
    let found = text.split("value=\"tnt_").nth(1).and_then(|rest| rest.split('"').next());
    format!("tnt_{}", found.unwrap_or_else(|| panic!("no secret: {text}")))
}

/// The status that a secret gets for the members.
async fn opens(app: &TestApp, secret: &str) -> StatusCode {
    let path = format!("/api/v1/tenants/{}/members", app.a.tenant.id);
    app.get(&path).bearing(secret).send().await.status
}

#[tokio::test]
async fn a_key_is_made_and_rotated_on_its_page_and_shown_once() {
    let app = TestApp::new().await;
    let page = format!("/t/{}/keys", app.a.tenant.slug);
    let send = async |by: &Person, fields: &[(&str, &str)]| app.post(&page).by(by).header("accept", "text/html").form(fields).send().await;
    let developer = &app.a.developer;
    let good = [
        ("name", "CI"),
        ("scopes", "members:read"),
        ("scopes", "gateway:use"),
        ("expires_in_days", "30"),
    ];
    let made = send(developer, &good).await;
    assert_eq!(
        (made.status, made.header("cache-control")),
        (StatusCode::OK, "no-store"),
        "{}",
        made.text()
    );
    let first = secret(&made);
    assert_eq!(opens(&app, &first).await, StatusCode::OK);
    let ends = "select count(*) from api_key where expires_at between now() + interval '29 days' and now() + interval '31 days'";
    assert_eq!(app.database.count(ends).await.unwrap(), 1);
    let look = async |by: &Person| app.get(&page).by(by).header("accept", "text/html").send().await;
    let list = look(developer).await;
    assert!(list.text().contains("1 key<") && !list.text().contains(&first), "{}", list.text());

    it_refuses_in_place(&app, &page).await;

    let keys = app
        .get(&format!("/api/v1/tenants/{}/api-keys", app.a.tenant.id))
        .by(developer)
        .send()
        .await
        .json();
    let id = keys["items"][0]["id"].as_str().unwrap();
    for (by, status) in [
        (&app.b.owner, StatusCode::NOT_FOUND),
        (&app.a.owner, StatusCode::NOT_FOUND),
        (&app.a.viewer, StatusCode::FORBIDDEN),
    ] {
        let answer = send(by, &[("rotate", id), ("overlap_hours", "0")]).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(!answer.text().contains("value=\"tnt_"));
    }
    let wrong = send(developer, &[("rotate", id), ("overlap_hours", "721")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text().contains("value=\"721\"") && wrong.text().contains("modal-faulty"),
        "{}",
        wrong.text()
    );
    let rotated = send(developer, &[("rotate", id), ("overlap_hours", "0")]).await;
    assert_eq!(
        (rotated.status, rotated.header("cache-control")),
        (StatusCode::OK, "no-store"),
        "{}",
        rotated.text()
    );
    assert_eq!(opens(&app, &secret(&rotated)).await, StatusCode::OK);
    assert_eq!(opens(&app, &first).await, StatusCode::UNAUTHORIZED);

    // Revoked from the list, as a browser without JavaScript does it.
    let fields = [("tenant", app.a.tenant.slug.as_str()), ("id", id)];
    let answer = post(&app, developer, &page, &format!("revoke-form-{id}:/_fn/keys/revoke"), &fields).await;
    assert_eq!(answer.header("location"), format!("{page}?done=key-revoked"), "{}", answer.text());
    assert_eq!(opens(&app, &secret(&rotated)).await, StatusCode::UNAUTHORIZED);
}

/// What is wrong with a new key is said at its field, and the rest stays; nobody gets what is not theirs.
async fn it_refuses_in_place(app: &TestApp, page: &str) {
    let send = async |by: &Person, fields: &[(&str, &str)]| app.post(page).by(by).header("accept", "text/html").form(fields).send().await;
    let wrong = send(&app.a.developer, &[("name", "Kept"), ("expires_in_days", "0")]).await;
    let text = wrong.text();
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
    assert!(
        text.contains("value=\"Kept\"") && text.contains("id=\"key-scopes-fault\"") && text.contains("id=\"key-expires_in_days-fault\""),
        "{text}"
    );
    let before = app.database.count("select count(*) from api_key").await.unwrap();
    for (by, scope, owner, status) in [
        (&app.a.developer, "members:invite", "user", StatusCode::UNPROCESSABLE_ENTITY),
        (&app.a.owner, "keys:create", "user", StatusCode::UNPROCESSABLE_ENTITY),
        (&app.a.developer, "members:read", "tenant", StatusCode::FORBIDDEN),
        (&app.a.viewer, "members:read", "user", StatusCode::FORBIDDEN),
        (&app.b.owner, "members:read", "user", StatusCode::NOT_FOUND),
    ] {
        let answer = send(by, &[("name", "Not theirs"), ("scopes", scope), ("owner", owner)]).await;
        assert_eq!(answer.status, status, "{scope} {owner}");
        assert!(!answer.text().contains("value=\"tnt_"));
    }
    assert_eq!(app.database.count("select count(*) from api_key").await.unwrap(), before);
}
