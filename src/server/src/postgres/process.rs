//! One run of Postgres: starting it, knowing when it is ready, ending it, and clearing away what a
//! killed server or a killed Postgres left running. Readiness is read from `postmaster.pid`, as
//! `pg_ctl` does, so that no client is needed for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::account::Account;
use super::binaries::Binaries;
use super::{EmbeddedError, Result, io_error, logfile};

/// Long enough for a recovery after a crash with much to replay.
const READY_WITHIN: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// What a Postgres is started with.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub binaries: Binaries,
    pub account: Account,
    pub pgdata: PathBuf,
    pub socket_dir: PathBuf,
    pub log: PathBuf,
}

/// Starts Postgres and waits until it takes connections.
pub(super) async fn start(launch: &Launch) -> Result<Child> {
    if let Err(error) = logfile::rotate(&launch.log) {
        tracing::warn!(%error, "the log of Postgres could not be rotated");
    }
    let log = logfile::open(&launch.log)?;
    let log_from = logfile::length(&launch.log);
    let program = launch.binaries.program("postgres");
    let mut command = Command::new(&program);
    launch.account.apply(&mut command);
    command.arg("-D").arg(&launch.pgdata);
    for setting in settings(launch) {
        command.arg("-c").arg(setting);
    }
    let stdout = log.try_clone().map_err(io_error("opening", &launch.log))?;
    command.current_dir("/").stdin(Stdio::null()).stdout(stdout).stderr(log);
    let mut child = command.spawn().map_err(io_error("starting", &program))?;

    let since = Instant::now();
    let mut told = false;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            let why = logfile::last_words(&launch.log, log_from).unwrap_or_else(|| status.to_string());
            return Err(EmbeddedError::DidNotStart {
                why,
                log: launch.log.clone(),
            });
        }
        if let Some(file) = PidFile::read(&launch.pgdata).filter(|file| Some(file.pid) == child.id())
            && file.ready
        {
            return Ok(child);
        }
        if since.elapsed() > READY_WITHIN {
            stop(&mut child).await;
            return Err(EmbeddedError::DidNotStart {
                why: format!("it was not ready after {} s", READY_WITHIN.as_secs()),
                log: launch.log.clone(),
            });
        }
        if !told && since.elapsed() > Duration::from_secs(5) {
            told = true;
            tracing::info!("Postgres is still starting: it recovers from a crash");
        }
        sleep(POLL).await;
    }
}

fn settings(launch: &Launch) -> Vec<String> {
    // The setting is a list: quotes keep a comma or a space in the path, and are doubled in it.
    let socket_dir = format!(
        "unix_socket_directories=\"{}\"",
        launch.socket_dir.display().to_string().replace('"', "\"\"")
    );
    let mut settings: Vec<String> = [
        "listen_addresses=",
        "port=5432",
        "unix_socket_permissions=0700",
        "cluster_name=tenantry",
        "max_connections=100",
        "timezone=UTC",
        "log_timezone=UTC",
        "logging_collector=off",
        "log_destination=stderr",
        "log_checkpoints=off",
        // Compiling costs more than our short queries do.
        "jit=off",
        "huge_pages=off",
    ]
    .map(str::to_owned)
    .to_vec();
    settings.push(socket_dir);
    settings
}

/// Ends a Postgres of ours: open transactions are rolled back and data is written out; what does
/// not end in time is made to.
pub(super) async fn stop(child: &mut Child) {
    for (signal, patience) in [(Signal::INT, 30), (Signal::QUIT, 5), (Signal::KILL, 5)] {
        if let Some(pid) = child.id() {
            send(pid, signal);
        }
        if tokio::time::timeout(Duration::from_secs(patience), child.wait()).await.is_ok() {
            return;
        }
        tracing::warn!("Postgres did not end on {signal:?} within {patience} s");
    }
}

/// Asks a Postgres to end, without waiting for it.
pub(super) fn ask_to_stop(pid: u32) {
    send(pid, Signal::INT);
}

/// A process that is gone already is no fault here.
fn send(pid: u32, signal: Signal) {
    if let Some(pid) = to_pid(pid) {
        let _ = kill_process(pid, signal);
    }
}

/// Ends processes of Postgres that are still at work on this cluster though no server is: the whole
/// of it after the server was killed, or single backends after Postgres was. The caller holds the
/// folder's lock.
pub(super) async fn end_leftovers(pgdata: &Path) {
    if let Some(file) = PidFile::read(pgdata)
        && works_in(file.pid, pgdata)
    {
        tracing::info!(pid = file.pid, "stopping the Postgres that an earlier run left behind");
        for (signal, patience) in [(Signal::INT, 4), (Signal::QUIT, 2), (Signal::KILL, 2)] {
            if end(&[file.pid], signal, Duration::from_secs(patience), pgdata).await {
                break;
            }
        }
    }
    let backends = at_work(pgdata);
    if !backends.is_empty() && !end(&backends, Signal::QUIT, Duration::from_secs(2), pgdata).await {
        end(&backends, Signal::KILL, Duration::from_secs(2), pgdata).await;
    }
    remove_stale_pid_file(pgdata);
}

/// In a container that was killed the number in the file soon belongs to another program of the
/// same user, and Postgres would then refuse to start for good. We hold the folder's lock and have
/// seen that no process works in it.
fn remove_stale_pid_file(pgdata: &Path) {
    let can_see = fs::read_link("/proc/self/cwd").is_ok();
    if can_see && PidFile::read(pgdata).is_some_and(|file| !works_in(file.pid, pgdata)) && at_work(pgdata).is_empty() {
        let path = pgdata.join("postmaster.pid");
        match fs::remove_file(&path) {
            Ok(()) => tracing::info!("removed the postmaster.pid of a Postgres that is gone"),
            Err(error) => tracing::warn!(path = %path.display(), %error, "a stale file could not be removed"),
        }
    }
}

/// Signals processes and waits until none of them works on the cluster.
async fn end(pids: &[u32], signal: Signal, patience: Duration, pgdata: &Path) -> bool {
    for pid in pids {
        send(*pid, signal);
    }
    let since = Instant::now();
    while since.elapsed() < patience {
        if !pids.iter().any(|pid| works_in(*pid, pgdata)) {
            return true;
        }
        sleep(POLL).await;
    }
    false
}

/// Whether this process is there and stands in the folder, as every process of a Postgres does.
/// A number from an old file may belong to any other program by now.
fn works_in(pid: u32, pgdata: &Path) -> bool {
    to_pid(pid).is_some_and(|pid| test_kill_process(pid).is_ok()) && fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == pgdata)
}

fn at_work(pgdata: &Path) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| works_in(*pid, pgdata) && is_postgres(*pid)).collect()
}

/// A person's shell may stand in the folder, too.
fn is_postgres(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "postgres")
}

fn to_pid(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

/// What `postmaster.pid` says: the process in its first line, its state in the eighth.
struct PidFile {
    pid: u32,
    ready: bool,
}

impl PidFile {
    fn read(pgdata: &Path) -> Option<Self> {
        let text = fs::read_to_string(pgdata.join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        Some(Self {
            pid,
            ready: lines.nth(6).is_some_and(|state| state.trim() == "ready"),
        })
    }
}
