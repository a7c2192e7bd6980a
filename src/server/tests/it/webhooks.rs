//! Webhooks: what gets to them and how, what is tried again, and what they must not reach.

use http::StatusCode;
use serde_json::{Value, json};
use tenantry_adapters::upstream::Private;
use tenantry_domain::outbox;

use crate::support::receiver::Receiver;
use crate::support::server::{TestApp, Wish};

fn at(test: &TestApp, rest: &str) -> String {
    format!("/api/v1/tenants/{}/webhooks{rest}", test.a.tenant.id)
}

async fn make(test: &TestApp, receiver: &Receiver, more: Value) -> Value {
    let mut new = json!({ "name": "Ops", "url": receiver.url() });
    for (name, value) in more.as_object().unwrap() {
        new[name] = value.clone();
    }
    let answer = test.post(&at(test, "")).by(&test.a.owner).json(&new).send().await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()
}

fn id(made: &Value) -> &str {
    made["id"].as_str().unwrap()
}

fn secret(made: &Value) -> &str {
    made["secret"].as_str().unwrap()
}

async fn show(test: &TestApp, made: &Value) -> Value {
    let answer = test.get(&at(test, &format!("/{}", id(made)))).by(&test.a.owner).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

async fn deliveries(test: &TestApp, made: &Value) -> Vec<Value> {
    let path = at(test, &format!("/{}/deliveries", id(made)));
    let page = test.get(&path).by(&test.a.owner).send().await.json();
    assert_eq!(page["total"], Value::Null);
    page["items"].as_array().unwrap().clone()
}

async fn test_of(test: &TestApp, made: &Value) -> Value {
    let path = at(test, &format!("/{}/test", id(made)));
    let answer = test.post(&path).by(&test.a.owner).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// Something that webhooks are told of: the limit of members comes near.
async fn something_happens(test: &TestApp) {
    let path = format!("/api/v1/tenants/{}/quotas", test.a.tenant.id);
    for members in [1000, 6] {
        let answer = test.patch(&path).by(&test.operator).json(&json!({ "members": members })).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        tenantry_domain::alerts::look(&test.app).await.unwrap();
    }
}

/// Whatever waits for its time has come to it.
async fn time_passes(test: &TestApp) {
    test.database
        .run("update outbox set next_at = now() - interval '1 minute' where done_at is null")
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_and_stands_in_the_log() {
    let test = TestApp::new().await;
    let receiver = Receiver::start().await;
    let made = make(&test, &receiver, json!({})).await;
    receiver.answer(&[500, 302]);
    something_happens(&test).await;
    outbox::work(&test.app).await.unwrap();
    assert_eq!(receiver.take().len(), 1);
    let waiting = &deliveries(&test, &made).await[0];
    assert_eq!((&waiting["state"], &waiting["attempts"][0]["status"]), (&json!("waiting"), &json!(500)));
    assert!(waiting["next_at"].is_string());
    assert!(show(&test, &made).await["failing_since"].is_string());
    outbox::work(&test.app).await.unwrap();
    assert!(receiver.take().is_empty(), "not before its time");

    time_passes(&test).await;
    outbox::work(&test.app).await.unwrap();
    assert_eq!(receiver.take().len(), 1, "a redirect is not followed");
    time_passes(&test).await;
    outbox::work(&test.app).await.unwrap();
    let last = receiver.take();
    assert!(last[0].is_signed_with(secret(&made)));
    let log = deliveries(&test, &made).await;
    assert_eq!(log.len(), 1);
    assert_eq!((&log[0]["state"], &log[0]["next_at"]), (&json!("delivered"), &Value::Null));
    let statuses: Vec<_> = log[0]["attempts"].as_array().unwrap().iter().map(|a| a["status"].clone()).collect();
    assert_eq!(statuses, [500, 302, 204]);
    assert_eq!(log[0]["event_id"], last[0].header("tenantry-event-id"));
    assert_eq!(show(&test, &made).await["failing_since"], Value::Null);
    time_passes(&test).await;
    outbox::work(&test.app).await.unwrap();
    assert!(receiver.take().is_empty(), "what was taken is not sent again");
    // Nothing of what went out, or came back, is kept.
    let kept = "select count(*) from outbox where payload_sealed is not null";
    assert_eq!(test.database.count(kept).await.unwrap(), 0);
    assert!(!log[0].to_string().contains("kept nowhere"));
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_holds_up_no_other() {
    let test = TestApp::new().await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    make(&test, &slow, json!({ "name": "Slow" })).await;
    make(&test, &quick, json!({ "name": "Quick" })).await;
    let hold = slow.hold();
    something_happens(&test).await;
    let app = test.app.clone();
    let working = tokio::spawn(async move { outbox::work(&app).await });
    slow.came().await;
    quick.came().await;
    assert!(!working.is_finished(), "the slow one has not answered yet");
    hold.close();
    assert_eq!(working.await.unwrap().unwrap(), 2);
}

#[tokio::test]
async fn a_test_says_at_once_how_it_went() {
    let test = TestApp::new().await;
    let receiver = Receiver::start().await;
    let made = make(&test, &receiver, json!({ "enabled": false })).await;
    receiver.answer(&[200, 418]);
    let went = test_of(&test, &made).await;
    assert_eq!((&went["state"], &went["event"]), (&json!("delivered"), &json!("test")));
    assert!(receiver.take()[0].is_signed_with(secret(&made)));
    let went = test_of(&test, &made).await;
    assert_eq!((&went["state"], &went["attempts"][0]["status"]), (&json!("failed"), &json!(418)));
    assert_eq!(deliveries(&test, &made).await.len(), 2);
    for _ in 2..10 {
        test_of(&test, &made).await;
    }
    let path = at(&test, &format!("/{}/test", id(&made)));
    let answer = test.post(&path).by(&test.a.owner).send().await;
    assert_eq!(answer.code(), "rate_limited");
    // Switched off, it is told of nothing else.
    receiver.take();
    something_happens(&test).await;
    outbox::work(&test.app).await.unwrap();
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn a_secret_is_shown_once_and_the_one_before_signs_for_a_day() {
    let test = TestApp::new().await;
    let receiver = Receiver::start().await;
    let made = make(&test, &receiver, json!({})).await;
    assert!(secret(&made).starts_with("whsec_") && secret(&made).len() > 40);
    assert_eq!(show(&test, &made).await["secret"], Value::Null);
    let path = at(&test, &format!("/{}/rotate", id(&made)));
    let rotated = test.post(&path).by(&test.a.owner).send().await.json();
    assert_ne!(secret(&rotated), secret(&made));
    test_of(&test, &made).await;
    let came = receiver.take();
    assert!(came[0].is_signed_with(secret(&made)) && came[0].is_signed_with(secret(&rotated)));
    test.database
        .run("update webhook set previous_until = now() - interval '1 second'")
        .await
        .unwrap();
    test_of(&test, &made).await;
    let came = receiver.take();
    assert!(!came[0].is_signed_with(secret(&made)) && came[0].is_signed_with(secret(&rotated)));
    // In the database both are sealed; in the record is neither, and of the address only the host.
    let plain = "select count(*) from webhook where position('whsec' in encode(secret_sealed, 'escape')) > 0 or position('whsec' in encode(previous_sealed, 'escape')) > 0";
    assert_eq!(test.database.count(plain).await.unwrap(), 0);
    let record = test.get(&format!("/api/v1/tenants/{}/audit?action=webhook", test.a.tenant.id));
    let record = record.by(&test.a.owner).send().await.text();
    for action in ["webhook.created", "webhook.rotated", "webhook.tested"] {
        assert!(record.contains(action), "{record}");
    }
    assert!(!record.contains("of-the-receiver") && !record.contains("whsec_"), "{record}");
}

#[tokio::test]
async fn only_the_events_that_it_takes_go_to_a_webhook() {
    let test = TestApp::new().await;
    let (some, other) = (Receiver::start().await, Receiver::start().await);
    make(&test, &some, json!({ "events": ["quota_warning", "security"] })).await;
    make(&test, &other, json!({ "events": ["security"] })).await;
    something_happens(&test).await;
    outbox::work(&test.app).await.unwrap();
    assert_eq!((some.take().len(), other.take().len()), (1, 0));
}

#[tokio::test]
async fn what_fails_for_a_day_is_switched_off_and_says_so() {
    let test = TestApp::new().await;
    let receiver = Receiver::start().await;
    let made = make(&test, &receiver, json!({})).await;
    receiver.answer(&[500, 500]);
    something_happens(&test).await;
    outbox::work(&test.app).await.unwrap();
    test.database
        .run("update webhook set failing_since = now() - interval '25 hours'")
        .await
        .unwrap();
    time_passes(&test).await;
    outbox::work(&test.app).await.unwrap();
    let off = show(&test, &made).await;
    assert_eq!((&off["enabled"], off["switched_off_at"].is_string()), (&json!(false), true));
    assert_eq!(deliveries(&test, &made).await.last().unwrap()["state"], "failed");
    let home = format!("/t/{}", test.a.tenant.slug);
    let seen = test.get(&home).header("accept", "text/html").by(&test.a.admin).send().await.text();
    assert!(seen.contains("The webhook Ops to http://127.0.0.1"), "{seen}");
    let record = test.get(&format!("/api/v1/tenants/{}/audit?action=webhook.switched_off", test.a.tenant.id));
    let record = record.by(&test.a.owner).send().await.json();
    assert_eq!(record["items"][0]["actor"]["type"], "system");
    receiver.take();
    time_passes(&test).await;
    outbox::work(&test.app).await.unwrap();
    assert!(receiver.take().is_empty());
    // Switched on again, it begins anew.
    let path = at(&test, &format!("/{}", id(&made)));
    let on = test.patch(&path).by(&test.a.owner).json(&json!({ "enabled": true })).send().await.json();
    assert_eq!((&on["failing_since"], &on["switched_off_at"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn private_addresses_are_not_reached_unless_that_is_allowed() {
    let wish = Wish {
        private_webhooks: Private::None,
        ..Wish::default()
    };
    let test = TestApp::with(wish).await;
    let receiver = Receiver::start().await;
    for url in [
        receiver.url(),
        "http://[::1]:80/".into(),
        "http://169.254.169.254/latest".into(),
        "https://10.1.2.3/".into(),
    ] {
        let new = json!({ "name": "Inside", "url": url });
        let answer = test.post(&at(&test, "")).by(&test.a.owner).json(&new).send().await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["errors"][0]["code"]),
            (422, &json!("url_forbidden")),
            "{url}"
        );
    }
    // A name that leads there is found out when something is sent.
    let new = json!({ "name": "Inside", "url": format!("http://localhost:{}/in", receiver.addr.port()) });
    let made = test.post(&at(&test, "")).by(&test.a.owner).json(&new).send().await.json();
    let went = test_of(&test, &made).await;
    assert_eq!(went["state"], "failed");
    assert!(went["attempts"][0]["error"].as_str().unwrap().contains("must not reach"), "{went}");
    assert!(receiver.take().is_empty());
    let change = json!({ "url": receiver.url() });
    let path = at(&test, &format!("/{}", id(&made)));
    let answer = test.patch(&path).by(&test.a.owner).json(&change).send().await;
    assert_eq!(answer.json()["errors"][0]["field"], "url");
}

#[tokio::test]
async fn a_tenant_has_so_many_and_no_more() {
    let test = TestApp::new().await;
    let receiver = Receiver::start().await;
    for _ in 0..20 {
        make(&test, &receiver, json!({})).await;
    }
    let new = json!({ "name": "One more", "url": receiver.url() });
    let answer = test.post(&at(&test, "")).by(&test.a.owner).json(&new).send().await;
    assert_eq!(answer.json()["errors"][0]["code"], "too_many");
}

#[tokio::test]
async fn all_of_it_can_be_done_in_the_console_without_javascript() {
    let test = TestApp::new().await;
    let receiver = Receiver::start().await;
    let slug = test.a.tenant.slug.as_str();
    let list = format!("/t/{slug}/notifications");
    let open = async |path: &str, by| test.get(path).header("accept", "text/html").by(by).send().await;
    let send = async |path: &str, fields: &[(&str, &str)]| test.post(path).header("accept", "text/html").by(&test.a.owner).form(fields).send().await;

    // What is told: what is not ticked is off.
    let act = format!("{list}?act=told:/_fn/notifications/update");
    let fields = [
        ("tenant", slug),
        ("on[]", "quota_exceeded.mail"),
        ("on[]", "security.in_app"),
        ("key_days", "14"),
        ("refusals_per_minute", "60"),
    ];
    let saved = send(&act, &fields).await;
    assert_eq!(
        (saved.status.as_u16(), saved.header("location")),
        (303, format!("{list}?done=notifications-saved").as_str())
    );
    let path = format!("/api/v1/tenants/{slug}/notifications");
    let now = test.get(&path).by(&test.a.owner).send().await.json();
    assert_eq!(now["kinds"]["quota_exceeded"], json!({ "in_app": false, "mail": true, "webhook": false }));
    assert_eq!(now["kinds"]["quota_warning"], json!({ "in_app": false, "mail": false, "webhook": false }));
    assert_eq!(now["kinds"]["job_failed"]["mail"], json!(true), "what the page does not show stays");
    assert_eq!(now["key_days"], 14);
    let faulty = send(&act, &[("tenant", slug), ("key_days", "91"), ("refusals_per_minute", "60")]).await;
    assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(faulty.text().contains("key_days: "), "{}", faulty.text());

    // A new webhook shows its secret, this once.
    let faulty = send(&list, &[("name", "Ops"), ("url", "no address")]).await;
    assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        faulty.text().contains("url: ") && faulty.text().contains("no address"),
        "{}",
        faulty.text()
    );
    let made = send(&list, &[("name", "Ops"), ("url", &receiver.url()), ("events", "security")]).await;
    assert_eq!(made.status, StatusCode::OK);
    assert!(made.text().contains("Ops is made"));
    let secret = |page: &str| {
        let from = page.find("value=\"whsec_").unwrap() + "value=\"".len();
        page[from..].split('"').next().unwrap().to_owned()
    };
    let first = secret(&made.text());
    let page = open(&list, &test.a.owner).await.text();
    assert!(!page.contains("whsec_") && page.contains(">Ops<"), "{page}");
    let from = page.find("/webhooks/whk_").unwrap();
    let one = format!("/t/{slug}{}", page[from..].split('"').next().unwrap());
    let id = one.rsplit('/').next().unwrap();

    // The test button, and what the log says.
    let act = |form: &str, function: &str| format!("{one}?act={form}:/_fn/webhooks/{function}");
    let hidden = [("tenant", slug), ("id", id)];
    receiver.answer(&[200, 500]);
    assert_eq!(
        send(&act("hook", "test"), &hidden).await.header("location"),
        format!("{one}?done=webhook-took")
    );
    assert!(receiver.take()[0].is_signed_with(&first));
    assert_eq!(
        send(&act("hook", "test"), &hidden).await.header("location"),
        format!("{one}?done=webhook-failed")
    );
    let page = open(&one, &test.a.owner).await.text();
    assert!(
        page.contains("status 200") && page.contains("the receiver answered with status 500"),
        "{page}"
    );
    let failed = open(&format!("{one}?state=failed"), &test.a.owner).await.text();
    assert!(!failed.contains("status 200") && failed.contains("status 500"));

    // Another secret, another name, and away.
    let rotated = send(&one, &[]).await.text();
    assert!(rotated.contains("Ops has a new secret") && secret(&rotated) != first, "{rotated}");
    let fields = [("tenant", slug), ("id", id), ("name", "Second line"), ("url", &receiver.url())];
    assert_eq!(
        send(&act("webhook", "update"), &fields).await.header("location"),
        format!("{one}?done=webhook-saved")
    );
    let path = at(&test, &format!("/{id}"));
    let now = test.get(&path).by(&test.a.owner).send().await.json();
    assert_eq!(
        (&now["name"], &now["events"], &now["enabled"]),
        (&json!("Second line"), &Value::Null, &json!(false))
    );

    // Others see what is told, and of webhooks nothing.
    let page = open(&list, &test.a.viewer).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text().contains("Second line") && !page.text().contains("Save what is told"));
    assert_eq!(open(&one, &test.a.developer).await.status, StatusCode::FORBIDDEN);
    let theirs = one.replace(slug, test.b.tenant.slug.as_str());
    assert_eq!(open(&theirs, &test.b.owner).await.status, StatusCode::NOT_FOUND);
    for path in [&list, &one] {
        let answer = test
            .post(path)
            .by(&test.a.developer)
            .form(&[("name", "Mine"), ("url", receiver.url().as_str())])
            .send()
            .await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }

    assert_eq!(
        send(&act("hook", "delete"), &hidden).await.header("location"),
        format!("{list}?done=webhook-deleted")
    );
    assert_eq!(open(&one, &test.a.owner).await.status, StatusCode::NOT_FOUND);
}
