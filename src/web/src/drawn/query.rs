//! What stands in the address of a drawn page: the fields of its plain form.
use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};
use tenantry_types::{Fields, Timestamp};

/// The fields as they were typed; what is empty is not there.
pub fn typed_in(query: &str) -> BTreeMap<String, String> {
    let uri = format!("/?{}", query.trim_start_matches('?')).parse::<http::Uri>();
    let fields = uri
        .ok()
        .and_then(|uri| axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri).ok())
        .map_or_else(Vec::new, |query| query.0);
    fields.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect()
}

/// Days are meant in UTC, and the last one is meant whole.
pub(super) fn time_of(name: &str, text: &str) -> String {
    let day = format!("{text}T00:00:00Z");
    match (
        name,
        Fields::read(&Value::Object(Map::from_iter([("at".into(), day.clone().into())])), |f| {
            f.required::<Timestamp>("at")
        }),
    ) {
        ("from", Ok(_)) => day,
        ("to", Ok(at)) => Timestamp(at.0 + Duration::from_secs(86_400)).to_string(),
        _ => text.to_owned(),
    }
}
