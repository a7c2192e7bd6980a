//! What this server remembers of who may do what, so that a request that is like the one before costs no
//! round trip. Nothing else keeps access.
//!
//! The database notes every change of it in `access_change`, by triggers, in the transaction of the change.
//! Before anything remembered is believed, the server asks for the changes that it has not seen, unless it
//! did so within `TRUST`; after a commit of its own it asks again in any case. When it cannot ask, it
//! believes nothing and the request is refused. So a change counts at once on the server that made it, and
//! within `TRUST` on all others, with no message that could be lost.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use moka::sync::Cache;
use tenantry_types::account::User;
use tenantry_types::{ApiKeyId, TenantId, TenantRole, Timestamp, UserId, WorkspaceId};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::supply::{Catalogue, Supply};
use super::{Asker, KeyFacts, TenantCtx, WorkspaceHead};
use crate::session::Stored;
use crate::token::Alive;
use crate::{Db, Result};

/// For how long nothing is asked.
const TRUST: Duration = Duration::from_millis(500);
/// How long something is remembered, whatever happens.
const KEPT: Duration = Duration::from_secs(60);
/// How many things of each kind. Some hundred bytes each.
const ROOM: u64 = 20_000;

/// What notes are about that name neither a tenant nor an account: models, routes, providers, plans.
pub(super) const CATALOGUE: Uuid = Uuid::nil();

/// Who asked, and the tenant as they named it.
pub(super) type ContextName = (Requester, String);

/// What of an asker decides over their context: all that it is made from beside the database, so that nothing made
/// from an older state of the asker is taken for the present one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Requester {
    Person(UserId, bool),
    Key(ApiKeyId, Option<WorkspaceId>, TenantRole),
}

impl Requester {
    pub fn of(asker: &Asker) -> Self {
        match asker {
            Asker::Person(person) => Self::Person(person.id(), person.user().is_operator),
            Asker::Key(key) => Self::Key(key.id(), key.workspace(), key.facts().role),
        }
    }
}

/// Something remembered, and what it is about.
#[derive(Debug, Clone)]
struct Kept<T> {
    value: T,
    tags: [Option<Uuid>; 2],
    /// The number of the newest change that was known before it was read.
    born: u64,
    /// Since when it is remembered: past `KEPT` nobody knows any more what it missed.
    since: Instant,
}

/// How often something was found, and how often it had to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    pub hits: u64,
    pub misses: u64,
}

