//! Errors in OpenAI's envelope, so that its clients raise their own exceptions for them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;
use tenantry_domain::Error;
use tenantry_types::ProblemCode;

use crate::ApiError;

/// An error on its way to a client of the gateway.
#[derive(Debug)]
pub(super) struct GatewayError {
    status: u16,
    kind: &'static str,
    code: Option<String>,
    message: String,
    param: Option<&'static str>,
    retry_after: Option<u64>,
}

impl GatewayError {
    /// A body that cannot be meant.
    pub fn bad(message: &str, param: Option<&'static str>) -> Self {
        Self {
            status: 400,
            kind: "invalid_request_error",
            code: None,
            message: message.to_owned(),
            param,
            retry_after: None,
        }
    }

    /// An error about a model of this name.
    pub fn about(error: Error, model: &str) -> Self {
        let mut this = Self::from(error);
        if this.code.as_deref() == Some(ProblemCode::ModelNotFound.code()) {
            let name: String = model.chars().filter(|c| !c.is_control()).take(200).collect();
            this.message = format!("The model `{name}` does not exist or you do not have access to it.");
            this.param = Some("model");
        }
        this
    }

    /// What a provider said was wrong.
    pub fn of_provider(status: u16, kind: &'static str, message: String, code: Option<String>, retry_after: Option<u64>) -> Self {
        Self {
            status,
            kind,
            code,
            message,
            param: None,
            retry_after,
        }
    }
}

impl From<Error> for GatewayError {
    fn from(error: Error) -> Self {
        let code = error.code();
        let kind = match (code, code.status()) {
            (ProblemCode::QuotaExceeded, _) => "insufficient_quota",
            (_, 401) => "authentication_error",
            (_, 403) => "permission_error",
            (_, 429) => "rate_limit_error",
            (_, 500..) => "api_error",
            _ => "invalid_request_error",
        };
        if code.status() >= 500 && code != ProblemCode::ProviderUnavailable {
            tracing::error!(?error, "a request of the gateway failed");
        }
        let (code_word, message) = match code {
            ProblemCode::Unauthenticated => (
                "invalid_api_key",
                "Give an API key that is valid: Authorization: Bearer tnt_...".to_owned(),
            ),
            ProblemCode::RateLimited => ("rate_limit_exceeded", error.detail()),
            // Of a context: no tenant is named, or none that is theirs.
            ProblemCode::NotFound => ("not_found", error.detail()),
            other => (other.code(), error.detail()),
        };
        Self {
            status: code.status(),
            kind,
            code: Some(code_word.to_owned()),
            message,
            param: None,
            retry_after: error.retry_after(),
        }
    }
}

impl From<ProblemCode> for GatewayError {
    fn from(code: ProblemCode) -> Self {
        Error::from(code).into()
    }
}

impl From<ApiError> for GatewayError {
    fn from(error: ApiError) -> Self {
        error.0.into()
    }
}

impl IntoResponse for GatewayError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let body = json!({ "error": { "message": self.message, "type": self.kind, "param": self.param, "code": self.code } });
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tenantry\""));
        }
        response
    }
}
