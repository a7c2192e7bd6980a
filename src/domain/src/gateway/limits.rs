//! What of a limit is left: calls an hour, tokens a day, money a month, of a tenant and of a key, and how many
//! requests run at once. Servers take some of a limit out of the database in advance and give out of it without asking,
//! so a limit of N lets N through and never more, on any number of servers, and most requests wait for nothing.
//! Tokens and money are set aside before a request as far as can be told, and settled after it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tenantry_db::access::job;
use tenantry_db::quota::{self as db, Window};
use tenantry_types::api_key::BudgetPeriod;
use tenantry_types::plan::{Resource, Window as Calendar};
use tenantry_types::{TenantId, Timestamp};
use uuid::Uuid;

use super::Seat;
use crate::error::seconds_until;
use crate::{App, Error, Result, now};

/// Pico-USD in a micro-USD.
const PICO: i64 = 1_000_000;
/// After the database had not so much, it is not asked for so much again for so long.
const EMPTY: Duration = Duration::from_millis(100);

/// What a request will use at most, as far as can be told before it is sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Estimate {
    pub tokens_in: i64,
    pub tokens_out: i64,
}

impl Estimate {
    /// Bytes of a token, roughly.
    pub const BYTES: usize = 4;
    /// Set aside for an answer when the request does not bound it.
    const USUAL_ANSWER: i64 = 1024;

    /// Of a text of so many bytes, and an answer of so many tokens at most.
    pub fn of(bytes: usize, answer: Option<i64>) -> Self {
        Self {
            tokens_in: i64::try_from(bytes / Self::BYTES).unwrap_or(i64::MAX).max(1),
            tokens_out: answer.unwrap_or(Self::USUAL_ANSWER),
        }
    }
}

/// What was taken in advance, by whom, of what.
#[derive(Default)]
pub(super) struct Purses(Mutex<HashMap<(Uuid, Resource), Arc<Purse>>>);

struct Purse {
    tenant: TenantId,
    holder: Uuid,
    resource: Resource,
    state: Mutex<State>,
    /// One asks the database at a time, for all that wait.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    since: Timestamp,
    limit: i64,
    /// Below zero when a request used more than was set aside.
    left: i64,
    /// When there was not so much.
    short_of: Option<(Instant, i64)>,
}

/// An amount that was set aside.
struct Taken {
    purse: Arc<Purse>,
    since: Timestamp,
    amount: i64,
}

impl Taken {
    /// Puts back what was not used, or takes what was used beyond it. Of a window that is over nothing is left to put back.
    fn settle(&mut self, used: i64) {
        let mut state = self.purse.lock();
        if state.since == self.since {
            state.left = state.left.saturating_add(self.amount - used);
        }
        self.amount = used;
    }
}

impl Purse {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn window(&self, since: Timestamp) -> Window {
        Window {
            holder: self.holder,
            resource: self.resource,
            since,
        }
    }

    /// Takes out of what is there. Err says how much more it would need.
    fn spend(&self, since: Timestamp, limit: i64, need: i64) -> std::result::Result<(), i64> {
        let mut state = self.lock();
        if state.since != since {
            *state = State {
                since,
                limit,
                left: 0,
                short_of: None,
            };
        }
        if state.left >= need && state.limit == limit {
            state.left -= need;
            return Ok(());
        }
        Err(need.saturating_sub(state.left))
    }

    async fn take(self: &Arc<Self>, app: &App, since: Timestamp, limit: i64, need: i64) -> Result<Option<Taken>> {
        let taken = || {
            Some(Taken {
                purse: self.clone(),
                since,
                amount: need,
            })
        };
        if self.spend(since, limit, need).is_ok() {
            return Ok(taken());
        }
        let _asking = self.asking.lock().await;
        self.follow(app, since, limit).await?;
        let Err(missing) = self.spend(since, limit, need) else {
            return Ok(taken());
        };
        if self.lock().short_of.is_some_and(|(at, amount)| missing >= amount && at.elapsed() < EMPTY) {
            return Ok(None);
        }
        let mut tx = app.db().tenant(&job(self.tenant)).await?;
        let got = db::take(&mut tx, self.window(since), limit, missing).await?;
        tx.commit_counts().await?;
        {
            let mut state = self.lock();
            if state.since == since {
                state.left = state.left.saturating_add(got);
                state.short_of = (got < missing).then(|| (Instant::now(), missing));
            }
        }
        Ok(if self.spend(since, limit, need).is_ok() { taken() } else { None })
    }

