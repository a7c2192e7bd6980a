//! Bodies about people: signing up and in, switching, accounts.

use tenantry_types::account::UserStatus;
use utoipa::ToSchema;

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    #[schema(format = Email, example = "ada@example.com")]
    email: String,
    #[schema(min_length = 1, max_length = 100, example = "Ada Lovelace")]
    name: String,
    #[schema(format = Password, min_length = 8, max_length = 128, example = "an engine of brass")]
    password: String,
    /// The name of the first tenant; made from the person's name when absent.
    #[schema(min_length = 1, max_length = 100, example = "Acme Labs")]
    tenant_name: Option<String>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    #[schema(format = Email, example = "ada@example.com")]
    email: String,
    #[schema(format = Password, example = "an engine of brass")]
    password: String,
    /// The code that the app shows, or a recovery code; for accounts with one-time codes.
    #[schema(example = "123456")]
    totp: Option<String>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    #[schema(format = Email, example = "ada@example.com")]
    email: String,
    #[schema(format = Password, example = "an engine of brass")]
    password: String,
    /// Id or slug of the tenant that the tokens are for; without one each request names its own.
    #[schema(example = "acme-labs")]
    tenant: Option<String>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshToken {
    #[schema(example = "q3M5vB8")]
    refresh_token: String,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextQuestion {
    /// Id or slug.
    #[schema(example = "acme-labs")]
    tenant: Option<String>,
    /// Id, or in a known tenant the slug, of a workspace.
    workspace: Option<String>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchTenant {
    /// Id or slug.
    #[schema(example = "acme-labs")]
    tenant: String,
    /// Id or slug of a workspace in it.
    #[schema(example = "research")]
    workspace: Option<String>,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MePatch {
    #[schema(required = false, min_length = 1, max_length = 100, example = "Ada King")]
    name: String,
}

#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    #[schema(required = false)]
    status: UserStatus,
    #[schema(required = false, example = true)]
    is_operator: bool,
}

/// The account that is made; no body when the caller is signed in.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    #[schema(min_length = 1, max_length = 100, example = "Grace Hopper")]
    name: String,
    #[schema(format = Password, min_length = 8, max_length = 128, example = "nanoseconds of wire")]
    password: String,
}
