//! The body of a request, edited as text: what we do not know passes as it was written.

use std::ops::Range;

use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tenantry_domain::gateway::{Estimate, Operation, find};

use super::error::GatewayError;

/// What an image comes to, roughly.
const IMAGE: usize = 1000;
/// Bytes of a token, roughly.
const BYTES: usize = Estimate::BYTES;

/// The fields that matter here. A field that is there twice is refused: two readers could take it for two things.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, deserialize_with = "there")]
    model: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    user: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    stream: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    stream_options: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    max_tokens: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    max_completion_tokens: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "there")]
    n: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct StreamOptions<'a> {
    #[serde(borrow, default, deserialize_with = "there")]
    include_usage: Option<&'a RawValue>,
}

/// Also a null is there.
fn there<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// A request as it came, and where in it stands what has to change.
pub(super) struct Wire {
    bytes: Bytes,
    pub model: String,
    model_at: Range<usize>,
    user_at: Option<Range<usize>>,
    /// Whether the answer is to be a stream.
    pub streams: bool,
    /// Whether the client asked for the usage of a stream.
    pub wants_usage: bool,
    usage_at: UsageAt,
    max_answer: Option<i64>,
}

/// Where the wish for the usage of a stream goes.
enum UsageAt {
    /// It stands there already.
    There,
    /// In the place of this value.
    Instead(Range<usize>),
    /// A whole `stream_options` in the place of this null.
    Whole(Range<usize>),
    /// As the first field of `stream_options`, behind its brace; whether others follow.
    Inside(usize, bool),
    /// With a `stream_options` of its own.
    Beside,
}

impl Wire {
    /// # Errors
    /// What is wrong, with the field's name.
    pub fn read(bytes: &Bytes) -> Result<Self, GatewayError> {
        let text = std::str::from_utf8(bytes).map_err(|_| GatewayError::bad("The body is not UTF-8.", None))?;
        if !text.trim_start().starts_with('{') {
            return Err(GatewayError::bad("The body must be a JSON object.", None));
        }
        let fields: Fields<'_> = serde_json::from_str(text).map_err(|e| GatewayError::bad(&format!("The body cannot be read: {e}."), None))?;
        let at = |raw: &RawValue| {
            let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            start..start + raw.get().len()
        };
        let model_at = fields.model.ok_or_else(|| GatewayError::bad("Name a model.", Some("model")))?;
        let model: String = serde_json::from_str(model_at.get()).map_err(|_| GatewayError::bad("The model's name must be text.", Some("model")))?;
        let streams = match fields.stream {
            None => false,
            Some(raw) => serde_json::from_str::<Option<bool>>(raw.get())
                .map_err(|_| GatewayError::bad("stream must be true or false.", Some("stream")))?
                .unwrap_or(false),
        };
        let (wants_usage, usage_at) = usage(fields.stream_options, at)?;
        let number = |raw: Option<&RawValue>| raw.and_then(|raw| raw.get().parse::<i64>().ok()).filter(|n| *n > 0);
        let answers = number(fields.n).unwrap_or(1).min(128);
        let most = number(fields.max_completion_tokens).or(number(fields.max_tokens));
        Ok(Self {
            bytes: bytes.clone(),
            model,
            model_at: at(model_at),
            user_at: fields.user.map(at),
            streams,
            wants_usage,
            usage_at,
            max_answer: most.map(|most| most.saturating_mul(answers)),
        })
    }

    /// The body for a provider: its own name of the model, the tenant's external id as the user, and for a stream the
    /// wish for its usage.
    pub fn written(&self, upstream: &str, external_id: Option<&str>, streams: bool) -> Bytes {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut edits: Vec<(Range<usize>, String)> = vec![(self.model_at.clone(), quoted(upstream))];
        // Behind the opening brace; a model is there, so something follows.
        let front = self.bytes.iter().position(|b| *b == b'{').map_or(0, |at| at + 1);
        let mut added = String::new();
        match (external_id, &self.user_at) {
            (Some(id), Some(at)) => edits.push((at.clone(), quoted(id))),
            (Some(id), None) => added.push_str(&format!("\"user\":{},", quoted(id))),
            (None, _) => {}
        }
        if streams {
            match &self.usage_at {
                UsageAt::There => {}
                UsageAt::Instead(at) => edits.push((at.clone(), "true".to_owned())),
                UsageAt::Whole(at) => edits.push((at.clone(), "{\"include_usage\":true}".to_owned())),
                UsageAt::Inside(at, more) => {
                    let comma = if *more { "," } else { "" };
                    edits.push((*at..*at, format!("\"include_usage\":true{comma}")));
                }
                UsageAt::Beside => added.push_str("\"stream_options\":{\"include_usage\":true},"),
            }
        }
        if !added.is_empty() {
            edits.push((front..front, added));
        }
        edits.sort_by_key(|(at, _)| at.start);
        let mut out = Vec::with_capacity(self.bytes.len() + 100);
        let mut from = 0;
        for (at, text) in edits {
            out.extend_from_slice(&self.bytes[from..at.start]);
            out.extend_from_slice(text.as_bytes());
            from = at.end;
        }
        out.extend_from_slice(&self.bytes[from..]);
        out.into()
    }

    /// What it will come to, roughly.
    pub fn estimate(&self, operation: Operation) -> Estimate {
        let answer = match operation {
            Operation::Embeddings => Some(0),
            _ => self.max_answer,
        };
        Estimate::of(text_bytes(&self.bytes), answer)
    }
}

fn usage(options: Option<&RawValue>, at: impl Fn(&RawValue) -> Range<usize>) -> Result<(bool, UsageAt), GatewayError> {
    let Some(options) = options else { return Ok((false, UsageAt::Beside)) };
    if options.get() == "null" {
        return Ok((false, UsageAt::Whole(at(options))));
    }
    let wrong = || {
        GatewayError::bad(
            "stream_options must be an object, and include_usage in it true or false.",
            Some("stream_options"),
        )
    };
    if !options.get().starts_with('{') {
        return Err(wrong());
    }
    let read: StreamOptions<'_> = serde_json::from_str(options.get()).map_err(|_| wrong())?;
    let Some(include) = read.include_usage else {
        let more = options.get()[1..].trim_start() != "}";
        return Ok((false, UsageAt::Inside(at(options).start + 1, more)));
    };
    match include.get() {
        "true" => Ok((true, UsageAt::There)),
        "false" | "null" => Ok((false, UsageAt::Instead(at(include)))),
        _ => Err(wrong()),
    }
}

/// Bytes of a body without the images in it, which count as what images come to.
fn text_bytes(bytes: &[u8]) -> usize {
    const MARK: &[u8] = b";base64,";
    let mut sum = 0;
    let mut rest = bytes;
    while let Some(found) = find(rest, MARK) {
        let start = found + MARK.len();
        let end = rest[start..].iter().position(|b| *b == b'"').map_or(rest.len(), |at| start + at);
        sum += start + IMAGE * BYTES;
        rest = &rest[end..];
    }
    sum + rest.len()
}

#[cfg(test)]
mod tests;
