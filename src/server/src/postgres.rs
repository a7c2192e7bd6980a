//! The embedded database: a private Postgres in the data folder, for those who set no
//! `DATABASE_URL`. It is reached through a unix socket in a directory that only its user may enter,
//! and opens no TCP port. Here: the life of one such Postgres (start, watch, stop) and how a command
//! finds the one that a running server has already started. What it stores is not known here.

mod account;
mod binaries;
mod cluster;
mod folder;
mod lock;
mod logfile;
mod process;
mod socket;
mod supervise;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::time::sleep;

pub use folder::{default_data_dir, readable_by_others};

/// The role that the server logs in as.
pub const LOGIN_ROLE: &str = "tenantry_app";
/// The role that owns the schema and runs the migrations.
pub const OWNER_ROLE: &str = "tenantry_owner";
/// The name of the database.
pub const DATABASE: &str = "tenantry";

/// How long a command waits for a server that is just starting on the same folder.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why there is no embedded database.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error("{doing} {}: {source}", .path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error(
        "no Postgres 15 or newer was found{0}. Install one (Debian and Ubuntu: apt install postgresql), name its programs' folder in TENANTRY_POSTGRES_BIN, or set DATABASE_URL"
    )]
    NoPostgres(String),
    #[error("Postgres {version} in {} is too old: version 15 or newer is needed", .bin.display())]
    TooOld { version: u32, bin: PathBuf },
    #[error("TENANTRY_POSTGRES_BIN names {}, where there is no usable Postgres: {why}", .bin.display())]
    NamedPostgres { bin: PathBuf, why: String },
    #[error("the database in {} was made by Postgres {made_by}, and only {found} is installed. Install Postgres {made_by}, or move the data over with pg_dump and pg_restore", .data_dir.display())]
    OtherMajor { data_dir: PathBuf, made_by: u32, found: String },
    #[error("the data folder {} is in use by process {pid}: stop that server first, or choose another folder with --data-dir", .data_dir.display())]
    InUse { data_dir: PathBuf, pid: String },
    #[error("Postgres does not run as root; it runs as the user \"{user}\", who may not enter {}, so the data folder {} cannot be used. Choose another one with --data-dir (for example /var/lib/tenantry), or open the way with: chmod o+x {}", .closed.display(), .data_dir.display(), .closed.display())]
    Closed { user: String, closed: PathBuf, data_dir: PathBuf },
    #[error("{} holds other things ({found}): choose an empty folder with --data-dir", .data_dir.display())]
    NotOurs { data_dir: PathBuf, found: String },
    #[error("the data folder {} belongs to another user (uid {owner}): start Tenantry as that user, or choose another folder with --data-dir", .data_dir.display())]
    OtherOwner { data_dir: PathBuf, owner: u32 },
    #[error("the current user (uid {0}) has no entry in /etc/passwd, which Postgres insists on: add one, or set DATABASE_URL")]
    NoPasswdEntry(u32),
    #[error("no directory is fit for the database's socket: {0}")]
    NoSocketDir(String),
    #[error("the database could not be made: {0}")]
    Initdb(String),
    #[error("Postgres did not start: {why} (its log is {})", .log.display())]
    DidNotStart { why: String, log: PathBuf },
    #[error("a server is running on {} (process {pid}), but its database did not become ready", .data_dir.display())]
    NotReady { data_dir: PathBuf, pid: String },
}

type Result<T> = std::result::Result<T, EmbeddedError>;

/// Turns an I/O error into one that says what was being done, and to what.
fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> EmbeddedError {
    move |source| EmbeddedError::Io {
        doing,
        path: path.to_owned(),
        source,
    }
}

/// An embedded Postgres that this process may use: one of its own, or that of a running server.
#[derive(Debug)]
pub struct Embedded {
    data_dir: PathBuf,
    socket_dir: PathBuf,
    /// None when the Postgres belongs to another process.
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    supervisor: supervise::Supervisor,
    /// Held for as long as the Postgres runs.
    _lock: lock::Lock,
}

