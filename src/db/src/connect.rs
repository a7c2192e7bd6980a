//! Connecting, checking who we are, ensuring roles, migrating. The pool never leaves this crate.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::access::Memory;

#[cfg(test)]
mod tests;

/// The migrations, compiled in.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// The oldest Postgres that has what we use: views with `security_invoker`.
const OLDEST: i32 = 150_000;

/// Why the server does not start on this database.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the address of the database cannot be read: {0}")]
    Address(String),
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    #[error("the database refuses the login: {0}")]
    Refused(String),
    #[error("Postgres {0} is too old: version 15 or newer is needed")]
    TooOld(String),
    #[error(
        "the login role \"{role}\" {why}: row-level security would not hold. Use a role that owns nothing, has no grants and is NOSUPERUSER NOBYPASSRLS NOINHERIT"
    )]
    UnsafeRole { role: String, why: &'static str },
    #[error("the owner role \"{0}\" must not be a superuser: it would migrate past row-level security")]
    OwnerIsSuperuser(String),
    #[error("the login role \"{0}\" may not enter tenantry_tenant and tenantry_platform: run `tenantry migrate` with DATABASE_OWNER_URL")]
    NoRoles(String),
    #[error("the database has no schema, or an older one: run `tenantry migrate` with DATABASE_OWNER_URL")]
    NotMigrated,
    #[error("migration failed: {0}")]
    Migration(String),
}

/// A server that answers and says no is another thing to look for than one that does not answer.
fn unreachable(error: sqlx::Error) -> StartError {
    match error {
        // 28: the role or its password; 3D: no such database
        sqlx::Error::Database(db) if db.code().is_some_and(|code| code.starts_with("28") || code.starts_with("3D")) => {
            StartError::Refused(db.message().to_owned())
        }
        other => StartError::Unreachable(other.to_string()),
    }
}

/// `version` is Postgres' `server_version_num`, `text` what people call it.
fn new_enough(version: i32, text: String) -> Result<(), StartError> {
    if version < OLDEST { Err(StartError::TooOld(text)) } else { Ok(()) }
}

/// How long the server's role may take, and wait: what runs into one ends with `DbError::Timeout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For one statement.
    pub statement: Duration,
    /// For a row or table that somebody else has locked.
    pub lock: Duration,
    /// For a transaction in which nothing happens.
    pub idle_in_transaction: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(25),
            lock: Duration::from_secs(10),
            idle_in_transaction: Duration::from_secs(60),
        }
    }
}

/// A server on this database.
#[derive(Debug)]
pub struct Node {
    /// `tenantry host:pid`.
    pub name: String,
    pub connections: i64,
    /// When the oldest of its connections began.
    pub since: time::OffsetDateTime,
}

/// What this process calls itself at the database, which cuts names after 63 bytes.
fn node() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String = host.trim().chars().filter(char::is_ascii_graphic).take(40).collect();
    format!("tenantry {host}:{}", std::process::id())
}

/// The database as the server uses it: through the login role, in transactions that enter a role.
#[derive(Clone, Debug)]
pub struct Db {
    pub(crate) pool: PgPool,
    suspect: Arc<AtomicBool>,
    pub(crate) memory: Arc<Memory>,
}

