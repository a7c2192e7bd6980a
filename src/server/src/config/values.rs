//! What the texts mean: each is read once, and rules that join several settings are checked here.

use std::fmt::Display;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use tenantry_adapters::upstream::Private;
use tenantry_db::Timeouts;
use tenantry_domain::{RegistrationPolicy, TenantCreation};
use tenantry_types::network::Network;
use tenantry_types::text::Secret;
use tenantry_types::{Email, Fault, Name, NewPassword};

use super::layers::{Layers, Source};
use super::{Config, ConfigError, Database, Initialization, LogFormat, Logging, Sessions, openid, print, secret_key};

/// Whether other sites bring the session's cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    Strict,
    Lax,
    None,
}

/// Reads values and collects what is wrong with them, under the name that was used to set them.
pub(super) struct Reader {
    pub(super) layers: Layers,
    pub(super) faults: Vec<String>,
}

impl Reader {
    fn name(&self, key: &str) -> String {
        match self.layers.values.get(key).map(|value| &value.source) {
            Some(Source::Environment(name) | Source::Named(name, _)) => name.clone(),
            Some(Source::Flag(flag)) => format!("--{flag}"),
            Some(Source::File(path)) => format!("{}: {key}", path.display()),
            Some(Source::Default) | None => key.to_owned(),
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        self.layers
            .values
            .get(key)
            .map(|value| value.text.clone())
            .filter(|text| !text.is_empty())
    }

    fn fault(&mut self, key: &str, why: impl Display) {
        let name = self.name(key);
        self.faults.push(format!("{name}: {why}"));
    }

    fn read<T, E: Display>(&mut self, key: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text(key)?;
        match read(text.trim()) {
            Ok(value) => Some(value),
            Err(why) => {
                // Secrets are not read by this function: the text may be shown.
                self.fault(key, format!("\"{text}\": {why}"));
                None
            }
        }
    }
}

pub(super) fn check(layers: Layers) -> Result<Config, ConfigError> {
    let mut reader = Reader { layers, faults: Vec::new() };
    let addr = reader.read("addr", address).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3000)));
    let public_url = reader.read("public_url", origin);
    let https = public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    let max_connections = reader.read("max_connections", |text| number(text, 2, 1000)).unwrap_or(20);
    let timeouts = timeouts(&mut reader);
    let registration = reader.read("registration", |text| {
        one_of(
            text,
            &[
                ("open", RegistrationPolicy::Open),
                ("invite", RegistrationPolicy::Invite),
                ("closed", RegistrationPolicy::Closed),
            ],
        )
    });
    let tenant_creation = reader.read("tenant_creation", |text| {
        one_of(text, &[("any", TenantCreation::Any), ("operator", TenantCreation::Operator)])
    });
    let sessions = sessions(&mut reader, https);
    let base_domain = reader.read("base_domain", domain);
    let trusted_proxies = reader.read("trusted_proxies", list::<Network>).unwrap_or_default();
    let sign_ups_per_hour = reader.read("sign_ups_per_hour", |text| number(text, 0, 1_000_000)).unwrap_or(60);
    let log_ins_per_minute = reader.read("log_ins_per_minute", |text| number(text, 0, 1_000_000)).unwrap_or(120);
    let invitations_per_hour = reader.read("invitations_per_hour", |text| number(text, 0, 1_000_000)).unwrap_or(200);
    let only_tenant_fallback = reader.read("only_tenant_fallback", boolean).unwrap_or(true);
    let allow_private_providers = reader.read("allow_private_providers", private).unwrap_or(Private::All);
    let provider_check = reader.read("provider_check", pause).unwrap_or(Some(Duration::from_secs(300)));
    let allow_private_webhooks = reader.read("allow_private_webhooks", private).unwrap_or(Private::None);
    let filter_models = reader.read("filter_models", boolean).unwrap_or(true);
    let bypass_model_access = reader.read("bypass_model_access", boolean).unwrap_or(false);
    let gateway_requests_at_once = reader.read("gateway_requests_at_once", |text| number(text, 0, 1_000_000)).unwrap_or(500);
    let usage_days = reader.read("usage_days", |text| number(text, 7, 390)).unwrap_or(90);
    let audit_heads = reader.text("audit_heads").map(PathBuf::from);
    let format = reader
        .read("log_format", |text| one_of(text, &[("text", LogFormat::Text), ("json", LogFormat::Json)]))
        .unwrap_or(LogFormat::Text);
    let level = reader.text("log_level").unwrap_or_default();
    let asked = reader.layers.values.get("log_level").is_some_and(|value| value.source != Source::Default);
    let mut logging = Logging::new(format);
    if let Err(why) = logging.set_level(&level, asked) {
        reader.fault("log_level", why);
    }
    for (area, value) in reader.layers.areas.clone() {
        if let Err(why) = logging.set_area(&area, &value.text) {
            reader.faults.push(match value.source {
                Source::Environment(name) => format!("{name}: {why}"),
                other => format!("{other}: log_levels.{}: {why}", area.to_ascii_lowercase()),
            });
        }
    }
    let database = database(&mut reader);
    let smtp_url = secret_url(&mut reader, "smtp_url", &["smtp", "smtps"]);
    let mail_from = reader.read("mail_from", |text| {
        if text.contains('@') {
            Ok(text.to_owned())
        } else {
            Err("an address is expected")
        }
    });
    if smtp_url.is_some() && mail_from.is_none() && reader.text("mail_from").is_none() {
        reader
            .faults
            .push("smtp_url is set and mail_from is not: whom do mails come from? Set TENANTRY_MAIL_FROM".to_owned());
    }
    let openid = openid::check(&mut reader, public_url.is_some());
    let initialization = initialization(&mut reader);
    let secret_key = secret_key::check(&mut reader.layers, &mut reader.faults);
    if !reader.faults.is_empty() {
        return Err(ConfigError(reader.faults));
    }
    let printed = print::all(&reader.layers, &sessions, matches!(database, Database::Embedded));
    Ok(Config {
        addr,
        audit_heads: audit_heads.unwrap_or_else(|| reader.layers.data_dir.join("audit-heads.ndjson")),
        data_dir: reader.layers.data_dir,
        database,
        max_connections,
        timeouts,
        public_url,
        registration: registration.unwrap_or_default(),
        tenant_creation: tenant_creation.unwrap_or_default(),
        sign_ups_per_hour,
        log_ins_per_minute,
        invitations_per_hour,
        only_tenant_fallback,
        allow_private_providers,
        provider_check,
        allow_private_webhooks,
        filter_models,
        bypass_model_access,
        gateway_requests_at_once,
        usage_days,
        smtp_url,
        mail_from,
        openid,
        sessions,
        trusted_proxies,
        base_domain,
        logging,
        initialization,
        warnings: reader.layers.warnings,
        secret_key,
        printed,
    })
}

