//! The whole server as one router, and the order of what a request passes, outermost first:
//! request id and other facts, log line, panics, headers, time, throttle, size; then the split:
//! built files and health need no session; the JSON API and the pages have sessions, and every
//! request with a cookie that changes something has to come from our own origin. A request to the
//! JSON API with a credential in a header goes past both.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use http::StatusCode;
use leptos::config::LeptosOptions;
use tenantry_db::{PgSessionStore, SessionLimits};
use tenantry_domain::App;
use tenantry_types::ProblemCode;
use tenantry_types::network::Network;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::limit::RequestBodyLimitLayer;
use tower_sessions::cookie::SameSite as CookieSameSite;
use tower_sessions::{Expiry, SessionManagerLayer};

use crate::assets::Assets;
use crate::config::{Config, SameSite, Sessions};
use crate::failure::Failure;
use crate::middleware::limits::{self, Limits};
use crate::middleware::request::{self, Facts, Known};
use crate::middleware::{credentials, headers, refusal, resilience, trace};

/// What of the configuration the router is made with.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub public_url: Option<String>,
    pub trusted_proxies: Vec<Network>,
    pub base_domain: Option<String>,
    pub sessions: Sessions,
    pub sign_ups_per_hour: u32,
    pub log_ins_per_minute: u32,
}

impl Surroundings {
    pub fn of(config: &Config) -> Self {
        Self {
            public_url: config.public_url.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            base_domain: config.base_domain.clone(),
            sessions: config.sessions.clone(),
            sign_ups_per_hour: config.sign_ups_per_hour,
            log_ins_per_minute: config.log_ins_per_minute,
        }
    }
}

/// The router, and what somebody has to look after while it serves.
pub struct Built {
    pub router: Router,
    pub store: PgSessionStore,
    pub limits: Arc<Limits>,
}

/// # Errors
/// When the public address is none that a browser would send as its origin.
pub fn build(app: App, assets: &Assets, leptos: &LeptosOptions, with: &Surroundings) -> Result<Built, Failure> {
    let https = with.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    let store = PgSessionStore::new(
        app.db().clone(),
        SessionLimits {
            idle: with.sessions.idle,
            absolute: with.sessions.absolute,
        },
    );
    let limits = Limits::new(with.sign_ups_per_hour, with.log_ins_per_minute);
    let facts = Arc::new(Facts {
        public_url: with.public_url.clone(),
        trusted_proxies: with.trusted_proxies.clone(),
        base_domain: with.base_domain.clone(),
    });

    let pages = tenantry_web::router(app.clone(), web_assets(assets), leptos);
    let front = pages.merge(tenantry_api::router(app.clone()));
    let front = protect(front, with, &store)?;
    let router = front
        .merge(tenantry_api::health(app.clone()))
        .merge(assets.router())
        .layer(from_fn(trace::note_route))
        .layer(RequestBodyLimitLayer::new(resilience::MAX_BODY))
        .layer(from_fn(resilience::say_too_large))
        .layer(from_fn_with_state(limits.clone(), limits::throttle))
        .layer(from_fn(resilience::within_time))
        // Bodies with images in them, and answers that take their time: it has limits of its own.
        .merge(tenantry_api::gateway(app).layer(from_fn(trace::note_route)))
        .layer(from_fn_with_state(https, headers::secure))
        .layer(from_fn(resilience::catch_panic))
        .layer(from_fn(trace::log))
        .layer(from_fn_with_state(facts, request::learn));
    Ok(Built { router, store, limits })
}

/// Sessions, and the check of origins around them.
fn protect(router: Router, with: &Surroundings, store: &PgSessionStore) -> Result<Router, Failure> {
    let mut csrf = CsrfLayer::new();
    if let Some(origin) = &with.public_url {
        csrf = csrf.add_trusted_origin(origin).map_err(|e| Failure::Usage(format!("public_url: {e}")))?;
    }
    let without = router.clone();
    Ok(router
        .layer(sessions(&with.sessions, store.clone()))
        .layer(csrf.with_rejection_response(foreign))
        .layer(from_fn(say_foreign))
        .layer(from_fn_with_state(without, credentials::part)))
}

fn sessions(with: &Sessions, store: PgSessionStore) -> SessionManagerLayer<PgSessionStore> {
    let same_site = match with.same_site {
        SameSite::Strict => CookieSameSite::Strict,
        SameSite::Lax => CookieSameSite::Lax,
        SameSite::None => CookieSameSite::None,
    };
    // Browsers keep a cookie of this name to our host, to the whole of it, and to https.
    let name = if with.secure { "__Host-session" } else { "session" };
    // How long a session really lives is checked by the store, on every load.
    let kept = with.absolute.max(Duration::from_secs(60));
    SessionManagerLayer::new(store)
        .with_name(name)
        .with_secure(with.secure)
        .with_same_site(same_site)
        .with_http_only(true)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(kept.try_into().unwrap_or(time::Duration::days(30))))
}

fn foreign(_: ProtectionError) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

/// Gives the refusal of a foreign origin our form: the layer itself does not know the request.
async fn say_foreign(request: Request, next: Next) -> Response {
    let (path, known) = (request.uri().path().to_owned(), Known::of(&request));
    let response = next.run(request).await;
    match response.extensions().get::<ProtectionError>() {
        Some(_) => refusal::answer(ProblemCode::ForeignOrigin, &path, &known.request_id, None),
        None => response,
    }
}

fn web_assets(assets: &Assets) -> tenantry_web::Assets {
    let all = assets.clone();
    tenantry_web::Assets {
        js: assets.js.clone(),
        wasm: assets.wasm.clone(),
        css: assets.css.clone(),
        other: Arc::new(move |name| all.other(name)),
    }
}
