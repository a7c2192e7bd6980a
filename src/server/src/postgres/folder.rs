//! The data folder: where it is by default, whose it is, and that nobody else may look inside.
//! It is 0700. Under root it belongs to the user that Postgres runs as, who could not enter it
//! otherwise; the secrets in it are files of root, 0600.

use std::env;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::{EmbeddedError, Result, io_error};

/// What makes a folder that is not empty one of ours.
const OUR_FILES: [&str; 5] = ["lock", "postgres", "secret.key", "tenantry.toml", "postgres.log"];

/// `/var/lib/tenantry` for root, else `tenantry` where the user's programs keep their data.
pub fn default_data_dir() -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return PathBuf::from("/var/lib/tenantry");
    }
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let share = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")));
    share.unwrap_or_else(env::temp_dir).join("tenantry")
}

/// Whether anyone but its owner may read or change this file.
pub fn readable_by_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.mode() & 0o077 != 0)
}

/// Makes the folder when it is not there, and puts its owner and mode right.
pub(super) fn prepare(data_dir: &Path) -> Result<Account> {
    let account = Account::choose(&data_dir.join("postgres"));
    let way = std::path::absolute(data_dir).map_err(io_error("finding", data_dir))?;
    if let Some(closed) = account.closed_way(&way).filter(|_| account.switch) {
        return Err(EmbeddedError::Closed {
            user: account.name,
            closed: closed.to_owned(),
            data_dir: way,
        });
    }
    fs::create_dir_all(&way).map_err(io_error("making the data folder", &way))?;
    refuse_foreign(&way)?;
    let meta = fs::metadata(&way).map_err(io_error("reading", &way))?;
    if account.switch && meta.uid() != account.uid {
        chown(&way, Some(account.uid), Some(account.gid)).map_err(io_error("handing over the data folder", &way))?;
    } else if meta.uid() != account.uid {
        return Err(EmbeddedError::OtherOwner {
            data_dir: way,
            owner: meta.uid(),
        });
    }
    if meta.mode() & 0o777 != 0o700 {
        fs::set_permissions(&way, fs::Permissions::from_mode(0o700)).map_err(io_error("closing the data folder", &way))?;
    }
    Ok(account)
}

/// A mistyped `--data-dir` must not change the owner of somebody's home.
fn refuse_foreign(dir: &Path) -> Result<()> {
    let entries = fs::read_dir(dir).map_err(io_error("reading the data folder", dir))?;
    let names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let ours = |name: &String| OUR_FILES.contains(&name.as_str()) || name.starts_with(super::cluster::UNFINISHED);
    match names.first() {
        // A volume that was just formatted holds this one.
        Some(first) if first != "lost+found" && !names.iter().any(ours) => Err(EmbeddedError::NotOurs {
            data_dir: dir.to_owned(),
            found: names.iter().take(3).cloned().collect::<Vec<_>>().join(", "),
        }),
        _ => Ok(()),
    }
}
