//! Plain forms, whose answer is a whole page: signing in, up and out, accepting an invitation, and
//! everything that answers with a link or a secret that is shown once. They work without JavaScript, and so do
//! the forms of server functions, through `act`. A form with faults comes back as its page, with
//! their status and with what was typed but for secrets. Sessions are changed here and nowhere else,
//! but for the end of an account. Also the router of this crate.
mod account;
pub mod act;
mod entrance;
mod invite;
mod keys;
mod links;
mod openid;
mod playground;
mod webhooks;

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Form, FromRequest, Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, response::AppendHeaders};
use http::request::Parts;
use http::{StatusCode, header};
use leptos::config::LeptosOptions;
use leptos::prelude::{IntoView, provide_context};
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list_with_exclusions, render_app_async_with_context};
use serde_json::{Map, Value};
use tenantry_domain::accounts::{Entered, sessions};
use tenantry_domain::session::SignedIn;
use tenantry_domain::{App, Error, Origin, accounts, session};
use tenantry_types::sign_in::SignInMethod;
use tower_sessions::Session;

use crate::Console;
use crate::rpc::UiError;
use crate::server::{Assets, RequestInfo, local, pages_guard, principal_of, provide, referer};
use crate::shell::shell;
use crate::state::Posted;

/// What the handlers need.
#[derive(Clone)]
pub struct Kit {
    pub app: App,
    pub assets: Assets,
}

/// All pages, server functions and forms. The server puts the session layer, the CSRF check and the
/// request's `RequestInfo` around it, and serves the built files beside it.
pub fn router(app: App, assets: Assets, options: &LeptosOptions) -> Router {
    let kit = Kit {
        app: app.clone(),
        assets: assets.clone(),
    };
    let pages: Router<LeptosOptions> = Router::new();
    let pages = pages
        .leptos_routes_with_context(options, pages_of(Console), provide(app, assets.clone()), move || shell(assets.clone()))
        .with_state::<()>(options.clone());
    let forms: Router<Kit> = Router::new()
        .route("/", get(home))
        .route("/login", post(entrance::log_in))
        .route("/logout", post(entrance::log_out))
        .route("/register", post(entrance::register))
        .route("/register/{token}", post(entrance::confirm))
        .route("/account", post(account::change))
        .route("/forgot", post(links::forgot))
        .route("/reset/{token}", post(links::reset))
        .route("/verify/{token}", post(links::verify))
        .route("/admin/users", post(links::make))
        .route("/invite/{token}", post(invite::accept))
        .route("/t/{tenant}/invitations", post(invite::send))
        .route("/t/{tenant}/keys", post(keys::send))
        .route("/t/{tenant}/notifications", post(webhooks::make))
        .route("/t/{tenant}/webhooks/{webhook}", post(webhooks::rotate))
        .route("/_fn/playground", post(playground::ask))
        .route(LEAVE, get(openid::leave))
        .route(ARRIVE, get(openid::arrive))
        .route("/theme", post(theme))
        .fallback(not_found);
    forms
        .with_state(kit.clone())
        .merge(pages)
        .layer(from_fn_with_state(kit, act::answer))
        .layer(from_fn(pages_guard))
}

/// Their answers are pages of the console, or lead away.
const LEAVE: &str = "/auth/openid/{provider}";
const ARRIVE: &str = "/auth/openid/{provider}/callback";

/// The pages that are rendered as they are asked for.
fn pages_of<V: IntoView + 'static>(console: fn() -> V) -> Vec<AxumRouteListing> {
    generate_route_list_with_exclusions(console, Some(vec![LEAVE.to_owned(), ARRIVE.to_owned()]))
}

