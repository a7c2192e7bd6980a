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
use tenantry_domain::ports::{ModelSource, SourceError, Upstream, Whose};
use tenantry_types::provider::{ProviderKind, UpstreamModel};
use tenantry_types::text::Secret;

pub use address::Private;
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

/// A client for each rule: connections that one has open are not for the other.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    operators: (Client, AddressRule),
    tenants: (Client, AddressRule),
}

impl Clients {
    /// `private`: what the operator's providers may reach of private networks, where Ollama and vLLM usually are. Link-local,
    /// metadata, multicast and unspecified addresses are refused always.
    fn new(private: &Private, make: impl Fn(AddressRule) -> Result<Client, SetUpError>) -> Result<Self, SetUpError> {
        let of = |private: Private| {
            let rule = AddressRule(private);
            Ok((make(rule.clone())?, rule))
        };
        Ok(Self {
            operators: of(private.clone())?,
            tenants: of(private.for_tenants())?,
        })
    }

    /// The client for a request to this address; None when it must not be asked.
    fn to(&self, whose: Whose, url: &Url) -> Option<&Client> {
        let (client, rule) = match whose {
            Whose::Operators => &self.operators,
            Whose::Tenants => &self.tenants,
        };
        literal_allowed(rule, url).then_some(client)
    }
}

/// The address of something at a provider. Azure's of a dated version names the deployment, and the version.
fn address(upstream: &Upstream<'_>, deployment: Option<&str>, path: &str) -> Option<Url> {
    let base = upstream.base_url.trim_end_matches('/');
    let (ProviderKind::Azure, Some(version)) = (upstream.kind, upstream.api_version) else {
        return Url::parse(&format!("{base}/{path}")).ok();
    };
    let mut url = Url::parse(base.strip_suffix("/openai").unwrap_or(base)).ok()?;
    let mut segments = url.path_segments_mut().ok()?;
    segments.pop_if_empty().push("openai");
    if let Some(name) = deployment {
        segments.extend(["deployments", name]);
    }
    segments.extend(path.split('/'));
    drop(segments);
    url.query_pairs_mut().append_pair("api-version", version);
    Some(url)
}

/// Reads lists of models from providers.
#[derive(Debug, Clone)]
pub struct HttpModelSource(Clients);

impl HttpModelSource {
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(private: &Private) -> Result<Self, SetUpError> {
        Self::with_timeout(private, TIMEOUT)
    }

    fn with_timeout(private: &Private, timeout: Duration) -> Result<Self, SetUpError> {
        Clients::new(private, |rule| client(rule, timeout)).map(Self)
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
pub(crate) fn literal_allowed(rule: &AddressRule, url: &Url) -> bool {
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
    async fn list(&self, upstream: Upstream<'_>) -> Result<Vec<UpstreamModel>, SourceError> {
        let url = address(&upstream, None, "models").ok_or(SourceError::Unreachable)?;
        let client = self.0.to(upstream.whose, &url).ok_or(SourceError::Forbidden)?;
        let mut request = client.get(url).header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(key) = upstream.api_key {
            let (name, value) = credential(upstream.kind, key)?;
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
