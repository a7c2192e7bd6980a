//! Providers that fail again and again are left alone for a while, so that requests go to the next one at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tenantry_types::ProviderId;

/// Failures in a row after which a provider is left alone.
const FAILURES: u32 = 5;
/// For how long; then one request tries it again.
const PAUSE: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Breakers(Mutex<HashMap<ProviderId, State>>);

#[derive(Debug, Clone, Copy, Default)]
struct State {
    failures: u32,
    /// Until when nobody tries.
    closed_until: Option<Instant>,
}

impl Breakers {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<ProviderId, State>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether this provider may be asked now. After a pause the first who asks tries it, and the others wait for how
    /// that ends.
    pub fn lets(&self, provider: ProviderId, now: Instant) -> bool {
        self.with(|all| {
            let Some(state) = all.get_mut(&provider) else { return true };
            match state.closed_until {
                None => true,
                Some(until) if now < until => false,
                Some(_) => {
                    state.closed_until = Some(now + PAUSE);
                    true
                }
            }
        })
    }

    pub fn worked(&self, provider: ProviderId) {
        self.with(|all| {
            all.remove(&provider);
        });
    }

    /// Says whether it is left alone from now on, and was not before.
    pub fn failed(&self, provider: ProviderId, now: Instant) -> bool {
        self.with(|all| {
            let state = all.entry(provider).or_default();
            state.failures = state.failures.saturating_add(1);
            let closes = state.failures >= FAILURES;
            let newly = closes && state.closed_until.is_none();
            if closes {
                state.closed_until = Some(now + PAUSE);
            }
            newly
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_provider_that_fails_is_left_alone_and_tried_again() {
        let (breakers, id, now) = (Breakers::default(), ProviderId::new(Uuid::from_u128(1)), Instant::now());
        for n in 1..FAILURES {
            assert!(!breakers.failed(id, now), "failure {n}");
            assert!(breakers.lets(id, now));
        }
        assert!(breakers.failed(id, now));
        assert!(!breakers.lets(id, now + PAUSE / 2));
        assert!(breakers.lets(id, now + PAUSE), "one tries");
        assert!(!breakers.lets(id, now + PAUSE), "the others wait");
        breakers.worked(id);
        assert!(breakers.lets(id, now + PAUSE));
    }

    #[test]
    fn one_success_forgets_the_failures() {
        let (breakers, id, now) = (Breakers::default(), ProviderId::new(Uuid::from_u128(1)), Instant::now());
        for _ in 0..3 {
            for _ in 1..FAILURES {
                breakers.failed(id, now);
            }
            breakers.worked(id);
        }
        assert!(breakers.lets(id, now));
    }
}
