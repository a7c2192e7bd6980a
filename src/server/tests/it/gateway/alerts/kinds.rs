//! Keys that end, keys that are refused, and providers that do not answer.

use std::time::Duration;

use futures::future::join;
use serde_json::json;
use tenantry_domain::{alerts, providers};

use super::{chores, kinds, overview, times, wants, webhook};
use crate::gateway::{Gateway, ask, must, refused};
use crate::support::receiver::Receiver;
use crate::support::server::{TestApp, Wish};

/// As `chores`, and what is looked at now and then.
async fn survey(test: &TestApp) {
    alerts::survey(&test.app).await.unwrap();
    chores(&test.app).await;
}

#[tokio::test]
async fn a_key_that_ends_is_told_to_whose_it_is_once_and_once_more_on_the_last_day() {
    let g = Gateway::new().await;
    let receiver = Receiver::start().await;
    webhook(&g, &receiver).await;
    g.key(&g.app.a, &g.app.a.owner, json!({ "name": "Nightly" })).await;
    g.key(&g.app.a, &g.app.a.owner, json!({ "name": "Brief" })).await;
    let ends = async |name: &str, made: &str, ends: &str| {
        let sql = format!("update api_key set created_at = now() + interval '{made}', expires_at = now() + interval '{ends}' where name = '{name}'");
        g.app.database.run(&sql).await.unwrap();
    };
    // Made for an hour: that it ends is no news.
    ends("Brief", "0", "1 hour").await;
    ends("Nightly", "-30 days", "8 days").await;
    survey(&g.app).await;
    assert!(receiver.take().is_empty());

    ends("Nightly", "-30 days", "6 days").await;
    survey(&g.app).await;
    survey(&g.app).await;
    let came = receiver.take();
    assert_eq!(kinds(&came), ["key_expiring"]);
    let data = came[0].json()["data"].clone();
    assert_eq!((&data["name"], &data["user"]), (&json!("Nightly"), &json!(g.app.a.owner.user.id)));
    let said = "Your API key Nightly";
    assert!(overview(&g, &g.app.a.owner).await.contains(said));
    assert!(!overview(&g, &g.app.a.admin).await.contains(said), "it is the owner's");

    // The same end, on its last day.
    let sql = "update api_key set created_at = created_at - interval '5 days 6 hours', expires_at = expires_at - interval '5 days 6 hours' where name = 'Nightly'";
    g.app.database.run(sql).await.unwrap();
    survey(&g.app).await;
    survey(&g.app).await;
    assert_eq!(kinds(&receiver.take()), ["key_expiring"]);
    let page = overview(&g, &g.app.a.owner).await;
    assert_eq!(times(&page, said), 1, "the older one is put away: {page}");

    // As early as the tenant wants it, and not of what is revoked.
    g.key(&g.app.a, &g.app.a.owner, json!({ "name": "Later", "owner": "tenant" })).await;
    ends("Later", "-1 day", "20 days").await;
    g.key(&g.app.a, &g.app.a.owner, json!({ "name": "Gone" })).await;
    ends("Gone", "-30 days", "2 days").await;
    g.app
        .database
        .run("update api_key set revoked_at = now() where name = 'Gone'")
        .await
        .unwrap();
    survey(&g.app).await;
    assert!(receiver.take().is_empty());
    wants(&g, json!({ "key_days": 21 })).await;
    survey(&g.app).await;
    assert_eq!(kinds(&receiver.take()), ["key_expiring"]);
    assert!(overview(&g, &g.app.a.admin).await.contains("s API key Later ("));
}

