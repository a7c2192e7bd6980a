//! Limits: exact, whoever asks how many at once.

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};
use tenantry_domain::gateway;

use super::{Gateway, ask, must, refused};

async fn limit(g: &Gateway, limits: Value) {
    let path = format!("/api/v1/tenants/{}/quotas", g.app.a.tenant.id);
    must(g.app.patch(&path).by(&g.app.operator).json(&limits).send().await);
}

/// How many of so many that ask at once get through.
async fn pass(g: &Gateway, key: &str, requests: usize) -> usize {
    let answers = join_all((0..requests).map(|_| g.chat(key, ask("mock/large")))).await;
    for answer in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.text());
        assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    }
    answers.iter().filter(|answer| answer.status == StatusCode::OK).count()
}

#[tokio::test]
async fn a_limit_of_calls_lets_exactly_so_many_through() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    limit(&g, json!({ "api_calls_per_hour": 150 })).await;
    let mut passed = 0;
    for _ in 0..4 {
        passed += pass(&g, &key, 64).await;
    }
    assert_eq!(passed, 150);
    assert_eq!(g.mock.take().len(), 150);
    let refusal = g.chat(&key, ask("mock/large")).await;
    refused(&refusal, 429, "quota_exceeded");
    assert!(refusal.json()["error"]["message"].as_str().unwrap().contains("150"));
    // More at once, when the limit is raised; nothing, when it is 0; all, without one.
    limit(&g, json!({ "api_calls_per_hour": 160 })).await;
    assert_eq!(pass(&g, &key, 64).await, 10);
    limit(&g, json!({ "api_calls_per_hour": 0 })).await;
    assert_eq!(pass(&g, &key, 3).await, 0);
    limit(&g, json!({ "api_calls_per_hour": null })).await;
    assert_eq!(pass(&g, &key, 3).await, 3);
}

#[tokio::test]
async fn what_a_server_took_in_advance_it_gives_back() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    limit(&g, json!({ "api_calls_per_hour": 800 })).await;
    assert_eq!(pass(&g, &key, 10).await, 10);
    let used = "select used from quota_use where resource = 'api_calls_per_hour'";
    assert_eq!(g.app.database.count(used).await.unwrap(), 100, "an eighth, in advance");
    gateway::close(&g.app.app).await.unwrap();
    assert_eq!(g.app.database.count(used).await.unwrap(), 10);
}

#[tokio::test]
async fn tokens_are_set_aside_and_settled() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    limit(&g, json!({ "tokens_per_day": 1000 })).await;
    let asking = |most: i64| {
        let mut body = ask("mock/large");
        body["max_tokens"] = json!(most);
        body
    };
    // More than there is in all.
    refused(&g.chat(&key, asking(2000)).await, 429, "quota_exceeded");
    // Each takes 16 in the end, though up to 900 are set aside.
    for _ in 0..5 {
        must(g.chat(&key, asking(900)).await);
    }
    refused(&g.chat(&key, asking(900)).await, 429, "quota_exceeded");
    must(g.chat(&key, asking(800)).await);
    gateway::close(&g.app.app).await.unwrap();
    assert_eq!(
        g.app
            .database
            .count("select used from quota_use where resource = 'tokens_per_day'")
            .await
            .unwrap(),
        6 * 16
    );
}

#[tokio::test]
async fn money_is_limited_for_the_tenant_and_for_a_key() {
    let g = Gateway::new().await;
    // 11 x 0.15 + 5 x 0.60 = 4.65 micro-USD each; a little more is set aside.
    let poor = g.key(&g.app.a, &g.app.a.owner, json!({ "budget": { "amount": 12, "per": "day" } })).await;
    let mut body = ask("mock/large");
    body["max_tokens"] = json!(5);
    must(g.chat(&poor, body.clone()).await);
    must(g.chat(&poor, body.clone()).await);
    let over = g.chat(&poor, body.clone()).await;
    refused(&over, 429, "quota_exceeded");
    assert!(over.json()["error"]["message"].as_str().unwrap().contains("budget of this key"));
    let other = g.own_key().await;
    must(g.chat(&other, body.clone()).await);
    // What was used before there was a limit counts.
    assert_eq!(g.usage("cost").await.len(), 3);
    limit(&g, json!({ "spend_per_month": 13 })).await;
    refused(&g.chat(&other, body.clone()).await, 429, "quota_exceeded");
    limit(&g, json!({ "spend_per_month": 21 })).await;
    must(g.chat(&other, body.clone()).await);
    refused(&g.chat(&other, body).await, 429, "quota_exceeded");
}

#[tokio::test]
async fn a_key_has_a_rate_and_is_told_of_it() {
    let g = Gateway::new().await;
    let key = g
        .key(&g.app.a, &g.app.a.owner, json!({ "rate_limit": { "requests": 5, "per_seconds": 3600 } }))
        .await;
    let first = g.chat(&key, ask("mock/large")).await;
    assert_eq!(first.header("x-ratelimit-limit-requests"), "5");
    assert_eq!(first.header("x-ratelimit-remaining-requests"), "4");
    assert_eq!(pass(&g, &key, 20).await, 4);
    refused(&g.chat(&key, ask("mock/large")).await, 429, "rate_limit_exceeded");
    assert_eq!(pass(&g, &g.own_key().await, 10).await, 10, "of another key it takes nothing");
}

#[tokio::test]
async fn so_many_run_at_once_and_no_more() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    limit(&g, json!({ "concurrent_requests": 3 })).await;
    let mut body = ask("mock/large");
    body["stream"] = json!(true);
    body["mock"] = json!({ "parts": 100_000, "pause_ms": 100 });
    let open = async || g.app.post("/v1/chat/completions").bearing(&key).json(&body).open().await;
    let mut held = vec![open().await, open().await, open().await];
    assert!(held.iter().all(|response| response.status() == StatusCode::OK));
    refused(&g.chat(&key, ask("mock/large")).await, 429, "quota_exceeded");
    held.pop();
    must(g.chat(&key, ask("mock/large")).await);
}

#[tokio::test]
async fn without_the_database_what_is_limited_does_not_pass() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    limit(&g, json!({ "api_calls_per_hour": 1_000_000 })).await;
    must(g.chat(&key, ask("mock/large")).await);
    g.app.database.run("revoke all on quota_use from tenantry_tenant").await.unwrap();
    limit(&g, json!({ "api_calls_per_hour": 2_000_000 })).await;
    assert!(g.chat(&key, ask("mock/large")).await.status.is_server_error());
    assert_eq!(g.mock.take().len(), 1);
}
