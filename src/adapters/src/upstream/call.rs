//! Requests for models over HTTP: sent as they are, answered as the provider answers, chunk by chunk. Addresses are
//! held against the same rule as everywhere. Dropping the answer closes the connection, which ends the provider's work.

use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use tenantry_domain::ports::{Call, CallError, Reply, SourceError, Upstreams};

use super::address::{AddressRule, Private};
use super::{CONNECT_TIMEOUT, Clients, SetUpError, address, careful, credential, meaning};

/// How long a provider may be silent: before its answer begins, and between two parts of it.
const SILENCE: Duration = Duration::from_secs(120);
/// Connections to one provider that wait for the next request.
const IDLE: usize = 512;

/// Sends requests to providers.
#[derive(Debug, Clone)]
pub struct HttpUpstreams(Clients);

impl HttpUpstreams {
    /// `private` as for `HttpModelSource`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(private: &Private) -> Result<Self, SetUpError> {
        let client = |rule: AddressRule| {
            careful(rule)?
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(SILENCE)
                .tcp_nodelay(true)
                .pool_max_idle_per_host(IDLE)
                .build()
                .map_err(|e| SetUpError(e.to_string()))
        };
        Clients::new(private, client).map(Self)
    }
}

#[async_trait]
impl Upstreams for HttpUpstreams {
    async fn call(&self, call: Call<'_>) -> Result<Reply, CallError> {
        let url = address(&call.upstream, Some(call.model), call.path).ok_or(CallError::Unreachable)?;
        let client = self.0.to(call.upstream.whose, &url).ok_or(CallError::Forbidden)?;
        let mut request = client
            .post(url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"))
            .body(call.body);
        if let Some(key) = call.upstream.api_key {
            let (name, value) = credential(call.upstream.kind, key).map_err(|_| CallError::BadKey)?;
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|e| before(&e))?;
        let header = |name| response.headers().get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        Ok(Reply {
            status: response.status().as_u16(),
            content_type: header(CONTENT_TYPE).map(str::to_owned),
            // A date is not passed on: clocks differ.
            retry_after: header(RETRY_AFTER).and_then(|text| text.trim().parse().ok()),
            body: response.bytes_stream().map_err(|e| within(&e)).boxed(),
        })
    }
}

/// Before the answer began.
fn before(error: &reqwest::Error) -> CallError {
    if error.is_connect() {
        return match meaning(error) {
            SourceError::Forbidden => CallError::Forbidden,
            _ => CallError::Unreachable,
        };
    }
    within(error)
}

fn within(error: &reqwest::Error) -> CallError {
    if error.is_timeout() { CallError::Timeout } else { CallError::Broken }
}
