//! The body: JSON, parsed by the types themselves, so that all faults are named at once and the
//! pages judge by the same code.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tenantry_types::{FieldError, ProblemCode};

use crate::ApiError;

/// A type that parses itself from a body.
pub trait FromBody: Sized {
    /// Whether no body at all will do; it is read as null then.
    const MAY_BE_EMPTY: bool = false;

    /// # Errors
    /// All faults of the body.
    fn from_body(body: &Value) -> Result<Self, Vec<FieldError>>;
}

/// The parsed body of a request.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: FromBody> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| too_large(rejection.status()))?;
        if bytes.is_empty() && T::MAY_BE_EMPTY {
            return Ok(Self(T::from_body(&Value::Null)?));
        }
        if !is_json {
            return Err(ProblemCode::UnsupportedMediaType.into());
        }
        let value: Value = serde_json::from_slice(&bytes).map_err(|_| ApiError::from(ProblemCode::BadJson))?;
        Ok(Self(T::from_body(&value)?))
    }
}

/// A body that could not be read to its end: too much of it, or the connection broke.
pub fn too_large(status: StatusCode) -> ApiError {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemCode::TooLarge.into(),
        _ => ProblemCode::BadRequest.into(),
    }
}

/// `application/json`, or a type built on it such as `application/merge-patch+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The types whose `parse` is the whole story.
macro_rules! bodies {
    ($($name:ty),* $(,)?) => {$(
        impl FromBody for $name {
            fn from_body(body: &Value) -> Result<Self, Vec<FieldError>> {
                Self::parse(body)
            }
        }
    )*};
}

bodies! {
    tenantry_types::account::Login,
    tenantry_types::account::MePatch,
    tenantry_types::account::Registration,
    tenantry_types::account::UserPatch,
    tenantry_types::configuration::TenantConfigurationPatch,
    tenantry_types::configuration::WorkspaceConfigurationPatch,
    tenantry_types::alert::NotificationPatch,
    tenantry_types::api_key::ApiKeyPatch,
    tenantry_types::api_key::NewApiKey,
    tenantry_types::invitation::NewInvitations,
    tenantry_types::member::MemberPatch,
    tenantry_types::model::ModelAccess,
    tenantry_types::model::ModelPatch,
    tenantry_types::model::ModelRulesPatch,
    tenantry_types::model::ModelsToggle,
    tenantry_types::model::NewModel,
    tenantry_types::model::WorkspaceModels,
    tenantry_types::permission::Overrides,
    tenantry_types::plan::NewPlan,
    tenantry_types::plan::PlanPatch,
    tenantry_types::plan::QuotaQuestion,
    tenantry_types::provider::NewProvider,
    tenantry_types::provider::ProviderPatch,
    tenantry_types::sign_in::EmailVerification,
    tenantry_types::sign_in::ForgottenPassword,
    tenantry_types::sign_in::PasswordChange,
    tenantry_types::sign_in::PasswordReset,
    tenantry_types::token::RefreshToken,
    tenantry_types::token::TokenRequest,
    tenantry_types::sign_in::Reauthentication,
    tenantry_types::sign_in::RegistrationConfirmation,
    tenantry_types::sign_in::SecondFactor,
    tenantry_types::openid::DomainPatch,
    tenantry_types::openid::NewDomain,
    tenantry_types::sign_in::SignInPolicyPatch,
    tenantry_types::sign_in::TotpCode,
    tenantry_types::tenant::NewTenant,
    tenantry_types::tenant::TenantPatch,
    tenantry_types::webhook::NewWebhook,
    tenantry_types::webhook::WebhookPatch,
    tenantry_types::workspace::NewWorkspace,
    tenantry_types::workspace::WorkspacePatch,
    tenantry_types::workspace::WorkspaceRoleChange,
}

impl FromBody for tenantry_types::api_key::KeyRotation {
    const MAY_BE_EMPTY: bool = true;

    fn from_body(body: &Value) -> Result<Self, Vec<FieldError>> {
        Self::parse(body)
    }
}

impl FromBody for tenantry_types::sign_in::AccountDeletion {
    const MAY_BE_EMPTY: bool = true;

    fn from_body(body: &Value) -> Result<Self, Vec<FieldError>> {
        if body.is_null() {
            return Ok(Self::default());
        }
        Self::parse(body)
    }
}

impl FromBody for Option<tenantry_types::invitation::Acceptance> {
    const MAY_BE_EMPTY: bool = true;

    fn from_body(body: &Value) -> Result<Self, Vec<FieldError>> {
        tenantry_types::invitation::Acceptance::parse(body)
    }
}

#[cfg(test)]
mod tests;
