//! The log of audit heads as a file: opened for adding only, readable by its owner only. It should
//! lie on another disk than the database, or be copied away: who can change both can hide anything.

use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use async_trait::async_trait;
use tenantry_domain::ports::HeadLog;

/// A file of lines.
#[derive(Debug, Clone)]
pub struct HeadFile {
    path: PathBuf,
}

impl HeadFile {
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[async_trait]
impl HeadLog for HeadFile {
    async fn append(&self, lines: String) -> io::Result<()> {
        let path = self.path.clone();
        blocking(move || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
            // In one piece: several nodes may share the file.
            file.write_all(lines.as_bytes())?;
            file.sync_data()
        })
        .await
    }

    async fn read(&self) -> io::Result<String> {
        let path = self.path.clone();
        blocking(move || match std::fs::read(&path) {
            // What is no text is no line of ours, and shows as such.
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(error),
        })
        .await
    }
}

#[cfg(test)]
mod tests;