#[tokio::test]
async fn a_key_that_is_refused_too_often_is_told_of() {
    let g = Gateway::new().await;
    let receiver = Receiver::start().await;
    webhook(&g, &receiver).await;
    wants(&g, json!({ "refusals_per_minute": 5 })).await;
    let limit = json!({ "name": "Eager", "rate_limit": { "requests": 1, "per_seconds": 3600 } });
    let key = g.key(&g.app.a, &g.app.a.owner, limit).await;
    let try_it = async |times: usize| {
        for _ in 0..times {
            refused(&g.chat(&key, ask("mock/large")).await, 429, "rate_limit_exceeded");
        }
        chores(&g.app.app).await;
    };
    assert_eq!(g.chat(&key, ask("mock/large")).await.status, 200);
    try_it(2).await;
    assert!(receiver.take().is_empty(), "two are not five");
    // Ten more are five in one minute at least, whenever the clock begins another.
    try_it(10).await;
    try_it(10).await;
    let came = receiver.take();
    assert_eq!(kinds(&came), ["refusals"], "once in an hour");
    let data = came[0].json()["data"].clone();
    assert_eq!(
        (&data["name"], &data["rule"], &data["threshold"]),
        (&json!("Eager"), &json!("rate_limit"), &json!(5))
    );
    let said = "The API key Eager was refused";
    assert!(overview(&g, &g.app.a.admin).await.contains(said));
    assert!(!overview(&g, &g.app.a.developer).await.contains(said), "only who may read the record");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_told_to_those_who_use_it() {
    let g = Gateway::new().await;
    let two = g.app.server.beside().await;
    let receiver = Receiver::start().await;
    webhook(&g, &receiver).await;
    // In these tests no provider gives a list.
    let check = async || assert!(providers::schedule::check(&g.app.app, Duration::ZERO).await.unwrap() > 0);
    let look = async || {
        let (one, other) = join(alerts::look_at_providers(&g.app.app), alerts::look_at_providers(&two.app)).await;
        one.and(other).unwrap();
        alerts::look_at_providers(&two.app).await.unwrap();
        chores(&g.app.app).await;
    };
    check().await;
    look().await;
    assert!(receiver.take().is_empty(), "once is an accident");
    check().await;
    look().await;
    let came = receiver.take();
    assert_eq!(kinds(&came), ["provider_down"]);
    assert_eq!(
        (&came[0].json()["data"]["name"], &came[0].json()["data"]["state"]),
        (&json!("Mock"), &json!("down"))
    );
    let said = "The provider Mock has not answered since";
    assert!(overview(&g, &g.app.a.owner).await.contains(said));
    let other = g
        .app
        .get(&format!("/t/{}", g.app.b.tenant.slug))
        .header("accept", "text/html")
        .by(&g.app.b.owner);
    assert!(!other.send().await.text().contains(said), "they have enabled nothing of it");
    let admin = async || g.app.get("/admin").header("accept", "text/html").by(&g.app.operator).send().await.text();
    assert_eq!(times(&admin().await, said), 1);
    check().await;
    look().await;
    assert!(receiver.take().is_empty(), "still down is no news");

    g.app
        .database
        .run("update provider set check_ok = true, check_error = null, down_since = null")
        .await
        .unwrap();
    look().await;
    let came = receiver.take();
    assert_eq!(
        (kinds(&came), &came[0].json()["data"]["state"]),
        (vec!["provider_down".to_owned()], &json!("up"))
    );
    for page in [overview(&g, &g.app.a.owner).await, admin().await] {
        assert!(page.contains("The provider Mock answers again") && !page.contains(said), "{page}");
    }
    look().await;
    assert!(receiver.take().is_empty());
}

#[tokio::test]
async fn a_member_who_came_by_another_way_counts_at_the_next_survey() {
    let g = Gateway::with(Wish::default()).await;
    let receiver = Receiver::start().await;
    webhook(&g, &receiver).await;
    g.app
        .database
        .run("insert into quota_limit (tenant_id, resource, amount, updated_at) select id, 'members', 5, now() from tenant where slug = 'acme-a'")
        .await
        .unwrap();
    survey(&g.app).await;
    assert_eq!(kinds(&receiver.take()), ["quota_warning"]);
}

#[tokio::test]
async fn what_was_told_and_sent_long_ago_is_removed() {
    let g = Gateway::new().await;
    let receiver = Receiver::start().await;
    webhook(&g, &receiver).await;
    let path = format!("/api/v1/tenants/{}/quotas", g.app.a.tenant.id);
    must(g.app.patch(&path).by(&g.app.operator).json(&json!({ "members": 6 })).send().await);
    survey(&g.app).await;
    assert_eq!(receiver.take().len(), 1);
    let old = "insert into alert_told (tenant_id, kind, once, at) select id, 'refusals', 'long ago', now() - interval '101 days' from tenant where slug = 'acme-a'";
    g.app.database.run(old).await.unwrap();
    let counts = async || {
        let mut out = Vec::new();
        for table in ["outbox where done_at is not null", "webhook_delivery", "alert_told"] {
            out.push(g.app.database.count(&format!("select count(*) from {table}")).await.unwrap());
        }
        out
    };
    survey(&g.app).await;
    assert_eq!(counts().await, [1, 1, 1], "what is young stays");
    g.app
        .database
        .run("update outbox set done_at = now() - interval '8 days'; update webhook_delivery set created_at = now() - interval '15 days'")
        .await
        .unwrap();
    g.app
        .database
        .run("update alert_told set at = now() - interval '101 days'")
        .await
        .unwrap();
    survey(&g.app).await;
    assert_eq!(counts().await, [0, 0, 1], "that members are near their limit is so still");
}
