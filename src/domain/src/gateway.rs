//! The gateway: requests for models, decided, limited, sent to a provider and counted. Who asks comes from the same
//! contexts as everywhere; which models they may use is decided by one function, for listing and for calling. What a
//! decision needs is in memory. Of OpenAI's wire format only what answers say is known here: bodies of requests are bytes.

mod answer;
mod breaker;
mod chat;
mod events;
mod limits;
mod meter;
mod rates;
mod seat;
mod send;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tenantry_db::access::supply::Catalogue;
use tenantry_types::text::Secret;
use tenantry_types::{ProviderId, TenantId};
use time::Date;

pub use answer::{Answer, Failure};
pub use chat::{Conversation, Part, Speaker, Turn, chat};
pub use events::{Events, find, usage_of};
pub use limits::Estimate;
pub use meter::{Meter, Outcome, Spent, Tokens};
pub use rates::RateState;
pub use seat::{Listed, Seat, seat};
pub use send::{Operation, send};

use crate::audit::event;
use crate::{Actor, App, Error, Origin, Result, providers};

/// What the gateway of one server keeps between requests.
#[derive(Default)]
pub(crate) struct Gateway {
    keys: RwLock<Option<Arc<Opened>>>,
    purses: limits::Purses,
    running: limits::Running,
    rates: rates::Rates,
    breakers: breaker::Breakers,
    /// Days whose partitions are known to be there.
    days: Mutex<Option<(Date, Date)>>,
}

/// The keys of providers, as they are sent.
struct Opened {
    catalogue: Arc<Catalogue>,
    keys: std::collections::HashMap<ProviderId, Secret>,
}

impl Gateway {
    pub(crate) fn has_days(&self, first: Date, last: Date) -> bool {
        let days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.is_some_and(|(from, to)| from <= first && last <= to)
    }

    pub(crate) fn made_days(&self, days: Option<(Date, Date)>) {
        *self.days.lock().unwrap_or_else(PoisonError::into_inner) = days;
    }

    /// The keys that belong to a catalogue, opened once for each new one.
    fn keys(&self, app: &App, catalogue: &Arc<Catalogue>) -> Result<Arc<Opened>> {
        let kept = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(opened) = kept.filter(|opened| Arc::ptr_eq(&opened.catalogue, catalogue)) {
            return Ok(opened);
        }
        let mut keys = std::collections::HashMap::new();
        for (id, provider) in &catalogue.providers {
            let Some(sealed) = &provider.api_key_sealed else { continue };
            let plain = app.vault().open_platform(providers::key_place(*id), sealed)?;
            let text = String::from_utf8(plain).map_err(Error::internal)?;
            keys.insert(*id, Secret::new(text));
        }
        let opened = Arc::new(Opened {
            catalogue: catalogue.clone(),
            keys,
        });
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(opened.clone());
        Ok(opened)
    }
}

/// What the server's settings take away of the decisions about models, for people; None: nothing.
pub fn opened(app: &App) -> Option<&'static str> {
    match (app.policy().filter_models, app.policy().bypass_model_access) {
        (false, _) => Some(
            "This server does not ask which models a tenant has enabled: everybody who may use models can use every model of the catalogue. Whoever runs it has set ENABLE_MODEL_FILTER to false.",
        ),
        (true, true) => Some(
            "This server does not ask which workspaces list a model: everybody who may use models can use every model that is enabled. Whoever runs it has set BYPASS_MODEL_ACCESS_CONTROL to true.",
        ),
        (true, false) => None,
    }
}

/// Records a start with settings that take decisions about models away.
///
/// # Errors
/// When the database does not answer.
pub async fn note_start(app: &App) -> Result<()> {
    let Some(text) = opened(app) else { return Ok(()) };
    tracing::warn!("{text}");
    let mut tx = app.db().platform().await?;
    let policy = app.policy();
    let changes = serde_json::json!({ "filter_models": policy.filter_models, "bypass_model_access": policy.bypass_model_access });
    tx.record(
        &Actor::system(Origin::system("start")),
        event("server.models_opened", "server", None, "Tenantry", changes),
    );
    tx.commit().await?;
    Ok(())
}

/// Gives back what was taken of limits in advance: the server stops.
///
/// # Errors
/// When the database does not answer; then it is lost until the window ends, which lets less pass, never more.
pub async fn close(app: &App) -> Result<()> {
    app.gateway().purses.close(app).await
}

/// How many requests of a tenant this server works on.
pub(crate) fn running(app: &App, tenant: TenantId) -> i64 {
    app.gateway().running.count(tenant.uuid())
}

/// Forgets what windows and keys that are over have left behind.
pub fn tidy(app: &App) {
    app.gateway().purses.tidy();
}
