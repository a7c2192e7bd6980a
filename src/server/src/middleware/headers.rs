//! Headers of every answer. A page that is rendered sets a content policy with its nonce; whatever
//! has none gets one that allows nothing but our own style sheet. What belongs to a person is not
//! kept by any cache.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue};

const STRICT: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const XSS_PROTECTION: HeaderName = HeaderName::from_static("x-xss-protection");

/// `https`: whether the public address is one of https.
pub async fn secure(State(https): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut fixed = vec![
        (CONTENT_SECURITY_POLICY, STRICT),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: forms without JavaScript are led back by it.
        (REFERRER_POLICY, "same-origin"),
        (X_FRAME_OPTIONS, "DENY"),
        // The filters of old browsers could be used against a page; the policy above does what they were for.
        (XSS_PROTECTION, "0"),
        (OPENER_POLICY, "same-origin"),
        (RESOURCE_POLICY, "same-origin"),
    ];
    if https {
        fixed.push((STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    }
    if is_personal(headers.get(CONTENT_TYPE)) {
        fixed.push((CACHE_CONTROL, "no-store"));
    }
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Pages and data; and answers without content, such as redirects, which depend on who asks.
fn is_personal(kind: Option<&HeaderValue>) -> bool {
    kind.is_none_or(|kind| {
        kind.to_str().is_ok_and(|kind| {
            ["text/html", "application/json", "application/problem+json", "text/csv"]
                .iter()
                .any(|personal| kind.starts_with(personal))
        })
    })
}
