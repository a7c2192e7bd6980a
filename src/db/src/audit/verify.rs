//! Looks for what was tampered with: walks a chain from its first row, computes every hash anew, and
//! holds the rows against heads that were noted outside the database. Whoever owns the tables can
//! change them at will; what they cannot do is to make this walk end well.

use std::collections::BTreeMap;

use serde_json::Value;
use tenantry_types::TenantId;
use time::OffsetDateTime;
use uuid::Uuid;

use super::chain::{self, PLATFORM, Row};
use crate::{PlatformTx, Result, TenantTx};

/// Rows that are read at once.
const PART: i64 = 1000;
/// After so many findings it is clear that the chain is not to be trusted.
const ENOUGH: usize = 100;

/// What is wrong at one place of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// A row, or what is personal in it, is not what was written.
    Edited,
    /// Rows are not there.
    Missing,
    /// A row stands where it was not written.
    Moved,
    /// The chain ends before the place that was noted.
    Truncated,
    /// The chain goes past its head.
    Added,
    /// The chain is sound in itself, but not the one whose heads were noted.
    Rewritten,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub seq: i64,
    pub finding: Finding,
}

/// The end of a chain: the platform's when there is no tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub tenant: Option<TenantId>,
    pub seq: i64,
    pub hash: Vec<u8>,
}

/// What a walk came to.
#[derive(Debug, Default)]
pub struct Verified {
    pub rows: i64,
    /// Parts about people that were erased.
    pub erased: i64,
    pub found: Vec<Found>,
    pub head: i64,
}

/// A row together with the digests of what is personal in it.
struct Line {
    seq: i64,
    id: Uuid,
    at: OffsetDateTime,
    workspace_id: Option<Uuid>,
    actor_type: String,
    actor_id: Option<String>,
    actor_name: Option<String>,
    actor_digest: Option<Vec<u8>>,
    action: String,
    target_type: String,
    target_id: Option<String>,
    target_name: Option<String>,
    target_digest: Option<Vec<u8>>,
    outcome: String,
    door: String,
    request_id: String,
    changes: Value,
    prev_hash: Vec<u8>,
    hash: Vec<u8>,
    actor_salt: Option<Vec<u8>>,
    actor_person: Option<String>,
    actor_ip: Option<String>,
    actor_changes: Option<Value>,
    target_salt: Option<Vec<u8>>,
    target_person: Option<String>,
    target_ip: Option<String>,
    target_changes: Option<Value>,
}

impl Line {
    /// The row, and what each of its two parts digests to; None for one that is not there.
    fn split(self) -> (Row, [Option<Vec<u8>>; 2]) {
        let part = |salt: Option<Vec<u8>>, name: Option<String>, ip: Option<String>, changes: Option<Value>| {
            salt.map(|salt| chain::digest(&salt, name.as_deref().unwrap_or_default(), ip.as_deref(), changes.as_ref()))
        };
        let parts = [
            part(self.actor_salt, self.actor_person, self.actor_ip, self.actor_changes),
            part(self.target_salt, self.target_person, self.target_ip, self.target_changes),
        ];
        let row = Row {
            seq: self.seq,
            id: self.id,
            at: self.at,
            workspace_id: self.workspace_id,
            actor_type: self.actor_type,
            actor_id: self.actor_id,
            actor_name: self.actor_name,
            actor_digest: self.actor_digest,
            action: self.action,
            target_type: self.target_type,
            target_id: self.target_id,
            target_name: self.target_name,
            target_digest: self.target_digest,
            outcome: self.outcome,
            door: self.door,
            request_id: self.request_id,
            changes: self.changes,
            prev_hash: self.prev_hash,
            hash: self.hash,
        };
        (row, parts)
    }
}

/// The state of a walk along one chain.
struct Walk<'a> {
    chain: String,
    noted: &'a BTreeMap<i64, Vec<u8>>,
    seq: i64,
    hash: Vec<u8>,
    out: Verified,
}

impl<'a> Walk<'a> {
    fn new(chain: String, noted: &'a BTreeMap<i64, Vec<u8>>) -> Self {
        Self {
            chain,
            noted,
            seq: 0,
            hash: Vec::new(),
            out: Verified::default(),
        }
    }

    fn found(&mut self, seq: i64, finding: Finding) {
        if self.out.found.last().is_none_or(|last| (last.seq, last.finding) != (seq, finding)) {
            self.out.found.push(Found { seq, finding });
        }
    }

    fn step(&mut self, row: &Row, parts: &[Option<Vec<u8>>; 2]) {
        let sound = chain::hash(&self.chain, row) == row.hash;
        let linked = row.prev_hash == self.hash;
        if row.seq != self.seq + 1 {
            self.found(self.seq + 1, Finding::Missing);
            if !sound {
                self.found(row.seq, Finding::Edited);
            }
        } else if !linked && sound {
            // It still names the row before as that one was written.
            self.found(self.seq.max(1), Finding::Edited);
        } else if !linked {
            self.found(row.seq, Finding::Moved);
        } else if !sound {
            self.found(row.seq, Finding::Edited);
        }
        for (digest, part) in [&row.actor_digest, &row.target_digest].into_iter().zip(parts) {
            match (digest, part) {
                (Some(_), None) => self.out.erased += 1,
                (digest, Some(part)) if digest.as_ref() != Some(part) => self.found(row.seq, Finding::Edited),
                _ => {}
            }
        }
        if self.noted.get(&row.seq).is_some_and(|noted| *noted != row.hash) {
            self.found(row.seq, Finding::Rewritten);
        }
        self.out.rows += 1;
        self.seq = row.seq;
        self.hash.clone_from(&row.hash);
    }

