//! The key that seals the secrets in the database. With the embedded database it is made at the
//! first start and lies in the data folder; with a database of one's own, which may serve several
//! nodes, it has to be given.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rand::Rng;
use secrecy::SecretString;

use super::layers::Layers;
use super::{Config, ConfigError, Database};
use crate::postgres::readable_by_others;

pub(super) const FILE: &str = "secret.key";
/// What 16 random bytes need as text; less can be guessed.
const SHORT: usize = 22;

/// Checks the key when there is one; its absence is judged when it is needed.
pub(super) fn check(layers: &mut Layers, faults: &mut Vec<String>) -> Option<SecretString> {
    let value = layers.values.get("secret_key")?;
    let text = value.text.trim();
    if text.is_empty() {
        faults.push(format!("secret_key ({}) is empty", value.source));
        return None;
    }
    if text.len() < SHORT {
        layers.warnings.push(format!(
            "the secret key ({}) is short: 32 random bytes, such as from `openssl rand -base64 32`, cannot be guessed",
            value.source
        ));
    }
    let made = layers.data_dir.join(FILE);
    if fs::read_to_string(&made).is_ok_and(|kept| kept.trim() != text) {
        layers.warnings.push(format!(
            "{} holds another secret key than the one that is set ({}), which is used",
            made.display(),
            value.source
        ));
    }
    Some(SecretString::from(text.to_owned()))
}

impl Config {
    /// The secret key: the one that is set, else the one in the data folder, which is made when it
    /// is not there. The folder has to exist by now.
    ///
    /// # Errors
    /// When none is set for a database of one's own, or the file cannot be read or made.
    pub fn secret_key(&self) -> Result<SecretString, ConfigError> {
        if let Some(key) = &self.secret_key {
            return Ok(key.clone());
        }
        if let Database::External { .. } = self.database {
            return Err(ConfigError::one(
                "TENANTRY_SECRET_KEY is not set: with DATABASE_URL it is needed, the same for all servers of the database. Make one with: openssl rand -base64 32",
            ));
        }
        kept_or_made(&self.data_dir.join(FILE))
    }
}

fn kept_or_made(path: &Path) -> Result<SecretString, ConfigError> {
    let fault = |e: io::Error| ConfigError::one(format!("the secret key {}: {e}", path.display()));
    match fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => Err(ConfigError::one(format!(
            "the secret key {} is empty: restore it, secrets cannot be read without it",
            path.display()
        ))),
        Ok(text) => {
            if readable_by_others(path) {
                tracing::warn!("{} holds a secret and can be read by others: chmod 600 it", path.display());
            }
            Ok(SecretString::from(text.trim().to_owned()))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => make(path).map_err(fault),
        Err(e) => Err(fault(e)),
    }
}

/// Written under another name first: a file that was cut off would be taken for the key.
fn make(path: &Path) -> io::Result<SecretString> {
    let bytes: [u8; 32] = rand::rng().random();
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let unfinished = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(format!("{text}\n").as_bytes()).and_then(|()| file.sync_all());
    // Not over one that another process has made in the meantime.
    let linked = written.and_then(|()| fs::hard_link(&unfinished, path));
    fs::remove_file(&unfinished)?;
    match linked {
        Ok(()) => Ok(SecretString::from(text)),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => fs::read_to_string(path).map(|kept| SecretString::from(kept.trim().to_owned())),
        Err(e) => Err(e),
    }
}
