//! What has to be done again and again while the server runs: what waits to be sent, what has to be told, sessions that
//! are over, the use of keys and models, heads of the audit's chains to note, addresses that no longer count, providers
//! to look at, models of one that did not answer at the start.

use std::sync::Arc;
use std::time::Duration;

use tenantry_db::PgSessionStore;
use tenantry_domain::{
    App, access, accounts, alerts, api_keys, audit, gateway, idempotency, initialize, notifications, outbox, providers, tokens, usage,
};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::middleware::limits::Limits;

const LOOK: Duration = Duration::from_secs(5);
const HEADS: Duration = Duration::from_secs(300);
const KEY_USES: Duration = Duration::from_secs(60);
const USAGE: Duration = Duration::from_secs(1);
/// How often it is asked whether a list is due to be read.
const LISTS: Duration = Duration::from_secs(60);
const TIDY: Duration = Duration::from_secs(600);
const FIRST_TRY: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(900);

/// The chores; they end when this is dropped.
pub struct Chores(JoinSet<()>);

impl Chores {
    pub fn abort(mut self) {
        self.0.abort_all();
    }
}

/// What of the configuration steers them.
pub struct Habits {
    pub usage_days: u32,
    /// How often each provider is looked at; None: never.
    pub provider_check: Option<Duration>,
}

pub fn start(app: App, store: PgSessionStore, limits: Arc<Limits>, habits: &Habits) -> Chores {
    let mut tasks = JoinSet::new();
    tasks.spawn(outbox::keep_working(app.clone()));
    tasks.spawn(look(app.clone()));
    tasks.spawn(look_at_providers(app.clone()));
    tasks.spawn(survey(app.clone()));
    tasks.spawn(note_key_uses(app.clone()));
    tasks.spawn(write_usage(app.clone()));
    tasks.spawn(tidy(app.clone(), store, limits, habits.usage_days));
    if let Some(every) = habits.provider_check {
        tasks.spawn(check_providers(app.clone(), every));
    }
    tasks.spawn(read_lists(app.clone()));
    tasks.spawn(note_heads(app.clone()));
    tasks.spawn(audit::keep_writing_refusals(app.clone()));
    tasks.spawn(catch_up(app));
    Chores(tasks)
}

async fn look(app: App) {
    let mut due = interval(LOOK);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = alerts::look(&app).await {
            tracing::warn!(?error, "what was noticed could not be told; it is tried again");
        }
    }
}

async fn look_at_providers(app: App) {
    let mut due = interval(LOOK);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = alerts::look_at_providers(&app).await {
            tracing::warn!(?error, "it could not be told of a provider; it is tried again");
        }
    }
}

async fn survey(app: App) {
    let mut due = interval(TIDY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = alerts::survey(&app).await {
            tracing::warn!(?error, "keys that end and members could not be looked at; it is tried again");
        }
    }
}

async fn note_heads(app: App) {
    let mut due = interval(HEADS);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = audit::note_heads(&app).await {
            tracing::warn!(?error, "the heads of the audit could not be noted; it is tried again");
        }
    }
}

async fn note_key_uses(app: App) {
    let mut due = interval(KEY_USES);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = api_keys::usage::write(&app).await {
            tracing::warn!(?error, "the use of keys could not be noted; it is tried again");
        }
    }
}

async fn write_usage(app: App) {
    let mut due = interval(USAGE);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = usage::flush(&app).await {
            tracing::warn!(?error, "usage could not be written; it waits on disk and is tried again");
        }
    }
}

async fn check_providers(app: App, every: Duration) {
    // Other servers look, too, at other times: who comes more often than each is due keeps the pauses even.
    let mut due = interval((every / 4).max(Duration::from_secs(5)));
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = providers::schedule::check(&app, every).await {
            tracing::warn!(?error, "providers could not be looked at; it is tried again");
        }
    }
}

async fn read_lists(app: App) {
    let mut due = interval(LISTS);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = providers::schedule::read_lists(&app).await {
            tracing::warn!(?error, "lists of providers could not be read; it is tried again");
        }
    }
}

async fn tidy(app: App, store: PgSessionStore, limits: Arc<Limits>, usage_days: u32) {
    let mut due = interval(TIDY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        limits.tidy();
        gateway::tidy(&app);
        if let Err(error) = usage::sweep(&app, usage_days).await {
            tracing::warn!(?error, "old usage could not be removed");
        }
        if let Err(error) = idempotency::sweep(&app).await {
            tracing::warn!(?error, "old idempotency keys could not be removed");
        }
        if let Err(error) = outbox::sweep(&app).await {
            tracing::warn!(?error, "what was sent long ago could not be removed");
        }
        if let Err(error) = accounts::sweep(&app).await {
            tracing::warn!(?error, "links whose time is over could not be removed");
        }
        if let Err(error) = notifications::sweep(&app).await {
            tracing::warn!(?error, "old notifications could not be removed");
        }
        if let Err(error) = access::sweep(&app).await {
            tracing::warn!(?error, "notes of old changes could not be removed");
        }
        if let Err(error) = tokens::sweep(&app).await {
            tracing::warn!(?error, "tokens that are over could not be removed");
        }
        match store.delete_expired().await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "removed sessions that were over"),
            Err(error) => tracing::warn!(%error, "sessions that are over could not be removed"),
        }
    }
}

/// A provider that the environment named is asked until it has answered.
async fn catch_up(app: App) {
    let mut pause = FIRST_TRY;
    loop {
        match initialize::catch_up(&app).await {
            Ok(true) => return,
            Ok(false) => tracing::warn!("the provider of the initialization did not answer; asking again in {} s", pause.as_secs()),
            Err(error) => tracing::warn!(?error, "the initialization could not be finished; trying again in {} s", pause.as_secs()),
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
