//! How often one address may sign up, try a password or a link, or have a mail sent. Counted on this
//! node, in memory. An IPv6 address counts with its /64 network, which one client has to itself. How
//! often somebody may try at one account is the domain's to say, which knows accounts.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::Method;
use tenantry_types::ProblemCode;

use super::refusal;
use super::request::Known;

/// The limits of this node.
pub struct Limits {
    sign_ups: Option<DefaultKeyedRateLimiter<IpAddr>>,
    log_ins: Option<DefaultKeyedRateLimiter<IpAddr>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    SignUp,
    LogIn,
}

impl Limits {
    /// 0 means no limit.
    pub fn new(sign_ups_per_hour: u32, log_ins_per_minute: u32) -> Arc<Self> {
        let limiter = |quota: Option<Quota>| quota.map(RateLimiter::keyed);
        Arc::new(Self {
            sign_ups: limiter(NonZeroU32::new(sign_ups_per_hour).map(Quota::per_hour)),
            log_ins: limiter(NonZeroU32::new(log_ins_per_minute).map(Quota::per_minute)),
        })
    }

    /// Forgets addresses that could do it all again anyway.
    pub fn tidy(&self) {
        for limiter in [&self.sign_ups, &self.log_ins].into_iter().flatten() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    /// Seconds to wait; None when it may be done now.
    fn wait(&self, attempt: Attempt, ip: Option<IpAddr>) -> Option<u64> {
        let limiter = match attempt {
            Attempt::SignUp => self.sign_ups.as_ref()?,
            Attempt::LogIn => self.log_ins.as_ref()?,
        };
        let until = limiter.check_key(&network(ip)).err()?;
        Some(until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }
}

fn network(ip: Option<IpAddr>) -> IpAddr {
    ip.map_or(Ipv4Addr::UNSPECIFIED.into(), tenantry_domain::network)
}

pub async fn throttle(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // A form without JavaScript names what it calls behind its page's path.
    let act = tenantry_web::forms::act::Act::of(request.method(), request.uri());
    let called = act.as_ref().map_or(path, |act| &act.function);
    if let Some(attempt) = attempt(request.method(), path).or_else(|| attempt(request.method(), called)) {
        let known = Known::of(&request);
        if let Some(seconds) = limits.wait(attempt, known.ip) {
            tracing::warn!(ip = ?known.ip, ?attempt, "too many tries from one address");
            return refusal::answer(ProblemCode::RateLimited, path, &known.request_id, Some(seconds));
        }
    }
    next.run(request).await
}

fn attempt(method: &Method, path: &str) -> Option<Attempt> {
    // Going to a provider and coming back: both have this server ask another one.
    if path.starts_with("/auth/openid/") {
        return Some(Attempt::LogIn);
    }
    if method != Method::POST {
        return None;
    }
    // The router of the API forgives slashes at both ends of what stands behind `/api`.
    let path = match path.strip_prefix("/api/") {
        Some(rest) => Cow::Owned(format!("/api/{}", rest.trim_matches('/'))),
        None => Cow::Borrowed(path.strip_suffix('/').unwrap_or(path)),
    };
    match path.as_ref() {
        "/api/v1/auth/register" | "/register" => Some(Attempt::SignUp),
        "/api/v1/auth/login" | "/api/v1/auth/token" | "/login" => Some(Attempt::LogIn),
        // So does a mail that somebody else gets, and the password of somebody who is signed in.
        "/api/v1/auth/email/verify" | "/api/v1/auth/email/send" | "/forgot" | "/account" | "/_fn/account/verify" => Some(Attempt::LogIn),
        path if path.starts_with("/api/v1/auth/password/")
            || path == "/api/v1/auth/register/confirm"
            || path.starts_with("/register/")
            || path.starts_with("/api/v1/auth/totp")
            || path.starts_with("/reset/")
            || path.starts_with("/verify/") =>
        {
            Some(Attempt::LogIn)
        }
        // A token that is tried out counts like a password.
        path if path.starts_with("/invite/") || (path.starts_with("/api/v1/invitations/") && path.ends_with("/accept")) => Some(Attempt::LogIn),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
