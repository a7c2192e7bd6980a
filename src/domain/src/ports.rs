//! What lies outside, as the use cases see it: one trait for each kind of thing, implemented by
//! `tenantry-adapters`. Their errors are closed sets whose words may be shown to people: they hold
//! no secret, no answer of the other side and no address that was not typed in here.

use async_trait::async_trait;
use tenantry_types::Email;
use tenantry_types::provider::{ProviderKind, UpstreamModel};
use tenantry_types::text::Secret;

/// Something that lists the models it serves.
#[async_trait]
pub trait ModelSource: Send + Sync {
    /// Reads the list of models at `base_url`, which includes `/v1`.
    async fn list(&self, kind: ProviderKind, base_url: &str, api_key: Option<&Secret>) -> Result<Vec<UpstreamModel>, SourceError>;
}

/// Why a list of models could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error("The provider cannot be reached.")]
    Unreachable,
    #[error("The provider did not answer in time.")]
    Timeout,
    /// Answered, with this HTTP status.
    #[error("The provider refused the request with the status {0}{hint}.", hint = hint(*.0))]
    Refused(u16),
    #[error("The provider's answer is not a list of models.")]
    NotUnderstood,
    #[error("The provider's answer is too large.")]
    TooLarge,
    /// The address, or what its name resolves to, is one that providers must not have.
    #[error("This address is not allowed for a provider.")]
    Forbidden,
    /// Not something that can stand in an HTTP header.
    #[error("The provider's key holds characters that cannot be sent.")]
    BadKey,
}

fn hint(status: u16) -> &'static str {
    match status {
        300..=399 => " (it redirects; give the address that it leads to)",
        401 | 403 => " (is the key right?)",
        404 => " (does the address end in /v1?)",
        _ => "",
    }
}

/// A message in plain text.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: Email,
    pub subject: String,
    pub text: String,
}

/// Something that sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, mail: Mail) -> Result<(), MailError>;
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Worth another try later.
    #[error("The mail server cannot be reached or is busy.")]
    Unavailable,
    /// Another try would end the same way.
    #[error("The mail server refused the message.")]
    Refused,
}
