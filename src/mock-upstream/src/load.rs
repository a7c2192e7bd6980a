//! Sends requests and measures: each of so many workers has one connection and sends its next request when it has the
//! answer to the last one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;

pub struct Plan {
    pub url: String,
    pub key: String,
    pub model: String,
    pub concurrency: usize,
    pub seconds: u64,
    pub streams: bool,
}

/// Before it is measured: connections are opened and memories filled.
const WARM: Duration = Duration::from_secs(1);

/// Microseconds of each request: to the first part of the answer, and to its end. And how many failed.
#[derive(Default)]
struct Seen {
    first: Vec<u64>,
    whole: Vec<u64>,
    failed: u64,
}

pub async fn run(plan: Plan) -> Value {
    let plan = Arc::new(plan);
    let mut body = json!({ "model": plan.model, "messages": [{ "role": "user", "content": "Say something that is neither long nor short." }] });
    if plan.streams {
        body["stream"] = json!(true);
        // Asked for in any case: then all three send the same.
        body["stream_options"] = json!({ "include_usage": true });
    }
    let body: Arc<str> = body.to_string().into();
    let begin = Instant::now() + WARM;
    let end = begin + Duration::from_secs(plan.seconds);
    let mut workers = JoinSet::new();
    for _ in 0..plan.concurrency {
        workers.spawn(work(plan.clone(), body.clone(), begin, end));
    }
    let mut all = Seen::default();
    while let Some(seen) = workers.join_next().await {
        let Ok(seen) = seen else { continue };
        all.first.extend(seen.first);
        all.whole.extend(seen.whole);
        all.failed += seen.failed;
    }
    all.first.sort_unstable();
    all.whole.sort_unstable();
    let requests = u64::try_from(all.whole.len()).unwrap_or(0);
    let at = |times: &[u64], share: usize| times.get((times.len() * share / 1000).min(times.len().saturating_sub(1))).copied();
    json!({
        "requests": requests, "failed": all.failed, "per_second": requests / plan.seconds.max(1),
        "p50_us": at(&all.whole, 500), "p95_us": at(&all.whole, 950), "p99_us": at(&all.whole, 990),
        "first_p50_us": at(&all.first, 500), "first_p99_us": at(&all.first, 990),
    })
}

async fn work(plan: Arc<Plan>, body: Arc<str>, begin: Instant, end: Instant) -> Seen {
    let mut seen = Seen::default();
    let Ok(client) = reqwest::Client::builder().pool_max_idle_per_host(1).tcp_nodelay(true).no_proxy().build() else {
        return seen;
    };
    let url = format!("{}/v1/chat/completions", plan.url);
    while Instant::now() < end {
        let since = Instant::now();
        let answer = client
            .post(&url)
            .bearer_auth(&plan.key)
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await;
        let mut first = None;
        let mut good = matches!(&answer, Ok(answer) if answer.status() == 200);
        if let Ok(answer) = answer {
            let mut parts = answer.bytes_stream();
            while let Some(part) = parts.next().await {
                first.get_or_insert_with(|| since.elapsed());
                good &= part.is_ok();
            }
        }
        if since < begin {
            continue;
        }
        let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        match first.filter(|_| good) {
            Some(first) => {
                seen.first.push(us(first));
                seen.whole.push(us(since.elapsed()));
            }
            None => seen.failed += 1,
        }
    }
    seen
}
