//! Forms of server functions as a browser without JavaScript sends them: to their page, which comes
//! back with faults and with what was typed, or leads to where the result shows.

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
