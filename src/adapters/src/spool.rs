//! Usage on its way to the database, as files in a folder: each process appends to a file of its own, which it holds
//! locked. A file that nobody holds any more was left by a process that is gone, and is handed out like those that
//! were ended. Written, not synchronized: that survives the end of the process, not of the machine.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tenantry_domain::ports::{Segment, UsageSpool};

const ENDING: &str = "ndjson";

/// A folder of lines.
#[derive(Debug)]
pub struct FileSpool {
    folder: PathBuf,
    /// The file that is being written. None: there was nothing to write since the last one ended.
    open: Mutex<Option<File>>,
}

impl FileSpool {
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            open: Mutex::new(None),
        }
    }

    fn begin(&self) -> io::Result<File> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        // Names sort by time.
        let name = format!("{}.{ENDING}", uuid::Uuid::now_v7().simple());
        // Hidden until it is locked: a file that nobody holds is taken for one that was left.
        let hidden = self.folder.join(format!(".{name}"));
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&hidden)?;
        file.try_lock().map_err(io::Error::from)?;
        std::fs::rename(hidden, self.folder.join(&name))?;
        Ok(file)
    }
}

impl UsageSpool for FileSpool {
    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let writing = match open.take() {
            Some(writing) => writing,
            None => self.begin()?,
        };
        open.insert(writing).write_all(line)
    }

    fn ended(&self) -> io::Result<Vec<Segment>> {
        // Ends, and lets go of, the file that is being written.
        drop(self.open.lock().unwrap_or_else(PoisonError::into_inner).take());
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.') && Path::new(name).extension().is_some_and(|e| e == ENDING))
            .collect();
        names.sort();
        let mut out = Vec::new();
        for name in names {
            let path = self.folder.join(&name);
            let file = match File::open(&path) {
                Ok(file) => file,
                // Another process was faster.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(error),
            }
            out.push(Segment {
                name,
                lines: std::fs::read(&path)?,
            });
        }
        Ok(out)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match std::fs::remove_file(self.folder.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(spool: &FileSpool) -> String {
        let ended = spool.ended().unwrap();
        ended.iter().map(|segment| String::from_utf8_lossy(&segment.lines).into_owned()).collect()
    }

    #[test]
    fn what_was_appended_is_handed_out_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let spool = FileSpool::new(folder.path().join("spool"));
        assert!(spool.ended().unwrap().is_empty());
        spool.append(b"one\n").unwrap();
        spool.append(b"two\n").unwrap();
        assert_eq!(lines(&spool), "one\ntwo\n");
        spool.append(b"three\n").unwrap();
        assert_eq!(lines(&spool), "one\ntwo\nthree\n");
        for segment in spool.ended().unwrap() {
            spool.remove(&segment.name).unwrap();
            spool.remove(&segment.name).unwrap();
        }
        assert_eq!(lines(&spool), "");
    }

    #[test]
    fn a_file_that_another_one_writes_is_left_alone_until_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (FileSpool::new(folder.path().into()), FileSpool::new(folder.path().into()));
        one.append(b"of one\n").unwrap();
        assert_eq!(lines(&two), "");
        drop(one);
        assert_eq!(lines(&two), "of one\n");
    }
}
