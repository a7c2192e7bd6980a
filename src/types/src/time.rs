//! Points in time: UTC, RFC 3339 on the wire.

use std::fmt;

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;
use serde::{Deserialize, Serialize};

use crate::counted;
use crate::input::FromInput;
use crate::problem::Fault;

/// A point in time, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(#[serde(with = "::time::serde::rfc3339")] pub OffsetDateTime);

impl Timestamp {
    /// Seconds since 1970.
    pub fn unix(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// `2026-11-23 09:30 UTC`: the absolute form that people read.
    pub fn readable(self) -> String {
        let t = self.0.to_offset(::time::UtcOffset::UTC);
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02} UTC",
            t.year(),
            u8::from(t.month()),
            t.day(),
            t.hour(),
            t.minute()
        )
    }

    /// How long ago (or ahead) this is, in words, seen from `now`.
    pub fn relative(self, now: Timestamp) -> String {
        let seconds = now.unix() - self.unix();
        let (ahead, n) = (seconds < 0, seconds.unsigned_abs());
        let text = match n {
            0..45 => return if ahead { "in a moment".into() } else { "just now".into() },
            45..5400 => counted((n + 30) / 60, "minute", "minutes"),
            5400..129_600 => counted((n + 1800) / 3600, "hour", "hours"),
            129_600..5_184_000 => counted((n + 43_200) / 86_400, "day", "days"),
            5_184_000..47_304_000 => counted(n / 2_592_000, "month", "months"),
            _ => counted(n / 31_536_000, "year", "years"),
        };
        if ahead { format!("in {text}") } else { format!("{text} ago") }
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        Self(at)
    }
}

impl FromInput for Timestamp {
    fn from_input(value: &serde_json::Value) -> Result<Self, Fault> {
        let text = value.as_str().ok_or(Fault::ExpectedText)?;
        let at = OffsetDateTime::parse(text.trim(), &Rfc3339).map_err(|_| Fault::NotATime)?;
        // What the database keeps: years of four digits, microseconds.
        let at = at
            .checked_to_offset(::time::UtcOffset::UTC)
            .filter(|at| (1970..=9999).contains(&at.year()));
        let at = at.ok_or(Fault::NotATime)?;
        Ok(Self(at.replace_nanosecond(at.nanosecond() / 1000 * 1000).unwrap_or(at)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.format(&Rfc3339) {
            Ok(text) => f.write_str(&text),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Timestamp {
    fn name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
}
