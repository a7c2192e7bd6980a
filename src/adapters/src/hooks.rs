//! Webhooks over HTTP. Tenants name their addresses, so they are held to more than a provider's: unless the operator
//! allows it, nothing private is reached, whatever a name leads to when it is called. Redirects are not followed, and of
//! an answer only the status is read.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Url};
use tenantry_domain::ports::{HookCall, HookError, Hooks, SourceError};

use crate::upstream::address::AddressRule;
use crate::upstream::{Private, SetUpError, client, literal_allowed, meaning};

/// For the whole of it: who receives an event notes it, and works on it afterwards.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends to webhooks.
#[derive(Debug, Clone)]
pub struct HttpHooks {
    client: Client,
    rule: AddressRule,
}

impl HttpHooks {
    /// `private`: which loopback and private addresses webhooks may have. Link-local, metadata, multicast and unspecified
    /// addresses are refused always.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(private: &Private) -> Result<Self, SetUpError> {
        Self::with_timeout(private, TIMEOUT)
    }

    fn with_timeout(private: &Private, timeout: Duration) -> Result<Self, SetUpError> {
        let rule = AddressRule(private.clone());
        Ok(Self {
            client: client(rule.clone(), timeout)?,
            rule,
        })
    }
}

#[async_trait]
impl Hooks for HttpHooks {
    fn allows(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| literal_allowed(&self.rule, &url))
    }

    async fn post(&self, call: HookCall<'_>) -> Result<u16, HookError> {
        let url = Url::parse(call.url).map_err(|_| HookError::Unreachable)?;
        if !literal_allowed(&self.rule, &url) {
            return Err(HookError::Forbidden);
        }
        let mut request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(call.body);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        // The body is left where it is: dropping the answer ends the connection.
        let answer = request.send().await.map_err(|error| match meaning(&error) {
            SourceError::Forbidden => HookError::Forbidden,
            SourceError::Timeout => HookError::Timeout,
            _ => HookError::Unreachable,
        })?;
        Ok(answer.status().as_u16())
    }
}

#[cfg(test)]
mod tests;
