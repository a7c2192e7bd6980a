//! What the server knows of a request before it reaches the API: its id, where it came from, and
//! under which address the outside sees this server. The server puts it into the extensions.

use std::net::IpAddr;

use axum::extract::MatchedPath;
use http::Extensions;

/// Facts of one request that are not in its body, path or headers as such.
#[derive(Debug, Clone, Default)]
pub struct RequestInfo {
    pub request_id: String,
    /// The client, with trusted proxies taken into account.
    pub ip: Option<IpAddr>,
    /// The client in short words, such as `Firefox on Linux`.
    pub device: String,
    /// `https://tenantry.example.com`, without a slash at the end: the beginning of links.
    pub public_origin: String,
    /// The slug that the subdomain names, where the server has a base domain.
    pub subdomain: Option<String>,
}

impl RequestInfo {
    /// A request that the server told nothing about has an empty one.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }
}

/// The template of the matched route. Never the path: paths can hold tokens.
pub fn template(extensions: &Extensions) -> String {
    extensions
        .get::<MatchedPath>()
        .map_or_else(|| "/api/*".to_owned(), |path| path.as_str().to_owned())
}
