//! The session of one request: beginning one, and who holds it since when.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenantry_types::sign_in::SignInMethod;
use tenantry_types::{TenantId, Timestamp, UserId, WorkspaceId};
use time::OffsetDateTime;
use tower_sessions::Session;
use tower_sessions::session::Error;

use super::{USER_KEY, hash};

/// The key in a session's data under which it stands how it began.
const SIGN_IN_KEY: &str = "sign_in";
/// The key under which it stands what it is about.
const PLACE_KEY: &str = "place";

/// How somebody proved who they are, when, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub at: Timestamp,
    pub method: SignInMethod,
    /// Short words, at most 80 characters.
    pub device: String,
    pub address: Option<String>,
    /// Which password of the account it was: a session of another one is over.
    #[serde(default)]
    pub password_version: i32,
    /// The tenant that the account was in last, until the session is told another.
    #[serde(default)]
    pub tenant: Option<TenantId>,
}

/// What requests of a session are about that name nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub tenant: TenantId,
    pub workspace: Option<WorkspaceId>,
}

impl SignedIn {
    /// Of a session that does not say: as long ago as can be, so that nothing is believed of it.
    fn unknown() -> Self {
        Self {
            at: Timestamp(OffsetDateTime::UNIX_EPOCH),
            method: SignInMethod::Password,
            device: String::new(),
            address: None,
            password_version: 0,
            tenant: None,
        }
    }

    pub(super) fn of(data: &HashMap<String, Value>) -> Self {
        data.get(SIGN_IN_KEY)
            .and_then(|value| serde_json::from_value(value.clone()).ok())
            .unwrap_or_else(Self::unknown)
    }
}

/// Tells one session from the others: the hash of its id, which opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionKey(pub(super) Vec<u8>);

impl SessionKey {
    pub(crate) fn hash(&self) -> &[u8] {
        &self.0
    }
}

/// A session with somebody in it.
#[derive(Debug, Clone)]
pub struct Held {
    pub user: UserId,
    /// None when it began in this very request and is not stored yet.
    pub key: Option<SessionKey>,
    pub how: SignedIn,
    pub place: Option<Place>,
}

/// Makes the session one of this person: under a new id, so that one from before is worth nothing.
///
/// # Errors
/// When the store does not answer.
pub async fn begin(session: &Session, user: UserId, how: &SignedIn) -> Result<(), Error> {
    session.remove_value(PLACE_KEY).await?;
    session.insert(USER_KEY, user).await?;
    renew(session, how).await
}

/// Gives the session of somebody who proved again who they are a new id; where it stands, stays.
///
/// # Errors
/// When the store does not answer.
pub async fn renew(session: &Session, how: &SignedIn) -> Result<(), Error> {
    session.cycle_id().await?;
    session.insert(SIGN_IN_KEY, how).await
}

/// Sets what requests of this session are about that name nothing.
///
/// # Errors
/// When the store does not answer.
pub async fn stand(session: &Session, place: Place) -> Result<(), Error> {
    session.insert(PLACE_KEY, place).await
}

/// Who holds a session; None for a session of nobody.
///
/// # Errors
/// When the store does not answer.
pub async fn held(session: &Session) -> Result<Option<Held>, Error> {
    let Some(user) = session.get::<UserId>(USER_KEY).await? else {
        return Ok(None);
    };
    let how: SignedIn = session.get(SIGN_IN_KEY).await?.unwrap_or_else(SignedIn::unknown);
    let first = how.tenant.map(|tenant| Place { tenant, workspace: None });
    Ok(Some(Held {
        user,
        key: session.id().map(|id| SessionKey(hash(&id))),
        place: session.get(PLACE_KEY).await?.or(first),
        how,
    }))
}
