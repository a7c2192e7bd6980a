//! Providers of OpenID Connect over HTTP. What a provider says of itself is read when somebody first
//! needs it, and kept for a while: one that is down keeps nobody from starting the server. The code
//! flow with PKCE (S256); the id token's signature, issuer, audience, nonce and time are checked, and
//! only algorithms with a public key are taken. Answers are bounded in time and size.

mod http;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenClaims, CoreJwsSigningAlgorithm as Alg, CoreProviderMetadata,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, TokenResponse,
};
use secrecy::{ExposeSecret, SecretString};
use tenantry_domain::ports::{Arrival, Departure, OpenIdError, OpenIdName, OpenIdProviders, Proof};
use tenantry_types::Email;
use tenantry_types::text::Secret;
use tokio::sync::Mutex;

use self::http::Http;
use crate::upstream::SetUpError;

/// How long a provider's description and keys are believed.
const KEPT: Duration = Duration::from_secs(3600);
/// How long a provider that did not answer is not asked again.
const DOWN: Duration = Duration::from_secs(2);
/// A token with an unknown key makes the keys be read again, but not more often than this.
const KEYS_AGAIN: Duration = Duration::from_secs(60);
/// Those with a public key. HMAC would make the client's secret a key, `none` needs none.
const ALGORITHMS: [Alg; 10] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EcdsaP521Sha512,
    Alg::EdDsa,
];

/// One provider, as the configuration has it.
#[derive(Debug, Clone)]
pub struct OpenIdSettings {
    /// In addresses.
    pub name: String,
    /// For people.
    pub label: String,
    pub issuer: String,
    pub client_id: String,
    /// None for a public client.
    pub client_secret: Option<SecretString>,
    /// Besides `openid`.
    pub scopes: Vec<String>,
}

/// The providers of the configuration.
pub struct HttpOpenId {
    http: Http,
    names: Vec<OpenIdName>,
    providers: Vec<Provider>,
}

struct Provider {
    settings: OpenIdSettings,
    issuer: IssuerUrl,
    seen: Mutex<Option<Seen>>,
}

/// What a provider said of itself, or that it said nothing, and when.
struct Seen {
    at: Instant,
    metadata: Option<Arc<CoreProviderMetadata>>,
}

type Client = openidconnect::core::CoreClient<
    openidconnect::EndpointSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointMaybeSet,
    openidconnect::EndpointMaybeSet,
>;

impl HttpOpenId {
    /// # Errors
    /// When TLS cannot be set up, or an issuer is no address.
    pub fn new(settings: Vec<OpenIdSettings>) -> Result<Self, SetUpError> {
        let names = settings
            .iter()
            .map(|one| OpenIdName {
                name: one.name.clone(),
                label: one.label.clone(),
            })
            .collect();
        let providers = settings
            .into_iter()
            .map(|settings| {
                let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|e| SetUpError::new(e.to_string()))?;
                Ok(Provider {
                    settings,
                    issuer,
                    seen: Mutex::new(None),
                })
            })
            .collect::<Result<_, SetUpError>>()?;
        Ok(Self {
            http: Http::new()?,
            names,
            providers,
        })
    }

    fn provider(&self, name: &str) -> Result<&Provider, OpenIdError> {
        self.providers.iter().find(|one| one.settings.name == name).ok_or(OpenIdError::Unknown)
    }
}

impl Provider {
    /// One asks, the others wait for the answer.
    async fn metadata(&self, http: &Http, no_older_than: Duration) -> Result<Arc<CoreProviderMetadata>, OpenIdError> {
        let mut seen = self.seen.lock().await;
        if let Some(Seen { at, metadata }) = &*seen {
            match metadata {
                Some(metadata) if at.elapsed() < no_older_than => return Ok(metadata.clone()),
                None if at.elapsed() < DOWN => return Err(OpenIdError::Unreachable),
                _ => {}
            }
        }
        let found = CoreProviderMetadata::discover_async(self.issuer.clone(), http).await;
        let metadata = match found {
            Ok(metadata) if self.keeps_to_https(&metadata) => Some(Arc::new(metadata)),
            Ok(_) => {
                tracing::warn!(provider = self.settings.name, "the provider names addresses without https");
                None
            }
            Err(error) => {
                tracing::warn!(
                    provider = self.settings.name,
                    error = kind(&error),
                    "the provider cannot be asked what it is"
                );
                None
            }
        };
        *seen = Some(Seen {
            at: Instant::now(),
            metadata: metadata.clone(),
        });
        metadata.ok_or(OpenIdError::Unreachable)
    }

    /// Only an issuer that itself goes without, on this machine, may lead to addresses without https.
    fn keeps_to_https(&self, metadata: &CoreProviderMetadata) -> bool {
        let plain = self.issuer.url().scheme() == "http";
        [
            Some(metadata.authorization_endpoint().url()),
            Some(metadata.jwks_uri().url()),
            metadata.token_endpoint().map(|url| url.url()),
            metadata.userinfo_endpoint().map(|url| url.url()),
        ]
        .into_iter()
        .flatten()
        .all(|url| url.scheme() == "https" || plain)
    }

    fn client(&self, metadata: &CoreProviderMetadata, redirect_uri: &str) -> Result<Client, OpenIdError> {
        let secret = self.settings.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| OpenIdError::Unreachable)?;
        let client = CoreClient::from_provider_metadata(metadata.clone(), ClientId::new(self.settings.client_id.clone()), secret);
        let methods = metadata.token_endpoint_auth_methods_supported();
        let basic = methods.is_none_or(|all| all.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let auth = if basic { AuthType::BasicAuth } else { AuthType::RequestBody };
        Ok(client.set_redirect_uri(redirect).set_auth_type(auth))
    }
}

