//! Where values come from. Four layers, the later one wins: defaults, `tenantry.toml`, environment,
//! flags. Here texts are collected with their source; what they mean is told in `values`.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::settings::{AREA_PREFIX, AREA_TABLE, CONFIG_VARIABLE, NOT_SETTINGS, NOT_SETTINGS_PREFIXES, SETTINGS, Setting};
use super::{ConfigError, Environment, openid};
use crate::postgres::{default_data_dir, readable_by_others};

/// A secret is a line, not a file of any size.
const LARGEST_SECRET: usize = 64 * 1024;

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub config: Option<PathBuf>,
    /// By the setting's key.
    pub values: BTreeMap<&'static str, String>,
}

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Default,
    File(PathBuf),
    Environment(String),
    /// A file that is named by a variable or a key.
    Named(String, PathBuf),
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Named(name, path) => write!(f, "{name}={}", path.display()),
            Self::Flag(flag) => write!(f, "flag --{flag}"),
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub text: String,
    pub source: Source,
}

/// The texts of all settings that are set, and of the levels of areas.
pub(super) struct Layers {
    pub values: BTreeMap<&'static str, Value>,
    pub areas: BTreeMap<String, Value>,
    /// By the provider's name.
    pub openid: BTreeMap<String, openid::Texts>,
    pub data_dir: PathBuf,
    pub warnings: Vec<String>,
}

#[derive(Default)]
pub(super) struct Collected {
    values: BTreeMap<&'static str, Value>,
    areas: BTreeMap<String, Value>,
    pub(super) openid: BTreeMap<String, openid::Texts>,
    pub(super) faults: Vec<String>,
    warnings: Vec<String>,
}

impl Layers {
    pub fn read(environment: &Environment, flags: &Flags) -> Result<Self, ConfigError> {
        let mut collected = Collected::default();
        for setting in SETTINGS {
            if let Some(text) = setting.default {
                collected.set(setting, text.to_owned(), Source::Default);
            }
        }
        // Where the folder is must be known before the file in it can be read.
        let given = flags.config.clone().or_else(|| path_in(environment, CONFIG_VARIABLE));
        let data_dir = flags
            .values
            .get("data_dir")
            .map(PathBuf::from)
            .or_else(|| path_in(environment, "TENANTRY_DATA_DIR"));
        let file = match &given {
            Some(path) => Some((path.clone(), true)),
            None => Some((data_dir.clone().unwrap_or_else(default_data_dir).join("tenantry.toml"), false)),
        };
        let mut used = false;
        if let Some((path, must_be_there)) = file
            && collected.read_file(&path, must_be_there)
        {
            used = true;
        }
        if used && given.is_none() && collected.values.contains_key("data_dir") {
            collected
                .faults
                .push("data_dir: cannot be set in the file that lies in the data folder; use --data-dir or TENANTRY_DATA_DIR".to_owned());
        }
        collected.read_environment(environment);
        for (key, text) in &flags.values {
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.key == *key) {
                collected.set(setting, text.clone(), Source::Flag(setting.flag.unwrap_or(setting.key)));
            }
        }
        if !collected.faults.is_empty() {
            return Err(ConfigError(collected.faults));
        }
        let data_dir = collected
            .values
            .get("data_dir")
            .map_or_else(default_data_dir, |value| PathBuf::from(&value.text));
        collected.values.entry("data_dir").or_insert_with(|| Value {
            text: data_dir.display().to_string(),
            source: Source::Default,
        });
        Ok(Self {
            values: collected.values,
            areas: collected.areas,
            openid: collected.openid,
            data_dir,
            warnings: collected.warnings,
        })
    }
}

