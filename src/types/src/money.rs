//! Money: micro-USD on the wire, dollars for people.

use serde_json::Value;

use crate::input::FromInput;
use crate::problem::Fault;

/// Micro-USD in a dollar.
const MICRO: i64 = 1_000_000;

/// An amount in dollars as people read it: `$0.15`; two decimals, and up to six where they say something.
pub fn dollars(micro: i64) -> String {
    let sign = if micro < 0 { "-" } else { "" };
    format!("{sign}${}", plain(micro.unsigned_abs(), 2))
}

/// As `dollars`, without the sign of the currency and without zeros at the end: what stands in a field.
pub fn typed(micro: i64) -> String {
    plain(micro.max(0).unsigned_abs(), 0)
}

fn plain(micro: u64, least: usize) -> String {
    let unit = MICRO.unsigned_abs();
    let decimals = format!("{:06}", micro % unit);
    let decimals = decimals.trim_end_matches('0');
    let whole = micro / unit;
    if decimals.is_empty() && least == 0 {
        return whole.to_string();
    }
    format!("{whole}.{decimals:0<least$}")
}

/// An amount that was typed in dollars, as micro-USD: 0 or more, at most six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dollars(pub i64);

impl Dollars {
    /// # Errors
    /// When the text is no such amount.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let text = text.strip_prefix('$').unwrap_or(text);
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && decimals.is_empty()) || !digits(whole) || !digits(decimals) || decimals.len() > 6 {
            return Err(Fault::NotAnAmount);
        }
        let number = |t: &str| {
            if t.is_empty() {
                Ok(0)
            } else {
                t.parse::<i64>().map_err(|_| Fault::NotAnAmount)
            }
        };
        let micro = number(whole)?
            .checked_mul(MICRO)
            .and_then(|m| m.checked_add(number(&format!("{decimals:0<6}")).ok()?));
        micro.map(Self).ok_or(Fault::NotAnAmount)
    }
}

impl FromInput for Dollars {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        Self::parse(value.as_str().ok_or(Fault::ExpectedText)?)
    }
}

#[cfg(test)]
mod tests;
