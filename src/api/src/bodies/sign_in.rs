//! Bodies about proving who one is: passwords, links.

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
