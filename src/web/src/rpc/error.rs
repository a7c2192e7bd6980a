//! The error of server functions: closed codes only, because it travels through an address that
//! anyone can forge. Pages choose the words by the code.
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use tenantry_types::{FieldError, Permission, ProblemCode};

use super::wire::JsonText;

/// Why a server function did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UiError {
    pub code: ProblemCode,
    #[serde(default)]
    pub fields: Vec<FieldError>,
    /// The permission that was missing.
    #[serde(default)]
    pub permission: Option<Permission>,
    #[serde(default)]
    pub request_id: String,
}

impl UiError {
    pub fn bare(code: ProblemCode) -> Self {
        Self {
            code,
            fields: Vec::new(),
            permission: None,
            request_id: String::new(),
        }
    }

    /// Whether the thing is not there, or not theirs.
    pub fn not_found(&self) -> bool {
        self.code == ProblemCode::NotFound
    }

    /// The request id, when it looks like one: it may come from a forged address.
    pub fn shown_id(&self) -> Option<&str> {
        let ok = (8..=64).contains(&self.request_id.len()) && self.request_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        ok.then_some(self.request_id.as_str())
    }

    /// What to show for a field: faults of the field itself and of its parts (`email[2]`).
    pub fn of_field(&self, name: &str) -> Vec<String> {
        self.fields
            .iter()
            .filter_map(|e| {
                let rest = e.field.strip_prefix(name)?;
                match rest.strip_prefix('[').and_then(|r| r.split_once(']')) {
                    Some((place, _)) => {
                        let place = place.parse::<u32>().ok()?;
                        Some(format!("Entry {}: {}", place + 1, e.fault.message()))
                    }
                    None if rest.is_empty() || rest.starts_with('.') => Some(e.fault.message()),
                    None => None,
                }
            })
            .collect()
    }
}

impl FromServerFnError for UiError {
    type Encoder = JsonText;

    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        Self::bare(match value {
            ServerFnErrorErr::Request(_) => ProblemCode::Unavailable,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => ProblemCode::BadRequest,
            _ => ProblemCode::Internal,
        })
    }
}

#[cfg(feature = "ssr")]
mod ssr {
    use super::{FieldError, Permission, ProblemCode, UiError};
    use crate::server;

    impl UiError {
        /// An error that is about to be answered: the request gets its status.
        pub fn of(code: ProblemCode) -> Self {
            server::answer_with(code);
            Self {
                request_id: server::request_id(),
                ..Self::bare(code)
            }
        }
    }

    impl From<tenantry_domain::Error> for UiError {
        fn from(error: tenantry_domain::Error) -> Self {
            let code = error.code();
            if code.status() >= 500 {
                tracing::error!(error = ?error, "server function failed");
            }
            let permission: Option<Permission> = match &error {
                tenantry_domain::Error::Forbidden(permission) => Some(*permission),
                _ => None,
            };
            Self {
                fields: error.fields().to_vec(),
                permission,
                ..Self::of(code)
            }
        }
    }

    impl From<tenantry_domain::Denied> for UiError {
        fn from(denied: tenantry_domain::Denied) -> Self {
            tenantry_domain::Error::from(denied).into()
        }
    }

    impl From<Vec<FieldError>> for UiError {
        fn from(fields: Vec<FieldError>) -> Self {
            Self {
                fields,
                ..Self::of(ProblemCode::Invalid)
            }
        }
    }
}
