//! Who calls: the session's user, as the database knows them now. A credential in a header wins
//! over the cookie, and then the cookie is not looked at.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use tenantry_domain::accounts::sessions;
use tenantry_domain::session::{self, SignedIn};
use tenantry_domain::{App, Error, Operator, Origin, Principal, access};
use tenantry_types::audit::Door;
use tenantry_types::{ProblemCode, UserId};
use tower_sessions::Session;

use crate::{ApiError, RequestInfo};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Found once a request, for the guard, the replay of answers and the handler.
#[derive(Clone)]
struct Identified(Option<Principal>);

/// The person behind a request; None for an anonymous one.
///
/// # Errors
/// A bad credential in a header, two of them, or a store that does not answer.
pub async fn identify(parts: &mut Parts, app: &App) -> Result<Option<Principal>, ApiError> {
    if let Some(Identified(principal)) = parts.extensions.get() {
        return Ok(principal.clone());
    }
    if has_header_credential(&parts.headers)? {
        // No kind of key or token is known to this server: all of them are bad.
        return Err(ProblemCode::Unauthenticated.into());
    }
    let held = match parts.extensions.get::<Session>() {
        Some(session) => session::held(session).await?,
        None => None,
    };
    let principal = match held {
        Some(held) => access::principal(app, held.user, origin(parts)).await?.map(|who| who.in_session(held)),
        None => None,
    };
    parts.extensions.insert(Identified(principal.clone()));
    Ok(principal)
}

/// # Errors
/// When a request carries more than one.
fn has_header_credential(headers: &HeaderMap) -> Result<bool, ApiError> {
    match headers.get_all(AUTHORIZATION).iter().count() + headers.get_all(API_KEY).iter().count() {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(ProblemCode::BadRequest.into()),
    }
}

fn origin(parts: &Parts) -> Origin {
    let info = RequestInfo::of(&parts.extensions);
    Origin {
        door: Door::Api,
        ip: info.ip,
        device: info.device,
        request_id: info.request_id,
    }
}

/// A person who is signed in.
pub struct Caller(pub Principal);

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        identify(parts, app).await?.map(Self).ok_or_else(|| ProblemCode::Unauthenticated.into())
    }
}

impl OptionalFromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, ApiError> {
        Ok(identify(parts, app).await?.map(Self))
    }
}

/// A person who runs the server. For others these routes are not there.
pub struct AsOperator(pub Operator);

impl FromRequestParts<App> for AsOperator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Caller(who) = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        Ok(Self(who.operator()?))
    }
}

/// The facts of the request, and the origin that use cases without a caller record.
pub struct Info {
    pub origin: Origin,
    pub public_origin: String,
}

impl FromRequestParts<App> for Info {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self {
            origin: origin(parts),
            public_origin: RequestInfo::of(&parts.extensions).public_origin,
        })
    }
}

/// The session, for the few routes that change it.
pub struct SignIn(Option<Session>);

impl FromRequestParts<App> for SignIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        Ok(Self(parts.extensions.get::<Session>().cloned()))
    }
}

impl SignIn {
    /// Signs in under a new session id, so that an id planted before is worth nothing.
    ///
    /// # Errors
    /// When there is no session store, or it does not answer.
    pub async fn enter(&self, user: UserId, how: &SignedIn) -> Result<(), ApiError> {
        let session = self.0.as_ref().ok_or(ApiError(Error::Unavailable))?;
        Ok(session::begin(session, user, how).await?)
    }

    /// Gives the caller's session a new id, after they have proved again who they are. For who came
    /// without one there is nothing to do.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn renew(&self, who: &Principal) -> Result<(), ApiError> {
        match who.session() {
            Some(held) => self.enter(who.id(), &sessions::signed_in(who.origin(), held.how.method)).await,
            None => Ok(()),
        }
    }

    /// # Errors
    /// When the store does not answer.
    pub async fn leave(&self) -> Result<(), ApiError> {
        match &self.0 {
            Some(session) => Ok(session.flush().await?),
            None => Ok(()),
        }
    }
}
