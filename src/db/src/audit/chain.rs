//! What makes rows a chain, and what of a row the chain covers: ids, words and the salted digests of
//! what is about a person. That itself stands apart (`Personal`), so that it can be erased while all
//! hashes still hold. Pure: the same functions write rows and verify them.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tenantry_types::{Email, UserId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Event;
use crate::access::Actor;

/// The name of the server's own chain; those of tenants are called by the tenant's id.
pub const PLATFORM: &str = "platform";

/// Names of fields whose text is never written, whoever puts it into an event.
const SECRETS: &[&str] = &[
    "password",
    "secret",
    "token",
    "api_key",
    "authorization",
    "cookie",
    "totp",
    "recovery_codes",
];

/// A row as the chain covers it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub seq: i64,
    pub id: Uuid,
    pub at: OffsetDateTime,
    pub workspace_id: Option<Uuid>,
    pub actor_type: String,
    pub actor_id: Option<String>,
    pub actor_name: Option<String>,
    pub actor_digest: Option<Vec<u8>>,
    pub action: String,
    pub target_type: String,
    pub target_id: Option<String>,
    pub target_name: Option<String>,
    pub target_digest: Option<Vec<u8>>,
    pub outcome: String,
    pub door: String,
    pub request_id: String,
    pub changes: Value,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

/// Whom of an event something personal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    Actor,
    Target,
}

impl Party {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Target => "target",
        }
    }
}

/// What a row does not hold itself, because it is about a person.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Personal {
    pub seq: i64,
    pub party: Party,
    pub person: Option<Uuid>,
    pub name: String,
    pub ip: Option<String>,
    pub changes: Option<Value>,
    pub salt: Vec<u8>,
}

impl Personal {
    pub(crate) fn digest(&self) -> Vec<u8> {
        digest(&self.salt, &self.name, self.ip.as_deref(), self.changes.as_ref())
    }
}

/// Without the salt, which goes with the rest, a name could be found again by trying all names.
pub(crate) fn digest(salt: &[u8], name: &str, ip: Option<&str>, changes: Option<&Value>) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(canonical(&json!([name, ip, changes])));
    hash.finalize().to_vec()
}

/// The person that an address stands for while nobody has an account with it.
pub fn address(address: &Email) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"tenantry address 1\0");
    hash.update(address.as_str().as_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&hash.finalize()[..16]);
    Uuid::from_bytes(half)
}

/// Whether the target is a person, and which.
fn person(event: &Event) -> Option<Option<Uuid>> {
    match event.target_type {
        "user" => Some(event.target_id.as_deref().and_then(|id| id.parse::<UserId>().ok()).map(UserId::uuid)),
        // Named by the address that was invited, or tried.
        "invitation" | "address" => Some(Email::parse(&event.target_name).ok().map(|email| address(&email))),
        _ => None,
    }
}

/// Links events to the head of a chain.
pub(crate) fn link(
    chain: &str,
    mut seq: i64,
    head: &[u8],
    workspace: Option<WorkspaceId>,
    events: impl IntoIterator<Item = (Actor, Event)>,
) -> (Vec<Row>, Vec<Personal>) {
    let mut prev = head.to_vec();
    let (mut rows, mut personal) = (Vec::new(), Vec::new());
    for (actor, event) in events {
        seq += 1;
        let first = personal.len();
        let mut row = bare(seq, prev, workspace, &actor, &event);
        if actor.user_id().is_some() || actor.origin().ip.is_some() {
            row.actor_name = actor.user_id().is_none().then(|| actor.name().to_owned());
            personal.push(Personal {
                seq,
                party: Party::Actor,
                person: actor.user_id().map(UserId::uuid),
                name: actor.user_id().map(|_| actor.name().to_owned()).unwrap_or_default(),
                ip: actor.origin().ip.map(|ip| ip.to_string()),
                changes: None,
                salt: rand::random::<[u8; 16]>().to_vec(),
            });
        }
        let about = person(&event);
        let details = Some(clean(event.personal)).filter(|value| !value.is_null());
        if about.is_some() || details.is_some() {
            if about.is_some() {
                row.target_name = None;
            }
            personal.push(Personal {
                seq,
                party: Party::Target,
                // What is personal and not about the target is about who did it.
                person: about.unwrap_or_else(|| actor.user_id().map(UserId::uuid)),
                name: about.map(|_| event.target_name).unwrap_or_default(),
                ip: None,
                changes: details,
                salt: rand::random::<[u8; 16]>().to_vec(),
            });
        }
        for part in &personal[first..] {
            match part.party {
                Party::Actor => row.actor_digest = Some(part.digest()),
                Party::Target => row.target_digest = Some(part.digest()),
            }
        }
        row.hash = hash(chain, &row);
        prev = row.hash.clone();
        rows.push(row);
    }
    (rows, personal)
}

