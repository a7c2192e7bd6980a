//! What server functions and page handlers share on the server: who asks, in which tenant, with
//! which status and redirect the answer goes out. The session is read here, never written: that is
//! for `forms`. All status codes and redirects of this crate are set in this file.
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::response::{IntoResponse, Redirect, Response};
use futures::lock::Mutex;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use leptos::prelude::{expect_context, provide_context, use_context};
use leptos_axum::ResponseOptions;
use serde_json::Value;
use tenantry_domain::context::{self, Sources, Standing};
use tenantry_domain::{App, Error, Granted, Operator, Origin, Principal, TenantCtx, USER_KEY, WorkspaceCtx, access, audit, session};
use tenantry_types::account::ContextSource;
use tenantry_types::audit::Door;
use tenantry_types::permission::Needs;
use tenantry_types::{Fault, FieldError, ProblemCode, UserId};
use tower_sessions::Session;

use crate::rpc::{Done, UiError, What};

/// The addresses of the built files.
#[derive(Clone)]
pub struct Assets {
    pub js: String,
    pub wasm: String,
    pub css: String,
    /// The address of a file of `public`, by its name.
    pub other: Arc<dyn Fn(&str) -> String + Send + Sync>,
}

/// What the server's middleware found out about a request; it stands in the request's extensions.
#[derive(Debug, Clone, Default)]
pub struct RequestInfo {
    pub request_id: String,
    pub ip: Option<IpAddr>,
    /// The client in short words, such as `Firefox on Linux`.
    pub device: String,
    /// `https://tenantry.example.com`: what links in invitations begin with.
    pub public_origin: String,
    /// The slug that the subdomain names, where the server has a base domain.
    pub subdomain: Option<String>,
}

impl RequestInfo {
    /// What names a tenant beside the path of a page: the browser sends no headers of ours.
    pub fn sources(&self) -> Sources {
        Sources {
            subdomain: self.subdomain.clone(),
            ..Sources::default()
        }
    }
}

/// What was found out during one request: several resources of a page ask for the same.
#[derive(Clone, Default)]
struct Found(Arc<Mutex<FoundInner>>);

#[derive(Default)]
struct FoundInner {
    principal: Option<Option<Principal>>,
    tenants: HashMap<String, TenantCtx>,
}

/// The context of every page and server function: for `leptos_routes_with_context`.
pub fn provide(app: App, assets: Assets) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        provide_context(app.clone());
        provide_context(assets.clone());
        provide_context(Found::default());
    }
}

/// # Errors
/// Internal, when `provide` was not called.
pub fn app() -> Result<App, UiError> {
    use_context::<App>().ok_or_else(|| UiError::of(ProblemCode::Internal))
}

fn parts() -> Option<Parts> {
    use_context::<Parts>()
}

pub fn request_info() -> RequestInfo {
    parts().and_then(|p| p.extensions.get::<RequestInfo>().cloned()).unwrap_or_default()
}

pub fn request_id() -> String {
    request_info().request_id
}

/// Where a request came from, for the record.
pub fn origin_of(info: &RequestInfo) -> Origin {
    Origin {
        door: Door::Web,
        ip: info.ip,
        device: info.device.clone(),
        request_id: info.request_id.clone(),
    }
}

/// The person of a session.
///
/// # Errors
/// When the session or the database does not answer.
pub async fn principal_of(app: &App, session: &Session, info: &RequestInfo) -> Result<Option<Principal>, UiError> {
    let held = session::held(session).await.map_err(|error| {
        tracing::error!(%error, "session cannot be read");
        UiError::of(ProblemCode::Unavailable)
    })?;
    let Some(held) = held else { return Ok(None) };
    let who = access::principal(app, held.user, origin_of(info)).await?;
    Ok(who.map(|who| who.in_session(held)))
}

/// The person who asks; None when nobody is signed in.
///
/// # Errors
/// When the session or the database does not answer.
pub async fn principal() -> Result<Option<Principal>, UiError> {
    let app = app()?;
    let found = use_context::<Found>().unwrap_or_default();
    let info = request_info();
    let session = session()?;
    let mut inner = found.0.lock().await;
    if let Some(principal) = &inner.principal {
        return Ok(principal.clone());
    }
    let principal = principal_of(&app, &session, &info).await?;
    inner.principal = Some(principal.clone());
    Ok(principal)
}

/// The session of the request.
///
/// # Errors
/// Internal, when the session layer is missing.
pub fn session() -> Result<Session, UiError> {
    parts()
        .and_then(|p| p.extensions.get::<Session>().cloned())
        .ok_or_else(|| UiError::of(ProblemCode::Internal))
}

/// Somebody who is signed in.
pub struct Signed {
    pub app: App,
    pub who: Principal,
}