    /// When the limit itself has changed, what was taken under the old one goes back first.
    async fn follow(&self, app: &App, since: Timestamp, limit: i64) -> Result<()> {
        let left = {
            let mut state = self.lock();
            if state.limit == limit || state.since != since {
                return Ok(());
            }
            state.limit = limit;
            state.short_of = None;
            std::mem::take(&mut state.left)
        };
        self.give_back(app, since, left).await
    }

    async fn give_back(&self, app: &App, since: Timestamp, left: i64) -> Result<()> {
        if left == 0 {
            return Ok(());
        }
        let mut tx = app.db().tenant(&job(self.tenant)).await?;
        db::give_back(&mut tx, self.window(since), left).await?;
        tx.commit_counts().await?;
        Ok(())
    }
}

impl Purses {
    fn of(&self, tenant: TenantId, holder: Uuid, resource: Resource, since: Timestamp, limit: i64) -> Arc<Purse> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let purse = all.entry((holder, resource)).or_insert_with(|| {
            Arc::new(Purse {
                tenant,
                holder,
                resource,
                state: Mutex::new(State {
                    since,
                    limit,
                    left: 0,
                    short_of: None,
                }),
                asking: tokio::sync::Mutex::default(),
            })
        });
        purse.clone()
    }

    pub async fn close(&self, app: &App) -> Result<()> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for purse in all.into_values() {
            let state = *purse.lock();
            purse.give_back(app, state.since, state.left).await?;
        }
        Ok(())
    }

    /// Purses of windows that are over.
    pub fn tidy(&self) {
        let month = Calendar::Month.begin(now());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, purse| Arc::strong_count(purse) > 1 || purse.lock().since >= month);
    }
}

/// How many requests run, by tenant, by key and by person.
#[derive(Default)]
pub(super) struct Running(Arc<Mutex<HashMap<Uuid, i64>>>);

/// Counts as running until it is dropped.
pub(super) struct Place {
    all: Arc<Mutex<HashMap<Uuid, i64>>>,
    holder: Uuid,
}

impl Running {
    /// The place, and how many run now.
    fn enter(&self, holder: Uuid, limit: i64) -> Option<(Place, i64)> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(holder).or_default();
        if *count >= limit {
            if *count == 0 {
                all.remove(&holder);
            }
            return None;
        }
        *count += 1;
        Some((Place { all: self.0.clone(), holder }, *count))
    }
}

impl Running {
    /// How many run of this tenant, key or person.
    pub fn count(&self, holder: Uuid) -> i64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&holder).copied().unwrap_or(0)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.holder) {
            *count -= 1;
            if *count <= 0 {
                all.remove(&self.holder);
            }
        }
    }
}

/// Everything that one request holds. What is not settled when it is dropped goes back.
#[derive(Default)]
pub(super) struct Hold {
    calls: Option<Taken>,
    tokens: Option<Taken>,
    spend: Option<Taken>,
    budget: Option<Taken>,
    _places: Vec<Place>,
}

impl Hold {
    /// The request is on its way: the call counts.
    pub fn sent(&mut self) {
        self.calls = None;
    }

