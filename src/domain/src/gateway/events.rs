//! A stream of server-sent events on its way through: read for its usage, and passed on as it came, but for the one
//! event that tells the usage to nobody who asked.

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Tokens;

/// An event that is longer is passed on in parts, unread.
const LONGEST: usize = 4 * 1024 * 1024;
/// More tokens than any request has: what a provider says is believed up to here, so that sums of it stay sums.
const MOST: i64 = 1_000_000_000_000;

/// The usage as providers tell it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Usage {
    #[serde(default)]
    prompt_tokens: i64,
    #[serde(default)]
    completion_tokens: i64,
    #[serde(default)]
    prompt_tokens_details: Option<Details>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct Details {
    #[serde(default)]
    cached_tokens: Option<i64>,
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        Self {
            sent: usage.prompt_tokens.clamp(0, MOST),
            received: usage.completion_tokens.clamp(0, MOST),
            cached: usage.prompt_tokens_details.and_then(|d| d.cached_tokens).unwrap_or(0).clamp(0, MOST),
            estimated: false,
        }
    }
}

/// An answer that is no stream.
#[derive(Deserialize)]
struct Whole {
    #[serde(default)]
    usage: Option<Usage>,
}

/// What an answer that is no stream says of its usage.
pub fn usage_of(body: &[u8]) -> Option<Tokens> {
    serde_json::from_slice::<Whole>(body).ok()?.usage.map(Tokens::from)
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(default)]
    choices: Option<Vec<IgnoredAny>>,
}

/// What is known of a stream so far.
#[derive(Debug, Default)]
pub struct Events {
    /// Whether the event with nothing but the usage is kept from the client.
    drops_usage: bool,
    /// The beginning of an event whose end has not come.
    rest: BytesMut,
    usage: Option<Usage>,
    /// Events with something in them: about as many as tokens.
    parts: i64,
    /// Whether the last event was there.
    pub done: bool,
}

impl Events {
    pub fn new(drops_usage: bool) -> Self {
        Self {
            drops_usage,
            ..Self::default()
        }
    }

    /// What was used as far as is known; of a request of this size, where the provider did not say.
    pub fn tokens(&self, sent: i64) -> Tokens {
        self.usage.map_or(
            Tokens {
                sent,
                received: self.parts,
                cached: 0,
                estimated: true,
            },
            Tokens::from,
        )
    }

    /// Reads a chunk; answers what of it goes on now.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        let whole = if self.rest.is_empty() {
            chunk
        } else {
            self.rest.extend_from_slice(&chunk);
            self.rest.split().freeze()
        };
        let mut kept: Option<BytesMut> = None;
        let mut from = 0;
        while let Some(length) = event(&whole[from..]) {
            let text = &whole[from..from + length];
            let drop = self.read(text);
            if drop && kept.is_none() {
                kept = Some(BytesMut::from(&whole[..from]));
            } else if let Some(kept) = kept.as_mut().filter(|_| !drop) {
                kept.extend_from_slice(text);
            }
            from += length;
        }
        let mut end = from;
        if whole.len() - from > LONGEST {
            end = whole.len();
            if let Some(kept) = &mut kept {
                kept.extend_from_slice(&whole[from..]);
            }
        }
        self.rest.extend_from_slice(&whole[end..]);
        kept.map_or_else(|| whole.slice(..end), BytesMut::freeze)
    }

    /// What is left when the stream has ended.
    pub fn end(&mut self) -> Bytes {
        let rest = self.rest.split().freeze();
        // A last event without its empty line.
        if !rest.is_empty() && self.read(&rest) { Bytes::new() } else { rest }
    }

    /// Notes what an event says; whether it is to be dropped.
    fn read(&mut self, event: &[u8]) -> bool {
        let Some(data) = find(event, b"data:").map(|at| &event[at + 5..]) else {
            return false;
        };
        let data = data.trim_ascii();
        if data == b"[DONE]" {
            self.done = true;
            return false;
        }
        // Most events say nothing of it, or null.
        let told = find(data, b"\"usage\"").is_some_and(|at| !data[at + 7..].trim_ascii_start().starts_with(b":null"));
        if !told {
            self.parts += 1;
            return false;
        }
        let Ok(read) = serde_json::from_slice::<Event>(data) else {
            self.parts += 1;
            return false;
        };
        let empty = read.choices.is_some_and(|choices| choices.is_empty());
        if !empty {
            self.parts += 1;
        }
        if read.usage.is_some() {
            self.usage = read.usage;
        }
        self.drops_usage && empty && read.usage.is_some()
    }
}

