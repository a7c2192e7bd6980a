//! The session of one request: beginning one, and who holds it since when.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenantry_types::sign_in::SignInMethod;
use tenantry_types::{Timestamp, UserId};
use time::OffsetDateTime;
use tower_sessions::Session;
use tower_sessions::session::Error;

use super::{USER_KEY, hash};

/// The key in a session's data under which it stands how it began.
const SIGN_IN_KEY: &str = "sign_in";

/// How somebody proved who they are, when, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub at: Timestamp,
    pub method: SignInMethod,
    /// Short words, at most 80 characters.
    pub device: String,
    pub address: Option<String>,
}

impl SignedIn {
    /// Of a session that does not say: as long ago as can be, so that nothing is believed of it.
    fn unknown() -> Self {
        Self {
            at: Timestamp(OffsetDateTime::UNIX_EPOCH),
            method: SignInMethod::Password,
            device: String::new(),
            address: None,
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

/// A session with somebody in it.
#[derive(Debug, Clone)]
pub struct Held {
    pub user: UserId,
    /// None when it began in this very request and is not stored yet.
    pub key: Option<SessionKey>,
    pub how: SignedIn,
}

/// Makes the session one of this person: under a new id, so that one from before is worth nothing.
///
/// # Errors
/// When the store does not answer.
pub async fn begin(session: &Session, user: UserId, how: &SignedIn) -> Result<(), Error> {
    session.cycle_id().await?;
    session.insert(USER_KEY, user).await?;
    session.insert(SIGN_IN_KEY, how).await
}

/// Who holds a session; None for a session of nobody.
///
/// # Errors
/// When the store does not answer.
pub async fn held(session: &Session) -> Result<Option<Held>, Error> {
    let Some(user) = session.get::<UserId>(USER_KEY).await? else {
        return Ok(None);
    };
    Ok(Some(Held {
        user,
        key: session.id().map(|id| SessionKey(hash(&id))),
        how: session.get(SIGN_IN_KEY).await?.unwrap_or_else(SignedIn::unknown),
    }))
}
