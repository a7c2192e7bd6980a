//! Reads the database of an Open WebUI: the present layout (`access_grant`, `group_member`, one
//! config row a key) and the older one (`model.access_control`, `group.user_ids`, one config
//! document). Only reads, and leaves no file beside the source. What is found is handed on as it is;
//! what becomes of it is for `tenantry_domain::import` to say.

mod connections;
mod file;
mod rows;
mod schema;

use std::path::Path;

use tenantry_domain::import::Deployment;

/// Why a file could not be read as the database of an Open WebUI.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("there is no file at this path")]
    NotFound,
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    #[error("the file is not an SQLite database")]
    NotSqlite,
    #[error("the database is not one of an Open WebUI that is known here: {0} is missing")]
    OtherSchema(String),
    #[error("the file is cut off: its database should be {expected} bytes long and is {found}")]
    Truncated { expected: u64, found: u64 },
    #[error("the database is damaged: {0}")]
    Corrupt(String),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match &error {
            rusqlite::Error::SqliteFailure(cause, _) => match cause.code {
                Code::NotADatabase => Self::NotSqlite,
                Code::DatabaseCorrupt => Self::Corrupt("it cannot be read to its end".into()),
                _ => Self::Unreadable(error.to_string()),
            },
            rusqlite::Error::FromSqlConversionFailure(..) | rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::Utf8Error(..) => {
                Self::Corrupt(format!("a value is not what its column holds ({error})"))
            }
            _ => Self::Unreadable(error.to_string()),
        }
    }
}

/// Reads the database at `path`, what stands in its write-ahead log included. Blocks.
///
/// # Errors
/// Says what is wrong with the file.
pub fn read(path: &Path) -> Result<Deployment, ReadError> {
    let opened = file::open(path)?;
    let connection = opened.connection();
    // All reads see one state, whatever the source goes on to write.
    connection.execute_batch("begin")?;
    let layout = schema::find(connection)?;
    rows::deployment(connection, &layout)
}