/// # Errors
/// Unauthenticated.
pub async fn signed() -> Result<Signed, UiError> {
    let who = principal().await?.ok_or_else(|| UiError::of(ProblemCode::Unauthenticated))?;
    Ok(Signed { app: app()?, who })
}

/// Somebody in a tenant.
pub struct InTenant {
    pub app: App,
    pub ctx: TenantCtx,
}

impl InTenant {
    /// # Errors
    /// What the matrix or the tenant's status says against it.
    pub fn grant<P: Needs>(&self) -> Result<Granted<P>, UiError> {
        Ok(self.ctx.grant().map_err(|denied| audit::denied(&self.app, &self.ctx, denied))?)
    }
}

/// The first line of every server function in a tenant.
///
/// # Errors
/// Unauthenticated; NotFound for a tenant that is not there or not theirs; ContextConflict under the
/// subdomain of another.
pub async fn ctx(tenant: &str) -> Result<InTenant, UiError> {
    let Signed { app, who } = signed().await?;
    let found = use_context::<Found>().unwrap_or_default();
    let mut inner = found.0.lock().await;
    if let Some(ctx) = inner.tenants.get(tenant) {
        return Ok(InTenant { app, ctx: ctx.clone() });
    }
    let ctx = context::in_tenant(&app, &who, tenant, &request_info().sources()).await?;
    inner.tenants.insert(tenant.to_owned(), ctx.clone());
    Ok(InTenant { app, ctx })
}

/// Somebody in a workspace.
pub struct InWorkspace {
    pub app: App,
    pub ctx: WorkspaceCtx,
}

impl InWorkspace {
    /// # Errors
    /// What the matrix, the tenant's or the workspace's status says against it.
    pub fn grant<P: Needs>(&self) -> Result<Granted<P>, UiError> {
        Ok(self
            .ctx
            .grant()
            .map_err(|denied| audit::denied_in_workspace(&self.app, &self.ctx, denied))?)
    }
}

/// The first line of every server function in a workspace.
///
/// # Errors
/// As `ctx`; NotFound for a workspace that is not there or not theirs.
pub async fn workspace(tenant: &str, workspace: &str) -> Result<InWorkspace, UiError> {
    let s = ctx(tenant).await?;
    let ctx = access::workspace(&s.app, &s.ctx, workspace).await?;
    Ok(InWorkspace { app: s.app, ctx })
}

/// Where somebody stands who asks a model: in a workspace, or with an empty name in the tenant.
///
/// # Errors
/// NotFound for a workspace that is not there or not theirs.
pub async fn standing_in(app: &App, ctx: &TenantCtx, workspace: &str) -> Result<Standing, Error> {
    let named = Some(workspace).filter(|named| !named.is_empty());
    Ok(Standing {
        tenant: Some(ctx.clone()),
        workspace: match named {
            Some(named) => Some(access::workspace(app, ctx, named).await?),
            None => None,
        },
        source: ContextSource::Path,
    })
}

/// The first line of every server function of the operator's area.
///
/// # Errors
/// Unauthenticated; for those who are no operator the area is not there.
pub async fn operator() -> Result<(App, Operator), UiError> {
    let Signed { app, who } = signed().await?;
    let operator = who.operator().map_err(|denied| audit::not_operator(&app, who.actor(), denied))?;
    Ok((app, operator))
}

/// The id in a text of a form or an address; what is no id names nothing.
///
/// # Errors
/// NotFound.
pub fn id<T: std::str::FromStr>(text: &str) -> Result<T, UiError> {
    text.trim().parse().map_err(|_| UiError::of(ProblemCode::NotFound))
}

/// Lines of `key: value`.
///
/// # Errors
/// A fault of the field `metadata` where a key stands twice: one of the two would be lost.
pub fn metadata(typed: &str) -> Result<Value, UiError> {
    let mut map = serde_json::Map::new();
    for line in typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        if map.insert(key.trim().to_owned(), value.trim().into()).is_some() {
            return Err(vec![FieldError::new("metadata", Fault::Twice)].into());
        }
    }
    Ok(Value::Object(map))
}

/// The name that was typed to confirm what cannot be undone.
///
/// # Errors
/// A fault of the field `confirm`.
pub fn confirmed(typed: &str, name: &str) -> Result<(), UiError> {
    if typed.trim() == name {
        return Ok(());
    }
    let fault = if typed.trim().is_empty() { Fault::Required } else { Fault::DoesNotMatch };
    Err(vec![FieldError::new("confirm", fault)].into())
}

fn is_rpc(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/_fn/")
}

/// Gives a server function's answer its status. Not while a page is rendered, which decides for itself.
pub fn answer_with(code: ProblemCode) {
    if parts().is_some_and(|p| is_rpc(&p)) {
        set_status(code.status());
    }
}

