//! A new database cluster. It is made under another name and renamed when it is complete, so that
//! a start that was cut off leaves nothing that looks like a database. Role and database are made in
//! Postgres' single-user mode: nobody ever logs in as superuser, and `pg_hba.conf` lets nobody do so.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::account::Account;
use super::binaries::Binaries;
use super::{DATABASE, EmbeddedError, LOGIN_ROLE, OWNER_ROLE, Result, io_error};

/// How the name of a cluster begins that is not complete.
pub(super) const UNFINISHED: &str = "postgres.unfinished-";

/// The major version that made the cluster; None when there is no cluster yet.
pub(super) fn made_by(pgdata: &Path) -> Result<Option<u32>> {
    let path = pgdata.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().split('.').next().and_then(|major| major.parse().ok())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(EmbeddedError::Io {
            doing: "reading",
            path,
            source,
        }),
    }
}

/// Makes the cluster with the owner role and the database in it.
pub(super) async fn create(binaries: &Binaries, account: &Account, data_dir: &Path) -> Result<()> {
    remove_unfinished(data_dir);
    let unfinished = data_dir.join(format!("{UNFINISHED}{}", std::process::id()));

    let mut initdb = Command::new(binaries.program("initdb"));
    account.apply(&mut initdb);
    initdb
        .args([
            "--username=postgres",
            "--auth=reject",
            "--encoding=UTF8",
            "--no-locale",
            "--no-instructions",
            "-D",
        ])
        .arg(&unfinished);
    let output = initdb
        .current_dir("/")
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(io_error("running", &binaries.program("initdb")))?;
    if !output.status.success() {
        return Err(failed(&output, account));
    }

    let hba = unfinished.join("pg_hba.conf");
    fs::write(&hba, hba_rules()).map_err(io_error("writing", &hba))?;

    let program = binaries.program("postgres");
    let mut single = Command::new(&program);
    account.apply(&mut single);
    single
        .arg("--single")
        .arg("-D")
        .arg(&unfinished)
        .args(["-c", "exit_on_error=on", "-c", "listen_addresses=", "postgres"]);
    single
        .current_dir("/")
        .kill_on_drop(true)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = single.spawn().map_err(io_error("running", &program))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that ended early says why below.
        drop(stdin.write_all(bootstrap().as_bytes()).await);
    }
    let output = child.wait_with_output().await.map_err(io_error("running", &program))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || said.contains("ERROR:") || said.contains("FATAL:") {
        return Err(failed(&output, account));
    }

    let pgdata = data_dir.join("postgres");
    // Something without PG_VERSION is in the way: what a person left there is not ours to remove.
    fs::rename(&unfinished, &pgdata).map_err(io_error("finishing", &pgdata))?;
    fs::File::open(data_dir)
        .and_then(|dir| dir.sync_all())
        .map_err(io_error("writing", data_dir))
}

/// Who can reach the socket is the user whom these files belong to, or root: a password would keep
/// nobody out. Superusers cannot log in at all.
fn hba_rules() -> String {
    format!("# type  database  user  method\nlocal  {DATABASE}  {LOGIN_ROLE}  trust\nlocal  {DATABASE}  {OWNER_ROLE}  trust\n")
}

/// In single-user mode each line is a statement.
fn bootstrap() -> String {
    format!(
        "create role {OWNER_ROLE} login nosuperuser createrole nocreatedb nobypassrls\n\
         create database {DATABASE} owner {OWNER_ROLE} template template0 encoding 'UTF8'\n"
    )
}

fn failed(output: &Output, account: &Account) -> EmbeddedError {
    let text = String::from_utf8_lossy(&output.stderr);
    if text.contains("could not look up effective user ID") {
        return EmbeddedError::NoPasswdEntry(account.uid);
    }
    let telling = text
        .lines()
        .filter(|line| line.contains("error:") || line.contains("ERROR:") || line.contains("FATAL:"));
    let said = telling
        .chain(text.lines().rev())
        .map(str::trim)
        .find(|line| !line.is_empty())
        .map(str::to_owned);
    EmbeddedError::Initdb(said.unwrap_or_else(|| output.status.to_string()))
}

/// What earlier starts did not finish. It never held data; one that cannot be removed does no harm.
fn remove_unfinished(data_dir: &Path) {
    let Ok(entries) = fs::read_dir(data_dir) else { return };
    for entry in entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED))
    {
        if let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::warn!(path = %entry.path().display(), %error, "an unfinished database could not be removed");
        }
    }
}
