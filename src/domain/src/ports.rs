//! What is outside, as the use cases see it. `tenantry-adapters` holds the real ones.

use std::io;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use tenantry_types::Email;
use tenantry_types::provider::{ProviderKind, UpstreamModel};
use tenantry_types::text::Secret;

/// Why a provider's list could not be read. No text of the other side, which may repeat a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error("the provider could not be reached")]
    Unreachable,
    #[error("the provider did not answer in time")]
    Timeout,
    #[error("the provider answered with status {0}{hint}", hint = hint(*.0))]
    Refused(u16),
    #[error("the provider's answer is not a list of models")]
    NotUnderstood,
    #[error("the provider's answer is too large")]
    TooLarge,
    /// The address, or all that its name leads to, is one that providers must not have.
    #[error("the provider's address is not allowed")]
    Forbidden,
    #[error("the provider's key holds characters that cannot be sent")]
    BadKey,
}

fn hint(status: u16) -> &'static str {
    match status {
        300..=399 => ": it leads to another address, which is the one to give",
        401 | 403 => ": is the key right?",
        404 => ": does the address end in /v1?",
        _ => "",
    }
}

/// Who says where a provider is: what of private networks it may reach hangs on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Operators,
    Tenants,
}

/// Where a provider is, and how it is spoken to.
#[derive(Debug, Clone, Copy)]
pub struct Upstream<'a> {
    pub whose: Whose,
    pub kind: ProviderKind,
    pub base_url: &'a str,
    pub api_key: Option<&'a Secret>,
    /// Of Azure.
    pub api_version: Option<&'a str>,
}

/// Reads the list of models of a provider.
#[async_trait]
pub trait ModelSource: Send + Sync {
    /// # Errors
    /// Why there is no list.
    async fn list(&self, upstream: Upstream<'_>) -> Result<Vec<UpstreamModel>, SourceError>;
}

/// A mail in plain text.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: Email,
    pub subject: String,
    pub text: String,
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Another try makes sense.
    #[error("the mail server could not be reached or asks to try later")]
    Temporary,
    #[error("the mail server refused the mail")]
    Permanent,
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// # Errors
    /// Whether another try makes sense.
    async fn send(&self, mail: Mail) -> Result<(), MailError>;
}

/// Keeps the heads of the audit's chains outside the database. Lines are only ever added.
#[async_trait]
pub trait HeadLog: Send + Sync {
    /// # Errors
    /// When they were not written.
    async fn append(&self, lines: String) -> io::Result<()>;

    /// All lines; empty when there are none yet.
    ///
    /// # Errors
    /// When they cannot be read.
    async fn read(&self) -> io::Result<String>;
}

/// A provider of OpenID Connect, as addresses and as people name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIdName {
    pub name: String,
    pub label: String,
}

/// How somebody leaves for a provider, and what is needed when they are back.
#[derive(Debug)]
pub struct Departure {
    pub url: String,
    pub state: Secret,
    pub nonce: Secret,
    /// Of PKCE.
    pub verifier: Secret,
}

/// What came back from a provider, and what belongs to it.
#[derive(Debug)]
pub struct Arrival<'a> {
    pub provider: &'a str,
    pub redirect_uri: &'a str,
    pub code: &'a Secret,
    /// Who says so (RFC 9207), where the provider names itself.
    pub issuer: Option<&'a str>,
    pub nonce: &'a Secret,
    pub verifier: &'a Secret,
}

/// Who somebody is, by the word of a provider that was checked.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Proof {
    pub issuer: String,
    pub subject: String,
    /// Only an address of which the provider says that it is verified.
    pub verified_email: Option<Email>,
    pub name: Option<String>,
}

/// Why a provider signs nobody in. No text of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenIdError {
    #[error("there is no such provider")]
    Unknown,
    #[error("the provider could not be reached, or does not answer as it should")]
    Unreachable,
    #[error("the provider did not take the code")]
    Refused,
    #[error("the provider's word does not hold: {0}")]
    NotBelieved(&'static str),
}

/// Providers of OpenID Connect.
#[async_trait]
pub trait OpenIdProviders: Send + Sync {
    /// In the order in which they are offered.
    fn names(&self) -> &[OpenIdName];

    /// # Errors
    /// Why nobody can go there.
    async fn depart(&self, provider: &str, redirect_uri: &str) -> Result<Departure, OpenIdError>;

    /// # Errors
    /// Why nobody came from there.
    async fn arrive(&self, arrival: Arrival<'_>) -> Result<Proof, OpenIdError>;
}

/// A request for a provider.
#[derive(Debug)]
pub struct Call<'a> {
    pub upstream: Upstream<'a>,
    /// The provider's name for the model: Azure has it in the address.
    pub model: &'a str,
    /// Behind the base address: `chat/completions`.
    pub path: &'a str,
    /// JSON.
    pub body: Bytes,
}

/// What a provider answers; its body comes as it comes.
pub struct Reply {
    pub status: u16,
    pub content_type: Option<String>,
    /// Seconds.
    pub retry_after: Option<u64>,
    pub body: BoxStream<'static, Result<Bytes, CallError>>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why a provider gave no answer, or no more of it. No text of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nothing was sent.
    #[error("the provider could not be reached")]
    Unreachable,
    #[error("the provider did not answer in time")]
    Timeout,
    #[error("the provider ended the connection")]
    Broken,
    #[error("the provider's address is not allowed")]
    Forbidden,
    #[error("the provider's key holds characters that cannot be sent")]
    BadKey,
}

/// Sends requests to providers. Dropping a reply ends it.
#[async_trait]
pub trait Upstreams: Send + Sync {
    /// # Errors
    /// Why there is no answer.
    async fn call(&self, call: Call<'_>) -> Result<Reply, CallError>;
}

/// A part of the spool that is not written any more.
#[derive(Debug)]
pub struct Segment {
    pub name: String,
    pub lines: Vec<u8>,
}

/// Keeps lines on disk until they are in the database, so that the end of this process loses none. What is appended
/// when the machine itself loses its power may be lost.
pub trait UsageSpool: Send + Sync {
    /// Adds a line, in one piece. Does not wait for the disk.
    ///
    /// # Errors
    /// When it was not written.
    fn append(&self, line: &[u8]) -> io::Result<()>;

    /// Ends the part that is being written, and hands out all parts that have ended, also those of a process that is
    /// gone.
    ///
    /// # Errors
    /// When they cannot be read.
    fn ended(&self) -> io::Result<Vec<Segment>>;

    /// Removes a part that is in the database.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// Something to send to a webhook.
#[derive(Debug)]
pub struct HookCall<'a> {
    pub url: &'a str,
    /// Besides the type of the content.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// Why a webhook gave no answer. No text of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    #[error("the receiver could not be reached")]
    Unreachable,
    #[error("the receiver did not answer in time")]
    Timeout,
    /// The address, or all that its name leads to, is one that webhooks must not have.
    #[error("the address leads into a network that webhooks must not reach")]
    Forbidden,
}

/// Sends to webhooks. Redirects are not followed, and of an answer nothing but the status is looked at.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Whether an address may be written down at all. What a name leads to is found out when something is sent.
    fn allows(&self, url: &str) -> bool;

    /// The status of the answer.
    ///
    /// # Errors
    /// Why there is none.
    async fn post(&self, call: HookCall<'_>) -> Result<u16, HookError>;
}
