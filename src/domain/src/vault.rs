//! Secrets at rest: AES-256-GCM, one data key per tenant and one for the platform, each wrapped by
//! the server's own key, which is outside the database. Every sealed value is bound to the place it
//! stands in: moved to another row, column or tenant it does not open.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use tenantry_db::{Db, TenantTx, tenant};
use uuid::Uuid;

use crate::{Error, Result, now};

const NONCE: usize = 12;

/// The key that wraps all others, made from the server's secret.
pub struct MasterKey(Key<Aes256Gcm>);

impl MasterKey {
    /// The secret should have 32 random bytes or more; it is hashed, not stretched.
    pub fn from_secret(secret: &SecretString) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tenantry master key 1\0");
        hash.update(secret.expose_secret().as_bytes());
        Self(hash.finalize())
    }
}

/// Where a sealed value stands: table, row and column; the tenant comes from the key.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub table: &'static str,
    pub row: Uuid,
    pub column: &'static str,
}

impl Place {
    fn aad(&self, tenant: Option<Uuid>) -> String {
        format!("{}|{}|{}|{}", tenant.unwrap_or_default(), self.table, self.row, self.column)
    }
}

/// Seals and opens.
pub struct Vault {
    master: MasterKey,
    platform: Key<Aes256Gcm>,
}

fn seal(key: &Key<Aes256Gcm>, aad: &str, plain: &[u8]) -> Result<Vec<u8>> {
    let nonce: [u8; NONCE] = rand::random();
    let payload = Payload {
        msg: plain,
        aad: aad.as_bytes(),
    };
    let sealed = Aes256Gcm::new(key)
        .encrypt(Nonce::from_slice(&nonce), payload)
        .map_err(|_| Error::internal("sealing failed"))?;
    Ok([&nonce[..], &sealed].concat())
}

fn open(key: &Key<Aes256Gcm>, aad: &str, sealed: &[u8]) -> Result<Vec<u8>> {
    let fault = || Error::internal("a sealed value does not open: other key, or moved");
    let (nonce, body) = sealed.split_at_checked(NONCE).ok_or_else(fault)?;
    Aes256Gcm::new(key)
        .decrypt(
            Nonce::from_slice(nonce),
            Payload {
                msg: body,
                aad: aad.as_bytes(),
            },
        )
        .map_err(|_| fault())
}

fn fresh() -> Key<Aes256Gcm> {
    rand::random::<[u8; 32]>().into()
}

impl Vault {
    /// Reads the platform's data key, or makes it at the first start.
    pub(crate) async fn open(db: &Db, master: MasterKey) -> Result<Self> {
        const SETTING: &str = "data_key";
        let aad = "platform data key";
        let mut tx = db.platform().await?;
        tenantry_db::platform::lock(&mut tx).await?;
        if let Some(value) = tenant::find_setting(&mut tx, SETTING).await? {
            let wrapped = value.get("wrapped").and_then(|v| v.as_str()).and_then(|t| STANDARD.decode(t).ok());
            let wrapped = wrapped.ok_or_else(|| Error::internal("the platform's data key cannot be read"))?;
            let plain =
                open(&master.0, aad, &wrapped).map_err(|_| Error::internal("the secret key is not the one that this database was sealed with"))?;
            return Ok(Self {
                platform: Key::<Aes256Gcm>::clone_from_slice(&plain),
                master,
            });
        }
        let platform = fresh();
        let wrapped = seal(&master.0, aad, &platform)?;
        tenant::put_setting(&mut tx, SETTING, &json!({ "wrapped": STANDARD.encode(wrapped) }), now()).await?;
        tx.commit().await?;
        Ok(Self { master, platform })
    }

    /// A key of its own for one purpose: it follows from the platform's data key and cannot be led back to it.
    pub(crate) fn seed(&self, purpose: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"tenantry seed 1\0");
        hash.update(self.platform);
        hash.update(purpose.as_bytes());
        hash.finalize().into()
    }

    /// # Errors
    /// Only when the cipher itself fails.
    pub fn seal_platform(&self, place: Place, plain: &[u8]) -> Result<Vec<u8>> {
        seal(&self.platform, &place.aad(None), plain)
    }

    /// # Errors
    /// When the value was sealed with another key or for another place.
    pub fn open_platform(&self, place: Place, sealed: &[u8]) -> Result<Vec<u8>> {
        open(&self.platform, &place.aad(None), sealed)
    }

    /// Makes the data key of a new tenant.
    pub(crate) async fn found(&self, tx: &mut TenantTx) -> Result<()> {
        let wrapped = seal(&self.master.0, &Self::key_aad(tx), &fresh())?;
        tenant::put_data_key(tx, &wrapped, now()).await?;
        Ok(())
    }

    fn key_aad(tx: &TenantTx) -> String {
        format!("data key of {}", tx.tenant_id().uuid())
    }

    async fn tenant_key(&self, tx: &mut TenantTx) -> Result<Key<Aes256Gcm>> {
        let wrapped = tenant::data_key(tx).await?.ok_or_else(|| Error::internal("the tenant has no data key"))?;
        Ok(Key::<Aes256Gcm>::clone_from_slice(&open(&self.master.0, &Self::key_aad(tx), &wrapped)?))
    }

    /// Seals several values of one tenant.
    ///
    /// # Errors
    /// When the tenant's key cannot be had.
    pub async fn seal_in(&self, tx: &mut TenantTx, values: &[(Place, Vec<u8>)]) -> Result<Vec<Vec<u8>>> {
        let key = self.tenant_key(tx).await?;
        let tenant = tx.tenant_id().uuid();
        values.iter().map(|(place, plain)| seal(&key, &place.aad(Some(tenant)), plain)).collect()
    }

    /// # Errors
    /// When the value was sealed with another key, for another place or another tenant.
    pub async fn open_in(&self, tx: &mut TenantTx, place: Place, sealed: &[u8]) -> Result<Vec<u8>> {
        let key = self.tenant_key(tx).await?;
        open(&key, &place.aad(Some(tx.tenant_id().uuid())), sealed)
    }
}

#[cfg(test)]
mod tests;
