//! The playground: the same decisions, limits and counting, by a session.

use http::StatusCode;
use serde_json::json;

use super::{Gateway, model, provider};
use crate::support::call::Answer;
use crate::support::fixture::Person;

const ASK: &str = "/_fn/playground";

async fn ask(g: &Gateway, who: &Person, more: &[(&str, &str)]) -> Answer {
    let fields = [
        ("tenant", g.app.a.tenant.slug.as_str()),
        ("model", "mock/large"),
        ("prompt", "How are you?"),
    ];
    let fields: Vec<_> = more
        .iter()
        .chain(fields.iter().filter(|(name, _)| more.iter().all(|(n, _)| n != name)))
        .copied()
        .collect();
    g.app.post(ASK).by(who).form(&fields).send().await
}

#[tokio::test]
async fn streams_what_a_model_says_and_what_it_came_to() {
    let g = Gateway::new().await;
    let turns = r#"[[true,"Hello"],[false,"Good day"]]"#;
    let answer = ask(&g, &g.app.a.developer, &[("turns", turns), ("system", "Be short"), ("max_tokens", "50")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    let text = answer.text();
    let (said, end) = text.split_once('\u{1e}').unwrap();
    assert!(!said.is_empty() && !said.contains("data:"), "{text}");
    assert!(end.contains(" tokens in, ") && end.contains(" out \u{b7} "), "{text}");

    let sent = g.mock.take();
    let body: serde_json::Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(
        body["messages"],
        json!([
            { "role": "system", "content": "Be short" },
            { "role": "user", "content": "Hello" },
            { "role": "assistant", "content": "Good day" },
            { "role": "user", "content": "How are you?" },
        ])
    );
    assert_eq!((&body["model"], &body["max_tokens"]), (&json!("mock-large"), &json!(50)));
    let usage = g.usage("outcome, user_id, key_id, estimated, streamed").await;
    assert_eq!(usage.len(), 1);
    assert_eq!(usage[0]["user_id"], json!(g.app.a.developer.user.id.uuid()));
    assert_eq!((&usage[0]["outcome"], &usage[0]["key_id"]), (&json!("ok"), &json!(null)));
}

#[tokio::test]
async fn decides_like_the_gateway() {
    let g = Gateway::new().await;
    let gone = |answer: &Answer| assert!(answer.text().starts_with('\u{1e}') && answer.text().contains('!'), "{}", answer.text());
    // Not theirs to call: not there.
    g.allow(&g.app.a, &g.large, json!({ "enabled": false })).await;
    gone(&ask(&g, &g.app.a.owner, &[]).await);
    gone(&ask(&g, &g.app.a.owner, &[("model", "mock/nonsense")]).await);
    assert!(g.mock.take().is_empty());
    // Nobody's session, somebody else's tenant, no right to use models.
    let a = g.app.a.tenant.slug.as_str();
    let nobody = g
        .app
        .post(ASK)
        .form(&[("tenant", a), ("model", "mock/small"), ("prompt", "x")])
        .send()
        .await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&g, &g.app.b.owner, &[("model", "mock/small")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ask(&g, &g.app.a.viewer, &[("model", "mock/small")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        ask(&g, &g.app.a.owner, &[("model", "mock/small"), ("workspace", "nonsense")])
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert!(g.mock.take().is_empty());
    // In a workspace what it lists.
    let listed = ask(
        &g,
        &g.app.a.owner,
        &[("model", "mock/small"), ("workspace", g.app.a.research.slug.as_str())],
    )
    .await;
    assert_eq!(listed.status, StatusCode::OK);
    assert!(listed.text().contains("tokens in"), "{}", listed.text());
}

#[tokio::test]
async fn says_what_is_wrong() {
    let g = Gateway::new().await;
    let owner = &g.app.a.owner;
    for (name, value, says) in [
        ("prompt", "", "prompt: "),
        ("model", "", "model: "),
        ("max_tokens", "many", "max_tokens: "),
        ("max_tokens", "0", "max_tokens: "),
        ("turns", "nonsense", "turns: "),
    ] {
        let answer = ask(&g, owner, &[(name, value)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}={value}");
        assert!(answer.text().starts_with(says), "{}", answer.text());
    }
    let long = "x".repeat(200_001);
    assert_eq!(ask(&g, owner, &[("prompt", &long)]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(g.mock.take().is_empty());
    // Nothing listens there.
    let down = provider(&g.app, "Down", "127.0.0.1:1".parse().unwrap()).await;
    let id = model(&g.app, "down", json!([{ "provider": down, "upstream_name": "x", "priority": 0 }])).await;
    g.allow(&g.app.a, &id, json!({ "enabled": true })).await;
    let answer = ask(&g, owner, &[("model", "down")]).await;
    assert!(answer.text().starts_with("\u{1e}!"), "{}", answer.text());
}
