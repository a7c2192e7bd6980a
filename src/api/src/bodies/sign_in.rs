//! Bodies about proving who one is: passwords, links.

use tenantry_types::sign_in::SignInMethod;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The present one.
    #[schema(format = Password, example = "an engine of brass")]
    current_password: String,
    #[schema(format = Password, min_length = 8, max_length = 128, example = "a loom of numbers")]
    new_password: String,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgottenPassword {
    #[schema(format = Email, example = "ada@example.com")]
    email: String,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    /// The end of the link.
    #[schema(example = "q3M5vB8")]
    token: String,
    #[schema(format = Password, min_length = 8, max_length = 128, example = "a loom of numbers")]
    new_password: String,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailVerification {
    /// The end of the link.
    #[schema(example = "q3M5vB8")]
    token: String,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrationConfirmation {
    /// The end of the link.
    #[schema(example = "q3M5vB8")]
    token: String,
    /// The one that was chosen when signing up.
    #[schema(format = Password, example = "an engine of brass")]
    password: String,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reauthentication {
    /// Needed by an account that has one; others need a sign-in of the last ten minutes.
    #[schema(format = Password, example = "an engine of brass")]
    password: Option<String>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountDeletion {
    /// Needed when the sign-in is longer ago than ten minutes.
    #[schema(format = Password, example = "an engine of brass")]
    password: Option<String>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpCode {
    /// What the app shows.
    #[schema(example = "123456")]
    code: String,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    /// Needed by an account that has one; others need a sign-in of the last ten minutes.
    #[schema(format = Password, example = "an engine of brass")]
    password: Option<String>,
    /// What the app shows, or a recovery code.
    #[schema(example = "123456")]
    totp: String,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInPolicyPatch {
    /// Members without one-time codes stay outside.
    #[schema(required = false, example = false)]
    require_totp: bool,
    /// The ways of signing in that are taken; at least one.
    #[schema(required = false, example = json!(["password", "oidc"]))]
    methods: Vec<SignInMethod>,
    /// Hours after which one has to sign in again; null: the server's limits alone.
    #[schema(minimum = 1, maximum = 8760, example = 12)]
    session_hours: Option<u16>,
}
