//! Signing in with a provider of OpenID Connect: away, and back. In between the browser holds a cookie
//! of its own, which comes along when another site sends it back, whatever the session's cookie does.
//! Pages answer both ways, and not redirects: a cookie for our own site alone is not sent with what
//! another site has set going, and a form of ours may lead nowhere else.
use axum::extract::{Path, Query, Request, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use tenantry_domain::accounts::log_in::LogIn;
use tenantry_domain::accounts::openid::{self, ATTEMPT_LASTS, Begun, Callback, Step};
use tenantry_domain::{Error, Principal};
use tenantry_types::text::Secret;
use tower_sessions::Session;

use super::entrance::ask_for_code;
use super::{Kit, Typed, again, enter, info_of};
use crate::rpc::{What, encode};
use crate::server::{RequestInfo, local, origin_of, with_done};

/// Where somebody wants to be.
#[derive(Deserialize)]
pub struct Aim {
    next: Option<String>,
}

/// What a provider sends along.
#[derive(Deserialize)]
pub struct Answer {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
}

/// `GET /auth/openid/{provider}`. Providers send back to the public address, and cookies are of one host: whoever begins
/// at the subdomain of a tenant goes to the public address first, and is signed in there.
pub async fn leave(State(kit): State<Kit>, Path(provider): Path<String>, Query(aim): Query<Aim>, request: Request) -> Response {
    let next = local(aim.next.as_deref()).map(str::to_owned);
    if let Some(base) = elsewhere(&kit, &info_of(&request)) {
        let next = next.map(|next| format!("?next={}", encode(&next))).unwrap_or_default();
        return Redirect::to(&format!("{base}/auth/openid/{}{next}", encode(&provider))).into_response();
    }
    match openid::begin(&kit.app, &provider, next).await {
        Ok(begun) => depart(&kit, &begun),
        Err(error) => refuse(&kit, request.into_parts().0, error).await,
    }
}

/// The public address, for who came by a subdomain of a tenant.
fn elsewhere<'a>(kit: &'a Kit, info: &RequestInfo) -> Option<&'a str> {
    let base = kit.app.policy().public_url.as_deref()?;
    let subdomain = info.subdomain.as_deref()?;
    // Unless the public address is that very name.
    let host = base.split_once("://").map_or(base, |(_, host)| host);
    let same = host.strip_prefix(subdomain).is_some_and(|rest| rest.starts_with('.'));
    (!same).then_some(base)
}

/// To the provider, to link an identity of theirs to the caller's account. From a subdomain it leads to the account at
/// the public address: the session there is the one that the provider sends back to.
pub async fn link(kit: &Kit, info: &RequestInfo, who: &Principal, typed: &Typed) -> Result<Response, Error> {
    if let Some(base) = elsewhere(kit, info) {
        return Ok(onward(&format!("{base}/account")));
    }
    let password = typed.get("password").map(Secret::new);
    let provider = typed.get("provider").unwrap_or_default();
    let begun = openid::begin_link(&kit.app, who, provider, password.as_ref()).await?;
    Ok(depart(kit, &begun))
}

fn depart(kit: &Kit, begun: &Begun) -> Response {
    with_cookie(kit, begun.browser.expose(), ATTEMPT_LASTS.as_secs(), onward(&begun.url))
}

/// `GET /auth/openid/{provider}/callback`.
pub async fn arrive(
    State(kit): State<Kit>,
    session: Session,
    Path(provider): Path<String>,
    Query(answer): Query<Answer>,
    request: Request,
) -> Response {
    let origin = origin_of(&info_of(&request));
    let parts = request.into_parts().0;
    let browser = cookie(&kit, &parts).unwrap_or_default();
    let back = Callback {
        provider: &provider,
        state: answer.state.as_deref().unwrap_or_default(),
        browser: &browser,
        code: answer.code.map(Secret::new),
        issuer: answer.iss.as_deref(),
    };
    let returned = match openid::arrive(&kit.app, &origin, back).await {
        Ok(returned) => returned,
        // The cookie stays: it may belong to a sign-in in another tab.
        Err(error) => return refuse(&kit, parts, error).await,
    };
    let next = local(returned.next.as_deref());
    let response = match returned.step {
        Step::Linked => onward(&with_done("/account", What::IdentityLinked)),
        Step::LogIn(LogIn::Done(who, method)) => match enter(&session, &who, &origin, method).await {
            Ok(()) => onward(next.unwrap_or("/")),
            Err(error) => refuse(&kit, parts, error).await,
        },
        Step::LogIn(LogIn::CodeNeeded(ticket)) => {
            let typed = Typed(next.map(|next| ("next".to_owned(), next.to_owned())).into_iter().collect());
            ask_for_code(&kit, parts, &typed, ticket).await
        }
    };
    with_cookie(&kit, "", 0, response)
}

/// The page of signing in, which says what is wrong.
async fn refuse(kit: &Kit, parts: Parts, error: Error) -> Response {
    again(kit, parts, "login", &Typed(Vec::new()), error).await
}

fn secure(kit: &Kit) -> bool {
    kit.app.policy().public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
}

fn name(kit: &Kit) -> &'static str {
    // Browsers keep a cookie of this name to our host and to https.
    if secure(kit) { "__Host-openid" } else { "openid" }
}

fn cookie(kit: &Kit, parts: &Parts) -> Option<String> {
    let cookies = parts.headers.get_all(header::COOKIE);
    cookies
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|c| c.trim().strip_prefix(name(kit))?.strip_prefix('='))
        .map(str::to_owned)
}

fn with_cookie(kit: &Kit, value: &str, seconds: u64, mut response: Response) -> Response {
    let flag = if secure(kit) { "; Secure" } else { "" };
    let set = format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{flag}", name(kit));
    if let Ok(set) = HeaderValue::from_str(&set) {
        response.headers_mut().append(header::SET_COOKIE, set);
    }
    response
}

/// A page that goes on by itself.
fn onward(url: &str) -> Response {
    let url = url
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\'', "&#39;");
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><link rel=\"icon\" href=\"/favicon.svg\">\
         <meta http-equiv=\"refresh\" content=\"0;url={url}\">\
         <title>Tenantry</title><p><a href=\"{url}\">Go on</a></p></html>"
    );
    (StatusCode::OK, Html(page)).into_response()
}
