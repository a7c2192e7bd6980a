//! Many members changed at once from their list, and what the answer says and offers.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::fixture::Person;
use crate::support::server::TestApp;

/// Sends the form of the list as JavaScript does.
async fn change(app: &TestApp, by: &Person, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    let mut all = vec![("tenant", app.a.tenant.slug.as_str())];
    all.extend_from_slice(fields);
    let call = app.post("/_fn/members/change").by(by).header("accept", "application/json").form(&all);
    let answer = call.send().await;
    (answer.status, answer.json())
}

async fn roles(app: &TestApp) -> Value {
    let path = format!("/api/v1/tenants/{}/members?sort=email", app.a.tenant.id);
    let list = app.get(&path).by(&app.operator).send().await.json();
    let items = list["items"].as_array().unwrap();
    items.iter().map(|m| json!([m["role"], m["status"]])).collect()
}

#[tokio::test]
async fn many_are_changed_and_changed_back() {
    let app = TestApp::new().await;
    let before = roles(&app).await;
    let people = [&app.a.admin, &app.a.developer, &app.a.viewer].map(|p| p.user.id.to_string());
    let chosen: Vec<(&str, &str)> = ["chosen[0]", "chosen[1]", "chosen[2]"]
        .into_iter()
        .zip(people.iter().map(String::as_str))
        .collect();
    let act = async |how: &[(&str, &str)]| change(&app, &app.a.owner, &[how, &chosen].concat()).await;
    let undo = async |done: &Value| {
        assert_eq!(
            (&done["next"]["label"], &done["next"]["function"]),
            (&json!("Undo"), &json!("/_fn/members/change"))
        );
        let fields: Vec<(String, String)> = serde_json::from_value(done["next"]["fields"].clone()).unwrap();
        let fields: Vec<(&str, &str)> = fields.iter().skip(1).map(|(name, value)| (name.as_str(), value.as_str())).collect();
        change(&app, &app.a.owner, &fields).await
    };

    // Three roles become one, and three again. Who was a viewer already is not part of it.
    let (status, done) = act(&[("how", "role"), ("role", "viewer")]).await;
    assert_eq!((status, &done["said"]), (StatusCode::OK, &json!("3 members are viewer now.")), "{done}");
    assert_ne!(roles(&app).await, before);
    let (status, back) = undo(&done).await;
    assert_eq!((status, &back["said"]), (StatusCode::OK, &json!("2 members are as before.")), "{back}");
    assert_eq!(roles(&app).await, before);

    let (_, done) = act(&[("how", "disable")]).await;
    assert_eq!(done["said"], "3 members are disabled now.");
    assert_eq!(undo(&done).await.1["said"], "3 members are as before.");
    assert_eq!(roles(&app).await, before);

    let (_, done) = act(&[("how", "enable")]).await;
    assert_eq!(done["next"], Value::Null, "nothing is changed, so nothing is taken back: {done}");
    let (status, none) = change(&app, &app.a.owner, &[("how", "remove")]).await;
    assert_eq!(
        (status, &none["fields"][0]["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("chosen"))
    );
}

#[tokio::test]
async fn many_are_removed_and_it_is_said_who_stays_and_why() {
    let app = TestApp::new().await;
    let ids = [&app.a.owner, &app.a.admin, &app.a.developer, &app.a.viewer].map(|p| p.user.id.to_string());
    let remove = [("how", "remove"), ("chosen[0]", &ids[0]), ("chosen[1]", &ids[1]), ("chosen[2]", &ids[2])];
    let (status, refused) = change(&app, &app.a.developer, &remove).await;
    assert_eq!((status, &refused["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")));
    let (status, foreign) = change(&app, &app.b.owner, &remove).await;
    assert_eq!((status, &foreign["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));

    let (status, done) = change(&app, &app.a.admin, &remove).await;
    let said = format!(
        "{} is removed. You stay: one leaves a tenant on the page of one's account. Not removed, as their role is above yours: {}.",
        app.a.developer.user.name, app.a.owner.user.name
    );
    assert_eq!((status, &done["said"], &done["next"]), (StatusCode::OK, &json!(said), &Value::Null));
    assert_eq!(done["what"], "members-removed-but-some");
    let path = format!("/api/v1/tenants/{}/members", app.a.tenant.id);
    assert_eq!(app.get(&path).by(&app.a.developer).send().await.status, StatusCode::NOT_FOUND);

    // The operator takes the rest; without JavaScript the sentence has no names.
    let slug = app.a.tenant.slug.as_str();
    let fields = [("tenant", slug), ("how", "remove"), ("chosen[]", &ids[0]), ("chosen[]", &ids[3])];
    let page = format!("/t/{slug}/members");
    let answer = app
        .post(&format!("{page}?act=members:/_fn/members/change"))
        .by(&app.operator)
        .header("accept", "text/html")
        .form(&fields)
        .send()
        .await;
    assert_eq!(
        answer.header("location"),
        format!("{page}?done=members-removed-but-some"),
        "{}",
        answer.text()
    );
    let shown = app
        .get(answer.header("location"))
        .by(&app.a.owner)
        .header("accept", "text/html")
        .send()
        .await;
    assert!(
        shown.text().contains("Not all are removed") && !shown.text().contains(app.a.viewer.user.email.as_str()),
        "{}",
        shown.text()
    );
    let (_, done) = change(&app, &app.operator, &[("how", "remove"), ("chosen[0]", &ids[0])]).await;
    let said = format!("Nobody is removed. Not removed, as a tenant needs an owner: {}.", app.a.owner.user.name);
    assert_eq!((&done["said"], &done["what"]), (&json!(said), &json!("nobody-removed")));
}

#[tokio::test]
async fn the_bar_holds_what_one_may_do() {
    let app = TestApp::new().await;
    let page = format!("/t/{}/members", app.a.tenant.slug);
    let look = async |by: &Person| app.get(&page).by(by).header("accept", "text/html").send().await.text();
    let list = look(&app.a.admin).await;
    for part in [
        "popovertarget=\"remove\"",
        "name=\"how\" value=\"remove\"",
        "name=\"how\" value=\"disable\"",
    ] {
        assert!(list.contains(part), "{part}: {list}");
    }
    let box_of = |list: &str, person: &Person| list.contains(&format!("name=\"chosen[]\" value=\"{}\"", person.user.id));
    assert!(
        box_of(&list, &app.a.developer) && !box_of(&list, &app.a.owner),
        "no box for who is out of reach"
    );
    let list = look(&app.a.developer).await;
    assert!(!list.contains("name=\"how\"") && !list.contains("chosen[]"), "{list}");
}

#[tokio::test]
async fn a_limit_below_the_seats_that_are_taken_says_so() {
    let app = TestApp::new().await;
    let slug = app.a.tenant.slug.as_str();
    let set = async |members: &str| {
        let call = app.post("/_fn/tenant/limits").by(&app.operator).header("accept", "application/json");
        call.form(&[("tenant", slug), ("members", members)]).send().await.json()
    };
    let done = set("2").await;
    assert_eq!(done["said"], "The limits are saved. Over its limit is now: Members (5 of 2).", "{done}");
    let done = set("5").await;
    assert_eq!((&done["what"], &done["said"]), (&json!("limits-saved"), &json!("")));

    // An empty field gives the limit up: the plan's counts, of this resource and of those that never had one.
    set("").await;
    let quotas = app.get(&format!("/api/v1/tenants/{slug}/quotas")).by(&app.operator).send().await.json();
    let of = |resource: &str| quotas["items"].as_array().unwrap().iter().find(|q| q["resource"] == resource).unwrap();
    for (resource, limit) in [("members", 50), ("documents", 1000)] {
        assert_eq!((&of(resource)["limit"], &of(resource)["own"]), (&json!(limit), &json!(false)), "{quotas}");
    }
    let plan = json!({ "name": "Tiny", "limits": { "members": 1 } });
    let plan = app.post("/api/v1/plans").by(&app.operator).json(&plan).send().await.json();
    let fields = [("tenant", slug), ("plan", plan["id"].as_str().unwrap())];
    let call = app.post("/_fn/tenant/plan").by(&app.operator).header("accept", "application/json");
    let done = call.form(&fields).send().await.json();
    assert_eq!(done["said"], "The plan is set. Over its limit is now: Members (5 of 1).", "{done}");
}
