//! Sessions in Postgres. Only a hash of the id is stored; idle and absolute limits are checked when
//! a session is loaded, and `last_seen_at` is written at most once a minute. The store is here; what
//! front ends read of a session is in `held`, and what a person sees of theirs in `list`.

mod held;
mod list;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tenantry_types::UserId;
use time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{self, SessionStore};
use uuid::Uuid;

use crate::{Db, DbError, Result};

pub use held::{Held, Place, SessionKey, SignedIn, begin, held, renew, stand};
pub use list::{delete_all, delete_one, list};

/// The key in a session's data under which the person is found.
pub const USER_KEY: &str = "user";

/// How long a session lives.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// Without being used.
    pub idle: Duration,
    /// In all.
    pub absolute: Duration,
}

/// The store that `tower-sessions` uses.
#[derive(Debug, Clone)]
pub struct PgSessionStore {
    db: Db,
    limits: SessionLimits,
}

impl PgSessionStore {
    pub fn new(db: Db, limits: SessionLimits) -> Self {
        Self { db, limits }
    }

    async fn write(&self, record: &Record, new: bool) -> Result<bool> {
        let now = OffsetDateTime::now_utc();
        let data = serde_json::to_value(&record.data).map_err(|_| DbError::Corrupt("session data"))?;
        let user = record
            .data
            .get(USER_KEY)
            .and_then(|v| v.as_str())
            .and_then(|text| text.parse::<UserId>().ok())
            .map(UserId::uuid);
        let how = SignedIn::of(&record.data);
        let hash = hash(&record.id);
        let mut tx = self.db.platform().await?;
        let done = if new {
            sqlx::query!(
                "insert into session (id_hash, user_id, data, created_at, last_seen_at, expires_at, id, device, address)
                 values ($1, $2, $3, $4, $4, $5, $6, $7, $8)
                 on conflict (id_hash) do nothing",
                hash,
                user,
                data,
                now,
                now + self.limits.absolute,
                Uuid::now_v7(),
                how.device,
                how.address,
            )
            .execute(tx.conn())
            .await?
        } else {
            // A session that was ended in the meantime stays ended.
            sqlx::query!(
                "update session set user_id = $2, data = $3, last_seen_at = $4 where id_hash = $1",
                hash,
                user,
                data,
                now
            )
            .execute(tx.conn())
            .await?
        };
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Removes sessions that are over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delete_expired(&self) -> Result<u64> {
        let now = OffsetDateTime::now_utc();
        let mut tx = self.db.platform().await?;
        let done = sqlx::query!(
            "delete from session where expires_at < $1 or last_seen_at < $2",
            now,
            now - self.limits.idle
        )
        .execute(tx.conn())
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok(done)
    }
}

fn hash(id: &Id) -> Vec<u8> {
    Sha256::digest(id.0.to_be_bytes()).to_vec()
}

fn fault(error: DbError) -> session_store::Error {
    // The text goes into a log line of the session layer, never to the browser.
    session_store::Error::Backend(error.to_string())
}

/// A session as it stands in the database.
#[derive(Debug)]
pub(crate) struct Stored {
    data: HashMap<String, Value>,
    /// None: of nobody.
    user: Option<Uuid>,
    last_seen_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    /// Whether the account has another password by now.
    of_before: bool,
}

impl PgSessionStore {
    async fn read(&self, id: &Id) -> Result<Option<Record>> {
        let now = OffsetDateTime::now_utc();
        let hash = hash(id);
        // One of nobody changes without a note.
        let tags = |stored: &Arc<Stored>| stored.user.map(|user| [Some(user), None]);
        let found = self.db.remembered(|m| &m.sessions, hash.clone(), tags, self.read_stored(&hash)).await?;
        let Some(stored) = found else { return Ok(None) };
        if stored.of_before || stored.expires_at <= now || stored.last_seen_at + self.limits.idle <= now {
            let mut tx = self.db.platform().await?;
            sqlx::query!("delete from session where id_hash = $1", hash).execute(tx.conn()).await?;
            tx.commit().await?;
            return Ok(None);
        }
        if stored.last_seen_at + Duration::from_secs(60) <= now {
            self.touch(&hash, stored.user, now).await?;
        }
        Ok(Some(Record {
            id: *id,
            data: stored.data.clone(),
            expiry_date: stored.expires_at,
        }))
    }

    async fn read_stored(&self, hash: &[u8]) -> Result<Option<Arc<Stored>>> {
        let mut tx = self.db.platform().await?;
        let row = sqlx::query!(
            r#"select s.data, s.user_id, s.last_seen_at, s.expires_at, u.password_version as "password_version?"
               from session s left join user_account u on u.id = s.user_id where s.id_hash = $1"#,
            hash
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let data: HashMap<String, Value> = serde_json::from_value(row.data).map_err(|_| DbError::Corrupt("session data"))?;
        // Also one that began in the instant in which the password was changed elsewhere.
        let of_before = row.password_version.is_some_and(|now| now != SignedIn::of(&data).password_version);
        Ok(Some(Arc::new(Stored {
            data,
            user: row.user_id,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
            of_before,
        })))
    }

    /// Notes that the session was used; a change like others, after which it is read anew.
    async fn touch(&self, hash: &[u8], user: Option<Uuid>, now: OffsetDateTime) -> Result<()> {
        let mut tx = self.db.platform().await?;
        sqlx::query!("update session set last_seen_at = $2 where id_hash = $1", hash, now)
            .execute(tx.conn())
            .await?;
        if let Some(user) = user {
            sqlx::query!("update user_account set last_active_at = $2 where id = $1", user, now)
                .execute(tx.conn())
                .await?;
        }
        tx.commit().await
    }
}

#[async_trait]
impl SessionStore for PgSessionStore {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        // 128 random bits: a second round is not expected, but an id must never be taken over.
        while !self.write(record, true).await.map_err(fault)? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        self.write(record, false).await.map_err(fault).map(drop)
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        self.read(id).await.map_err(fault)
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        let run = async {
            let mut tx = self.db.platform().await?;
            sqlx::query!("delete from session where id_hash = $1", hash(id))
                .execute(tx.conn())
                .await?;
            tx.commit().await
        };
        run.await.map_err(fault)
    }
}