/// The text that whole events bring of the first answer.
pub(super) fn texts(events: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Piece {
        #[serde(default)]
        choices: Vec<Choice>,
    }
    #[derive(Deserialize)]
    struct Choice {
        #[serde(default, alias = "message")]
        delta: Delta,
    }
    #[derive(Default, Deserialize)]
    struct Delta {
        #[serde(default)]
        content: Option<String>,
    }
    let mut out = String::new();
    let mut rest = events;
    while !rest.is_empty() {
        let (one, more) = rest.split_at(event(rest).unwrap_or(rest.len()));
        rest = more;
        // Not a stream after all: a body alone.
        let data = find(one, b"data:").map_or(one, |at| &one[at + 5..]);
        let piece = serde_json::from_slice::<Piece>(data.trim_ascii());
        let content = piece.ok().and_then(|piece| piece.choices.into_iter().next()?.delta.content);
        out.push_str(content.as_deref().unwrap_or_default());
    }
    out
}

/// Where a text stands in another.
pub fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    let first = *what.first()?;
    let mut from = 0;
    while let Some(at) = text.get(from..)?.iter().position(|b| *b == first) {
        if text[from + at..].starts_with(what) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// The length of the first event, with the empty line that ends it.
fn event(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|b| *b == b'\n') {
        let next = from + at + 1;
        match &text[next..] {
            [b'\n', ..] => return Some(next + 1),
            [b'\r', b'\n', ..] => return Some(next + 2),
            _ => from = next,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}],\"usage\":null}\n\n";
    const USAGE: &str =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":3}}}\n\n";
    const DONE: &str = "data: [DONE]\n\n";

    /// Pushes the text in pieces of this size; what comes out.
    fn run(events: &mut Events, text: &str, size: usize) -> String {
        let mut out = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            out.extend_from_slice(&events.push(Bytes::copy_from_slice(piece)));
        }
        out.extend_from_slice(&events.end());
        String::from_utf8(out).unwrap_or_default()
    }

    #[test]
    fn passes_everything_but_the_usage_however_it_is_cut() {
        let text = [": comment\n\n", CHUNK, "event: x\nid: 3\n", CHUNK, USAGE, DONE].concat();
        for size in 1..=text.len() {
            let mut events = Events::new(true);
            assert_eq!(run(&mut events, &text, size), text.replace(USAGE, ""), "in pieces of {size}");
            assert!(events.done);
            assert_eq!(events.parts, 2);
            let tokens = Tokens::from(events.usage.unwrap_or_default());
            assert_eq!((tokens.sent, tokens.received, tokens.cached), (7, 2, 3));
        }
    }

    #[test]
    fn passes_the_usage_to_who_asked() {
        let text = [CHUNK, USAGE, DONE].concat();
        let mut events = Events::new(false);
        assert_eq!(run(&mut events, &text, 10), text);
        assert!(events.usage.is_some());
    }

    #[test]
    fn keeps_a_usage_that_comes_with_the_last_part() {
        let with = "data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n";
        let mut events = Events::new(true);
        assert_eq!(run(&mut events, with, 1000), with);
        assert!(events.usage.is_some());
    }

    #[test]
    fn takes_other_line_ends_and_broken_ends() {
        let text = format!("{}data: {{\"cut", CHUNK.replace('\n', "\r\n"));
        let mut events = Events::new(true);
        assert_eq!(run(&mut events, &text, 3), text);
        assert!(!events.done);
    }

    #[test]
    fn a_number_that_cannot_be_is_not_believed() {
        let absurd = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9223372036854775807,\"completion_tokens\":-5}}\n\n";
        let mut events = Events::new(true);
        run(&mut events, absurd, 1000);
        let tokens = Tokens::from(events.usage.unwrap_or_default());
        assert_eq!((tokens.sent, tokens.received), (MOST, 0));
    }

    #[test]
    fn reads_what_is_said() {
        let more = CHUNK.replace("hi", "\\n \u{fc}").replace('\n', "\r\n");
        let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n";
        let text = [": comment\n\n", role, CHUNK, &more, USAGE, DONE].concat();
        assert_eq!(texts(text.as_bytes()), "hi\n \u{fc}");
        let whole = "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"at once\"}}]}";
        assert_eq!(texts(whole.as_bytes()), "at once");
        assert_eq!(texts(b"data: nonsense\n\n\n"), "");
    }

    #[test]
    fn a_whole_chunk_is_not_copied() {
        let chunk = Bytes::from_static(CHUNK.as_bytes());
        let out = Events::new(true).push(chunk.clone());
        assert_eq!(out.as_ptr(), chunk.as_ptr());
    }
}