fn sessions(reader: &mut Reader, https: bool) -> Sessions {
    let secure = reader.read("session_cookie_secure", boolean).unwrap_or(https);
    let words = [("strict", SameSite::Strict), ("lax", SameSite::Lax), ("none", SameSite::None)];
    let same_site = reader
        .read("session_cookie_same_site", |text| one_of(&text.to_ascii_lowercase(), &words))
        .unwrap_or(SameSite::Lax);
    if same_site == SameSite::None && !secure {
        reader.fault(
            "session_cookie_same_site",
            "\"none\" needs a secure cookie: browsers drop it otherwise. Set session_cookie_secure, or a public_url with https",
        );
    }
    let idle = reader.read("session_idle", duration).unwrap_or(Duration::from_secs(12 * 3600));
    let absolute = reader.read("session_absolute", duration).unwrap_or(Duration::from_secs(30 * 86400));
    if idle > absolute {
        reader.fault("session_idle", "is longer than session_absolute");
    }
    Sessions {
        secure,
        same_site,
        idle,
        absolute,
    }
}

fn timeouts(reader: &mut Reader) -> Timeouts {
    let usual = Timeouts::default();
    Timeouts {
        statement: reader.read("statement_timeout", patience).unwrap_or(usual.statement),
        lock: reader.read("lock_timeout", patience).unwrap_or(usual.lock),
        idle_in_transaction: reader.read("idle_transaction_timeout", patience).unwrap_or(usual.idle_in_transaction),
    }
}

fn database(reader: &mut Reader) -> Database {
    let url = secret_url(reader, "database_url", &["postgres", "postgresql"]);
    let owner_url = secret_url(reader, "database_owner_url", &["postgres", "postgresql"]);
    match (url, owner_url) {
        (Some(url), owner_url) => Database::External { url, owner_url },
        (None, None) => Database::Embedded,
        (None, Some(_)) => {
            if reader.text("database_url").is_none() {
                reader.fault(
                    "database_owner_url",
                    "is set, and DATABASE_URL, the role that the server logs in as, is not",
                );
            }
            Database::Embedded
        }
    }
}

/// Neither the text nor a part of it is shown.
fn secret_url(reader: &mut Reader, key: &'static str, schemes: &[&str]) -> Option<SecretString> {
    let text = reader.text(key)?;
    if schemes
        .iter()
        .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| rest.starts_with("://")))
    {
        return Some(SecretString::from(text));
    }
    reader.fault(key, format!("an address that begins with {}:// is expected", schemes.join(":// or ")));
    None
}

