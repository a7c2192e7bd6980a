//! The answers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Mock;

pub const PROMPT_TOKENS: i64 = 11;
pub const COMPLETION_TOKENS: i64 = 5;

/// How to answer; a field `mock` in the body.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
struct Wish {
    status: u16,
    /// Of an error.
    message: String,
    retry_after: Option<u64>,
    /// Before the answer begins.
    delay_ms: u64,
    /// Between two parts of a stream.
    pause_ms: u64,
    parts: usize,
    /// After so many parts the connection is cut.
    break_after: Option<usize>,
    /// Whether the usage is told.
    usage: bool,
    /// Bytes of each part of a stream that are sent at once; 0: all.
    cut: usize,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            status: 200,
            message: "as you wished".to_owned(),
            retry_after: None,
            delay_ms: 0,
            pause_ms: 0,
            parts: 5,
            break_after: None,
            usage: true,
            cut: 0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Debug, Deserialize)]
struct Request {
    model: String,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    tools: Option<Value>,
    #[serde(default)]
    mock: Wish,
}

pub(crate) async fn models() -> Json<Value> {
    Json(json!({ "object": "list", "data": [
        { "id": "mock-large", "object": "model", "name": "Mock Large", "context_length": 128_000, "pricing": { "prompt": "0.000001", "completion": "0.000002" } },
        { "id": "mock-small", "object": "model", "name": "Mock Small", "context_length": 32_000, "pricing": { "prompt": "0.0000001", "completion": "0.0000002" } },
    ] }))
}

/// A part of a stream, byte for byte.
pub fn chunk(model: &str, n: usize) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"{model}\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"word{n} \"}},\"finish_reason\":null}}]}}\n\n"
    )
}

/// The part with the usage.
pub fn usage_chunk(model: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"{model}\",\"choices\":[],\"usage\":{}}}\n\n",
        usage()
    )
}

fn usage() -> Value {
    json!({ "prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS, "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS })
}

pub(crate) async fn answer(mock: &Mock, path: &str, body: &Bytes) -> Response {
    let request: Request = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => return failed(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let wish = request.mock.clone();
    if wish.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(wish.delay_ms)).await;
    }
    if wish.status >= 400 {
        let mut response = failed(StatusCode::from_u16(wish.status).unwrap_or(StatusCode::BAD_GATEWAY), &wish.message);
        if let Some(seconds) = wish.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        return response;
    }
    if path.ends_with("/embeddings") {
        let data = json!([{ "object": "embedding", "index": 0, "embedding": [0.25, -0.5, 0.125] }]);
        let mut whole = json!({ "object": "list", "model": request.model, "data": data });
        if wish.usage {
            whole["usage"] = json!({ "prompt_tokens": PROMPT_TOKENS, "total_tokens": PROMPT_TOKENS });
        }
        return Json(whole).into_response();
    }
    if request.stream {
        return stream(mock, &request);
    }
    let content: String = (0..wish.parts).map(|n| format!("word{n} ")).collect();
    let choice = if path.ends_with("/chat/completions") {
        let message = match request.tools {
            Some(_) => json!({ "role": "assistant", "content": null, "tool_calls": [
                { "id": "call_1", "type": "function", "function": { "name": "weather", "arguments": "{\"city\":\"Bern\"}" } } ] }),
            None => json!({ "role": "assistant", "content": content }),
        };
        json!({ "index": 0, "message": message, "finish_reason": "stop" })
    } else {
        json!({ "index": 0, "text": content, "logprobs": null, "finish_reason": "stop" })
    };
    let object = if path.ends_with("/chat/completions") {
        "chat.completion"
    } else {
        "text_completion"
    };
    let mut whole = json!({ "id": "chatcmpl-mock", "object": object, "created": 1_700_000_000, "model": request.model, "choices": [choice] });
    if wish.usage {
        whole["usage"] = usage();
    }
    Json(whole).into_response()
}

fn failed(status: StatusCode, message: &str) -> Response {
    let body = json!({ "error": { "message": message, "type": "mock", "param": null, "code": "mocked" } });
    (status, Json(body)).into_response()
}

/// Counts an answer as running until it is dropped, and as left when that is before its end.
struct Watched {
    mock: Mock,
    ended: bool,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.mock.running.fetch_sub(1, Ordering::AcqRel);
        if !self.ended {
            self.mock.left.fetch_add(1, Ordering::AcqRel);
        }
    }
}

fn stream(mock: &Mock, request: &Request) -> Response {
    let (wish, model) = (request.mock.clone(), request.model.clone());
    let mut parts: Vec<String> = (0..wish.parts).map(|n| chunk(&model, n)).collect();
    let breaks = wish.break_after.is_some();
    if let Some(after) = wish.break_after {
        parts.truncate(after);
    } else {
        let asked = request.stream_options.as_ref().is_some_and(|options| options.include_usage);
        if asked && wish.usage {
            parts.push(usage_chunk(&model));
        }
        parts.push("data: [DONE]\n\n".to_owned());
    }
    let pieces: Vec<Bytes> = match wish.cut {
        0 => parts.into_iter().map(Bytes::from).collect(),
        cut => parts.concat().as_bytes().chunks(cut).map(Bytes::copy_from_slice).collect(),
    };
    mock.running.fetch_add(1, Ordering::AcqRel);
    let watched = Watched {
        mock: mock.clone(),
        ended: false,
    };
    let pause = Duration::from_millis(wish.pause_ms);
    let body = stream::unfold((pieces.into_iter(), watched, true), move |(mut pieces, mut watched, first)| async move {
        let Some(piece) = pieces.next() else {
            if breaks {
                tokio::time::sleep(pause).await;
            }
            watched.ended = true;
            return breaks.then(|| (Err(std::io::Error::other("as wished")), (pieces, watched, false)));
        };
        if !first && !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Some((Ok(piece), (pieces, watched, false)))
    });
    let mut response = Response::new(Body::from_stream(body.boxed()));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/event-stream"));
    response
}
