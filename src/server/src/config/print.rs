//! What `tenantry config print` shows: each setting, its value and where it comes from. Of secrets
//! it is shown that they are set; of addresses all but the password and the parameters.

use super::layers::{Layers, Source};
use super::settings::{AREA_TABLE, Kind, SETTINGS, Setting};
use super::{Sessions, openid};

const MASK: &str = "********";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Printed {
    pub key: String,
    pub value: Option<String>,
    pub source: String,
}

pub(super) fn all(layers: &Layers, sessions: &Sessions, embedded: bool) -> Vec<Printed> {
    let mut lines: Vec<Printed> = SETTINGS
        .iter()
        .map(|setting| match layers.values.get(setting.key) {
            Some(value) => Printed {
                key: setting.key.to_owned(),
                value: Some(shown(setting, &value.text)),
                source: value.source.to_string(),
            },
            None => Printed {
                key: setting.key.to_owned(),
                value: derived(setting.key, sessions, embedded),
                source: Source::Default.to_string(),
            },
        })
        .collect();
    lines.extend(layers.areas.iter().map(|(area, value)| Printed {
        key: format!("{AREA_TABLE}.{}", area.to_ascii_lowercase()),
        value: Some(value.text.clone()),
        source: value.source.to_string(),
    }));
    for (name, texts) in &layers.openid {
        lines.extend(texts.iter().map(|(field, value)| Printed {
            key: format!("{}.{name}.{field}", openid::TABLE),
            value: Some(if *field == openid::SECRET { MASK.to_owned() } else { value.text.clone() }),
            source: value.source.to_string(),
        }));
    }
    lines
}

/// What a setting that is not set amounts to.
fn derived(key: &str, sessions: &Sessions, embedded: bool) -> Option<String> {
    match key {
        "session_cookie_secure" => Some(sessions.secure.to_string()),
        "database_url" if embedded => Some("(embedded database)".to_owned()),
        "secret_key" if embedded => Some("(kept in the data folder)".to_owned()),
        _ => None,
    }
}

fn shown(setting: &Setting, text: &str) -> String {
    match setting.kind {
        Kind::Plain => text.to_owned(),
        Kind::Secret => MASK.to_owned(),
        Kind::SecretUrl => without_password(text),
    }
}

/// `postgres://user:********@host/name?********`; all of it is masked when it is no such address.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return MASK.to_owned();
    };
    let (rest, parameters) = match rest.split_once(['?', '#']) {
        Some((rest, _)) => (rest, format!("?{MASK}")),
        None => (rest, String::new()),
    };
    // A password may hold an @ of its own: the last one ends it.
    let (user, host) = match rest.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, rest),
    };
    let user = user.map_or_else(String::new, |user| match user.split_once(':') {
        Some((name, _)) => format!("{name}:{MASK}@"),
        None => format!("{user}@"),
    });
    format!("{scheme}://{user}{host}{parameters}")
}

#[cfg(test)]
mod tests;