/// Gives a page the status of the problem that it shows.
pub fn page_status(code: ProblemCode) {
    if parts().is_some_and(|p| !is_rpc(&p)) {
        set_status(code.status());
    }
}

fn set_status(status: u16) {
    if let (Some(options), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(status)) {
        options.set_status(status);
    }
}

/// Leads a page under a tenant's former slug to the present one.
pub fn canonical(asked: &str, slug: &str) {
    let Some(parts) = parts().filter(|p| !is_rpc(p)) else { return };
    if asked == slug {
        return;
    }
    let Some(rest) = parts.uri.path().strip_prefix("/t/").and_then(|p| p.strip_prefix(asked)) else {
        return;
    };
    let query = parts.uri.query().map(|q| format!("?{q}")).unwrap_or_default();
    leptos_axum::redirect(&format!("/t/{slug}{rest}{query}"));
    // Ids lead to slugs as well: nothing here is for ever, as the next rename may show.
    set_status(StatusCode::TEMPORARY_REDIRECT.as_u16());
}

/// The answer of a write.
pub fn done(what: What, said: impl Into<String>, go: Option<String>) -> Done {
    Done {
        what,
        said: said.into(),
        go,
        next: None,
    }
}

/// An address with the word for what was done.
pub fn with_done(target: &str, what: What) -> String {
    let joint = if target.contains('?') { '&' } else { '?' };
    format!("{target}{joint}done={}", what.word())
}

/// The page that a form was sent from, as a local path without what earlier forms left in it.
pub fn referer(parts: &Parts) -> String {
    let text = parts.headers.get(header::REFERER).and_then(|v| v.to_str().ok()).unwrap_or("/");
    let after_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
    let path = path.split('#').next().unwrap_or("/");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    without_traces(local(Some(path)).unwrap_or("/"), Some(query))
}

/// The address of a page without what forms leave in it.
pub fn without_traces(path: &str, query: Option<&str>) -> String {
    let kept: Vec<&str> = query
        .unwrap_or_default()
        .split('&')
        .filter(|p| !p.is_empty() && !["act=", "done="].iter().any(|x| p.starts_with(x)))
        .collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    }
}

/// A path on this server, or None: an address from outside must not lead elsewhere.
pub fn local(next: Option<&str>) -> Option<&str> {
    next.filter(|n| n.starts_with('/') && !n.starts_with("//") && !n.starts_with("/\\") && !n.contains(|c: char| c.is_control()))
}

/// The colour scheme that was chosen: the value of the cookie `theme`.
pub fn theme() -> Option<&'static str> {
    parts().and_then(|p| theme_of(&p))
}

fn theme_of(parts: &Parts) -> Option<&'static str> {
    let cookies = parts.headers.get_all(header::COOKIE);
    let chosen = cookies
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|c| c.trim().strip_prefix("theme="))?;
    match chosen {
        "light" => Some("light"),
        "dark" => Some("dark"),
        _ => None,
    }
}

/// The headers that every page carries. They are set while the page is rendered, because the nonce is known only then.
pub fn page_headers(nonce: &str) {
    let options = expect_context::<ResponseOptions>();
    // The development server reloads pages over a web socket of another port.
    let connect = if cfg!(debug_assertions) { "'self' ws:" } else { "'self'" };
    let policy = format!(
        "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         connect-src {connect}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        options.insert_header(header::CONTENT_SECURITY_POLICY, value);
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
    ] {
        options.insert_header(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// Pages that anyone may see. Server functions ask for themselves.
const PUBLIC: &[&str] = &[
    "/login",
    "/register",
    "/register/",
    "/forgot",
    "/reset/",
    "/verify/",
    "/invite/",
    "/auth/openid/",
    "/theme",
    "/_fn/",
    "/pkg/",
];

fn is_public(path: &str) -> bool {
    PUBLIC
        .iter()
        .any(|p| path == p.trim_end_matches('/') || (p.ends_with('/') && path.starts_with(p)))
}

/// Middleware of the pages: whoever is not signed in is led to `/login`, and back afterwards.
/// Goes inside the session layer.
pub async fn pages_guard(session: Session, request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    let path = request.uri().path();
    let entrance = matches!(path, "/login" | "/register") && request.method() == Method::GET;
    if is_public(path) && !entrance {
        return next.run(request).await;
    }
    let signed_in = match session.get::<UserId>(USER_KEY).await {
        Ok(user) => user.is_some(),
        Err(error) => {
            tracing::error!(%error, "session cannot be read");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    if entrance == signed_in {
        let target = if entrance {
            "/".to_owned()
        } else if request.method() == Method::GET && path != "/" {
            let asked = request.uri().path_and_query().map_or("/", |p| p.as_str());
            format!("/login?next={}", crate::rpc::encode(asked))
        } else {
            "/login".to_owned()
        };
        return Redirect::to(&target).into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests;
