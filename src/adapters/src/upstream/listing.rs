//! The lists that providers answer with, in the dialects that are about: OpenAI's `{"data":[..]}`,
//! OpenRouter's with prices, vLLM's with `max_model_len`, a bare list. What is not understood of an
//! entry is left out; an entry without a usable name is passed over.

use std::collections::HashSet;

use serde_json::Value;
use tenantry_types::input::FromInput;
use tenantry_types::model::ModelName;
use tenantry_types::provider::UpstreamModel;

/// From USD per token to micro-USD per million tokens.
const PER_TOKEN: i32 = 12;
/// From USD per request to micro-USD per request.
const PER_REQUEST: i32 = 6;

/// None when this is not a list of models.
pub(super) fn read(body: &[u8]) -> Option<Vec<UpstreamModel>> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let items = answer.get("data").unwrap_or(&answer).as_array()?;
    let mut seen = HashSet::new();
    let models: Vec<_> = items.iter().filter_map(entry).filter(|m| seen.insert(m.upstream_name.clone())).collect();
    // A list of other things is not an empty list of models.
    (items.is_empty() || !models.is_empty()).then_some(models)
}

fn entry(item: &Value) -> Option<UpstreamModel> {
    let upstream_name = ModelName::from_input(item.get("id")?).ok()?.0;
    let price = |name: &str, shift| item.get("pricing")?.get(name).and_then(|p| amount(p, shift));
    Some(UpstreamModel {
        display_name: item.get("name").and_then(Value::as_str).and_then(display_name),
        context_length: ["context_length", "max_model_len", "context_window", "max_context_length"]
            .iter()
            .find_map(|name| item.get(name)?.as_i64().filter(|n| (1..=1_000_000_000).contains(n))),
        modalities: modalities(item),
        input_price: price("prompt", PER_TOKEN),
        output_price: price("completion", PER_TOKEN),
        cached_input_price: price("input_cache_read", PER_TOKEN),
        request_price: price("request", PER_REQUEST),
        upstream_name,
    })
}

fn display_name(text: &str) -> Option<String> {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

fn modalities(item: &Value) -> Vec<String> {
    let list = item.get("architecture").and_then(|a| a.get("input_modalities")).and_then(Value::as_array);
    let words = list.into_iter().flatten().filter_map(Value::as_str);
    words
        .filter(|w| !w.is_empty() && w.len() <= 40 && w.bytes().all(|b| b.is_ascii_graphic()))
        .take(20)
        .map(str::to_owned)
        .collect()
}

/// A price in USD, written as text or as a number, times ten to the `shift`. None is unknown:
/// OpenRouter writes -1 for a price that varies.
fn amount(value: &Value, shift: i32) -> Option<i64> {
    match value {
        Value::String(text) => scaled(text.trim(), shift),
        Value::Number(number) => scaled(&number.to_string(), shift),
        _ => None,
    }
}

/// `text` (`0.00000015`, `1.5e-7`) times ten to the `shift`, rounded to the nearest integer. Works on
/// the digits, because a float is not the price that somebody wrote.
pub(super) fn scaled(text: &str, shift: i32) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() == 0 || mantissa.len() > 60 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').collect();
    // How many of the digits stand before the point, after the shift.
    let kept = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(shift);
    let mut value: i64 = 0;
    for place in 0..kept {
        let digit = usize::try_from(place).ok().and_then(|place| digits.get(place)).copied();
        if digit.is_none() && value == 0 {
            break;
        }
        value = value.checked_mul(10)?.checked_add(i64::from(digit.unwrap_or(0)))?;
    }
    let next = usize::try_from(kept).ok().and_then(|place| digits.get(place));
    if next.is_some_and(|digit| *digit >= 5) {
        value.checked_add(1)
    } else {
        Some(value)
    }
}
