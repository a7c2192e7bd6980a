//! Postgres' log. Postgres writes it by itself, without a pipe through us, so that it can go on
//! when the server is killed. It is kept small by copying it away and truncating it: the file is
//! opened for appending, so what comes next begins at its start.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{Result, io_error};

const LARGEST: u64 = 10 * 1024 * 1024;
const TAIL: u64 = 8 * 1024;

pub(super) fn open(path: &Path) -> Result<File> {
    let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(nofollow)
        .open(path)
        .map_err(io_error("opening", path))
}

/// Keeps the log and one before it within their size.
pub(super) fn rotate(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() > LARGEST) {
        let before = path.with_extension("log.1");
        match fs::remove_file(&before) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        fs::copy(path, &before)?;
        OpenOptions::new().write(true).open(path)?.set_len(0)?;
    }
    Ok(())
}

pub(super) fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |meta| meta.len())
}

/// The most telling line that was written after the log had this length.
pub(super) fn last_words(path: &Path, from: u64) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(from.min(length).max(length.saturating_sub(TAIL)))).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let telling = text.lines().filter(|line| line.contains("FATAL:") || line.contains("PANIC:"));
    telling
        .chain(text.lines().rev())
        .map(str::trim)
        .find(|line| !line.is_empty())
        .map(str::to_owned)
}
