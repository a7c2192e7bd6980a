//! Writes that may be sent twice. A key is bound to its caller and route by the `scope` that the
//! door computes; the answer is kept, sealed, for 24 hours, unless it held a secret.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenantry_db::idempotency as db;
use tenantry_types::{ProblemCode, Timestamp};
use uuid::Uuid;

use crate::{App, Error, Place, Result, now};

const KEPT: Duration = Duration::from_secs(24 * 3600);
/// A request that has not answered after this died with its server.
const IN_FLIGHT: Duration = Duration::from_secs(120);

/// An answer to keep or to give again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    /// Where the new thing is, when the answer said so.
    #[serde(default)]
    pub location: Option<String>,
    pub body: Vec<u8>,
    /// The answer holds a once-only secret: it is not kept.
    pub secret: bool,
}

/// What to do with a request that carries a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Begin {
    Fresh,
    Replay(Answer),
}

fn place(scope: &[u8; 32]) -> Place {
    let mut half = [0; 16];
    half.copy_from_slice(&scope[..16]);
    Place {
        table: "idempotency_key",
        row: Uuid::from_bytes(half),
        column: "answer",
    }
}

/// Takes the key, or says what became of it.
///
/// # Errors
/// `IdempotencyKeyReused` with another body, `RequestInFlight`, `SecretAlreadyShown`.
pub async fn begin(app: &App, scope: [u8; 32], body_hash: [u8; 32]) -> Result<Begin> {
    let now = now();
    let mut tx = app.db().platform().await?;
    let known = db::take(&mut tx, &scope, &body_hash, now, Timestamp(now.0 - KEPT)).await?;
    let Some(known) = known else {
        tx.commit().await?;
        return Ok(Begin::Fresh);
    };
    if known.body_hash != body_hash {
        return Err(ProblemCode::IdempotencyKeyReused.into());
    }
    if known.status.is_none() {
        if known.created_at.0 + IN_FLIGHT > now.0 {
            return Err(ProblemCode::RequestInFlight.into());
        }
        db::free(&mut tx, &scope).await?;
        db::take(&mut tx, &scope, &body_hash, now, Timestamp(now.0 - KEPT)).await?;
        tx.commit().await?;
        return Ok(Begin::Fresh);
    }
    if known.secret {
        return Err(ProblemCode::SecretAlreadyShown.into());
    }
    let sealed = known.answer_sealed.ok_or_else(|| Error::internal("an idempotent answer is missing"))?;
    let plain = app.vault().open_platform(place(&scope), &sealed)?;
    Ok(Begin::Replay(serde_json::from_slice(&plain).map_err(Error::internal)?))
}

/// Keeps the answer.
///
/// # Errors
/// When the database does not answer.
pub async fn finish(app: &App, scope: [u8; 32], answer: Answer) -> Result<()> {
    let sealed = match answer.secret {
        true => None,
        false => Some(
            app.vault()
                .seal_platform(place(&scope), &serde_json::to_vec(&answer).map_err(Error::internal)?)?,
        ),
    };
    let mut tx = app.db().platform().await?;
    db::keep(&mut tx, &scope, answer.status.try_into().unwrap_or(500), sealed.as_deref(), answer.secret).await?;
    tx.commit().await?;
    Ok(())
}

/// Frees the key: the request came to nothing that must be repeated.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(app: &App, scope: [u8; 32]) -> Result<()> {
    let mut tx = app.db().platform().await?;
    db::free(&mut tx, &scope).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes what is older than a day.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<u64> {
    let mut tx = app.db().platform().await?;
    let n = db::delete_old(&mut tx, Timestamp(now().0 - KEPT)).await?;
    tx.commit().await?;
    Ok(n)
}
