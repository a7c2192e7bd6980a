//! Model providers over HTTP: reads the list of models that OpenAI-compatible servers give. What is
//! connected to is checked where names are resolved, so that the address that was judged is the one
//! that is used. Redirects are not followed, proxies are not asked, answers are bounded in time and
//! size, and no error repeats a key or an answer.

pub(crate) mod address;
pub mod call;
mod listing;

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, Response, Url};
use tenantry_domain::ports::{ModelSource, SourceError};
use tenantry_types::provider::{ProviderKind, UpstreamModel};
use tenantry_types::text::Secret;

use address::{AddressRule, CheckedResolver, ForbiddenAddress};

/// Bytes that an answer may have.
const LIMIT: usize = 8 * 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The HTTP client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up: {0}")]
pub struct SetUpError(String);

impl SetUpError {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

/// Reads lists of models from providers.
#[derive(Debug, Clone)]
pub struct HttpModelSource {
    client: Client,
    rule: AddressRule,
}

impl HttpModelSource {
    /// `allow_private` lets providers have loopback and private addresses, where Ollama and vLLM
    /// usually are. Link-local, metadata, multicast and unspecified addresses are refused always.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(allow_private: bool) -> Result<Self, SetUpError> {
        Self::with_timeout(allow_private, TIMEOUT)
    }

    fn with_timeout(allow_private: bool, timeout: Duration) -> Result<Self, SetUpError> {
        let rule = AddressRule { allow_private };
        let client = client(rule, timeout)?;
        Ok(Self { client, rule })
    }
}

/// A client that connects only to what the rule allows, in this time.
pub(crate) fn client(rule: AddressRule, timeout: Duration) -> Result<Client, SetUpError> {
    let builder = careful(rule)?.timeout(timeout).connect_timeout(CONNECT_TIMEOUT.min(timeout));
    builder.build().map_err(|e| SetUpError(e.to_string()))
}

/// What all clients have in common.
fn careful(rule: AddressRule) -> Result<ClientBuilder, SetUpError> {
    Ok(Client::builder()
        .tls_backend_preconfigured(tls()?)
        .dns_resolver(Arc::new(CheckedResolver(rule)))
        .redirect(reqwest::redirect::Policy::none())
        // A proxy would resolve the name itself, past the check.
        .no_proxy()
        .user_agent(concat!("Tenantry/", env!("CARGO_PKG_VERSION"))))
}

/// A literal address never comes to the resolver.
pub(crate) fn literal_allowed(rule: AddressRule, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse();
    literal.map_or(true, |ip| rule.allows(ip))
}

/// With the machine's certificates. A machine without any still reaches providers over plain HTTP.
fn tls() -> Result<rustls::ClientConfig, SetUpError> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!("this machine has no root certificates: providers cannot be reached over https");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| SetUpError(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

#[async_trait]
impl ModelSource for HttpModelSource {
    async fn list(&self, kind: ProviderKind, base_url: &str, api_key: Option<&Secret>) -> Result<Vec<UpstreamModel>, SourceError> {
        let url = Url::parse(&format!("{}/models", base_url.trim_end_matches('/'))).map_err(|_| SourceError::Unreachable)?;
        if !literal_allowed(self.rule, &url) {
            return Err(SourceError::Forbidden);
        }
        let mut request = self.client.get(url).header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(key) = api_key {
            let (name, value) = credential(kind, key)?;
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|e| meaning(&e))?;
        if !response.status().is_success() {
            return Err(SourceError::Refused(response.status().as_u16()));
        }
        let body = bounded(response, LIMIT).await?;
        listing::read(&body).ok_or(SourceError::NotUnderstood)
    }
}

fn credential(kind: ProviderKind, key: &Secret) -> Result<(HeaderName, HeaderValue), SourceError> {
    let key = key.expose().trim();
    let (name, text) = match kind {
        ProviderKind::Azure => (HeaderName::from_static("api-key"), key.to_owned()),
        _ => (AUTHORIZATION, format!("Bearer {key}")),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| SourceError::BadKey)?;
    value.set_sensitive(true);
    Ok((name, value))
}

pub(crate) async fn bounded(mut response: Response, limit: usize) -> Result<Vec<u8>, SourceError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| meaning(&e))? {
        if body.len() + chunk.len() > limit {
            return Err(SourceError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Only the kind of the error is kept: its text holds the address, and may hold more.
pub(crate) fn meaning(error: &reqwest::Error) -> SourceError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<ForbiddenAddress>() {
            return SourceError::Forbidden;
        }
        cause = inner.source();
    }
    if error.is_timeout() {
        SourceError::Timeout
    } else {
        SourceError::Unreachable
    }
}

#[cfg(test)]
mod tests;
