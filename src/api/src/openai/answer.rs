//! A provider's answer on its way to the client: a stream as it comes, anything else whole, and an error in the
//! envelope and without what it may say of keys.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use tenantry_domain::gateway::{Answer, Estimate, Events, Outcome, RateState, Tokens, usage_of};
use tenantry_domain::ports::CallError;

use super::error::GatewayError;

/// The largest answer that is no stream: 64 MiB.
const LARGEST: usize = 64 * 1024 * 1024;
/// Bytes of a token, roughly.
const BYTES: i64 = 4;

pub(super) async fn pass_on(answer: Answer, drops_usage: bool, estimate: Estimate) -> Response {
    let rate = answer.rate;
    let events = answer.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/event-stream"));
    let mut response = if answer.status >= 400 {
        failed(answer).await
    } else if events {
        stream(answer, drops_usage, estimate)
    } else {
        whole(answer, estimate).await
    };
    if let Some(rate) = rate {
        limits(&mut response, rate);
    }
    response
}

/// As OpenAI tells them.
fn limits(response: &mut Response, rate: RateState) {
    let headers = response.headers_mut();
    let mut tell = |name: &'static str, value: HeaderValue| {
        headers.insert(HeaderName::from_static(name), value);
    };
    tell("x-ratelimit-limit-requests", rate.limit.into());
    tell("x-ratelimit-remaining-requests", rate.remaining.into());
    if let Ok(value) = HeaderValue::from_str(&format!("{}ms", rate.resets_in.as_millis())) {
        tell("x-ratelimit-reset-requests", value);
    }
}

fn headed(status: u16, content_type: Option<&str>, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kind = content_type.and_then(|kind| HeaderValue::from_str(kind).ok());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/json")));
    response
}

/// Counts before the client has it: what was answered is never lost.
async fn whole(mut answer: Answer, estimate: Estimate) -> Response {
    match answer.collect(LARGEST).await {
        Ok(body) => {
            let length = i64::try_from(body.len()).unwrap_or(i64::MAX);
            answer.meter.counts(usage_of(&body).unwrap_or(Tokens {
                sent: estimate.tokens_in,
                // Embeddings are numbers: they have none.
                received: if estimate.tokens_out == 0 { 0 } else { length / BYTES },
                cached: 0,
                estimated: true,
            }));
            answer.meter.finish(Outcome::Ok);
            headed(answer.status, answer.content_type.as_deref(), Body::from(body))
        }
        Err(_) => {
            answer.meter.finish(Outcome::Error);
            broken().into_response()
        }
    }
}

fn broken() -> GatewayError {
    GatewayError::of_provider(
        502,
        "api_error",
        "The provider's answer broke off.".into(),
        Some("provider_broke_off".into()),
        None,
    )
}

async fn failed(answer: Answer) -> Response {
    let failure = answer.failure().await;
    let kind = match failure.status {
        429 => "rate_limit_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    GatewayError::of_provider(failure.status, kind, failure.message, failure.code, failure.retry_after).into_response()
}

fn stream(answer: Answer, drops_usage: bool, estimate: Estimate) -> Response {
    let (status, content_type) = (answer.status, answer.content_type.clone());
    let passing = Passing {
        answer,
        events: Events::new(drops_usage),
        estimate,
        ended: false,
    };
    let mut response = headed(status, content_type.as_deref(), Body::from_stream(passing));
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would collect it.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// A stream that is counted while it passes. When the client goes away it is dropped, and with it the connection to
/// the provider.
struct Passing {
    answer: Answer,
    events: Events,
    estimate: Estimate,
    ended: bool,
}

impl Passing {
    fn count(&mut self) {
        let tokens = self.events.tokens(self.estimate.tokens_in);
        self.answer.meter.counts(tokens);
    }
}

impl Stream for Passing {
    type Item = Result<Bytes, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if this.ended {
                return Poll::Ready(None);
            }
            let out = match futures::ready!(this.answer.body.poll_next_unpin(cx)) {
                Some(Ok(chunk)) => {
                    this.answer.meter.progress();
                    let out = this.events.push(chunk);
                    this.count();
                    // Before the client has the end: what it saw whole is never lost.
                    if this.events.done {
                        this.answer.meter.finish(Outcome::Ok);
                    }
                    out
                }
                Some(Err(error)) => {
                    this.ended = true;
                    this.answer.meter.finish(Outcome::Error);
                    // The connection is cut: a client that sees no end knows that there was none.
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    this.ended = true;
                    let out = this.events.end();
                    this.count();
                    this.answer.meter.finish(Outcome::Ok);
                    out
                }
            };
            if !out.is_empty() {
                return Poll::Ready(Some(Ok(out)));
            }
        }
    }
}
