//! How `openidconnect` reaches a provider: by the client of this crate.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Client, Request};
use tenantry_domain::ports::SourceError;

use crate::upstream::address::{AddressRule, Private};
use crate::upstream::{SetUpError, bounded, client, literal_allowed, meaning};

/// Bytes that an answer may have: a description, a set of keys, a token.
const LIMIT: usize = 1024 * 1024;
/// Somebody waits in front of their browser.
const TIMEOUT: Duration = Duration::from_secs(8);
/// Whoever writes the configuration says where providers are: many are on the local network.
const RULE: AddressRule = AddressRule(Private::All);

pub(super) struct Http(Client);

impl Http {
    pub fn new() -> Result<Self, SetUpError> {
        client(RULE, TIMEOUT).map(Self)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, SourceError> {
        let request = Request::try_from(request).map_err(|_| SourceError::Unreachable)?;
        if !literal_allowed(&RULE, request.url()) {
            return Err(SourceError::Forbidden);
        }
        let response = self.0.execute(request).await.map_err(|e| meaning(&e))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut whole = HttpResponse::new(bounded(response, LIMIT).await?);
        *whole.status_mut() = status;
        *whole.headers_mut() = headers;
        Ok(whole)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = SourceError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, SourceError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
