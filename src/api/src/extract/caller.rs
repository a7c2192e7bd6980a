//! Who calls: the session's user, as the database knows them now, or whoever a credential in a
//! header stands for. Such a credential wins over the cookie, and then the cookie is not looked at.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use tenantry_domain::accounts::{Entered, sessions};
use tenantry_domain::session::{self, Place, SignedIn};
use tenantry_domain::{App, Asker, Error, Operator, Origin, Principal, access, api_keys, audit, tokens};
use tenantry_types::ProblemCode;
use tenantry_types::audit::Door;
use tenantry_types::sign_in::SignInMethod;
use tower_sessions::Session;

use super::credential::{Credential, credential};
use crate::{ApiError, RequestInfo};

/// Found once a request, for the guard, the replay of answers and the handler.
#[derive(Clone)]
struct Identified(Option<Asker>);

/// Who is behind a request; None for an anonymous one.
///
/// # Errors
/// A bad credential in a header, two of them, or a store that does not answer.
pub async fn identify(parts: &mut Parts, app: &App) -> Result<Option<Asker>, ApiError> {
    if let Some(Identified(asker)) = parts.extensions.get() {
        return Ok(asker.clone());
    }
    let asker = match credential(&parts.headers)? {
        Some(Credential::Key(key)) => {
            let found = api_keys::recognize(app, key, origin(parts)).await?;
            Some(Asker::Key(found.ok_or(ProblemCode::Unauthenticated)?))
        }
        Some(Credential::Token(token)) => {
            let bearer = tokens::recognize(app, token, origin(parts)).await?.ok_or(ProblemCode::Unauthenticated)?;
            let person = bearer.principal.clone();
            parts.extensions.insert(bearer);
            Some(Asker::Person(person))
        }
        // Whatever else stands there is known to nobody.
        Some(Credential::Other) => return Err(ProblemCode::Unauthenticated.into()),
        None => of_session(parts, app).await?.map(Asker::Person),
    };
    parts.extensions.insert(Identified(asker.clone()));
    Ok(asker)
}

async fn of_session(parts: &Parts, app: &App) -> Result<Option<Principal>, ApiError> {
    let held = match parts.extensions.get::<Session>() {
        Some(session) => session::held(session).await?,
        None => None,
    };
    match held {
        Some(held) => Ok(access::principal(app, held.user, origin(parts)).await?.map(|who| who.in_session(held))),
        None => Ok(None),
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

/// Whoever calls: a person or a key.
pub struct Anyone(pub Asker);

impl FromRequestParts<App> for Anyone {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        identify(parts, app).await?.map(Self).ok_or_else(|| ProblemCode::Unauthenticated.into())
    }
}

/// A person, for what is about them and their account. A key is refused, whoever it belongs to: it
/// is bound to a tenant and to its scopes, and these routes ask for neither.
pub struct Caller(pub Principal);

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Anyone(asker) = Anyone::from_request_parts(parts, app).await?;
        Ok(Self(asker.person()?.clone()))
    }
}

impl OptionalFromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, ApiError> {
        match identify(parts, app).await? {
            Some(asker) => Ok(Some(Self(asker.person()?.clone()))),
            None => Ok(None),
        }
    }
}

/// A person who runs the server. For others, and for keys, these routes are not there.
pub struct AsOperator(pub Operator);

impl FromRequestParts<App> for AsOperator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Anyone(asker) = Anyone::from_request_parts(parts, app).await?;
        Ok(Self(asker.operator().map_err(|denied| audit::not_operator(app, asker.actor(), denied))?))
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
    pub async fn enter(&self, who: &Entered, origin: &Origin, method: SignInMethod) -> Result<(), ApiError> {
        let how = sessions::signed_in(who, origin, method);
        Ok(session::begin(self.session()?, who.user.id, &how).await?)
    }

    /// Gives the caller's session a new id, after they have proved again who they are. For who came
    /// without one there is nothing to do.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn renew(&self, how: Option<SignedIn>) -> Result<(), ApiError> {
        match how {
            Some(how) => Ok(session::renew(self.session()?, &how).await?),
            None => Ok(()),
        }
    }

    /// Sets what requests of this session are about that name nothing.
    ///
    /// # Errors
    /// As `enter`.
    pub async fn stand(&self, place: Place) -> Result<(), ApiError> {
        Ok(session::stand(self.session()?, place).await?)
    }

    fn session(&self) -> Result<&Session, ApiError> {
        self.0.as_ref().ok_or(ApiError(Error::Unavailable))
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
