//! The facts of a request: its id, whose it is by address, and under which origin the outside sees
//! this server. What proxies say is believed only from those that are trusted.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use rand::Rng;
use tenantry_domain::device;

use tenantry_types::Slug;
use tenantry_types::network::Network;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What the facts are found with.
#[derive(Debug, Default)]
pub struct Facts {
    pub public_url: Option<String>,
    pub trusted_proxies: Vec<Network>,
    pub base_domain: Option<String>,
}

/// The facts, for the steps of this crate; the front ends get theirs in their own types.
#[derive(Debug, Clone)]
pub struct Known {
    pub request_id: String,
    pub ip: Option<IpAddr>,
}

impl Known {
    pub fn of(request: &Request) -> Self {
        request.extensions().get().cloned().unwrap_or(Self {
            request_id: String::new(),
            ip: None,
        })
    }
}

pub async fn learn(State(facts): State<Arc<Facts>>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip().to_canonical());
    let trusted = peer.is_some_and(|peer| facts.trusts(peer));
    let request_id = facts.request_id(request.headers(), trusted);
    let ip = peer.map(|peer| facts.client(request.headers(), peer));
    let subdomain = facts.subdomain(request.headers(), trusted);
    let public_origin = facts.origin(request.headers(), peer);
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let device = agent.map(device::describe).unwrap_or_default();
    let extensions = request.extensions_mut();
    extensions.insert(Known {
        request_id: request_id.clone(),
        ip,
    });
    extensions.insert(tenantry_api::RequestInfo {
        request_id: request_id.clone(),
        ip,
        device: device.clone(),
        public_origin: public_origin.clone(),
        subdomain: subdomain.clone(),
    });
    extensions.insert(tenantry_web::RequestInfo {
        request_id: request_id.clone(),
        ip,
        device,
        public_origin,
        subdomain,
    });
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

impl Facts {
    fn trusts(&self, ip: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(ip))
    }

    fn request_id(&self, headers: &HeaderMap, trusted: bool) -> String {
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|_| trusted);
        let fits = |id: &&str| (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        given
            .filter(fits)
            .map_or_else(|| format!("{:032x}", rand::rng().random::<u128>()), str::to_owned)
    }

    /// The client: the last address of the chain that no trusted proxy stands for. What comes
    /// before it was written by the client itself.
    fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        let chain: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let mut client = peer;
        for hop in chain.iter().rev() {
            let Ok(ip) = hop.trim().parse::<IpAddr>() else { break };
            client = ip.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    /// The slug before the base domain in the name that the client asked for. What a proxy says of
    /// it counts when the proxy is trusted; of several names the last one, which it wrote itself.
    fn subdomain(&self, headers: &HeaderMap, trusted: bool) -> Option<String> {
        let base = self.base_domain.as_deref()?;
        let forwarded = headers.get_all(FORWARDED_HOST).iter().next_back().filter(|_| trusted);
        let text = forwarded.or_else(|| headers.get(HOST))?.to_str().ok()?;
        let last = text.rsplit(',').next()?.trim();
        let authority = last.parse::<http::uri::Authority>().ok()?;
        let host = authority.host().to_ascii_lowercase();
        let label = host.strip_suffix(base)?.strip_suffix('.')?;
        // Reserved words, such as www and api, are no slugs.
        Slug::parse(label).ok().map(|slug| slug.as_str().to_owned())
    }

    /// The public origin; without one only a request from this machine to this machine may say it.
    fn origin(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let host = headers.get(HOST).and_then(|value| value.to_str().ok()).filter(|host| is_loopback(host));
        match host {
            Some(host) if peer.is_none_or(|peer| peer.is_loopback()) => format!("http://{host}"),
            _ => String::new(),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else {
        return false;
    };
    let name = authority.host().trim_matches(['[', ']']);
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests;
