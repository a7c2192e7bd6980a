//! What the browser takes: compressed files (`Accept-Encoding`), and whether it has the file
//! already (`If-None-Match`).

use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue};

/// A compression that files are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    pub const fn extension(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }

    pub const fn tag(self) -> &'static str {
        match self {
            Self::Brotli => "-br",
            Self::Gzip => "-gz",
        }
    }
}

/// What is taken, the smaller one first. A weight of 0 means no.
pub(super) fn accepted(headers: &HeaderMap) -> Vec<Encoding> {
    let texts: Vec<&str> = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).collect();
    let takes = |encoding: &Encoding| {
        let mut any = false;
        for item in texts.iter().flat_map(|text| text.split(',')) {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let refused = parts.any(|part| part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0));
            if name.eq_ignore_ascii_case(encoding.name()) {
                return !refused;
            }
            any |= name == "*" && !refused;
        }
        any
    };
    [Encoding::Brotli, Encoding::Gzip].into_iter().filter(takes).collect()
}

/// Whether the tag is among those that the browser holds.
pub(super) fn has_it(held: Option<&HeaderValue>, tag: &str) -> bool {
    held.and_then(|held| held.to_str().ok()).is_some_and(|held| {
        held.split(',')
            .map(str::trim)
            .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
    })
}
