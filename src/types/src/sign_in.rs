//! How people prove who they are, and where they are signed in: sessions, passwords, links by mail,
//! one-time codes, and what a tenant asks of a sign-in.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Bounded, Fields, FromInput, Patch, words};
use crate::openid::Identity;
use crate::problem::{Fault, FieldError};
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

/// `POST /auth/register/confirm`.
#[derive(Debug, Clone)]
pub struct RegistrationConfirmation {
    pub token: Secret,
    /// The one that was chosen.
    pub password: Secret,
}

impl RegistrationConfirmation {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let token = f.required("token");
            let password = f.required("password");
            Some(Self {
                token: token?,
                password: password?,
            })
        })
    }
}

/// A link with which somebody sets a new password: shown to an operator, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResetLink {
    pub link: String,
    pub expires_at: Timestamp,
}

/// Whether an account has one-time codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TotpState {
    pub enabled: bool,
    pub since: Option<Timestamp>,
    pub recovery_codes_left: i64,
}

/// A secret for somebody's app: shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TotpSecret {
    /// In base32, for typing.
    pub secret: String,
    /// `otpauth://totp/...`, for a QR code.
    pub uri: String,
}

/// Codes that stand in for a lost app, each once: shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    pub recovery_codes: Vec<String>,
}

/// `POST /auth/totp`: the password again, before what is sensitive. An account without one takes a sign-in of just now.
#[derive(Debug, Clone)]
pub struct Reauthentication {
    pub password: Option<Secret>,
}

impl Reauthentication {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            Some(Self {
                password: f.optional("password")?,
            })
        })
    }
}

/// `DELETE /me`: the password again; none takes a sign-in of just now.
#[derive(Debug, Clone, Default)]
pub struct AccountDeletion {
    pub password: Option<Secret>,
}

impl AccountDeletion {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            Some(Self {
                password: f.optional("password")?,
            })
        })
    }
}

/// `POST /auth/totp/confirm`.
#[derive(Debug, Clone)]
pub struct TotpCode {
    pub code: Secret,
}

impl TotpCode {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| Some(Self { code: f.required("code")? }))
    }
}

/// `POST /auth/totp/disable`, `/recovery-codes`: all that a sign-in takes, again.
#[derive(Debug, Clone)]
pub struct SecondFactor {
    /// An account without one takes a sign-in of just now.
    pub password: Option<Secret>,
    /// A code or a recovery code.
    pub totp: Secret,
}

impl SecondFactor {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let password = f.optional("password");
            let totp = f.required("totp");
            Some(Self {
                password: password?,
                totp: totp?,
            })
        })
    }
}

/// What the account page knows of its own safety.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Safety {
    pub sessions: Vec<Session>,
    pub totp: TotpState,
    /// Whether this server sends mail.
    pub mail: bool,
    /// Name and label of each provider that one can link.
    pub providers: Vec<(String, String)>,
    pub identities: Vec<Identity>,
    pub has_password: bool,
}

/// What a tenant asks of those who sign in and enter it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignInPolicy {
    /// Members without one-time codes stay outside.
    pub require_totp: bool,
    /// The ways of signing in that are taken; at least one.
    pub methods: Vec<SignInMethod>,
    /// Hours after which one has to sign in again; null: the server's limits alone.
    pub session_hours: Option<u16>,
}

/// The ways of signing in of a policy: a list; forms, which are flat, send them with commas between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInMethods(pub Vec<SignInMethod>);

impl FromInput for SignInMethods {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let words: Vec<Value> = match value {
            Value::Array(items) => items.clone(),
            Value::String(text) => text.split(',').map(|word| word.trim().into()).collect(),
            _ => return Err(Fault::ExpectedList),
        };
        let named = words.iter().map(SignInMethod::from_input).collect::<Result<Vec<_>, _>>()?;
        let methods: Vec<SignInMethod> = SignInMethod::ALL.iter().copied().filter(|method| named.contains(method)).collect();
        if methods.is_empty() { Err(Fault::Required) } else { Ok(Self(methods)) }
    }
}

/// `PATCH /sign-in-policy`.
#[derive(Debug, Clone, Default)]
pub struct SignInPolicyPatch {
    pub require_totp: Option<bool>,
    pub methods: Option<SignInMethods>,
    pub session_hours: Patch<Bounded<1, 8760>>,
}

impl SignInPolicyPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let require_totp = f.change("require_totp");
            let methods = f.change("methods");
            let session_hours = f.patch("session_hours");
            Some(Self {
                require_totp: require_totp?,
                methods: methods?,
                session_hours: session_hours?,
            })
        })
    }
}