/// The kind of an error, without its text: that may repeat what the other side said.
fn kind<E: std::error::Error + 'static>(error: &openidconnect::DiscoveryError<E>) -> &'static str {
    use openidconnect::DiscoveryError as D;
    match error {
        D::Parse(_) => "the answer cannot be read",
        D::Request(_) => "it cannot be reached",
        D::Response(..) => "it answers with an error",
        D::UrlParse(_) => "its address cannot be made",
        D::Validation(_) => "it names another issuer than the one that is set",
        _ => "unknown",
    }
}

#[async_trait]
impl OpenIdProviders for HttpOpenId {
    fn names(&self) -> &[OpenIdName] {
        &self.names
    }

    async fn depart(&self, provider: &str, redirect_uri: &str) -> Result<Departure, OpenIdError> {
        let provider = self.provider(provider)?;
        let metadata = provider.metadata(&self.http, KEPT).await?;
        let client = provider.client(&metadata, redirect_uri)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new_random_len(32),
            || Nonce::new_random_len(32),
        );
        for scope in &provider.settings.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        Ok(Departure {
            url: url.into(),
            state: Secret::new(state.secret()),
            nonce: Secret::new(nonce.secret()),
            verifier: Secret::new(verifier.secret()),
        })
    }

    async fn arrive(&self, arrival: Arrival<'_>) -> Result<Proof, OpenIdError> {
        let provider = self.provider(arrival.provider)?;
        if arrival.issuer.is_some_and(|issuer| issuer != provider.issuer.as_str()) {
            return Err(OpenIdError::NotBelieved("another provider answered"));
        }
        let metadata = provider.metadata(&self.http, KEPT).await?;
        let client = provider.client(&metadata, arrival.redirect_uri)?;
        let token = client
            .exchange_code(AuthorizationCode::new(arrival.code.expose().to_owned()))
            .map_err(|_| OpenIdError::Unreachable)?
            .set_pkce_verifier(PkceCodeVerifier::new(arrival.verifier.expose().to_owned()))
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(_) => OpenIdError::Refused,
                _ => OpenIdError::Unreachable,
            })?;
        let id_token = token.id_token().ok_or(OpenIdError::NotBelieved("no id token"))?;
        let nonce = Nonce::new(arrival.nonce.expose().to_owned());
        let checked = check(&client, id_token, &nonce, token.access_token());
        let claims = match checked {
            // Providers change their keys.
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                let metadata = provider.metadata(&self.http, KEYS_AGAIN).await?;
                let client = provider.client(&metadata, arrival.redirect_uri)?;
                check(&client, id_token, &nonce, token.access_token()).map_err(|error| reason(&error))?
            }
            other => other.map_err(|error| reason(&error))?,
        };
        let mut proof = Proof {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            verified_email: verified(claims.email().map(|email| email.as_str()), claims.email_verified()),
            name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
        };
        // Some put nothing but the subject into the token.
        if claims.email().is_none()
            && let Ok(request) = client.user_info(token.access_token().clone(), Some(claims.subject().clone()))
        {
            let said: CoreUserInfoClaims = request.request_async(&self.http).await.map_err(|_| OpenIdError::Unreachable)?;
            proof.verified_email = verified(said.email().map(|email| email.as_str()), said.email_verified());
            proof.name = proof
                .name
                .or_else(|| said.name().and_then(|name| name.get(None)).map(|name| name.to_string()));
        }
        Ok(proof)
    }
}

/// Signature, issuer, audience, nonce, time; and that the access token belongs to it, where it says so.
fn check(
    client: &Client,
    id_token: &openidconnect::core::CoreIdToken,
    nonce: &Nonce,
    access: &AccessToken,
) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
    let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
    let claims = id_token.claims(&verifier, nonce)?.clone();
    if let Some(said) = claims.access_token_hash() {
        let other = |_| ClaimsVerificationError::Other("at_hash".to_owned());
        let alg = id_token.signing_alg().map_err(|_| ClaimsVerificationError::Other("alg".to_owned()))?;
        let key = id_token.signing_key(&verifier).map_err(ClaimsVerificationError::SignatureVerification)?;
        if AccessTokenHash::from_token(access, alg, key).map_err(other)? != *said {
            return Err(ClaimsVerificationError::Other("at_hash".to_owned()));
        }
    }
    Ok(claims)
}

fn reason(error: &ClaimsVerificationError) -> OpenIdError {
    use ClaimsVerificationError as C;
    OpenIdError::NotBelieved(match error {
        C::Expired(_) => "the id token has expired",
        C::InvalidAudience(_) => "the id token is for somebody else",
        C::InvalidIssuer(_) => "the id token is of another issuer",
        C::InvalidNonce(_) => "the id token is of another sign-in",
        C::SignatureVerification(_) => "the id token is not signed as it should be",
        _ => "the id token is not right",
    })
}

/// An address beyond ASCII is not taken: what is one mailbox there may look like, or be folded into, another's here.
fn verified(email: Option<&str>, said: Option<bool>) -> Option<Email> {
    email
        .filter(|email| said == Some(true) && email.is_ascii())
        .and_then(|email| Email::parse(email).ok())
}