fn bare(seq: i64, prev_hash: Vec<u8>, workspace: Option<WorkspaceId>, actor: &Actor, event: &Event) -> Row {
    let at = event.at.0;
    Row {
        seq,
        id: event.id.uuid(),
        // What the database keeps: microseconds.
        at: at.replace_nanosecond(at.nanosecond() / 1000 * 1000).unwrap_or(at),
        workspace_id: event.workspace.or(workspace).map(WorkspaceId::uuid),
        actor_type: actor.kind().into(),
        actor_id: actor.id_text(),
        actor_name: Some(actor.name().to_owned()),
        actor_digest: None,
        action: event.action.into(),
        target_type: event.target_type.into(),
        target_id: event.target_id.clone(),
        target_name: Some(event.target_name.clone()),
        target_digest: None,
        outcome: event.outcome.as_str().into(),
        door: actor.origin().door.as_str().into(),
        request_id: actor.origin().request_id.clone(),
        changes: clean(event.changes.clone()),
        prev_hash,
        hash: Vec::new(),
    }
}

/// The hash of a row: over the one before, the chain's name, and all that the row holds.
pub(crate) fn hash(chain: &str, row: &Row) -> Vec<u8> {
    let body = json!([
        "tenantry audit 2",
        chain,
        row.seq,
        row.id,
        i64::try_from(row.at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX),
        row.workspace_id,
        row.actor_type,
        row.actor_id,
        row.actor_name,
        row.actor_digest,
        row.action,
        row.target_type,
        row.target_id,
        row.target_name,
        row.target_digest,
        row.outcome,
        row.door,
        row.request_id,
        row.changes,
    ]);
    let mut hash = Sha256::new();
    hash.update(&row.prev_hash);
    hash.update(canonical(&body));
    hash.finalize().to_vec()
}

/// JSON with the keys of objects in order: the database keeps them in an order of its own.
fn canonical(value: &Value) -> String {
    fn write(out: &mut String, value: &Value) {
        match value {
            Value::Array(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        out.push(',');
                    }
                    write(out, item);
                }
                out.push(']');
            }
            Value::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                out.push('{');
                for (place, (key, item)) in entries.into_iter().enumerate() {
                    if place > 0 {
                        out.push(',');
                    }
                    out.push_str(&Value::String(key.clone()).to_string());
                    out.push(':');
                    write(out, item);
                }
                out.push('}');
            }
            plain => out.push_str(&plain.to_string()),
        }
    }
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// What may be written, in a form that comes back from the database as it went in.
fn clean(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| match value {
                    Value::String(_) if SECRETS.contains(&key.as_str()) => (key, Value::String("***".into())),
                    other => (key, clean(other)),
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(clean).collect()),
        // The database writes fractions and exponents its own way.
        Value::Number(number) if number.is_f64() => Value::String(number.to_string()),
        // It has no zero byte.
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "")),
        other => other,
    }
}

#[cfg(test)]
mod tests;