/// `/` leads to the tenant that was used last.
async fn home(State(kit): State<Kit>, session: Session, request: Request) -> Response {
    let info = info_of(&request);
    let found = principal_of(&kit.app, &session, &info).await;
    let who = match found {
        Ok(Some(who)) => who,
        // The account is gone or disabled, and so is its session.
        Ok(None) => {
            if let Err(error) = session.flush().await {
                tracing::warn!(%error, "session cannot be removed");
            }
            return Redirect::to("/login").into_response();
        }
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    match accounts::available_tenants(&kit.app, &who).await {
        Ok(tenants) => {
            let last = tenants.iter().find(|t| Some(t.id) == who.last_tenant()).or(tenants.first());
            let target = last.map_or_else(|| "/new".to_owned(), |t| format!("/t/{}", t.slug));
            Redirect::to(&target).into_response()
        }
        Err(error) => {
            tracing::error!(?error, "tenants of a person cannot be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn not_found(State(kit): State<Kit>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    page(&kit, parts, Posted::default(), StatusCode::NOT_FOUND).await
}

/// Keeps the colour scheme in a cookie, so that pages come in it from the server.
async fn theme(request: Request) -> Response {
    let (parts, fields) = match read(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let cookie = match fields.get("theme") {
        Some("light") => "theme=light; Path=/; Max-Age=31536000; SameSite=Lax",
        Some("dark") => "theme=dark; Path=/; Max-Age=31536000; SameSite=Lax",
        _ => "theme=; Path=/; Max-Age=0; SameSite=Lax",
    };
    (AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to(&referer(&parts))).into_response()
}

fn info_of(request: &Request) -> RequestInfo {
    request.extensions().get().cloned().unwrap_or_default()
}

/// The fields of a form, in their order; a name may come more than once.
pub(crate) struct Typed(Vec<(String, String)>);

/// What is never sent back: fields that hold one of these words.
const SECRET: &[&str] = &["password", "secret", "key", "token", "code", "totp"];

impl Typed {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A body as the API takes it, of the named fields.
    fn body(&self, names: &[&str]) -> Map<String, Value> {
        names.iter().filter_map(|n| Some(((*n).to_owned(), self.get(n)?.into()))).collect()
    }

    /// What the page shows again.
    fn values(&self) -> BTreeMap<String, String> {
        let mut out = BTreeMap::<String, String>::new();
        for (name, value) in self.0.iter().filter(|(n, _)| !SECRET.iter().any(|word| n.contains(word))) {
            let kept = out.entry(name.clone()).or_default();
            if !kept.is_empty() {
                kept.push(' ');
            }
            kept.push_str(value);
        }
        out
    }

    /// Where to go afterwards.
    fn next(&self) -> Option<&str> {
        local(self.get("next"))
    }
}

/// Takes a request apart. Text lines of a form end in CRLF; the parsers do not mind.
async fn read(request: Request) -> Result<(Parts, Typed), Response> {
    let (parts, body) = request.into_parts();
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(Request::from_parts(parts.clone(), body), &())
        .await
        .map_err(IntoResponse::into_response)?;
    Ok((parts, Typed(fields)))
}

/// Renders the page at the request's own address, with what the form came to. The same page hydrates.
async fn page(kit: &Kit, parts: Parts, posted: Posted, status: StatusCode) -> Response {
    let provide = provide(kit.app.clone(), kit.assets.clone());
    let assets = kit.assets.clone();
    let render = render_app_async_with_context(
        move || {
            provide();
            provide_context(posted.clone());
        },
        move || shell(assets.clone()),
    );
    let mut response = render(Request::from_parts(parts, Body::empty())).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}

/// What a plain form came to that was refused.
fn plain_refusal(parts: &Parts, form: &str, typed: &Typed, error: Error) -> Posted {
    let request_id = parts.extensions.get::<RequestInfo>().map(|i| i.request_id.clone()).unwrap_or_default();
    let mut error = UiError::from(error);
    error.request_id = request_id;
    Posted {
        plain: true,
        ..refusal(form, typed, error)
    }
}

/// The page of a form, with what was wrong.
async fn again(kit: &Kit, parts: Parts, form: &str, typed: &Typed, error: Error) -> Response {
    let retry_after = error.retry_after();
    let posted = plain_refusal(&parts, form, typed, error);
    let mut response = refused(kit, parts, posted).await;
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn refusal(form: &str, typed: &Typed, error: UiError) -> Posted {
    Posted {
        form: form.to_owned(),
        values: typed.values(),
        error: Some(error),
        ..Posted::default()
    }
}

/// The page, with the status of what it was refused for.
async fn refused(kit: &Kit, parts: Parts, posted: Posted) -> Response {
    let code = posted.error.as_ref().map_or(500, |e| e.code.status());
    page(
        kit,
        parts,
        posted,
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    )
    .await
}

/// Makes the session one of this person, who proved just now who they are.
async fn enter(session: &Session, who: &Entered, origin: &Origin, method: SignInMethod) -> Result<(), Error> {
    let how = sessions::signed_in(who, origin, method);
    session::begin(session, who.user.id, &how).await.map_err(Error::internal)
}

/// Gives the session of somebody who proved again who they are a new id.
async fn renew(session: &Session, how: Option<SignedIn>) -> Result<(), Error> {
    match how {
        Some(how) => session::renew(session, &how).await.map_err(Error::internal),
        None => Ok(()),
    }
}
