//! Databases for tests: one for each, made from a template that was migrated once. Tests log in as
//! the real login role, because a superuser ignores row-level security. Always compiled, though the server
//! has no use for it: a feature would have every crate built twice, with it and without.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::{Db, MIGRATOR, OwnerDb};

const OWNER: &str = "tenantry_test_owner";
const LOGIN: &str = "tenantry_test_app";
const VARIABLE: &str = "TENANTRY_TEST_DATABASE_URL";

/// A migrated database of its own; gone when it is dropped.
#[derive(Debug)]
pub struct TestDb {
    pub db: Db,
    pub name: String,
    server: PgConnectOptions,
}

impl TestDb {
    /// # Panics
    /// When there is no cluster for tests, or it does not work.
    #[expect(clippy::panic, clippy::expect_used, reason = "a test cannot go on without its database")]
    pub async fn new() -> Self {
        let Ok(url) = std::env::var(VARIABLE) else {
            panic!(
                "{VARIABLE} is not set: run `make test`, or start a cluster with `scripts/postgres start DIR` and set it to the URL that this prints"
            );
        };
        let server = PgConnectOptions::from_str(&url).expect("the URL of the test cluster");
        let mut conn = PgConnection::connect_with(&server).await.expect("the test cluster answers");
        let template = template(&mut conn, &server).await.expect("the template");
        let name = format!("tenantry_test_{}", uuid::Uuid::now_v7().simple());
        run(&mut conn, format!("create database {name} template {template} owner {OWNER}"))
            .await
            .expect("a database");
        let url = server.clone().database(&name).username(LOGIN).to_url_lossy();
        let db = Db::connect(url.as_str(), 20).await.expect("the login role connects");
        Self { db, name, server }
    }

    /// The address for the login role, for a server of its own.
    pub fn login_url(&self) -> String {
        self.server.clone().database(&self.name).username(LOGIN).to_url_lossy().to_string()
    }

    /// The address for the owner.
    pub fn owner_url(&self) -> String {
        self.server.clone().database(&self.name).username(OWNER).to_url_lossy().to_string()
    }

    /// The number that a query answers with, past row-level security.
    ///
    /// # Errors
    /// When the query does not work.
    pub async fn count(&self, sql: &str) -> crate::Result<i64> {
        let mut conn = self.superuser().await?;
        Ok(sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut conn).await?)
    }

    /// Runs statements past row-level security, to put the data into a state.
    ///
    /// # Errors
    /// When one of them does not work.
    pub async fn run(&self, sql: &str) -> crate::Result<()> {
        let mut conn = self.superuser().await?;
        run(&mut conn, sql.to_owned()).await?;
        self.db.memory.committed();
        Ok(())
    }

    /// A connection as the superuser, to look at what is there and to break it.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn superuser(&self) -> sqlx::Result<PgConnection> {
        PgConnection::connect_with(&self.server.clone().database(&self.name)).await
    }
}

async fn run(conn: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.map(drop)
}

async fn template(conn: &mut PgConnection, server: &PgConnectOptions) -> sqlx::Result<String> {
    let mut hash = DefaultHasher::new();
    for migration in MIGRATOR.iter() {
        migration.checksum.hash(&mut hash);
    }
    let name = format!("tenantry_template_{:016x}", hash.finish());
    // Each test is a process of its own: the first one makes the template, the others wait for it.
    run(conn, "select pg_advisory_lock(7461)".to_owned()).await?;
    let done = sqlx::query_scalar::<_, i64>("select count(*) from pg_database where datname = $1 and datistemplate")
        .bind(&name)
        .fetch_one(&mut *conn)
        .await?;
    if done == 0 {
        run(conn, format!("drop database if exists {name}")).await?;
        let role =
            format!("do $$ begin create role {OWNER} login nosuperuser nobypassrls createrole; exception when duplicate_object then null; end $$");
        run(conn, role).await?;
        run(conn, format!("create database {name} owner {OWNER}")).await?;
        let url = server.clone().database(&name).username(OWNER).to_url_lossy();
        let mut owner = OwnerDb::connect(url.as_str()).await.map_err(|e| sqlx::Error::Configuration(e.into()))?;
        owner.migrate(LOGIN, None).await.map_err(|e| sqlx::Error::Configuration(e.into()))?;
        drop(owner);
        run(conn, format!("alter database {name} with is_template true")).await?;
    }
    run(conn, "select pg_advisory_unlock(7461)".to_owned()).await?;
    Ok(name)
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A runtime of its own: the test's may be at its end.
        let clean = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                let mut conn = PgConnection::connect_with(&server).await.ok()?;
                run(&mut conn, format!("drop database if exists {name} with (force)")).await.ok()
            })
        };
        drop(std::thread::spawn(clean).join());
    }
}
