//! What a provider answers with.

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::Deserialize;
use serde_json::Value;
use tenantry_types::text::Secret;

use super::{Meter, Outcome, RateState};
use crate::ports::CallError;

/// What of a provider's error is read.
const LARGEST_ERROR: usize = 64 * 1024;

/// A provider's answer, and the meter that has to see its end.
pub struct Answer {
    pub status: u16,
    pub content_type: Option<String>,
    /// Seconds.
    pub retry_after: Option<u64>,
    pub body: BoxStream<'static, Result<Bytes, CallError>>,
    pub meter: Meter,
    /// Of the key that asked, when it has a rate limit.
    pub rate: Option<RateState>,
    /// The provider's key, which nothing may repeat.
    pub(super) key: Option<Secret>,
}

/// Why a provider did not do what it was asked, as a client may hear it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub status: u16,
    pub message: String,
    pub code: Option<String>,
    /// Seconds.
    pub retry_after: Option<u64>,
}

/// What providers write of an error.
#[derive(Deserialize)]
struct Envelope {
    error: Value,
}

impl Answer {
    /// All of the body.
    ///
    /// # Errors
    /// `Broken` when it breaks off, or is longer than this many bytes.
    pub async fn collect(&mut self, most: usize) -> Result<Bytes, CallError> {
        let mut first: Option<Bytes> = None;
        let mut all = BytesMut::new();
        while let Some(chunk) = self.body.next().await {
            let chunk = chunk?;
            self.meter.progress();
            if all.len() + chunk.len() > most {
                return Err(CallError::Broken);
            }
            // Most answers are one chunk, which is not copied.
            match first.take() {
                None if all.is_empty() => first = Some(chunk),
                None => all.extend_from_slice(&chunk),
                Some(one) => {
                    all.extend_from_slice(&one);
                    all.extend_from_slice(&chunk);
                }
            }
        }
        Ok(first.unwrap_or_else(|| all.freeze()))
    }

    /// Reads an answer whose status is an error, and counts it as one.
    pub async fn failure(mut self) -> Failure {
        let body = self.collect(LARGEST_ERROR).await.unwrap_or_default();
        self.meter.finish(Outcome::Error);
        let said = serde_json::from_slice::<Envelope>(&body).ok().map(|envelope| envelope.error);
        let text = |name: &str| match &said {
            Some(Value::Object(error)) => error.get(name).and_then(Value::as_str).map(str::to_owned),
            Some(Value::String(text)) if name == "message" => Some(text.clone()),
            _ => None,
        };
        match self.status {
            // Our key is refused, not the client's.
            401 | 403 => Failure {
                status: 502,
                message: "The provider refused this server's key: tell who runs the server.".into(),
                code: Some("provider_refused".into()),
                retry_after: None,
            },
            status => {
                let message = text("message").unwrap_or_else(|| format!("The provider answered with status {status}."));
                Failure {
                    status,
                    message: self.without_key(&message),
                    code: text("code"),
                    retry_after: self.retry_after,
                }
            }
        }
    }

    /// A text of the provider without its key.
    fn without_key(&self, text: &str) -> String {
        match self.key.as_ref().map(|key| key.expose().trim()).filter(|key| !key.is_empty()) {
            Some(key) => text.replace(key, "***"),
            None => text.to_owned(),
        }
    }
}