    /// What it came to.
    pub fn settle(&mut self, tokens: i64, cost: Option<i64>) {
        if let Some(mut taken) = self.tokens.take() {
            taken.settle(tokens);
        }
        for taken in [self.spend.take(), self.budget.take()].iter_mut().flatten() {
            taken.settle(cost.unwrap_or(0));
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        for taken in [&mut self.calls, &mut self.tokens, &mut self.spend, &mut self.budget]
            .into_iter()
            .flatten()
        {
            taken.settle(0);
        }
    }
}

/// Admits a request, or says which limit stands against it. `cost`: what it will cost at most, in pico-USD.
///
/// # Errors
/// `Quota`, `Budget`, `RateLimited`; `Unavailable` when what is left cannot be known.
pub(super) async fn admit(app: &App, seat: &Seat, estimate: Estimate, cost: i64) -> Result<Hold> {
    let admitted = try_admit(app, seat, estimate, cost).await;
    if let Err(error) = &admitted {
        note_refusal(app, seat, error);
    }
    admitted
}

/// Notes which limit stood against a request.
pub(super) fn note_refusal(app: &App, seat: &Seat, error: &Error) {
    if let Error::Quota { resource, .. } = error {
        app.noticed().refused(seat.tenant(), *resource);
    }
    if let Some(key) = seat.key() {
        app.refused().add(seat.tenant(), key, error);
    }
}

async fn try_admit(app: &App, seat: &Seat, estimate: Estimate, cost: i64) -> Result<Hold> {
    let mut hold = Hold::default();
    let (gateway, limits, now) = (app.gateway(), &seat.supply.limits, now());
    let tenant = seat.tenant();
    let over = |resource, limit| Error::Quota { resource, limit };
    // Counted without a limit as well: people look at it.
    let limit = limits.get(&Resource::ConcurrentRequests).copied().unwrap_or(i64::MAX);
    let (place, running) = gateway
        .running
        .enter(tenant.uuid(), limit)
        .ok_or(over(Resource::ConcurrentRequests, limit))?;
    hold._places.push(place);
    if limit < i64::MAX && running.saturating_mul(5) >= limit.saturating_mul(4) {
        app.noticed().ran_at_once(tenant, running);
    }
    let at_once = i64::from(app.policy().gateway_requests_at_once);
    if let Some(holder) = seat.key().map(|k| k.uuid()).or(seat.user().map(|u| u.uuid())).filter(|_| at_once > 0) {
        let place = gateway.running.enter(holder, at_once);
        hold._places.push(place.ok_or(Error::RateLimited { retry_after_s: 1 })?.0);
    }
    let amounts = [
        (Resource::ApiCallsPerHour, 1),
        (Resource::TokensPerDay, estimate.tokens_in.saturating_add(estimate.tokens_out).max(1)),
        (Resource::SpendPerMonth, cost.max(1)),
    ];
    for (resource, need) in amounts {
        let (Some(limit), Some(window)) = (limits.get(&resource), resource.window()) else {
            continue;
        };
        let scale = if resource == Resource::SpendPerMonth { PICO } else { 1 };
        let (since, most) = (window.begin(now), limit.saturating_mul(scale));
        let purse = gateway.purses.of(tenant, tenant.uuid(), resource, since, most);
        let taken = purse.take(app, since, most, need).await?.ok_or(over(resource, *limit))?;
        *match resource {
            Resource::ApiCallsPerHour => &mut hold.calls,
            Resource::TokensPerDay => &mut hold.tokens,
            _ => &mut hold.spend,
        } = Some(taken);
    }
    if let Some((id, budget)) = seat.asker().key().and_then(|key| Some((key.id(), key.facts().budget?))) {
        let window = match budget.per {
            BudgetPeriod::Day => Calendar::Day,
            BudgetPeriod::Month => Calendar::Month,
        };
        let (since, most) = (window.begin(now), budget.amount.saturating_mul(PICO));
        let purse = gateway.purses.of(tenant, id.uuid(), Resource::SpendPerMonth, since, most);
        let retry_after_s = seconds_until(window.end(now));
        hold.budget = Some(purse.take(app, since, most, cost.max(1)).await?.ok_or(Error::Budget { retry_after_s })?);
    }
    Ok(hold)
}
