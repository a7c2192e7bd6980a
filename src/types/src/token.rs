//! Tokens: what a program gets for a log-in over the API. An access token is shown at each request
//! and lives for minutes; a refresh token is exchanged for the next pair, once.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::account::Login;
use crate::input::Fields;
use crate::problem::FieldError;
use crate::text::Secret;

/// A pair of tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tokens {
    pub access_token: String,
    /// For `/auth/refresh`, once.
    pub refresh_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds that the access token lives.
    pub expires_in: u32,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(..)")
    }
}

/// `POST /auth/token`: what a log-in takes, and a tenant for the tokens to name.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    pub login: Login,
    /// Id or slug.
    pub tenant: Option<String>,
}

impl TokenRequest {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        let mut rest = body.clone();
        let tenant = rest.as_object_mut().and_then(|map| map.remove("tenant"));
        let login = Login::parse(&rest);
        let tenant = Fields::read(&json!({ "tenant": tenant }), |f| f.optional::<String>("tenant"));
        match (login, tenant) {
            (Ok(login), Ok(tenant)) => Ok(Self { login, tenant }),
            (login, tenant) => Err([login.err(), tenant.err()].into_iter().flatten().flatten().collect()),
        }
    }
}

/// `POST /auth/refresh` and `/auth/revoke`.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    pub refresh_token: Secret,
}

impl RefreshToken {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            Some(Self {
                refresh_token: f.required("refresh_token")?,
            })
        })
    }
}

/// The public half of a key that access tokens are signed with (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Jwk {
    pub kty: String,
    pub crv: String,
    pub alg: String,
    #[serde(rename = "use")]
    pub purpose: String,
    pub kid: String,
    pub x: String,
}

/// `GET /.well-known/jwks.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Jwks {
    pub keys: Vec<Jwk>,
}
