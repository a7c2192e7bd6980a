//! How a command ends that did not work: one clear line for stderr, and the exit code. 1: it did not
//! work; 2: it was used or configured wrongly.

use std::process::ExitCode;

use tenantry_db::StartError;

use crate::config::ConfigError;
use crate::postgres::EmbeddedError;

/// Why a command did not work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Failed(String),
    #[error("{0}")]
    Usage(String),
}

impl Failure {
    pub fn failed(why: impl std::fmt::Display) -> Self {
        Self::Failed(why.to_string())
    }

    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Failed(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<EmbeddedError> for Failure {
    fn from(error: EmbeddedError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<tenantry_domain::Error> for Failure {
    fn from(error: tenantry_domain::Error) -> Self {
        let fields: Vec<String> = error
            .fields()
            .iter()
            .map(|field| format!("{}: {}", field.field, field.fault.message()))
            .collect();
        match (&error, fields.is_empty()) {
            (_, false) => Self::Usage(fields.join("; ")),
            // The person at the command line runs the server: the cause is theirs to see.
            (tenantry_domain::Error::Internal(cause), _) => Self::Failed(format!("{}: {}", error.detail(), with_causes(&**cause))),
            _ => Self::Failed(error.detail()),
        }
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
