//! `tenantry serve`: from the configuration to the last answer. Order of the start: database,
//! migrations, application, initialization, router, listening. The end is the reverse: no new
//! requests, those that run are answered, connections are closed, Postgres is stopped.

mod chores;
mod listen;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::assets::Assets;
use crate::config::{Config, Database};
use crate::database::Open;
use crate::failure::Failure;
use crate::router::{self, Surroundings};
use crate::{application, leptos_options};
use tenantry_domain::{App, api_keys, audit, gateway, initialize, usage};

/// How long requests may take to end after a signal.
const DRAIN: Duration = Duration::from_secs(20);

/// SIGTERM, from a service manager, and SIGINT, from a keyboard.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn watch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Serves until a signal.
///
/// # Errors
/// Why it did not start, or stopped.
pub async fn run(config: Config) -> Result<(), Failure> {
    let mut signals = Signals::watch().map_err(Failure::failed)?;
    // Taken first: a port in use is the most frequent fault, and the database need not start for it.
    let listener = TcpListener::bind(config.addr)
        .await
        .map_err(|e| Failure::Failed(format!("cannot listen on {}: {e}", config.addr)))?;
    if let Database::Embedded = config.database {
        tracing::info!(data_dir = %config.data_dir.display(), "starting the embedded database");
    }
    let mut opening = std::pin::pin!(Open::for_server(&config));
    let database = tokio::select! {
        opened = &mut opening => opened?,
        // A database that was only begun is left in order; who does not want to wait says so twice.
        () = signals.next() => {
            tokio::select! {
                opened = opening => if let Ok(database) = opened { database.close().await },
                () = signals.next() => {}
            }
            return Ok(());
        }
    };
    let served = serve(&config, &database, listener, &mut signals).await;
    database.close().await;
    tracing::info!("stopped");
    served
}

async fn serve(config: &Config, database: &Open, listener: TcpListener, signals: &mut Signals) -> Result<(), Failure> {
    let app = application::start(config, database.db.clone()).await?;
    initialize::run(&app, application::wanted(&config.initialization)).await?;
    gateway::note_start(&app).await?;
    // What a server that was killed has left: before anybody is told that this one is ready.
    if let Err(error) = usage::flush(&app).await {
        tracing::error!(?error, "usage of before could not be written; it waits on disk and is tried again");
    }
    let assets = Assets::load().map_err(Failure::failed)?;
    let leptos = leptos_options::read().map_err(Failure::failed)?;
    let built = router::build(app.clone(), &assets, &leptos, &Surroundings::of(config))?;
    let habits = chores::Habits {
        usage_days: config.usage_days,
        provider_check: config.provider_check,
    };
    let chores = chores::start(app.clone(), built.store, built.limits, &habits);

    let addr = listener.local_addr().map_err(Failure::failed)?;
    announce(config, addr, &app);
    let (stop, stopped) = watch::channel(false);
    let until = |mut stopped: watch::Receiver<bool>| async move { drop(stopped.wait_for(|stop| *stop).await) };
    let mut serving = tokio::spawn(listen::serve(listener, built.router, listen::HEAD_WITHIN, until(stopped)));
    tokio::select! {
        ended = &mut serving => {
            chores.abort();
            return ended.map_err(Failure::failed);
        }
        () = signals.next() => tracing::info!("stopping: requests that run are answered first"),
    }
    let _ = stop.send(true);
    chores.abort();
    tokio::select! {
        _ = tokio::time::timeout(DRAIN, &mut serving) => {}
        () = signals.next() => tracing::warn!("a second signal: not waiting for requests"),
    }
    serving.abort();
    if let Err(error) = usage::flush(&app).await {
        tracing::warn!(?error, "the last usage waits on disk for the next start");
    }
    if let Err(error) = gateway::close(&app).await {
        tracing::warn!(?error, "what was left of limits could not be given back");
    }
    // What was refused last is recorded, and what was recorded last is noted.
    if let Err(error) = audit::write_all_refusals(&app).await {
        tracing::warn!(?error, "what was refused could not be recorded");
    }
    if let Err(error) = audit::note_heads(&app).await {
        tracing::warn!(?error, "the heads of the audit could not be noted");
    }
    if let Err(error) = api_keys::usage::write(&app).await {
        tracing::warn!(?error, "the last uses of keys were not noted");
    }
    Ok(())
}

/// The line that people and scripts wait for.
fn announce(config: &Config, addr: SocketAddr, app: &App) {
    let url = config.public_url.clone().unwrap_or_else(|| {
        let host = if addr.ip().is_unspecified() {
            SocketAddr::from(([127, 0, 0, 1], addr.port()))
        } else {
            addr
        };
        format!("http://{host}")
    });
    println!("Tenantry is running on {url}");
    tracing::info!(%addr, version = env!("CARGO_PKG_VERSION"), registration = ?app.policy().registration, "listening");
}
