//! How people prove who they are, and where they are signed in: sessions, passwords, links by mail.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Fields, words};
use crate::problem::FieldError;
use crate::text::Secret;
use crate::{Email, NewPassword, SessionId, Timestamp};

words! {
    /// By which means somebody signs in.
    SignInMethod, SignInMethod {
        Password = "password",
        /// By a provider of OpenID Connect.
        Oidc = "oidc",
    }
}

/// One place where somebody is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    pub id: SessionId,
    /// `Firefox on Linux`; empty when the browser did not say.
    pub device: String,
    /// The network address that it began from.
    pub address: Option<String>,
    pub created_at: Timestamp,
    /// Noted at most once a minute.
    pub last_seen_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// `POST /auth/password/change`.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    pub current_password: Secret,
    pub new_password: NewPassword,
}

impl PasswordChange {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let current_password = f.required("current_password");
            let new_password = f.required("new_password");
            Some(Self {
                current_password: current_password?,
                new_password: new_password?,
            })
        })
    }
}

/// `POST /auth/password/forgot`.
#[derive(Debug, Clone)]
pub struct ForgottenPassword {
    pub email: Email,
}

impl ForgottenPassword {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| Some(Self { email: f.required("email")? }))
    }
}

/// `POST /auth/password/reset`.
#[derive(Debug, Clone)]
pub struct PasswordReset {
    pub token: Secret,
    pub new_password: NewPassword,
}

impl PasswordReset {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let token = f.required("token");
            let new_password = f.required("new_password");
            Some(Self {
                token: token?,
                new_password: new_password?,
            })
        })
    }
}

/// `POST /auth/email/verify`.
#[derive(Debug, Clone)]
pub struct EmailVerification {
    pub token: Secret,
}

impl EmailVerification {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| Some(Self { token: f.required("token")? }))
    }
}

/// A link with which somebody sets a new password: shown to an operator, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResetLink {
    pub link: String,
    pub expires_at: Timestamp,
}

/// What the account page knows of its own safety.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Safety {
    pub sessions: Vec<Session>,
    /// Whether this server sends mail.
    pub mail: bool,
}
