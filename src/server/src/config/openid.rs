//! Providers of OpenID Connect. Each has a name, which stands in addresses: `[openid.NAME]` in the file,
//! `TENANTRY_OPENID_NAME_ISSUER` and so on in the environment, where a hyphen is an underscore.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use secrecy::SecretString;
use tenantry_adapters::openid::OpenIdSettings;

use super::layers::{Collected, Source, Value, as_text, near};
use super::values::Reader;

pub(super) const TABLE: &str = "openid";
pub(super) const SECRET: &str = "client_secret";
const PREFIX: &str = "TENANTRY_OPENID_";
const FIELDS: [&str; 5] = ["issuer", "client_id", SECRET, "label", "scopes"];
/// More fit on no page.
const MOST: usize = 20;

/// The texts of one provider, by their fields.
pub(super) type Texts = BTreeMap<&'static str, Value>;

impl Collected {
    /// Whether a secret stands in the file.
    pub(super) fn read_providers(&mut self, path: &Path, providers: &toml::Table) -> bool {
        let mut secret = false;
        for (name, fields) in providers {
            let at = format!("{}: {TABLE}.{name}", path.display());
            let Some(fields) = fields.as_table() else {
                self.faults.push(format!("{at}: a table is expected, such as [{TABLE}.{name}]"));
                continue;
            };
            for (key, value) in fields {
                let file = key.strip_suffix("_file") == Some(SECRET);
                let field = FIELDS.into_iter().find(|field| field == key || (file && *field == SECRET));
                match (field, as_text(value)) {
                    (None, _) => self.faults.push(format!("{at}: unknown key \"{key}\"{}", near(key, FIELDS.into_iter()))),
                    (_, None) => self.faults.push(format!("{at}.{key}: a single value is expected")),
                    (Some(_), Some(text)) if text.is_empty() => {}
                    (Some(field), Some(text)) => {
                        secret |= field == SECRET && !file;
                        let value = if file {
                            self.secret_of_file(&format!("{at}.{key}"), Path::new(&text))
                        } else {
                            let source = Source::File(path.to_owned());
                            Some(Value { text, source })
                        };
                        self.keep(name, field, value);
                    }
                }
            }
        }
        secret
    }

    /// Whether the variable is one of a provider.
    pub(super) fn read_provider_variable(&mut self, variable: &str, value: &OsStr) -> bool {
        let Some(rest) = variable.strip_prefix(PREFIX) else { return false };
        let found = FIELDS.into_iter().find_map(|field| {
            let end = format!("_{}", field.to_ascii_uppercase());
            let file = format!("{end}_FILE");
            let name = rest.strip_suffix(&end).map(|name| (name, field, false));
            name.or_else(|| rest.strip_suffix(&file).filter(|_| field == SECRET).map(|name| (name, field, true)))
        });
        let Some((name, field, file)) = found.filter(|(name, ..)| !name.is_empty()) else {
            return false;
        };
        if value.is_empty() {
            return true;
        }
        let name = name.to_ascii_lowercase().replace('_', "-");
        let value = match value.to_str() {
            None => {
                self.faults.push(format!("{variable}: is not text"));
                None
            }
            Some(path) if file => self.secret_of_file(variable, Path::new(path)),
            Some(text) => Some(Value {
                text: text.to_owned(),
                source: Source::Environment(variable.to_owned()),
            }),
        };
        self.keep(&name, field, value);
        true
    }

    fn keep(&mut self, name: &str, field: &'static str, value: Option<Value>) {
        if let Some(value) = value {
            self.openid.entry(name.to_owned()).or_default().insert(field, value);
        }
    }
}

/// What the texts mean.
pub(super) fn check(reader: &mut Reader, has_public_url: bool) -> Vec<OpenIdSettings> {
    let all = reader.layers.openid.clone();
    if !all.is_empty() && !has_public_url {
        reader
            .faults
            .push(format!("{TABLE}: providers send people back to an address: set public_url as well"));
    }
    if all.len() > MOST {
        reader.faults.push(format!("{TABLE}: at most {MOST} providers are expected"));
    }
    all.into_iter()
        .filter_map(|(name, texts)| one(&name, &texts, &mut reader.faults))
        .collect()
}

fn one(name: &str, texts: &Texts, faults: &mut Vec<String>) -> Option<OpenIdSettings> {
    let before = faults.len();
    let at = |field: &str| match texts.get(field).map(|value| &value.source) {
        Some(Source::Environment(variable) | Source::Named(variable, _)) => variable.clone(),
        Some(Source::File(path)) => format!("{}: {TABLE}.{name}.{field}", path.display()),
        _ => format!("{TABLE}.{name}.{field}"),
    };
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 32 || !name.chars().all(fits) || name.starts_with('-') || name.ends_with('-') {
        faults.push(format!(
            "{TABLE}.{name}: a name of lower-case letters, digits and hyphens is expected, at most 32: it stands in addresses"
        ));
    }
    let mut text = |field: &str, needed: bool| {
        let text = texts.get(field).map(|value| value.text.trim().to_owned());
        if needed && text.is_none() {
            faults.push(format!("{}: is not set", at(field)));
        }
        text
    };
    let (issuer, client_id) = (text("issuer", true), text("client_id", true));
    let label = text("label", false).unwrap_or_else(|| name.to_owned());
    let scopes = text("scopes", false).unwrap_or_else(|| "email profile".to_owned());
    if label.chars().count() > 40 || label.chars().any(char::is_control) {
        faults.push(format!("{}: at most 40 characters are expected", at("label")));
    }
    if let Some(issuer) = &issuer
        && !is_issuer(issuer)
    {
        faults.push(format!(
            "{}: \"{issuer}\": an address with https is expected, such as https://accounts.example.com (http for this machine only)",
            at("issuer")
        ));
    }
    if faults.len() > before {
        return None;
    }
    Some(OpenIdSettings {
        name: name.to_owned(),
        label,
        issuer: issuer?,
        client_id: client_id?,
        client_secret: texts.get(SECRET).map(|value| SecretString::from(value.text.clone())),
        scopes: scopes
            .split([' ', ','])
            .filter(|scope| !scope.is_empty() && *scope != "openid")
            .map(str::to_owned)
            .collect(),
    })
}

fn is_issuer(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let plain = !text.contains(['@', '?', '#']) && !host.is_empty();
    plain && (uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && here))
}

#[cfg(test)]
mod tests;
