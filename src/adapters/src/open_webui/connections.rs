//! The connections to upstreams: where they lead, with which key, and which models are theirs.
//! OpenAI-compatible servers and Ollama stand in two lists with other names for the same things.

use std::collections::HashMap;

use rusqlite::Connection;
use serde_json::Value;
use tenantry_domain::import::SourceProvider;
use tenantry_types::provider::ProviderKind;
use tenantry_types::text::Secret;

use super::ReadError;
use super::rows::{collect, parse, strings, text};
use super::schema::{Config, Layout};

/// The two kinds of connections that the source keeps, each with names of its own for the same things.
struct Connections {
    area: &'static str,
    urls: &'static str,
    /// What the source's addresses lack to be those of an OpenAI-compatible server.
    suffix: &'static str,
    kind: Option<ProviderKind>,
}

const CONNECTIONS: [Connections; 2] = [
    Connections {
        area: "openai",
        urls: "api_base_urls",
        suffix: "",
        kind: None,
    },
    Connections {
        area: "ollama",
        urls: "base_urls",
        suffix: "/v1",
        kind: Some(ProviderKind::Ollama),
    },
];

/// The settings of connections: `openai.api_base_urls` and so on.
fn settings(connection: &Connection, layout: &Layout) -> Result<HashMap<String, Value>, ReadError> {
    Ok(match layout.config {
        Config::Absent => HashMap::new(),
        Config::Rows => collect(
            connection,
            "select key, value from config where key like 'openai.%' or key like 'ollama.%'",
            |row| Ok((text(row, 0)?, text(row, 1)?)),
        )?
        .into_iter()
        .map(|(key, json)| (key, parse(&json)))
        .collect(),
        Config::Document => {
            let newest = collect(connection, "select data from config order by rowid desc limit 1", |row| text(row, 0))?;
            let document = newest.first().map(|json| parse(json)).unwrap_or_default();
            let part = |area: &'static str| document.get(area).and_then(Value::as_object).cloned().unwrap_or_default();
            CONNECTIONS
                .iter()
                .flat_map(|c| part(c.area).into_iter().map(|(name, value)| (format!("{}.{name}", c.area), value)))
                .collect()
        }
    })
}

pub(super) fn all(connection: &Connection, layout: &Layout) -> Result<Vec<SourceProvider>, ReadError> {
    let settings = settings(connection, layout)?;
    Ok(CONNECTIONS.iter().flat_map(|c| connections(&settings, c)).collect())
}

fn connections(settings: &HashMap<String, Value>, of: &Connections) -> Vec<SourceProvider> {
    let part = |name: &str| settings.get(&format!("{}.{name}", of.area)).cloned().unwrap_or_default();
    let on = part("enable").as_bool().unwrap_or(true);
    if of.kind == Some(ProviderKind::Ollama) && !on {
        // Every installation names one on its own machine, whether there is one or not.
        return Vec::new();
    }
    let (urls, keys, configs) = (strings(&part(of.urls)), part("api_keys"), part("api_configs"));
    let named = urls.into_iter().enumerate().filter(|(_, url)| !url.trim().is_empty());
    named
        .map(|(place, url)| {
            let url = url.trim().trim_end_matches('/').to_owned();
            // Keyed by place; versions before that by address.
            let own = configs.get(place.to_string()).or_else(|| configs.get(&url)).cloned().unwrap_or_default();
            let key = keys.get(place).or_else(|| own.get("key")).and_then(Value::as_str);
            SourceProvider {
                api_key: key.map(str::trim).filter(|key| !key.is_empty()).map(Secret::new),
                enabled: on && own.get("enable").and_then(Value::as_bool).unwrap_or(true),
                prefix: own.get("prefix_id").and_then(Value::as_str).filter(|p| !p.is_empty()).map(str::to_owned),
                only: own.get("model_ids").map(strings).unwrap_or_default(),
                kind: of.kind,
                base_url: format!("{}{}", url.strip_suffix(of.suffix).unwrap_or(&url), of.suffix),
            }
        })
        .collect()
}
