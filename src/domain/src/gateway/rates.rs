//! How many requests a key may make in a time of its own choosing: counted on this server, in memory, by GCRA, so
//! that there is no edge of a window at which twice as many pass.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;
use tenantry_types::ApiKeyId;
use tenantry_types::api_key::RateLimit;

use crate::{Error, Result};

type Limiter = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// Keys that were not used for so long may do it all again anyway, unless their limit is by the day.
const KEPT: Duration = Duration::from_secs(86_400);
const ROOM: u64 = 100_000;

pub(super) struct Rates(Cache<(ApiKeyId, u32, u32), Arc<Limiter>>);

impl Default for Rates {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(ROOM).time_to_idle(KEPT).build())
    }
}

/// What is left of a key's rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateState {
    pub limit: u32,
    pub remaining: u32,
    /// Until all of it is there again.
    pub resets_in: Duration,
}

impl Rates {
    /// Counts a request.
    ///
    /// # Errors
    /// `RateLimited`.
    pub fn pass(&self, key: ApiKeyId, limit: RateLimit) -> Result<Option<RateState>> {
        let Some(requests) = NonZeroU32::new(limit.requests) else {
            return Ok(None);
        };
        let each = Duration::from_secs(limit.per_seconds.into()) / requests.get();
        let Some(quota) = Quota::with_period(each.max(Duration::from_nanos(1))) else {
            return Ok(None);
        };
        let limiter = self.0.get_with((key, limit.requests, limit.per_seconds), || {
            Arc::new(RateLimiter::direct(quota.allow_burst(requests)).with_middleware::<StateInformationMiddleware>())
        });
        match limiter.check() {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Ok(Some(RateState {
                    limit: requests.get(),
                    remaining,
                    resets_in: each * (requests.get() - remaining),
                }))
            }
            Err(until) => Err(Error::RateLimited {
                retry_after_s: until.wait_time_from(DefaultClock::default().now()).as_secs() + 1,
            }),
        }
    }
}
