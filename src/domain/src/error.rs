//! The one error of all use cases. Closed: every front end maps it, and nothing of SQL, of files or
//! of secrets can be read from it.

use tenantry_db::{DbError, Denied};
use tenantry_types::plan::Resource;
use tenantry_types::{Fault, FieldError, Permission, ProblemCode};

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}", .0.code())]
    Code(ProblemCode),
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    #[error("not allowed: {}", .0.as_str())]
    Forbidden(Permission),
    #[error("over the limit of {limit} {resource}")]
    Quota { resource: Resource, limit: i64 },
    #[error("over the budget of the key")]
    Budget { retry_after_s: u64 },
    #[error("too many requests")]
    RateLimited { retry_after_s: u64 },
    #[error("a part that is needed is not available")]
    Unavailable,
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub const NOT_FOUND: Self = Self::Code(ProblemCode::NotFound);

    /// A fault of one field.
    pub fn field(name: impl Into<String>, fault: Fault) -> Self {
        Self::Invalid(vec![FieldError::new(name, fault)])
    }

    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    pub fn code(&self) -> ProblemCode {
        match self {
            Self::Code(code) => *code,
            Self::Invalid(_) => ProblemCode::Invalid,
            Self::Forbidden(_) => ProblemCode::Forbidden,
            Self::Quota { .. } | Self::Budget { .. } => ProblemCode::QuotaExceeded,
            Self::RateLimited { .. } => ProblemCode::RateLimited,
            Self::Unavailable => ProblemCode::Unavailable,
            Self::Internal(_) => ProblemCode::Internal,
        }
    }

    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Invalid(fields) => fields,
            _ => &[],
        }
    }

    /// Seconds until another try makes sense.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_s } | Self::Budget { retry_after_s } => Some(*retry_after_s),
            Self::Quota { resource, .. } => resource.window().map(|window| seconds_until(window.end(crate::now()))),
            Self::Unavailable | Self::Code(ProblemCode::Timeout) => Some(2),
            _ => None,
        }
    }

    /// One sentence for people, without secrets.
    pub fn detail(&self) -> String {
        match self {
            Self::Forbidden(permission) => format!("This needs the permission {}: to {}.", permission.as_str(), permission.describe()),
            Self::Quota { resource, limit } => format!("The limit of {limit} for {resource} would be exceeded."),
            Self::Budget { .. } => "The budget of this key is used up.".to_owned(),
            other => other.code().title().to_owned(),
        }
    }
}

/// At least one.
pub(crate) fn seconds_until(at: tenantry_types::Timestamp) -> u64 {
    u64::try_from((at.0 - crate::now().0).whole_seconds()).unwrap_or(0) + 1
}

impl From<ProblemCode> for Error {
    fn from(code: ProblemCode) -> Self {
        Self::Code(code)
    }
}

impl From<Vec<FieldError>> for Error {
    fn from(fields: Vec<FieldError>) -> Self {
        Self::Invalid(fields)
    }
}

impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        match denied {
            // Who does not run the server must not learn what its operator has.
            Denied::NotFound | Denied::NotOperator => Self::NOT_FOUND,
            Denied::NeedsPerson => ProblemCode::NeedsPerson.into(),
            Denied::Forbidden(permission) => Self::Forbidden(permission),
            Denied::Suspended => ProblemCode::TenantSuspended.into(),
            Denied::Inactive => ProblemCode::TenantInactive.into(),
            Denied::Archived => ProblemCode::WorkspaceArchived.into(),
        }
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(source) => {
                tracing::warn!(error = %source, "database not available");
                Self::Unavailable
            }
            DbError::Timeout(source) => {
                tracing::warn!(error = %source, "the database took too long");
                ProblemCode::Timeout.into()
            }
            other => Self::internal(other),
        }
    }
}