fn path_in(environment: &Environment, name: &str) -> Option<PathBuf> {
    environment.get(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

impl Collected {
    fn set(&mut self, setting: &Setting, text: String, source: Source) {
        self.values.insert(setting.key, Value { text, source });
    }

    /// Whether there is such a file.
    fn read_file(&mut self, path: &Path, must_be_there: bool) -> bool {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound && !must_be_there => return false,
            Err(e) => {
                self.faults.push(format!("{}: {e}", path.display()));
                return false;
            }
        };
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(e) => {
                let line = e.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
                // Not the line itself: it may hold a secret.
                self.faults.push(format!("{}: line {line}: {}", path.display(), e.message()));
                return true;
            }
        };
        let mut secret = false;
        for (key, value) in &table {
            secret |= self.file_entry(path, key, value);
        }
        if secret && readable_by_others(path) {
            self.warnings
                .push(format!("{} holds secrets and can be read by others: chmod 600 it", path.display()));
        }
        true
    }

    /// Whether the entry is a secret.
    fn file_entry(&mut self, path: &Path, key: &str, value: &toml::Value) -> bool {
        let source = Source::File(path.to_owned());
        if let (AREA_TABLE, toml::Value::Table(areas)) = (key, value) {
            for (area, level) in areas {
                match level.as_str() {
                    Some(text) => drop(self.areas.insert(
                        area.to_ascii_uppercase(),
                        Value {
                            text: text.to_owned(),
                            source: source.clone(),
                        },
                    )),
                    None => self
                        .faults
                        .push(format!("{}: {key}.{area}: a level in quotes is expected", path.display())),
                }
            }
            return false;
        }
        if let (openid::TABLE, toml::Value::Table(providers)) = (key, value) {
            return self.read_providers(path, providers);
        }
        if let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) {
            match as_text(value) {
                Some(text) if text.is_empty() => {}
                Some(text) => self.set(setting, text, source),
                None => self.faults.push(format!("{}: {key}: a single value is expected", path.display())),
            }
            return setting.is_secret();
        }
        let named = key
            .strip_suffix("_file")
            .and_then(|key| SETTINGS.iter().find(|setting| setting.key == key && setting.is_secret()));
        match (named, value.as_str()) {
            (Some(setting), Some(_)) if self.values.get(setting.key).is_some_and(|value| matches!(value.source, Source::File(_))) => {
                self.faults.push(format!(
                    "{}: {} and {key} are both set: one of them is enough",
                    path.display(),
                    setting.key
                ));
            }
            (Some(setting), Some(file)) => self.read_named_file(setting, key, Path::new(file)),
            (Some(_), None) => self.faults.push(format!("{}: {key}: a path in quotes is expected", path.display())),
            (None, _) => self.faults.push(format!(
                "{}: unknown key \"{key}\"{}",
                path.display(),
                near(key, SETTINGS.iter().map(|s| s.key))
            )),
        }
        false
    }

    fn read_named_file(&mut self, setting: &Setting, name: &str, path: &Path) {
        if let Some(value) = self.secret_of_file(name, path) {
            self.set(setting, value.text, value.source);
        }
    }

    /// A secret that has a file of its own.
    pub(super) fn secret_of_file(&mut self, name: &str, path: &Path) -> Option<Value> {
        let fault = match fs::read(path) {
            Ok(bytes) if bytes.len() > LARGEST_SECRET => format!("{name}: {} is too large for a secret", path.display()),
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) if text.trim_end_matches(['\n', '\r']).is_empty() => format!("{name}: {} is empty", path.display()),
                Ok(text) => {
                    if readable_by_others(path) {
                        self.warnings.push(format!(
                            "{} ({name}) holds a secret and can be read by others: chmod 600 it",
                            path.display()
                        ));
                    }
                    return Some(Value {
                        text: text.trim_end_matches(['\n', '\r']).to_owned(),
                        source: Source::Named(name.to_owned(), path.to_owned()),
                    });
                }
                Err(_) => format!("{name}: {} is not text", path.display()),
            },
            Err(e) => format!("{name}: {}: {e}", path.display()),
        };
        self.faults.push(fault);
        None
    }

    fn read_environment(&mut self, environment: &Environment) {
        // An empty variable counts as one that is not set: compose files pass those on.
        let get = |name: &str| environment.get(name).filter(|value| !value.is_empty());
        for setting in SETTINGS {
            let mut found: Option<Value> = None;
            for name in setting.env {
                let file_name = format!("{name}_FILE");
                let file = get(&file_name).filter(|_| setting.is_secret());
                match (get(name), file) {
                    (Some(_), Some(_)) => self.faults.push(format!("{name} and {file_name} are both set: one of them is enough")),
                    (Some(value), None) => match value.to_str() {
                        Some(text) => self.set(setting, text.to_owned(), Source::Environment((*name).to_owned())),
                        None => self.faults.push(format!("{name}: is not text")),
                    },
                    (None, Some(file)) => self.read_named_file(setting, &file_name, Path::new(file)),
                    (None, None) => continue,
                }
                let Some(new) = self.values.get(setting.key) else { continue };
                match &found {
                    Some(before) if before.text != new.text => {
                        self.faults.push(format!(
                            "{} and {} are both set, and differ: they mean the same setting",
                            name_of(&before.source),
                            name_of(&new.source)
                        ));
                    }
                    Some(before) => drop(self.values.insert(setting.key, before.clone())),
                    None => found = Some(new.clone()),
                }
            }
        }
        for (name, value) in environment {
            if let Some(area) = name.strip_prefix(AREA_PREFIX)
                && let Some(text) = value.to_str().filter(|text| !text.is_empty())
            {
                self.areas.insert(
                    area.to_owned(),
                    Value {
                        text: text.to_owned(),
                        source: Source::Environment(name.clone()),
                    },
                );
            }
            if self.read_provider_variable(name, value) {
                continue;
            }
            if name.starts_with("TENANTRY_") && !is_known(name) {
                let known = SETTINGS.iter().flat_map(|setting| setting.env.iter().copied());
                self.faults.push(format!("unknown variable {name}{}", near(name, known)));
            }
        }
    }
}

fn name_of(source: &Source) -> String {
    match source {
        Source::Environment(name) | Source::Named(name, _) => name.clone(),
        other => other.to_string(),
    }
}

fn is_known(name: &str) -> bool {
    let setting = SETTINGS.iter().any(|setting| {
        setting
            .env
            .iter()
            .any(|known| name == *known || (setting.is_secret() && name.strip_suffix("_FILE") == Some(known)))
    });
    setting || name == CONFIG_VARIABLE || NOT_SETTINGS.contains(&name) || NOT_SETTINGS_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

pub(super) fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        toml::Value::Array(items) => items.iter().map(as_text).collect::<Option<Vec<_>>>().map(|items| items.join(",")),
        _ => None,
    }
}

/// ` (did you mean ...?)` for a name that is close to a known one.
pub(super) fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let closest = known.map(|other| (distance(name, other), other)).min();
    match closest {
        Some((steps, other)) if steps <= 3 => format!(" (did you mean {other}?)"),
        _ => String::new(),
    }
}

/// How many letters have to be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<u8> = b.bytes().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}
