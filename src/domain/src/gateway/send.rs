//! Sends a request to the providers of a model, one after the other, until one answers. The next one is asked
//! only while the client has nothing of an answer yet.

use std::time::Instant;

use bytes::Bytes;
use tenantry_types::ProblemCode;

use super::meter::{Meter, Outcome, Prices};
use super::{Answer, Estimate, Seat, Tokens, limits};
use crate::ports::{Call, CallError, Upstream, Whose};
use crate::{App, Error, Result};

/// What is asked of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Chat,
    Completions,
    Embeddings,
}

impl Operation {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
        }
    }

    /// Behind the address of a provider.
    const fn path(self) -> &'static str {
        match self {
            Self::Chat => "chat/completions",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
        }
    }
}

/// Whether the next provider should be asked: this one is not there, is overloaded, or broken.
const fn passes_on(status: u16) -> bool {
    matches!(status, 429 | 500..=599)
}

/// Sends a request for the model of this name. `body` makes the body for a provider's own name of the model.
///
/// # Errors
/// `ModelNotFound`; the limit that stands against it; `ProviderUnavailable` when no provider of the model answers.
pub async fn send(
    app: &App,
    seat: &Seat,
    name: &str,
    (operation, streamed): (Operation, bool),
    estimate: Estimate,
    body: impl Fn(&str) -> Bytes,
) -> Result<Answer> {
    let (name, model) = seat.callable(name)?;
    let gateway = app.gateway();
    let key = seat.asker().key();
    let rate = match key.and_then(|key| Some((key.id(), key.facts().rate_limit?))) {
        Some((id, limit)) => gateway
            .rates
            .pass(id, limit)
            .inspect_err(|error| limits::note_refusal(app, seat, error))?,
        None => None,
    };
    let opened = gateway.keys(app, &seat.catalogue)?;
    let expected = Tokens {
        sent: estimate.tokens_in,
        received: estimate.tokens_out,
        ..Tokens::default()
    };
    let cost = Prices::of(model).cost(expected).unwrap_or(0);
    let hold = limits::admit(app, seat, estimate, cost).await?;
    let routes: Vec<_> = model
        .routes
        .iter()
        .filter(|route| gateway.breakers.lets(route.provider, Instant::now()))
        .collect();
    let mut meter: Option<Meter> = None;
    let mut hold = Some(hold);
    for (place, route) in routes.iter().enumerate() {
        let Some(provider) = seat.catalogue.providers.get(&route.provider) else {
            continue;
        };
        if let Some(hold) = hold.take() {
            meter = Some(Meter::start(app, seat, name, model, (operation, streamed), hold));
        }
        let Some(running) = &mut meter else { continue };
        running.went_to(route.provider);
        let call = Call {
            upstream: Upstream {
                whose: Whose::Operators,
                kind: provider.kind,
                base_url: &provider.base_url,
                api_key: opened.keys.get(&route.provider),
                api_version: provider.api_version.as_deref(),
            },
            model: &route.upstream_name,
            path: operation.path(),
            body: body(&route.upstream_name),
        };
        let last = place + 1 == routes.len();
        match app.upstreams().call(call).await {
            Ok(reply) => {
                let failed = passes_on(reply.status);
                // Being asked too much is no fault of the provider.
                if failed && reply.status != 429 {
                    note_failure(app, route.provider);
                } else {
                    gateway.breakers.worked(route.provider);
                }
                if failed && !last {
                    continue;
                }
                running.answered(reply.status);
                if let Some(meter) = meter {
                    return Ok(Answer {
                        status: reply.status,
                        content_type: reply.content_type,
                        retry_after: reply.retry_after,
                        body: reply.body,
                        meter,
                        rate,
                        key: opened.keys.get(&route.provider).cloned(),
                    });
                }
            }
            Err(error) => {
                tracing::warn!(provider = %route.provider, %error, "a provider did not answer");
                note_failure(app, route.provider);
                // What was sent may be worked on, and paid for: it is not sent a second time.
                if !matches!(error, CallError::Unreachable | CallError::Forbidden | CallError::BadKey) {
                    break;
                }
            }
        }
    }
    if let Some(mut meter) = meter {
        meter.answered(503);
        meter.finish(Outcome::Error);
    }
    Err(Error::Code(ProblemCode::ProviderUnavailable))
}

fn note_failure(app: &App, provider: tenantry_types::ProviderId) {
    if app.gateway().breakers.failed(provider, Instant::now()) {
        tracing::error!(%provider, "a provider fails again and again: it is left alone for a while");
    }
}
