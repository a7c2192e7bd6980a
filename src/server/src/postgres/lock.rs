//! One process per data folder. The lock is the kernel's (flock), so it ends with its process,
//! however that ends; the file's content says who holds it and where the database's socket is.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{EmbeddedError, Result, io_error};

/// What the holder of the lock says about itself.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct State {
    pub pid: Option<u32>,
    /// Set once the database is ready.
    pub socket_dir: Option<PathBuf>,
}

impl State {
    pub fn pid_text(&self) -> String {
        self.pid.map_or_else(|| "(unknown)".to_owned(), |pid| pid.to_string())
    }
}

#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

#[derive(Debug)]
pub(super) enum Acquired {
    Ours(Lock),
    Taken(State),
}

/// Who holds the folder, when somebody does. Changes nothing in a folder that may not be ours.
pub(super) fn holder(data_dir: &Path) -> Option<State> {
    let file = File::open(data_dir.join("lock")).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(read(&file).unwrap_or_default()),
        _ => None,
    }
}

fn read(mut file: &File) -> std::io::Result<State> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    // One that is just being written is read again later.
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

pub(super) fn acquire(data_dir: &Path) -> Result<Acquired> {
    let path = data_dir.join("lock");
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        // The folder belongs to another user under root: what lies there is not followed elsewhere.
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(&path)
        .map_err(io_error("opening", &path))?;
    match file.try_lock() {
        Ok(()) => {
            let lock = Lock { file, path };
            lock.write(&State {
                pid: Some(std::process::id()),
                socket_dir: None,
            })?;
            Ok(Acquired::Ours(lock))
        }
        Err(TryLockError::WouldBlock) => Ok(Acquired::Taken(read(&file).map_err(io_error("reading", &path))?)),
        Err(TryLockError::Error(source)) => Err(EmbeddedError::Io {
            doing: "locking",
            path,
            source,
        }),
    }
}

impl Lock {
    /// Tells commands where the database is.
    pub fn announce(&self, socket_dir: &Path) -> Result<()> {
        self.write(&State {
            pid: Some(std::process::id()),
            socket_dir: Some(socket_dir.to_owned()),
        })
    }

    fn write(&self, state: &State) -> Result<()> {
        let text = serde_json::to_string(state).unwrap_or_default();
        let mut file = &self.file;
        let done = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(text.as_bytes()));
        done.map_err(io_error("writing", &self.path))
    }
}
