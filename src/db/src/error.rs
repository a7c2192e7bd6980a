//! What a query can end with. Constraint names get their meaning here, so that nobody above this
//! crate reads SQLSTATEs; the text of SQL never leaves it.

/// The end of a query that did not work.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique or foreign key said no; the name of the constraint.
    #[error("constraint {0}")]
    Constraint(String),
    /// A statement, a lock or a transaction took longer than the server's role may.
    #[error("the database took too long")]
    Timeout(#[source] sqlx::Error),
    /// The database cannot be reached, or has no connection left.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// A stored value that our own rules exclude.
    #[error("stored value out of its set: {0}")]
    Corrupt(&'static str),
    #[error("database")]
    Other(#[source] sqlx::Error),
}

impl DbError {
    /// Whether this constraint said no.
    pub fn is(&self, constraint: &str) -> bool {
        matches!(self, Self::Constraint(name) if name == constraint)
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(db) => match (db.code().as_deref(), db.constraint()) {
                (Some("23505" | "23503" | "23514"), Some(name)) => Self::Constraint(name.to_owned()),
                // statement, lock, idle in transaction
                (Some("57014" | "55P03" | "25P03" | "40P01"), _) => Self::Timeout(error),
                // shutdown, too many connections
                (Some("57P01" | "57P02" | "57P03" | "53300"), _) => Self::Unavailable(error),
                _ => Self::Other(error),
            },
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::BeginFailed => {
                Self::Unavailable(error)
            }
            _ => Self::Other(error),
        }
    }
}

/// Reads a word that a CHECK keeps within its set.
pub(crate) fn word<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, DbError> {
    text.parse().map_err(|_| DbError::Corrupt(what))
}