/// The things of one kind.
pub(crate) struct Kind<K, T> {
    things: Cache<K, Kept<T>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl<K: std::hash::Hash + Eq + Send + Sync + 'static, T: Clone + Send + Sync + 'static> Kind<K, T> {
    fn new() -> Self {
        Self {
            things: Cache::builder().max_capacity(ROOM).time_to_live(KEPT).build(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    fn rate(&self) -> Rate {
        Rate {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }

    /// Changes what decides over no access in something that is remembered. What takes it back, and when it ends, is as before.
    pub fn amend(&self, key: &K, change: impl FnOnce(&mut T))
    where
        K: Clone,
    {
        if let Some(mut kept) = self.things.get(key) {
            change(&mut kept.value);
            self.things.insert(key.clone(), kept);
        }
    }
}

/// All that is remembered. One for each server, shared by all that work with its database.
pub(crate) struct Memory {
    pub(super) contexts: Kind<ContextName, TenantCtx>,
    pub(super) principals: Kind<UserId, (Arc<User>, Option<TenantId>)>,
    /// By the hash of the cookie's id.
    pub(crate) sessions: Kind<Vec<u8>, Arc<Stored>>,
    pub(super) families: Kind<(Uuid, UserId, Option<TenantId>), Alive>,
    pub(super) keys: Kind<Vec<u8>, (Arc<KeyFacts>, Option<Timestamp>)>,
    /// By who asks, the tenant, and the workspace as they named it.
    pub(super) workspaces: Kind<(Requester, TenantId, String), Arc<WorkspaceHead>>,
    pub(super) supplies: Kind<TenantId, Arc<Supply>>,
    pub(super) catalogue: Kind<(), Arc<Catalogue>>,
    /// The number of the change that touched a tenant or an account last. Kept longer than anything that it could be about.
    changed: Cache<Uuid, u64>,
    number: AtomicU64,
    /// Counts what this server committed.
    commits: AtomicU64,
    heard: Mutex<Heard>,
    /// When it was asked last, and how many commits of this server there were then.
    asked: RwLock<Option<(Instant, u64)>>,
}

/// Where the reading of changes stands.
#[derive(Debug, Default)]
struct Heard {
    /// No transaction before this one has anything new to tell. None: nothing was read yet.
    horizon: Option<i64>,
    /// What could be seen then: what could be, was read.
    snapshot: Option<String>,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

impl Memory {
    pub fn new() -> Self {
        Self {
            contexts: Kind::new(),
            principals: Kind::new(),
            sessions: Kind::new(),
            families: Kind::new(),
            keys: Kind::new(),
            workspaces: Kind::new(),
            supplies: Kind::new(),
            catalogue: Kind::new(),
            changed: Cache::builder().time_to_live(2 * KEPT).build(),
            number: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            heard: Mutex::default(),
            asked: RwLock::new(None),
        }
    }

    /// What this server committed may have changed something: it asks before it believes anything again.
    pub fn committed(&self) {
        self.commits.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether what was heard last is good for somebody who came at this time, after so many commits.
    fn is_fresh(&self, came: Instant, commits: u64) -> bool {
        let asked = *self.asked.read().unwrap_or_else(PoisonError::into_inner);
        asked.is_some_and(|(at, heard)| heard >= commits && (at >= came || at.elapsed() < TRUST))
    }

    fn touched(&self, tag: Uuid) {
        let number = self.number.fetch_add(1, Ordering::AcqRel) + 1;
        self.changed.insert(tag, number);
    }

    fn stands<T>(&self, kept: &Kept<T>) -> bool {
        let unchanged = |tag: &Uuid| self.changed.get(tag).is_none_or(|number| number <= kept.born);
        kept.since.elapsed() < KEPT && kept.tags.iter().flatten().all(unchanged)
    }
}

/// Tells the memory that a transaction may have committed, also when nobody waits for its end any more.
#[derive(Debug)]
pub(crate) struct Committing<'a>(pub &'a Memory);

impl Drop for Committing<'_> {
    fn drop(&mut self) {
        self.0.committed();
    }
}

impl Db {
    /// Hears of the changes since it was asked last, unless that was a moment ago.
    ///
    /// # Errors
    /// When the database does not answer: then nothing that is remembered may be believed.
    async fn hear(&self) -> Result<()> {
        let (came, wanted) = (Instant::now(), self.memory.commits.load(Ordering::Acquire));
        if self.memory.is_fresh(came, wanted) {
            return Ok(());
        }
        let mut heard = self.memory.heard.lock().await;
        // Somebody else asked while this one waited: as good as having asked.
        if self.memory.is_fresh(came, wanted) {
            return Ok(());
        }
        let commits = self.memory.commits.load(Ordering::Acquire);
        let at = Instant::now();
        let mut tx = self.platform().await?;
        let rows = sqlx::query!(
            r#"select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "horizon!", pg_current_snapshot()::text as "snapshot!",
                 coalesce(c.tenant, c.account, case when c.id is not null then '00000000-0000-0000-0000-000000000000'::uuid end) as tag
               from (select 1) one
               left join access_change c on c.xact >= $1 and not pg_visible_in_snapshot(c.xact::text::xid8, $2::text::pg_snapshot)"#,
            heard.horizon.unwrap_or(i64::MAX),
            heard.snapshot.as_deref().unwrap_or("1:1:"),
        )
        .fetch_all(tx.conn())
        .await?;
        drop(tx);
        for tag in rows.iter().filter_map(|row| row.tag) {
            self.memory.touched(tag);
        }
        if let Some(row) = rows.into_iter().next() {
            *heard = Heard {
                horizon: Some(row.horizon),
                snapshot: Some(row.snapshot),
            };
        }
        *self.memory.asked.write().unwrap_or_else(PoisonError::into_inner) = Some((at, commits));
        Ok(())
    }

    /// What is remembered under a name, or else what `read` finds. Nothing is remembered of what it does not find, nor of
    /// what has no tags: no change could ever take that back.
    pub(crate) async fn remembered<K, T>(
        &self,
        kind: impl Fn(&Memory) -> &Kind<K, T>,
        key: K,
        tags: impl FnOnce(&T) -> Option<[Option<Uuid>; 2]>,
        read: impl Future<Output = Result<Option<T>>>,
    ) -> Result<Option<T>>
    where
        K: std::hash::Hash + Eq + Send + Sync + 'static,
        T: Clone + Send + Sync + 'static,
    {
        self.hear().await?;
        let kind = kind(&self.memory);
        if let Some(kept) = kind.things.get(&key).filter(|kept| self.memory.stands(kept)) {
            kind.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(Some(kept.value));
        }
        kind.misses.fetch_add(1, Ordering::Relaxed);
        let (born, since) = (self.memory.number.load(Ordering::Acquire), Instant::now());
        let Some(value) = read.await? else { return Ok(None) };
        if let Some(tags) = tags(&value) {
            let value = value.clone();
            kind.things.insert(key, Kept { value, tags, born, since });
        }
        Ok(Some(value))
    }

    /// How often what was needed to decide was remembered, by kind.
    pub fn memory_rates(&self) -> HashMap<&'static str, Rate> {
        HashMap::from([
            ("context", self.memory.contexts.rate()),
            ("principal", self.memory.principals.rate()),
            ("session", self.memory.sessions.rate()),
            ("token", self.memory.families.rate()),
            ("key", self.memory.keys.rate()),
            ("workspace", self.memory.workspaces.rate()),
            ("supply", self.memory.supplies.rate()),
            ("catalogue", self.memory.catalogue.rate()),
        ])
    }

    /// Removes notes of changes that every server has read or has no use for.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep_changes(&self) -> Result<u64> {
        let mut tx = self.platform().await?;
        // By the database's clock. Transactions are shorter, and nothing is remembered for so long.
        let done = sqlx::query!("delete from access_change where at < now() - interval '1 hour'")
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}