fn initialization(reader: &mut Reader) -> Initialization {
    let organization_name = reader.read("organization_name", |text| Name::parse(text).map_err(Fault::message));
    let admin_email = reader.read("admin_email", |text| Email::parse(text).map_err(Fault::message));
    let admin_password = reader.text("admin_password").map(|text| NewPassword::parse(&text));
    let admin_password = match admin_password {
        Some(Err(fault)) => {
            reader.fault("admin_password", fault.message());
            None
        }
        Some(Ok(password)) => Some(password),
        None => None,
    };
    if admin_email.is_some() && reader.text("admin_password").is_none() {
        reader.fault("admin_email", "is set, and TENANTRY_ADMIN_PASSWORD is not");
    }
    Initialization {
        organization_name,
        external_id: reader.text("openrouter_external_user"),
        openrouter_api_key: reader.text("openrouter_api_key").map(Secret::new),
        admin_email,
        admin_password,
    }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    const EXPECTED: &str = "HOST:PORT is expected, such as 127.0.0.1:3000 or [::]:3000";
    if !text.contains(':') {
        return Err(EXPECTED);
    }
    text.to_socket_addrs().ok().and_then(|mut all| all.next()).ok_or(EXPECTED)
}

fn origin(text: &str) -> Result<String, &'static str> {
    const EXPECTED: &str = "scheme and host are expected, without a path, such as https://tenantry.example.com";
    let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or(EXPECTED)?;
    let uri: http::Uri = text.parse().map_err(|_| EXPECTED)?;
    match uri.authority() {
        Some(authority) if authority.as_str() == host && !host.contains('@') && !host.is_empty() => Ok(text),
        _ => Err(EXPECTED),
    }
}

fn boolean(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("true or false is expected"),
    }
}

fn number(text: &str, least: u32, most: u32) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("a number from {least} to {most} is expected"))
}

fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        format!(
            "one of {} is expected",
            words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
        )
    })
}

fn list<T: FromStr>(text: &str) -> Result<Vec<T>, T::Err> {
    text.split([',', ' '])
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::parse)
        .collect()
}

/// Which private networks: all, none, or these.
fn private(text: &str) -> Result<Private, &'static str> {
    match boolean(text) {
        Ok(true) => Ok(Private::All),
        Ok(false) => Ok(Private::None),
        Err(_) => match list::<Network>(text) {
            Ok(networks) if !networks.is_empty() => Ok(Private::Only(networks.into())),
            _ => Err("true, false, or networks such as 10.0.0.0/8, separated by commas, are expected"),
        },
    }
}

/// How often, or `off`. Ten seconds at least: others pay for it, too.
fn pause(text: &str) -> Result<Option<Duration>, &'static str> {
    const EXPECTED: &str = "off, or a time from 10s to one hour, such as 60s or 5m, is expected";
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let every = patience(text).map_err(|_| EXPECTED)?;
    if every >= Duration::from_secs(10) {
        Ok(Some(every))
    } else {
        Err(EXPECTED)
    }
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    const EXPECTED: &str = "a number with s, m, h or d is expected, such as 30m or 12h";
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(EXPECTED)?;
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        _ => return Err(EXPECTED),
    };
    let number: u64 = number.trim().parse().map_err(|_| EXPECTED)?;
    // Ten years: beyond that dates could overflow.
    let total = number
        .checked_mul(seconds)
        .filter(|total| (60..=315_360_000).contains(total))
        .ok_or("from one minute to ten years is expected")?;
    Ok(Duration::from_secs(total))
}

/// A domain without a scheme, a port or a dot at its ends.
fn domain(text: &str) -> Result<String, &'static str> {
    let text = text.to_ascii_lowercase();
    let label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if text.split('.').all(label) {
        Ok(text)
    } else {
        Err("a domain such as tenantry.example.com is expected")
    }
}

/// A time that somebody waits for.
fn patience(text: &str) -> Result<Duration, &'static str> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return Err("a number with ms, s or m is expected, such as 500ms or 25s"),
    };
    let number: u64 = digits
        .trim()
        .parse()
        .map_err(|_| "a number with ms, s or m is expected, such as 500ms or 25s")?;
    // None at all would let one statement hold up all others for ever.
    let total = number
        .checked_mul(unit)
        .filter(|total| (10..=3_600_000).contains(total))
        .ok_or("from 10ms to one hour is expected")?;
    Ok(Duration::from_millis(total))
}
