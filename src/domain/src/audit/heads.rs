//! Heads of chains outside the database. Who owns the database can cut a chain short and set its
//! head back, and nothing in it would tell; so all heads are noted, signed, in a log of their own
//! (`ports::HeadLog`), and a verification holds the chains against it. The signature is Ed25519
//! under a key that follows from the server's own, so nobody adds a line who has only the file.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use tenantry_db::audit::{self as db, Head, PLATFORM};
use tenantry_types::{TenantId, Timestamp};

use crate::vault::Vault;
use crate::{App, Error, Result, now};

/// Tenants that are read at once.
const PART: i64 = 1000;

/// A line of the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NotedHead {
    /// `platform`, or the tenant's id.
    pub chain: String,
    pub seq: i64,
    /// SHA-256 in base64.
    pub hash: String,
    pub at: Timestamp,
    /// The public key, in base64: it lets others verify the line.
    pub key: String,
    pub signature: String,
}

impl NotedHead {
    fn message(&self) -> String {
        format!("tenantry audit head 1\n{}\n{}\n{}\n{}", self.chain, self.seq, self.hash, self.at)
    }
}

/// Signs heads, and remembers which were noted by this process.
pub(crate) struct Signer {
    pair: Ed25519KeyPair,
    noted: Mutex<HashMap<String, i64>>,
}

impl Signer {
    pub(crate) fn new(vault: &Vault) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&vault.seed("audit heads")).map_err(|_| Error::internal("a signing key"))?;
        Ok(Self {
            pair,
            noted: Mutex::default(),
        })
    }

    fn sign(&self, head: &Head, at: Timestamp) -> NotedHead {
        let mut line = NotedHead {
            chain: name(head.tenant),
            seq: head.seq,
            hash: STANDARD.encode(&head.hash),
            at,
            key: STANDARD.encode(self.pair.public_key()),
            signature: String::new(),
        };
        line.signature = STANDARD.encode(self.pair.sign(line.message().as_bytes()));
        line
    }

    fn is_ours(&self, line: &NotedHead) -> bool {
        let Ok(signature) = STANDARD.decode(&line.signature) else { return false };
        UnparsedPublicKey::new(&ED25519, self.pair.public_key())
            .verify(line.message().as_bytes(), &signature)
            .is_ok()
    }
}

fn name(tenant: Option<TenantId>) -> String {
    tenant.map_or_else(|| PLATFORM.to_owned(), |id| id.to_string())
}

/// Notes the heads that moved since this process noted them last; answers how many. Without a log
/// there is nothing to do.
///
/// # Errors
/// When the database or the log does not answer.
pub async fn note(app: &App) -> Result<usize> {
    let Some(log) = app.heads() else { return Ok(0) };
    let signer = app.signer();
    let at = now();
    let mut after = None;
    let (mut lines, mut moved) = (String::new(), Vec::new());
    loop {
        let mut tx = app.db().platform().await?;
        let heads = db::heads(&mut tx, after, PART).await?;
        drop(tx);
        {
            let noted = signer.noted.lock().unwrap_or_else(PoisonError::into_inner);
            for head in &heads {
                let chain = name(head.tenant);
                if head.seq == 0 || noted.get(&chain) == Some(&head.seq) {
                    continue;
                }
                let line = serde_json::to_string(&signer.sign(head, at)).map_err(Error::internal)?;
                lines.push_str(&line);
                lines.push('\n');
                moved.push((chain, head.seq));
            }
        }
        match heads.last().and_then(|head| head.tenant) {
            Some(last) if i64::try_from(heads.len()).is_ok_and(|n| n >= PART) => after = Some(last),
            _ => break,
        }
    }
    if !lines.is_empty() {
        log.append(lines).await.map_err(Error::internal)?;
    }
    let count = moved.len();
    signer.noted.lock().unwrap_or_else(PoisonError::into_inner).extend(moved);
    Ok(count)
}

/// What was noted of one chain.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub heads: BTreeMap<i64, Vec<u8>>,
    /// Lines that are not as this server wrote them.
    pub forged: u64,
}

/// All that was noted, by chain. A line that cannot be read belongs to none, and counts for the platform's.
pub(crate) async fn noted(app: &App, only: Option<&str>) -> Result<BTreeMap<String, Noted>> {
    let Some(log) = app.heads() else { return Ok(BTreeMap::new()) };
    let text = log.read().await.map_err(Error::internal)?;
    let mut out: BTreeMap<String, Noted> = BTreeMap::new();
    for text in text.lines().filter(|line| !line.trim().is_empty()) {
        let line = serde_json::from_str::<NotedHead>(text).ok();
        let chain = line.as_ref().map_or(PLATFORM, |line| line.chain.as_str());
        if only.is_some_and(|only| only != chain) {
            continue;
        }
        let entry = out.entry(chain.to_owned()).or_default();
        match line {
            Some(line) if app.signer().is_ours(&line) => match STANDARD.decode(&line.hash) {
                Ok(hash) => drop(entry.heads.insert(line.seq, hash)),
                Err(_) => entry.forged += 1,
            },
            _ => entry.forged += 1,
        }
    }
    Ok(out)
}
