//! Opening the file without changing anything: neither it nor the folder that it lies in. A database
//! with a write-ahead log needs care: opened where it lies, SQLite would make files beside it, and
//! cannot when the folder is not writable; without its log, the last writes would be missed.

use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::ReadError;

/// An open database, with the copy that it may be.
pub(super) struct Opened {
    // Before `copy`: closed before the folder goes.
    connection: Connection,
    _copy: Option<tempfile::TempDir>,
}

impl Opened {
    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// How the database has to be opened.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// It keeps a log, but there is none: the file is all there is, and nothing is made beside it.
    Immutable,
    /// It keeps no log, or is in use and has its log and index there to be read.
    InPlace,
    /// A log or journal has to be worked in, which writes: on a copy.
    Copy,
}

pub(super) fn open(path: &Path) -> Result<Opened, ReadError> {
    let (header, length) = header(path)?;
    match way(path, &header) {
        Way::Immutable => {
            check_length(&header, length)?;
            Ok(Opened {
                connection: connect(path, "immutable=1")?,
                _copy: None,
            })
        }
        Way::InPlace => {
            // The last pages of a logged database may stand in its log.
            if !logged(&header) {
                check_length(&header, length)?;
            }
            match connect(path, "mode=ro") {
                Ok(connection) => Ok(Opened { connection, _copy: None }),
                Err(_) => copied(path),
            }
        }
        Way::Copy => copied(path),
    }
}

fn header(path: &Path) -> Result<([u8; 100], u64), ReadError> {
    let unreadable = |e: std::io::Error| match e.kind() {
        ErrorKind::NotFound => ReadError::NotFound,
        kind => ReadError::Unreadable(kind.to_string()),
    };
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        return Err(ReadError::Unreadable("it is not a file".into()));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(100).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if !bytes.starts_with(b"SQLite format 3\0") {
        return Err(ReadError::NotSqlite);
    }
    let header = bytes.try_into().map_err(|_| ReadError::Truncated {
        expected: 100,
        found: meta.len(),
    })?;
    Ok((header, meta.len()))
}

fn way(path: &Path, header: &[u8; 100]) -> Way {
    let waits = |suffix: &str| std::fs::metadata(beside(path, suffix)).is_ok_and(|m| m.len() > 0);
    match (logged(header), waits("-wal"), waits("-shm")) {
        (true, _, true) => Way::InPlace,
        (true, true, false) => Way::Copy,
        (true, false, false) => Way::Immutable,
        (false, ..) if waits("-journal") => Way::Copy,
        (false, ..) => Way::InPlace,
    }
}

/// Bytes 18 and 19 are 2 in a database with a write-ahead log.
fn logged(header: &[u8; 100]) -> bool {
    header[18] == 2 || header[19] == 2
}

/// The header says how many pages there are, if whoever wrote last knew how to say it.
fn check_length(header: &[u8; 100], length: u64) -> Result<(), ReadError> {
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let expected = page * u64::from(number(28));
    let said = number(24) == number(92);
    if said && expected > length {
        return Err(ReadError::Truncated { expected, found: length });
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn connect(path: &Path, query: &str) -> Result<Connection, ReadError> {
    let absolute = std::path::absolute(path).map_err(|e| ReadError::Unreadable(e.kind().to_string()))?;
    let text = absolute
        .to_str()
        .ok_or_else(|| ReadError::Unreadable("its path is not valid UTF-8".into()))?;
    // What has a meaning in a URI must not have one in a path.
    let text = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{text}?{query}"), flags)?;
    prove(&connection)?;
    Ok(connection)
}

/// In a folder that only we can enter, because hashes of passwords are in it; gone when we are done.
fn copied(path: &Path) -> Result<Opened, ReadError> {
    let unreadable = |e: std::io::Error| ReadError::Unreadable(format!("a copy could not be made: {}", e.kind()));
    let folder = tempfile::TempDir::with_prefix("tenantry-import-").map_err(unreadable)?;
    let copy = folder.path().join("source.db");
    std::fs::copy(path, &copy).map_err(unreadable)?;
    for suffix in ["-wal", "-journal"] {
        match std::fs::copy(beside(path, suffix), beside(&copy, suffix)) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(unreadable(e)),
            _ => {}
        }
    }
    let connection = Connection::open_with_flags(&copy, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    prove(&connection)?;
    Ok(Opened {
        connection,
        _copy: Some(folder),
    })
}

/// Opening is lazy: only a read tells whether it worked.
fn prove(connection: &Connection) -> Result<(), ReadError> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.query_row("select count(*) from sqlite_master", [], |_| Ok(()))?;
    Ok(())
}
