//! What passes through, byte for byte, and what it is counted as.

use http::StatusCode;
use serde_json::{Value, json};
use tenantry_mock_upstream::{COMPLETION_TOKENS, PROMPT_TOKENS, chunk, usage_chunk};

use super::{Gateway, KEY, ask, must, refused};

fn streamed(mock: Value) -> Value {
    let mut body = ask("mock/large");
    body["stream"] = json!(true);
    body["mock"] = mock;
    body
}

fn expected(parts: usize) -> String {
    (0..parts).map(|n| chunk("mock-large", n)).collect()
}

#[tokio::test]
async fn a_body_passes_byte_for_byte_but_for_model_and_user() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    let body = "{ \"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"caf\\u00e9 \\ud83d\\ude00\"}]}],\n\t\"model\" : \"mock/large\",  \"user\":\"somebody\", \"never_seen_before\": {\"model\": [1.0, 2e3, null]} }";
    let send = async || {
        g.app
            .post("/v1/chat/completions")
            .bearing(&key)
            .header("content-type", "application/json")
            .raw(body)
            .send()
            .await
    };
    must(send().await);
    let got = g.mock.take().pop().unwrap();
    assert_eq!(String::from_utf8_lossy(&got.body), body.replace("\"mock/large\"", "\"mock-large\""));
    assert_eq!(got.key.as_deref(), Some(KEY));
    assert_eq!(got.path, "/v1/chat/completions");

    let path = format!("/api/v1/tenants/{}", g.app.a.tenant.id);
    must(
        g.app
            .patch(&path)
            .by(&g.app.a.owner)
            .json(&json!({ "external_id": "acme-42" }))
            .send()
            .await,
    );
    must(send().await);
    let got = g.mock.take().pop().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&got.body),
        body.replace("\"mock/large\"", "\"mock-large\"").replace("\"somebody\"", "\"acme-42\"")
    );
}

#[tokio::test]
async fn a_stream_passes_as_it_comes_but_for_the_usage() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    for cut in [0, 1, 7, 100, 10_000] {
        let answer = g.chat(&key, streamed(json!({ "parts": 3, "cut": cut }))).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "text/event-stream");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.text(), format!("{}data: [DONE]\n\n", expected(3)), "cut at {cut}");
    }
    let mut body = streamed(json!({ "parts": 3 }));
    body["stream_options"] = json!({ "include_usage": true });
    let answer = g.chat(&key, body).await;
    assert_eq!(answer.text(), format!("{}{}data: [DONE]\n\n", expected(3), usage_chunk("mock-large")));
    for row in g
        .usage("tokens_in, tokens_out, estimated, cost, streamed, outcome, status, operation")
        .await
    {
        assert_eq!(
            (&row["tokens_in"], &row["tokens_out"]),
            (&json!(PROMPT_TOKENS), &json!(COMPLETION_TOKENS))
        );
        assert_eq!(row["cost"], PROMPT_TOKENS * 150_000 + COMPLETION_TOKENS * 600_000);
        assert_eq!(
            (&row["streamed"], &row["estimated"], &row["outcome"]),
            (&json!(true), &json!(false), &json!("ok"))
        );
        assert_eq!((&row["status"], &row["operation"]), (&json!(200), &json!("chat")));
    }
}

#[tokio::test]
async fn a_stream_that_breaks_is_not_ended_nicely() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    let response = g
        .app
        .post("/v1/chat/completions")
        .bearing(&key)
        .json(&streamed(json!({ "parts": 9, "break_after": 2, "pause_ms": 10 })))
        .open()
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(axum::body::to_bytes(response.into_body(), usize::MAX).await.is_err());
    let usage = g.usage("outcome, estimated, tokens_out").await;
    assert_eq!((&usage[0]["outcome"], usage.len()), (&json!("error"), 1));
}

#[tokio::test]
async fn what_a_provider_does_not_tell_is_counted_and_marked() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    let mut whole = ask("mock/large");
    whole["mock"] = json!({ "usage": false });
    must(g.chat(&key, whole).await);
    g.chat(&key, streamed(json!({ "usage": false, "parts": 4 }))).await;
    let usage = g.usage("estimated, tokens_in, tokens_out, cost").await;
    assert_eq!(usage.len(), 2);
    assert!(
        usage.iter().all(|row| row["estimated"] == true && row["tokens_in"].as_i64().unwrap() > 0),
        "{usage:?}"
    );
    assert_eq!(usage[1]["tokens_out"], 4);
}

#[tokio::test]
async fn completions_embeddings_and_tools() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    let embedded = must(
        g.app
            .post("/v1/embeddings")
            .bearing(&key)
            .json(&json!({ "model": "mock/small", "input": "hello" }))
            .send()
            .await,
    );
    assert_eq!(embedded["data"][0]["embedding"], json!([0.25, -0.5, 0.125]));
    let completed = must(
        g.app
            .post("/v1/completions")
            .bearing(&key)
            .json(&json!({ "model": "mock/small", "prompt": "hello" }))
            .send()
            .await,
    );
    assert_eq!(completed["object"], "text_completion");
    let mut body = ask("mock/small");
    body["tools"] = json!([{ "type": "function", "function": { "name": "weather" } }]);
    let called = must(g.chat(&key, body).await);
    assert_eq!(called["choices"][0]["message"]["tool_calls"][0]["function"]["name"], "weather");
    let usage = g.usage("operation, model, tokens_in, tokens_out").await;
    assert_eq!(
        usage.iter().map(|row| row["operation"].as_str().unwrap()).collect::<Vec<_>>(),
        ["embeddings", "completions", "chat"]
    );
    assert_eq!((&usage[0]["tokens_in"], &usage[0]["tokens_out"]), (&json!(PROMPT_TOKENS), &json!(0)));
}

#[tokio::test]
async fn bad_bodies_are_refused_with_a_reason() {
    let g = Gateway::new().await;
    let key = g.own_key().await;
    let send = async |body: &str| g.app.post("/v1/chat/completions").bearing(&key).raw(body.to_owned()).send().await;
    for (body, says) in [
        ("", "object"),
        ("{", "cannot be read"),
        ("{\"messages\":[]}", "Name a model"),
        ("{\"model\":1}", "must be text"),
    ] {
        let answer = send(body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let error = &answer.json()["error"];
        assert!(error["message"].as_str().unwrap().contains(says), "{body}: {error}");
        assert_eq!(error["type"], "invalid_request_error");
    }
    let large = format!("{{\"model\":\"mock/large\",\"x\":\"{}\"}}", "x".repeat(21 * 1024 * 1024));
    refused(&send(&large).await, 413, "too_large");
    assert!(g.mock.take().is_empty());
}