    /// Whether the walk is over because enough was found.
    fn steps(&mut self, lines: Vec<Line>) -> bool {
        for line in lines {
            let (row, parts) = line.split();
            self.step(&row, &parts);
        }
        self.enough()
    }

    fn enough(&self) -> bool {
        self.out.found.len() >= ENOUGH
    }

    fn end(mut self, head: i64, hash: &[u8], last: i64) -> Verified {
        self.out.head = head;
        if !self.enough() {
            let noted = self.noted.keys().next_back().copied().unwrap_or(0);
            if self.seq < head.max(noted) {
                self.found(self.seq + 1, Finding::Truncated);
            } else if last > head {
                self.found(head + 1, Finding::Added);
            } else if self.hash != hash {
                self.found(self.seq, Finding::Edited);
            }
        }
        self.out
    }
}

/// Walks a chain part by part: the same for a tenant's and the server's, whose tables differ. `$from` ends in a
/// condition; `$4` is the tenant, if there is one. Rows past the head are not read: they grow meanwhile.
macro_rules! walk {
    ($tx:expr, $walk:expr, $head:expr, $workspace:tt, $from:tt $(, $tenant:expr)?) => {{
        let mut after = i64::MIN;
        loop {
            let lines = sqlx::query_as!(
                Line,
                r#"select e.seq, e.id, e.at, "# + $workspace + r#", e.actor_type, e.actor_id, e.actor_name, e.actor_digest, e.action, e.target_type,
                 e.target_id, e.target_name, e.target_digest, e.outcome, e.door, e.request_id, e.changes, e.prev_hash, e.hash,
                 a.salt as "actor_salt?", a.name as "actor_person?", a.ip as "actor_ip?", a.changes as "actor_changes?",
                 t.salt as "target_salt?", t.name as "target_person?", t.ip as "target_ip?", t.changes as "target_changes?" "# + $from + r#"
                 and e.seq > $1 and e.seq <= $2
               order by e.seq
               limit $3"#,
                after,
                $head,
                PART
                $(, $tenant)?
            )
            .fetch_all($tx.conn())
            .await?;
            let Some(end) = lines.last().map(|line| line.seq) else { break };
            after = end;
            if $walk.steps(lines) {
                break;
            }
        }
    }};
}

/// Walks the tenant's chain. `noted` are heads that were noted before: place and hash.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(tx: &mut TenantTx, noted: &BTreeMap<i64, Vec<u8>>) -> Result<Verified> {
    let tenant = tx.tenant_id();
    let id = tenant.uuid();
    // In one statement: the rows grow while they are read.
    let head = sqlx::query!(
        r#"select h.seq, h.hash, coalesce((select max(e.seq) from audit_event e where e.tenant_id = $1), 0) as "last!"
           from audit_head h where h.tenant_id = $1"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    let (seq, hash, last) = head.map(|h| (h.seq, h.hash, h.last)).unwrap_or_default();
    let mut walk = Walk::new(tenant.to_string(), noted);
    walk!(
        tx,
        walk,
        seq,
        "e.workspace_id",
        "from audit_event e
           left join audit_personal a on a.tenant_id = e.tenant_id and a.seq = e.seq and a.party = 'actor'
           left join audit_personal t on t.tenant_id = e.tenant_id and t.seq = e.seq and t.party = 'target'
           where e.tenant_id = $4",
        id
    );
    Ok(walk.end(seq, &hash, last))
}

/// Walks the server's own chain.
///
/// # Errors
/// When the database does not answer.
pub async fn verify_platform(tx: &mut PlatformTx, noted: &BTreeMap<i64, Vec<u8>>) -> Result<Verified> {
    let head = sqlx::query!(
        r#"select h.seq, h.hash, coalesce((select max(e.seq) from platform_audit e), 0) as "last!" from platform_audit_head h where h.one"#
    )
    .fetch_optional(tx.conn())
    .await?;
    let (seq, hash, last) = head.map(|h| (h.seq, h.hash, h.last)).unwrap_or_default();
    let mut walk = Walk::new(PLATFORM.to_owned(), noted);
    walk!(
        tx,
        walk,
        seq,
        "null::uuid as \"workspace_id?\"",
        "from platform_audit e
           left join platform_audit_personal a on a.seq = e.seq and a.party = 'actor'
           left join platform_audit_personal t on t.seq = e.seq and t.party = 'target'
           where true"
    );
    Ok(walk.end(seq, &hash, last))
}

/// The heads of all chains, the platform's first, then tenants by id, from `after` on; at most `limit` tenants.
///
/// # Errors
/// When the database does not answer.
pub async fn heads(tx: &mut PlatformTx, after: Option<TenantId>, limit: i64) -> Result<Vec<Head>> {
    let rows = sqlx::query!(
        r#"select null::uuid as "tenant?", seq as "seq!", hash as "hash!" from platform_audit_head where $1::uuid is null
           union all
           (select tenant_id, seq, hash from audit_head where $1::uuid is null or tenant_id > $1 order by tenant_id limit $2)"#,
        after.map(TenantId::uuid),
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Head {
            tenant: r.tenant.map(TenantId::new),
            seq: r.seq,
            hash: r.hash,
        })
        .collect())
}

/// Which of these tenants an operator purged, by their ids.
///
/// # Errors
/// When the database does not answer.
pub async fn purged(tx: &mut PlatformTx, ids: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct target_id as "id!" from platform_audit where action = 'tenant.purged' and target_id = any ($1)"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?)
}

#[cfg(test)]
mod tests;
