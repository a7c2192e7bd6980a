//! What is told of limits: once, by whatever server, and where the tenant wants it.

mod kinds;

use std::sync::Arc;

use futures::future::join;
use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::ports::Mailer;
use tenantry_domain::{App, alerts, outbox, usage};

use super::{Gateway, ask, must, refused};
use crate::support::receiver::{Received, Receiver};
use crate::support::server::{Postbox, Server, Wish};

async fn limit(g: &Gateway, limits: Value) {
    let path = format!("/api/v1/tenants/{}/quotas", g.app.a.tenant.id);
    must(g.app.patch(&path).by(&g.app.operator).json(&limits).send().await);
}

async fn wants(g: &Gateway, change: Value) -> Value {
    let path = format!("/api/v1/tenants/{}/notifications", g.app.a.tenant.id);
    must(g.app.patch(&path).by(&g.app.a.owner).json(&change).send().await)
}

/// A webhook of tenant A to this receiver; its secret.
async fn webhook(g: &Gateway, receiver: &Receiver) -> String {
    let path = format!("/api/v1/tenants/{}/webhooks", g.app.a.tenant.id);
    let new = json!({ "name": "Ops", "url": receiver.url() });
    must(g.app.post(&path).by(&g.app.a.owner).json(&new).send().await)["secret"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn call(server: &Server, key: &str, times: usize) {
    for _ in 0..times {
        let mut body = ask("mock/large");
        body["max_tokens"] = json!(5);
        let answer = server.post("/v1/chat/completions").bearing(key).json(&body).send().await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
}

/// All that the chores of a server would do now.
async fn chores(app: &App) {
    usage::flush(app).await.unwrap();
    alerts::look(app).await.unwrap();
    outbox::work(app).await.unwrap();
}

fn kinds(received: &[Received]) -> Vec<String> {
    received.iter().map(|one| one.json()["type"].as_str().unwrap().to_owned()).collect()
}

/// How many notices of a page say it.
fn times(page: &str, said: &str) -> usize {
    page.matches(&format!("<span>{said}")).count()
}

async fn overview(g: &Gateway, by: &crate::support::fixture::Person) -> String {
    let page = g.app.get(&format!("/t/{}", g.app.a.tenant.slug)).header("accept", "text/html").by(by);
    page.send().await.text()
}

#[tokio::test]
async fn a_limit_that_comes_near_is_told_once_by_whatever_server() {
    let g = Gateway::new().await;
    let two = g.app.server.beside().await;
    let receiver = Receiver::start().await;
    let secret = webhook(&g, &receiver).await;
    let key = g.own_key().await;
    limit(&g, json!({ "api_calls_per_hour": 10 })).await;

    call(&g.app.server, &key, 5).await;
    chores(&g.app.app).await;
    assert!(receiver.take().is_empty(), "half of it is not near");

    call(&two, &key, 2).await;
    call(&g.app.server, &key, 1).await;
    join(chores(&g.app.app), chores(&two.app)).await;
    join(chores(&g.app.app), chores(&two.app)).await;
    let came = receiver.take();
    assert_eq!(kinds(&came), ["quota_warning"]);
    assert!(came[0].is_signed_with(&secret));
    assert!(!came[0].is_signed_with("whsec_of_somebody_else"));
    let body = came[0].json();
    assert_eq!(
        (came[0].header("tenantry-event"), came[0].header("tenantry-event-id")),
        ("quota_warning", body["id"].as_str().unwrap())
    );
    assert_eq!(body["tenant"]["slug"], g.app.a.tenant.slug.as_str());
    assert_eq!(
        (&body["data"]["resource"], &body["data"]["used"], &body["data"]["limit"]),
        (&json!("api_calls_per_hour"), &json!(8), &json!(10))
    );
    let said = "API calls per hour usage high (80 %): 8 of 10 used.";
    for who in [&g.app.a.owner, &g.app.a.admin] {
        assert_eq!(times(&overview(&g, who).await, said), 1);
    }
    assert!(!overview(&g, &g.app.a.developer).await.contains(said), "who runs the tenant is told");

    // All of it: off, unless it is wanted. Then the next look tells it.
    call(&two, &key, 2).await;
    refused(&g.chat(&key, ask("mock/large")).await, 429, "quota_exceeded");
    join(chores(&g.app.app), chores(&two.app)).await;
    assert!(receiver.take().is_empty());
    wants(&g, json!({ "kinds": { "quota_exceeded": { "in_app": true, "webhook": true } } })).await;
    refused(&g.chat(&key, ask("mock/large")).await, 429, "quota_exceeded");
    join(chores(&g.app.app), chores(&two.app)).await;
    assert_eq!(kinds(&receiver.take()), ["quota_exceeded"]);
    assert!(
        overview(&g, &g.app.a.owner)
            .await
            .contains("API calls per hour limit exceeded (10 of 10)")
    );

    // Another limit is another matter: what comes near it is told.
    limit(&g, json!({ "api_calls_per_hour": 12 })).await;
    chores(&g.app.app).await;
    assert_eq!(kinds(&receiver.take()), ["quota_warning"]);
}

#[tokio::test]
async fn a_mail_goes_to_those_who_run_the_tenant_and_to_nobody_where_it_is_off() {
    let postbox = Arc::new(Postbox::default());
    let mailer: Arc<dyn Mailer> = postbox.clone();
    let wish = Wish {
        mailer: Some(mailer),
        ..Wish::default()
    };
    let g = Gateway::with(wish).await;
    outbox::work(&g.app.app).await.unwrap();
    postbox.take();
    let key = g.own_key().await;
    limit(&g, json!({ "tokens_per_day": 100 })).await;
    // 16 tokens each.
    call(&g.app.server, &key, 5).await;
    chores(&g.app.app).await;
    let mails = postbox.take();
    let mut to: Vec<_> = mails.iter().map(|mail| mail.to.to_string()).collect();
    to.sort();
    assert_eq!(to, ["adam@a.test", "olga@a.test"], "{mails:?}");
    assert!(
        mails[0].text.contains("Tokens per day usage high (80 %): 80 of 100 used."),
        "{}",
        mails[0].text
    );
    assert!(mails[0].text.contains("http://tenantry.test/t/acme-a/usage"), "{}", mails[0].text);

    let off = json!({ "in_app": false, "mail": false, "webhook": false });
    wants(&g, json!({ "kinds": { "quota_warning": off } })).await;
    let receiver = Receiver::start().await;
    webhook(&g, &receiver).await;
    limit(&g, json!({ "tokens_per_day": 99 })).await;
    let before = "select count(*) from notification";
    let count = g.app.database.count(before).await.unwrap();
    chores(&g.app.app).await;
    assert!(postbox.take().is_empty() && receiver.take().is_empty());
    assert_eq!(g.app.database.count(before).await.unwrap(), count);
}

#[tokio::test]
async fn members_and_requests_at_once_have_limits_that_come_near() {
    let g = Gateway::new().await;
    let receiver = Receiver::start().await;
    webhook(&g, &receiver).await;
    // Owner, admin, developer, viewer, reviewer.
    limit(&g, json!({ "members": 6 })).await;
    chores(&g.app.app).await;
    let came = receiver.take();
    assert_eq!(kinds(&came), ["quota_warning"]);
    assert_eq!(came[0].json()["data"]["resource"], "members");
    // There is room again, and then there is none: that is news.
    limit(&g, json!({ "members": 60 })).await;
    chores(&g.app.app).await;
    limit(&g, json!({ "members": 6 })).await;
    chores(&g.app.app).await;
    assert_eq!(kinds(&receiver.take()), ["quota_warning"]);

    limit(&g, json!({ "members": null, "concurrent_requests": 1 })).await;
    let key = g.own_key().await;
    call(&g.app.server, &key, 2).await;
    chores(&g.app.app).await;
    chores(&g.app.app).await;
    let came = receiver.take();
    assert_eq!(kinds(&came), ["quota_warning"], "once, though it is not the case any more");
    assert_eq!(came[0].json()["data"]["resource"], "concurrent_requests");
}
