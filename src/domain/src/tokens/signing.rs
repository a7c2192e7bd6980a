//! The keys that access tokens are signed with. Their private halves are sealed in the database; a
//! server holds them open in memory, and reads them anew each minute and when it meets a key that it
//! does not know, so that a rotation on another server reaches it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;
use tenantry_db::token::{self as db, SigningKey};
use tenantry_types::Timestamp;
use tenantry_types::token::{Jwk, Jwks};
use uuid::Uuid;

use super::crypto;
use crate::audit::event;
use crate::{Actor, App, Error, Origin, Place, Result, now};

/// A key signs for so long.
const SIGNS: Duration = Duration::from_secs(30 * 24 * 3600);
/// Its public half stays for so long after: longer than a token lives, and than another server
/// takes to learn of the next key.
const STAYS: Duration = Duration::from_secs(3600);
const FRESH: Duration = Duration::from_secs(60);
/// How often a key that is not known has the keys read anew.
const UNKNOWN: Duration = Duration::from_secs(1);

/// The keys, open.
pub(super) struct Ring {
    pub signer: (String, EncodingKey),
    pub keys: HashMap<String, DecodingKey>,
    pub jwks: Jwks,
    read_at: Instant,
}

/// What a server holds of them.
#[derive(Default)]
pub(crate) struct Signing(RwLock<Option<Arc<Ring>>>);

impl Signing {
    fn held(&self, no_older_than: Duration) -> Option<Arc<Ring>> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.clone().filter(|ring| ring.read_at.elapsed() < no_older_than)
    }

    fn hold(&self, ring: Ring) -> Arc<Ring> {
        let ring = Arc::new(ring);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(ring.clone());
        ring
    }
}

fn place(id: Uuid) -> Place {
    Place {
        table: "signing_key",
        row: id,
        column: "private",
    }
}

/// The keys as they are now, or were a minute ago.
pub(super) async fn ring(app: &App) -> Result<Arc<Ring>> {
    match app.signing().held(FRESH) {
        Some(ring) => Ok(ring),
        None => read(app).await,
    }
}

/// The keys, with this one among them if there is such a key at all.
pub(super) async fn ring_with(app: &App, kid: &str) -> Result<Arc<Ring>> {
    let ring = ring(app).await?;
    if ring.keys.contains_key(kid) || app.signing().held(UNKNOWN).is_some() {
        return Ok(ring);
    }
    read(app).await
}

/// Reads the keys; the first reading of a server without keys makes one.
async fn read(app: &App) -> Result<Arc<Ring>> {
    crypto::install();
    let mut tx = app.db().platform().await?;
    let mut keys = db::signing_keys(&mut tx).await?;
    if !keys.iter().any(|key| key.retired_at.is_none()) {
        tenantry_db::platform::lock(&mut tx).await?;
        // Another server may have been faster.
        keys = db::signing_keys(&mut tx).await?;
        if !keys.iter().any(|key| key.retired_at.is_none()) {
            install(app, &mut tx, &Actor::system(Origin::system("signing keys"))).await?;
            keys = db::signing_keys(&mut tx).await?;
        }
        tx.commit().await?;
    }
    Ok(app.signing().hold(open(app, &keys)?))
}

fn open(app: &App, keys: &[SigningKey]) -> Result<Ring> {
    let current = keys
        .iter()
        .find(|key| key.retired_at.is_none())
        .ok_or_else(|| Error::internal("there is no key to sign with"))?;
    let private = app.vault().open_platform(place(current.id), &current.private_sealed)?;
    Ok(Ring {
        signer: (current.id.to_string(), EncodingKey::from_ed_der(&private)),
        keys: keys
            .iter()
            .map(|key| (key.id.to_string(), DecodingKey::from_ed_der(&key.public_key)))
            .collect(),
        jwks: Jwks {
            keys: keys.iter().map(jwk).collect(),
        },
        read_at: Instant::now(),
    })
}

fn jwk(key: &SigningKey) -> Jwk {
    Jwk {
        kty: "OKP".into(),
        crv: "Ed25519".into(),
        alg: "EdDSA".into(),
        purpose: "sig".into(),
        kid: key.id.to_string(),
        x: URL_SAFE_NO_PAD.encode(&key.public_key),
    }
}

async fn install(app: &App, tx: &mut tenantry_db::PlatformTx, by: &Actor) -> Result<Uuid> {
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| Error::internal("no key could be made"))?;
    let pair = Ed25519KeyPair::from_pkcs8(made.as_ref()).map_err(|_| Error::internal("a key that was just made is none"))?;
    let id = Uuid::now_v7();
    let key = SigningKey {
        id,
        public_key: pair.public_key().as_ref().to_vec(),
        private_sealed: app.vault().seal_platform(place(id), made.as_ref())?,
        created_at: now(),
        retired_at: None,
    };
    db::install(tx, &key).await?;
    tx.record(
        by,
        event("signing_key.installed", "signing_key", Some(id.to_string()), "access tokens", json!({})),
    );
    Ok(id)
}

/// Signs with a new key from now on. Tokens that live stay valid: the public half of the key from
/// before stays until they have died.
///
/// # Errors
/// When the database does not answer.
pub async fn rotate(app: &App, by: &Actor) -> Result<Uuid> {
    let mut tx = app.db().platform().await?;
    tenantry_db::platform::lock(&mut tx).await?;
    let id = install(app, &mut tx, by).await?;
    tx.commit().await?;
    read(app).await?;
    Ok(id)
}

/// Rotates when the key has signed for a month, and removes keys that nothing hangs on any more.
///
/// # Errors
/// When the database does not answer.
pub async fn tend(app: &App) -> Result<()> {
    let now = now();
    let mut tx = app.db().platform().await?;
    tenantry_db::platform::lock(&mut tx).await?;
    db::delete_retired(&mut tx, Timestamp(now.0 - STAYS)).await?;
    let keys = db::signing_keys(&mut tx).await?;
    let due = keys
        .iter()
        .find(|key| key.retired_at.is_none())
        .is_some_and(|key| key.created_at.0 + SIGNS <= now.0);
    if due {
        install(app, &mut tx, &Actor::system(Origin::system("signing keys"))).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The public halves, for whoever checks tokens elsewhere.
///
/// # Errors
/// When the database does not answer.
pub async fn jwks(app: &App) -> Result<Jwks> {
    Ok(ring(app).await?.jwks.clone())
}
