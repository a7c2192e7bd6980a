//! A conversation with a model as a person leads it who tries it: a few turns of text, and the answer as it comes.

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde_json::{Value, json};

use super::{Answer, Estimate, Events, Operation, Outcome, Seat, Spent, Tokens, events, send, usage_of};
use crate::{App, Result};

/// The largest answer that is no stream.
const LARGEST: usize = 4 * 1024 * 1024;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// Says how to answer.
    System,
    User,
    Assistant,
}

impl Speaker {
    const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub by: Speaker,
    pub text: String,
}

/// What is said so far, and how long the answer may be, in tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub turns: Vec<Turn>,
    pub most: Option<i64>,
}

/// What comes of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// The end of a whole answer.
    End(Spent),
    /// There is no more, for this reason.
    Broken(String),
}

/// Asks the model of this name, and streams what it says.
///
/// # Errors
/// As `send`.
pub async fn chat(app: &App, seat: &Seat, model: &str, said: &Conversation) -> Result<BoxStream<'static, Part>> {
    let turns: Vec<Value> = said
        .turns
        .iter()
        .map(|turn| json!({ "role": turn.by.as_str(), "content": turn.text }))
        .collect();
    let body = |upstream: &str| {
        let mut body = json!({ "model": upstream, "messages": turns, "stream": true, "stream_options": { "include_usage": true } });
        if let Some(most) = said.most {
            body["max_tokens"] = most.into();
        }
        if let Some(user) = seat.external_id() {
            body["user"] = user.into();
        }
        Bytes::from(body.to_string())
    };
    let estimate = Estimate::of(said.turns.iter().map(|turn| turn.text.len()).sum(), said.most);
    let answer = send(app, seat, model, (Operation::Chat, true), estimate, body).await?;
    if answer.status >= 400 {
        let failure = answer.failure().await;
        return Ok(stream::iter([Part::Broken(failure.message)]).boxed());
    }
    if answer.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/event-stream")) {
        Ok(streamed(answer, estimate))
    } else {
        Ok(stream::iter(at_once(answer, estimate).await).boxed())
    }
}

fn broken() -> Part {
    Part::Broken("The provider's answer broke off.".into())
}

/// When nobody reads it any more it is dropped, and with it the connection to the provider.
fn streamed(answer: Answer, estimate: Estimate) -> BoxStream<'static, Part> {
    let first = Some((answer, Events::new(false)));
    let parts = stream::unfold(first, move |state| async move {
        let (mut answer, mut events) = state?;
        loop {
            let whole = match answer.body.next().await {
                Some(Ok(chunk)) => {
                    answer.meter.progress();
                    events.push(chunk)
                }
                Some(Err(_)) => {
                    answer.meter.counts(events.tokens(estimate.tokens_in));
                    answer.meter.finish(Outcome::Error);
                    return Some((vec![broken()], None));
                }
                None => {
                    let rest = events.end();
                    answer.meter.counts(events.tokens(estimate.tokens_in));
                    let spent = answer.meter.finish(Outcome::Ok);
                    let end = Some(events::texts(&rest)).filter(|text| !text.is_empty()).map(Part::Text);
                    return Some((end.into_iter().chain(spent.map(Part::End)).collect(), None));
                }
            };
            answer.meter.counts(events.tokens(estimate.tokens_in));
            let text = events::texts(&whole);
            if !text.is_empty() {
                return Some((vec![Part::Text(text)], Some((answer, events))));
            }
        }
    });
    parts.flat_map(stream::iter).boxed()
}

/// A provider that does not stream.
async fn at_once(mut answer: Answer, estimate: Estimate) -> Vec<Part> {
    let Ok(body) = answer.collect(LARGEST).await else {
        answer.meter.finish(Outcome::Error);
        return vec![broken()];
    };
    let text = events::texts(&body);
    let tokens = usage_of(&body).unwrap_or_else(|| Tokens {
        sent: estimate.tokens_in,
        received: i64::try_from(text.len() / Estimate::BYTES).unwrap_or(i64::MAX),
        cached: 0,
        estimated: true,
    });
    answer.meter.counts(tokens);
    let spent = answer.meter.finish(Outcome::Ok);
    [Part::Text(text)].into_iter().chain(spent.map(Part::End)).collect()
}