impl Db {
    /// Connects as the login role and refuses one that could pass row-level security.
    ///
    /// # Errors
    /// Says what is wrong with the address, the server, the role or the schema.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, StartError> {
        Self::connect_with(url, max_connections, Timeouts::default()).await
    }

    /// The same, with times of one's own.
    ///
    /// # Errors
    /// As `connect`.
    pub async fn connect_with(url: &str, max_connections: u32, timeouts: Timeouts) -> Result<Self, StartError> {
        let ms = |time: Duration| format!("{}ms", time.as_millis());
        let options = PgConnectOptions::from_str(url).map_err(|e| StartError::Address(e.to_string()))?;
        let options = options.application_name(&node()).options([
            ("statement_timeout", ms(timeouts.statement)),
            ("lock_timeout", ms(timeouts.lock)),
            ("idle_in_transaction_session_timeout", ms(timeouts.idle_in_transaction)),
            ("jit", "off".to_owned()),
        ]);
        let suspect = Arc::new(AtomicBool::new(false));
        let flag = suspect.clone();
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(5))
            .after_release(move |conn, _| {
                let suspect = flag.load(Ordering::Relaxed);
                Box::pin(async move {
                    // After a failed begin a connection may come back inside an aborted transaction.
                    if suspect {
                        conn.execute("rollback").await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(unreachable)?;
        let db = Self {
            pool,
            suspect,
            memory: Arc::new(Memory::new()),
        };
        db.check().await?;
        Ok(db)
    }

    /// What a transaction that did not begin means: its text is always the same, so whatever the
    /// database says against it (also "no longer yours to connect to"), it cannot be worked with now.
    pub(crate) fn begin_failed(&self, error: sqlx::Error) -> crate::DbError {
        self.suspect.store(true, Ordering::Relaxed);
        crate::DbError::Unavailable(error)
    }

    async fn check(&self) -> Result<(), StartError> {
        let fault = unreachable;
        let row = sqlx::query!(
            r#"select current_setting('server_version_num')::int as "version!", current_setting('server_version') as "version_text!",
                 r.rolname as "role!", r.rolsuper as "superuser!", r.rolbypassrls as "bypass!", r.rolinherit as "inherit!",
                 exists (select 1 from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p', 'v', 'm')) as "owns!",
                 coalesce((select bool_and(pg_has_role(r.oid, x.oid, 'member')) and count(*) = 2 from pg_roles x where x.rolname in ('tenantry_tenant', 'tenantry_platform')), false) as "enters!",
                 exists (select 1 from pg_roles s where s.rolsuper and not r.rolsuper and pg_has_role(r.oid, s.oid, 'member')) as "super_member!",
                 to_regclass('public.tenant') is not null as "schema!"
               from pg_roles r
               where r.rolname = current_user"#
        )
        .fetch_one(&self.pool)
        .await
        .map_err(fault)?;
        new_enough(row.version, row.version_text)?;
        let unsafe_role = |why| Err(StartError::UnsafeRole { role: row.role.clone(), why });
        if row.superuser {
            return unsafe_role("is a superuser");
        }
        if row.bypass {
            return unsafe_role("may bypass row-level security");
        }
        if row.owns {
            return unsafe_role("owns tables");
        }
        if row.inherit {
            return unsafe_role("inherits what its roles may");
        }
        if row.super_member {
            return unsafe_role("may become a superuser");
        }
        if !row.schema {
            return Err(StartError::NotMigrated);
        }
        if !row.enters {
            return Err(StartError::NoRoles(row.role));
        }
        let newest = MIGRATOR.iter().map(|m| m.version).max().unwrap_or_default();
        match self.migration().await {
            Ok(version) if version >= newest => Ok(()),
            _ => Err(StartError::NotMigrated),
        }
    }

    /// The number of the newest migration in the database; 0 without any.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn migration(&self) -> crate::Result<i64> {
        let mut tx = self.platform().await?;
        let version = sqlx::query_scalar!(r#"select app.schema_version() as "version!""#)
            .fetch_one(tx.conn())
            .await?;
        Ok(version)
    }

    /// The version of Postgres.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn version(&self) -> crate::Result<String> {
        Ok(sqlx::query_scalar!(r#"select current_setting('server_version') as "version!""#)
            .fetch_one(&self.pool)
            .await?)
    }

    /// The servers on this database, by their connections: the name that each gave, how many it has, and since when.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn nodes(&self) -> crate::Result<Vec<Node>> {
        // As the login role: connections of others are not to be seen in full, and entered roles see none of its own.
        Ok(sqlx::query_as!(
            Node,
            r#"select application_name as "name!", count(*) as "connections!", min(backend_start) as "since!"
               from pg_stat_activity
               where datname = current_database() and usename = current_user and application_name like 'tenantry %'
               group by application_name
               order by 3, 1
               limit 100"#
        )
        .fetch_all(&self.pool)
        .await?)
    }

    /// Closes all connections, after those in use are done.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// The database as its owner sees it: makes roles, runs migrations, nothing else.
#[derive(Debug)]
pub struct OwnerDb {
    conn: PgConnection,
}

impl OwnerDb {
    /// # Errors
    /// When the address cannot be read, the server cannot be reached or is too old.
    pub async fn connect(url: &str) -> Result<Self, StartError> {
        let options = PgConnectOptions::from_str(url).map_err(|e| StartError::Address(e.to_string()))?;
        let mut conn = PgConnection::connect_with(&options).await.map_err(unreachable)?;
        let row = sqlx::query!(r#"select current_setting('server_version_num')::int as "version!", current_setting('server_version') as "text!""#)
            .fetch_one(&mut conn)
            .await
            .map_err(unreachable)?;
        new_enough(row.version, row.text)?;
        Ok(Self { conn })
    }

    /// Ensures the roles and runs the migrations that are missing. `login` is the role of the
    /// server, with its password when it has one: it is made when it does not exist, and may then
    /// enter the two roles.
    ///
    /// # Errors
    /// What went wrong; nothing of the migration that failed is left.
    pub async fn migrate(&mut self, login: &str, password: Option<&str>) -> Result<(), StartError> {
        let fault = |e: sqlx::Error| StartError::Migration(e.to_string());
        sqlx::raw_sql(include_str!("../sql/roles.sql"))
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        let row = sqlx::query!(
            r#"select quote_ident($1) as "ident!", quote_literal(coalesce($2, '')) as "secret!",
                 exists (select 1 from pg_roles where rolname = $1) as "exists!",
                 (select rolsuper from pg_roles where rolname = current_user) as "superuser!", current_user::text as "me!""#,
            login,
            password,
        )
        .fetch_one(&mut self.conn)
        .await
        .map_err(fault)?;
        if row.superuser {
            return Err(StartError::OwnerIsSuperuser(row.me));
        }
        // Statements about roles take no parameters; both texts were quoted by Postgres itself.
        if !row.exists {
            let secret = if password.is_some() {
                format!("password {}", row.secret)
            } else {
                String::new()
            };
            let sql = format!(
                "create role {} login nosuperuser nobypassrls noinherit nocreatedb nocreaterole {secret}",
                row.ident
            );
            match sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.conn).await {
                Err(sqlx::Error::Database(e)) if matches!(e.code().as_deref(), Some("42710" | "23505")) => {}
                other => {
                    other.map_err(fault)?;
                }
            }
        }
        let grant = format!("grant tenantry_tenant, tenantry_platform to {}", row.ident);
        match sqlx::raw_sql(AssertSqlSafe(grant)).execute(&mut self.conn).await {
            // Two servers that start at once: the other one's grant stands.
            Err(sqlx::Error::Database(e)) if matches!(e.code().as_deref(), Some("23505" | "XX000")) => {}
            other => {
                other.map_err(fault)?;
            }
        }
        MIGRATOR.run(&mut self.conn).await.map_err(|e| StartError::Migration(e.to_string()))
    }
}
