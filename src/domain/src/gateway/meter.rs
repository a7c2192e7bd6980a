//! One request from when it is sent until its answer has ended: counted whatever happens, also when nobody waits
//! for it any more.

use std::time::Instant;

use tenantry_db::access::supply::CallableModel;
use tenantry_types::ProviderId;

use super::limits::Hold;
use super::{Operation, Seat};
use crate::usage::Record;
use crate::{App, new_id, now, usage};

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    Error,
    /// The client went away.
    Cancelled,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What the provider says was used. Cached ones are among those that went in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    pub sent: i64,
    pub received: i64,
    pub cached: i64,
    /// Counted by us, because the provider did not say.
    pub estimated: bool,
}

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub tokens_in: i64,
    pub tokens_out: i64,
    /// Counted by us, because the provider did not say.
    pub estimated: bool,
    /// In pico-USD; None: the price is not known.
    pub cost: Option<i64>,
    pub latency_ms: i64,
}

/// Prices in pico-USD a token, and a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prices {
    input: Option<i64>,
    output: Option<i64>,
    cached: Option<i64>,
    request: Option<i64>,
}

impl Prices {
    pub fn of(model: &CallableModel) -> Self {
        Self {
            input: model.input_price,
            output: model.output_price,
            cached: model.cached_input_price,
            request: model.request_price,
        }
    }

    /// In pico-USD. None when a price is not known of which something was used.
    pub fn cost(&self, tokens: Tokens) -> Option<i64> {
        let of = |count: i64, price: Option<i64>| match (count, price) {
            (0, _) => Some(0),
            (count, price) => Some(count.saturating_mul(price?)),
        };
        let cached = tokens.cached.clamp(0, tokens.sent);
        let sum = of(tokens.sent - cached, self.input)?
            .saturating_add(of(cached, self.cached.or(self.input))?)
            .saturating_add(of(tokens.received, self.output)?);
        Some(sum.saturating_add(self.request.unwrap_or(0).saturating_mul(1_000_000)))
    }
}

/// Counts one request.
pub struct Meter {
    app: App,
    hold: Hold,
    prices: Prices,
    since: Instant,
    first: Option<Instant>,
    /// None once it was written.
    record: Option<Record>,
    /// What is counted when the end is not seen.
    tokens: Tokens,
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").finish_non_exhaustive()
    }
}

impl Meter {
    pub(super) fn start(app: &App, seat: &Seat, name: &str, model: &CallableModel, how: (Operation, bool), mut hold: Hold) -> Self {
        hold.sent();
        let record = Record {
            tenant: seat.tenant().uuid(),
            at: now(),
            id: new_id(),
            operation: how.0.as_str(),
            model_id: model.id.uuid(),
            model: name.to_owned(),
            provider_id: uuid::Uuid::nil(),
            user_id: seat.user().map(|id| id.uuid()),
            key_id: seat.key().map(|id| id.uuid()),
            workspace_id: seat.workspace().map(|id| id.uuid()),
            status: 0,
            outcome: "",
            streamed: how.1,
            tokens_in: 0,
            tokens_out: 0,
            tokens_cached: 0,
            estimated: false,
            cost: None,
            latency_ms: 0,
            first_ms: None,
        };
        Self {
            app: app.clone(),
            hold,
            prices: Prices::of(model),
            since: Instant::now(),
            first: None,
            record: Some(record),
            tokens: Tokens {
                estimated: true,
                ..Tokens::default()
            },
        }
    }

    /// Which provider it went to; the last one counts.
    pub(super) fn went_to(&mut self, provider: ProviderId) {
        if let Some(record) = &mut self.record {
            record.provider_id = provider.uuid();
        }
    }

    /// What the provider answered with.
    pub(super) fn answered(&mut self, status: u16) {
        if let Some(record) = &mut self.record {
            record.status = status.into();
        }
    }

    /// A part of the answer came.
    pub fn progress(&mut self) {
        self.first.get_or_insert_with(Instant::now);
    }

    /// What was used, as far as it is known by now.
    pub fn counts(&mut self, tokens: Tokens) {
        self.tokens = tokens;
    }

    /// The answer has ended. Written before the last of it goes to the client. None when that was said before.
    pub fn finish(&mut self, outcome: Outcome) -> Option<Spent> {
        let mut record = self.record.take()?;
        let ms = |at: Instant| i64::try_from((at - self.since).as_millis()).unwrap_or(i64::MAX);
        let tokens = self.tokens;
        // What failed is not paid for, unless something was said to be used.
        let free = outcome == Outcome::Error && tokens.estimated;
        let tokens = if free { Tokens::default() } else { tokens };
        record.at = now();
        record.outcome = outcome.as_str();
        record.tokens_in = tokens.sent.max(0);
        record.tokens_out = tokens.received.max(0);
        record.tokens_cached = tokens.cached.clamp(0, record.tokens_in);
        record.estimated = tokens.estimated;
        record.cost = if free { Some(0) } else { self.prices.cost(tokens) };
        record.latency_ms = ms(Instant::now());
        record.first_ms = self.first.map(ms);
        self.hold.settle(record.tokens_in.saturating_add(record.tokens_out), record.cost);
        usage::keep(&self.app, &record);
        Some(Spent {
            tokens_in: record.tokens_in,
            tokens_out: record.tokens_out,
            estimated: record.estimated,
            cost: record.cost,
            latency_ms: record.latency_ms,
        })
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.finish(Outcome::Cancelled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICES: Prices = Prices {
        input: Some(150_000),
        output: Some(600_000),
        cached: Some(75_000),
        request: None,
    };

    fn tokens(sent: i64, received: i64, cached: i64) -> Tokens {
        Tokens {
            sent,
            received,
            cached,
            estimated: false,
        }
    }

    #[test]
    fn money_is_exact() {
        // 0.15 USD for a million tokens is 150,000 pico-USD a token.
        assert_eq!(PRICES.cost(tokens(7, 3, 0)), Some(7 * 150_000 + 3 * 600_000));
        assert_eq!(PRICES.cost(tokens(7, 3, 5)), Some(2 * 150_000 + 5 * 75_000 + 3 * 600_000));
        let with_request = Prices {
            request: Some(5_000),
            ..PRICES
        };
        assert_eq!(with_request.cost(tokens(0, 0, 0)), Some(5_000_000_000));
    }

    #[test]
    fn an_unknown_price_is_not_zero() {
        let unknown = Prices { output: None, ..PRICES };
        assert_eq!(unknown.cost(tokens(7, 3, 0)), None);
        assert_eq!(unknown.cost(tokens(7, 0, 0)), Some(7 * 150_000), "of that nothing was used");
        let uncached = Prices { cached: None, ..PRICES };
        assert_eq!(uncached.cost(tokens(7, 0, 5)), Some(7 * 150_000), "cached ones cost what others cost");
    }
}