impl Embedded {
    /// Starts Postgres on the data folder; makes both when they are not there yet.
    ///
    /// # Errors
    /// When another process uses the folder, no Postgres is installed, or it does not start.
    pub async fn start(data_dir: &Path) -> Result<Self> {
        if let Some(state) = lock::holder(data_dir) {
            return Err(EmbeddedError::InUse {
                data_dir: data_dir.to_owned(),
                pid: state.pid_text(),
            });
        }
        let account = folder::prepare(data_dir)?;
        let data_dir = data_dir.canonicalize().map_err(io_error("finding", data_dir))?;
        let lock = match lock::acquire(&data_dir)? {
            lock::Acquired::Ours(lock) => lock,
            lock::Acquired::Taken(state) => {
                return Err(EmbeddedError::InUse {
                    data_dir,
                    pid: state.pid_text(),
                });
            }
        };
        Self::run(data_dir, account, lock).await
    }

    /// For commands: joins the Postgres of a running server, or starts one for the time of the command.
    ///
    /// # Errors
    /// As `start`; and when the running server's database does not become ready.
    pub async fn join_or_start(data_dir: &Path) -> Result<Self> {
        let waiting_since = Instant::now();
        loop {
            match lock::holder(data_dir) {
                Some(lock::State {
                    socket_dir: Some(socket_dir),
                    ..
                }) => {
                    return Ok(Self {
                        data_dir: data_dir.to_owned(),
                        socket_dir,
                        own: None,
                    });
                }
                Some(state) if waiting_since.elapsed() > PATIENCE => {
                    return Err(EmbeddedError::NotReady {
                        data_dir: data_dir.to_owned(),
                        pid: state.pid_text(),
                    });
                }
                Some(_) => sleep(Duration::from_millis(100)).await,
                None => match Self::start(data_dir).await {
                    // Somebody was faster.
                    Err(EmbeddedError::InUse { .. }) => {}
                    other => return other,
                },
            }
        }
    }

    async fn run(data_dir: PathBuf, account: account::Account, lock: lock::Lock) -> Result<Self> {
        let pgdata = data_dir.join("postgres");
        let made_by = cluster::made_by(&pgdata)?;
        let binaries = binaries::find(&account, &data_dir, made_by)?;
        process::end_leftovers(&pgdata).await;
        if made_by.is_none() {
            cluster::create(&binaries, &account, &data_dir).await?;
        }
        let socket_dir = socket::prepare(&data_dir, &account)?;
        let launch = process::Launch {
            binaries,
            account,
            pgdata,
            socket_dir: socket_dir.clone(),
            log: data_dir.join("postgres.log"),
        };
        let supervisor = supervise::start(launch).await?;
        lock.announce(&socket_dir)?;
        Ok(Self {
            data_dir,
            socket_dir,
            own: Some(Own { supervisor, _lock: lock }),
        })
    }

    /// The address that the server logs in with.
    pub fn login_url(&self) -> String {
        self.url(LOGIN_ROLE)
    }

    /// The address that migrations run with.
    pub fn owner_url(&self) -> String {
        self.url(OWNER_ROLE)
    }

    /// Everything that the client library would else take from `PG*` variables is written out.
    fn url(&self, role: &str) -> String {
        format!(
            "postgres://{role}@{}:5432/{DATABASE}?sslmode=disable",
            socket::percent_encode(&self.socket_dir)
        )
    }

    /// The directory of the database's socket.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Whether this process started the Postgres.
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// The process id of the Postgres that this process started; it changes when that one had to be restarted.
    pub fn pid(&self) -> Option<u32> {
        self.own.as_ref().and_then(|own| own.supervisor.pid())
    }

    /// Ends the Postgres that this process started: open transactions are rolled back, data is
    /// written out. One that belongs to another process goes on.
    pub async fn stop(mut self) {
        if let Some(own) = self.own.take() {
            own.supervisor.stop().await;
            // Empty by now; with data in it, it is not removed.
            drop(std::fs::remove_dir(&self.socket_dir));
        }
    }
}
