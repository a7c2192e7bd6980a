//! Writes that may be sent twice: an `Idempotency-Key` binds a write to its first answer for a day.
//! The key is bound to its caller and to the place it was sent to; the same key with another body
//! is refused. What is kept, and for how long, is the domain's; here the request is told apart and
//! the answer caught.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sha2::{Digest, Sha256};
use tenantry_domain::idempotency::{self, Answer, Begin};
use tenantry_domain::{App, Error};
use tenantry_types::{Fault, ProblemCode};
use tracing::Instrument;

use crate::ApiError;
use crate::extract::{identify, too_large};
use crate::request::template;
use crate::respond::OnceOnly;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Routes whose effect is the session of this very connection: an old answer would sign nobody in.
/// They may be repeated as they are.
const NEVER_REPLAYED: &[&str] = &["/api/v1/auth/login", "/api/v1/auth/logout"];

/// Gives the first answer again to a write that carries a key it was sent with before.
pub async fn replay(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_write = !request.method().is_safe();
    if !is_write || !request.headers().contains_key(&KEY) || NEVER_REPLAYED.contains(&template(request.extensions()).as_str()) {
        return next.run(request).await;
    }
    match answer(app, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn answer(app: App, request: Request, next: Next) -> Result<Response, ApiError> {
    let key = read_key(request.headers())?;
    let (mut parts, body) = request.into_parts();
    let caller = identify(&mut parts, &app).await?.map(|who| who.id_text()).unwrap_or_default();
    let copy = Request::from_parts(parts.clone(), body);
    let body = Bytes::from_request(copy, &app).await.map_err(|rejection| too_large(rejection.status()))?;
    let scope = scope(&caller, &parts, &key);
    match idempotency::begin(&app, scope, fingerprint(&key, &parts, &body)).await? {
        Begin::Replay(answer) => Ok(again(answer)),
        Begin::Fresh => {
            let request = Request::from_parts(parts, Body::from(body));
            // In a task of its own: a caller who hangs up and asks again finds the answer.
            let work = run(app.clone(), scope, next.run(request)).in_current_span();
            match tokio::spawn(work).await {
                Ok(response) => Ok(response),
                Err(error) => {
                    tracing::error!(%error, "a handler broke off");
                    idempotency::forget(&app, scope).await?;
                    Err(ProblemCode::Internal.into())
                }
            }
        }
    }
}

/// # Errors
/// When there are two keys, or one that is empty, too long or not made of visible ASCII.
fn read_key(headers: &HeaderMap) -> Result<String, ApiError> {
    let mut values = headers.get_all(&KEY).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(ProblemCode::BadRequest.into());
    };
    let fault = match value.as_bytes() {
        [] => Fault::Required,
        bytes if bytes.len() > 255 => Fault::TooLong { max: 255 },
        bytes if !bytes.iter().all(u8::is_ascii_graphic) => Fault::ControlCharacters,
        bytes => return Ok(String::from_utf8_lossy(bytes).into_owned()),
    };
    Err(Error::field("Idempotency-Key", fault).into())
}

/// Who sent the key, and where to.
fn scope(caller: &str, parts: &Parts, key: &str) -> [u8; 32] {
    digest(&[caller, parts.method.as_str(), path(parts), key].map(str::as_bytes))
}

/// What was sent. The key is part of it: it is kept nowhere, so that nobody who reads the database
/// can try passwords against the hash of a body.
fn fingerprint(key: &str, parts: &Parts, body: &[u8]) -> [u8; 32] {
    digest(&[key.as_bytes(), parts.uri.query().unwrap_or_default().as_bytes(), body])
}

/// The path as it was sent: inside the router it has lost its beginning.
fn path(parts: &Parts) -> &str {
    parts
        .extensions
        .get::<OriginalUri>()
        .map_or_else(|| parts.uri.path(), |uri| uri.0.path())
        .trim_end_matches('/')
}

/// Each part goes in with its length, so that no two lists of parts are the same text.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

async fn run(app: App, scope: [u8; 32], handler: impl Future<Output = Response>) -> Response {
    let response = handler.await;
    if !is_final(response.status()) {
        if let Err(error) = idempotency::forget(&app, scope).await {
            tracing::warn!(?error, "an idempotency key could not be freed");
        }
        return response;
    }
    let secret = response.extensions().get::<OnceOnly>().is_some();
    let (head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let answer = Answer {
        status: head.status.as_u16(),
        content_type: text(CONTENT_TYPE).unwrap_or_default(),
        location: text(LOCATION),
        body: body.to_vec(),
        secret,
    };
    // The work is done and answered; a key that stays in flight frees itself in time.
    if let Err(error) = idempotency::finish(&app, scope, answer).await {
        tracing::warn!(?error, "an answer could not be kept for its idempotency key");
    }
    Response::from_parts(head, Body::from(body))
}

/// Whether a repetition has to get the same answer: not when it could do better.
fn is_final(status: StatusCode) -> bool {
    !(status.is_server_error() || status == StatusCode::UNAUTHORIZED || status == StatusCode::TOO_MANY_REQUESTS)
}

fn again(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    for (name, text) in [(CONTENT_TYPE, Some(answer.content_type)), (LOCATION, answer.location)] {
        if let Some(value) = text.filter(|t| !t.is_empty()).and_then(|t| HeaderValue::try_from(t).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests;
