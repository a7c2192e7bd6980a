//! The directory of the database's socket. Who can enter it can log in, so it is 0700 and belongs
//! to the user that Postgres runs as. The kernel keeps a socket's path to 107 bytes, and some file
//! systems hold no sockets: the data folder's own `run` comes first, then the places for such things.

use std::env;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::account::Account;
use super::{EmbeddedError, Result};

const LONGEST: usize = 107;
const NAME: &str = ".s.PGSQL.5432";

/// Makes the directory in the first place that is fit for it.
pub(super) fn prepare(data_dir: &Path, account: &Account) -> Result<PathBuf> {
    let mut reasons = Vec::new();
    for dir in candidates(data_dir, account) {
        match make(&dir, account) {
            Ok(()) => return Ok(dir),
            Err(why) => reasons.push(format!("{}: {why}", dir.display())),
        }
    }
    Err(EmbeddedError::NoSocketDir(reasons.join("; ")))
}

fn candidates(data_dir: &Path, account: &Account) -> Vec<PathBuf> {
    let hash: String = Sha256::digest(data_dir.as_os_str().as_bytes())
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let runtime = if account.switch {
        Some(PathBuf::from("/run"))
    } else {
        env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)
    };
    let mut dirs = vec![data_dir.join("run")];
    dirs.extend(runtime.filter(|dir| dir.is_absolute()).map(|dir| dir.join(format!("tenantry-{hash}"))));
    dirs.push(PathBuf::from(format!("/tmp/tenantry-{}-{hash}", account.uid)));
    dirs
}

/// Others may write beside it in `/tmp`: a link or a directory of somebody else is not used.
fn make(dir: &Path, account: &Account) -> std::result::Result<(), String> {
    if dir.as_os_str().len() + 1 + NAME.len() > LONGEST {
        return Err(format!("longer than a socket's path may be ({LONGEST} bytes)"));
    }
    if let Some(closed) = account.closed_way(dir) {
        return Err(format!("the user \"{}\" may not enter {}", account.name, closed.display()));
    }
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) if account.switch => chown(dir, Some(account.uid), Some(account.gid)).map_err(|e| e.to_string())?,
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(e.to_string()),
    }
    let meta = fs::symlink_metadata(dir).map_err(|e| e.to_string())?;
    if !meta.is_dir() {
        return Err("there is something else of that name".to_owned());
    }
    if meta.uid() != account.uid {
        return Err(format!("it belongs to another user (uid {})", meta.uid()));
    }
    if meta.mode() & 0o777 != 0o700 {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(|e| e.to_string())?;
    }
    let probe = dir.join(".probe");
    let bound = UnixListener::bind(&probe);
    // Also what a probe that was cut off left behind.
    let removed = fs::remove_file(&probe);
    match bound {
        Err(e) if e.kind() != std::io::ErrorKind::AddrInUse => Err(format!("a socket cannot be made there: {e}")),
        _ => removed.map_err(|e| e.to_string()),
    }
}

/// A path as the host of a URL.
pub(super) fn percent_encode(path: &Path) -> String {
    let mut text = String::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests;
