//! What the role `tenantry_tenant` can do outside its tenant and its workspaces: nothing, in any table.
//! The tables, their columns and a row for each come from the catalogue, so that a new table is tried
//! before anybody thinks of it. What is its own it does see, or the test would prove nothing.
#![expect(clippy::unwrap_used, reason = "tests")]

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use tenantry_db::testing::TestDb;
use uuid::Uuid;

/// A table with rows of tenants.
struct Table {
    name: String,
    /// The column that names the tenant; of `tenant` itself it is `id`.
    tenant: &'static str,
    /// The column that names the workspace; of `workspace` itself it is `id`.
    workspace: Option<&'static str>,
    /// Column and type of what a row needs, or may have.
    columns: Vec<(String, String)>,
}

/// Where a row belongs.
#[derive(Clone, Copy)]
struct Home {
    tenant: Uuid,
    workspace: Uuid,
}

/// Something that fits into a column. Checks are dropped before rows are made.
fn value(kind: &str) -> &'static str {
    match kind {
        "uuid" => "gen_random_uuid()",
        "text" => "md5(random()::text)",
        "timestamp with time zone" => "now()",
        "date" => "current_date",
        "boolean" => "false",
        "smallint" | "integer" | "bigint" | "numeric" => "floor(random() * 30000)",
        "jsonb" => "'{}'",
        "bytea" => "decode(md5(random()::text), 'hex')",
        "inet" => "'192.0.2.1'",
        kind if kind.ends_with("[]") => "'{}'",
        other => panic!("say what a value of the type {other} looks like"),
    }
}

impl Table {
    fn insert(&self, home: Home) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let values: Vec<String> = self
            .columns
            .iter()
            .map(|(name, kind)| match name.as_str() {
                name if name == self.tenant => format!("'{}'", home.tenant),
                name if Some(name) == self.workspace => format!("'{}'", home.workspace),
                // An event and what is personal in it belong together.
                "seq" => format!("abs(hashtext('{}'))", home.workspace),
                _ => value(kind).to_owned(),
            })
            .collect();
        format!("insert into {} ({}) values ({})", self.name, names.join(", "), values.join(", "))
    }

    /// The condition that finds the rows of a home.
    fn at(&self, home: Home) -> String {
        match self.workspace {
            Some(column) => format!("{} = '{}' and {column} = '{}'", self.tenant, home.tenant, home.workspace),
            None => format!("{} = '{}'", self.tenant, home.tenant),
        }
    }
}

async fn tables(conn: &mut PgConnection) -> Vec<Table> {
    let rows = sqlx::query(
        "select c.relname::text, array_agg(a.attname::text order by a.attnum), array_agg(format_type(a.atttypid, a.atttypmod) order by a.attnum)
         from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
         group by c.relname order by c.relname",
    )
    .fetch_all(conn)
    .await
    .unwrap();
    let mut out = Vec::new();
    for row in rows {
        let name: String = row.get(0);
        let columns: Vec<(String, String)> = row.get::<Vec<String>, _>(1).into_iter().zip(row.get::<Vec<String>, _>(2)).collect();
        let has = |column: &str| columns.iter().any(|(name, _)| name == column);
        let tenant = match name.as_str() {
            "tenant" => "id",
            _ if has("tenant_id") => "tenant_id",
            _ => continue,
        };
        let workspace = match name.as_str() {
            "workspace" => Some("id"),
            _ => has("workspace_id").then_some("workspace_id"),
        };
        out.push(Table {
            name,
            tenant,
            workspace,
            columns,
        });
    }
    out
}

/// A row for each home in each table, past all checks.
async fn fill(test: &TestDb, tables: &[Table], homes: &[Home]) -> PgConnection {
    let mut conn = test.superuser().await.unwrap();
    run(
        &mut conn,
        "set session_replication_role = replica;
         do $$ declare c record; begin
           for c in select conrelid::regclass as t, conname as n from pg_constraint where contype = 'c' and coninhcount = 0 and connamespace = 'public'::regnamespace loop
             execute format('alter table %s drop constraint %I', c.t, c.n);
           end loop;
         end $$",
    )
    .await
    .unwrap();
    for table in tables {
        for home in homes {
            // Without a workspace, a row a tenant: of some tables there can be no more.
            let there = format!("select count(*) from {} where {}", table.name, table.at(*home));
            if count(&mut conn, &there).await.unwrap() == 0 {
                run(&mut conn, &table.insert(*home)).await.unwrap();
            }
        }
    }
    conn
}

async fn run(conn: &mut PgConnection, sql: &str) -> sqlx::Result<u64> {
    Ok(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(conn).await?.rows_affected())
}

async fn count(conn: &mut PgConnection, sql: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(conn).await
}

/// Tries a statement and takes it back: how many rows it touched, or that it was not allowed.
async fn attempt(conn: &mut PgConnection, sql: &str) -> Result<u64, String> {
    run(conn, "savepoint attempt").await.unwrap();
    let done = run(conn, sql).await;
    run(conn, "rollback to savepoint attempt").await.unwrap();
    match done {
        Ok(rows) => Ok(rows),
        // Row-level security and missing grants have one code. Anything else is a fault of this test.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => Err(error.to_string()),
        Err(error) => panic!("{sql}: {error}"),
    }
}

/// Enters the tenant's role as the server does, and tries everything on rows at `foreign`.
async fn assert_closed(conn: &mut PgConnection, tables: &[&Table], enter: &str, own: Option<Home>, foreign: Home) {
    let mut faults = Vec::new();
    for table in tables {
        let (name, there) = (&table.name, table.at(foreign));
        run(conn, "begin").await.unwrap();
        run(conn, &format!("set local role tenantry_tenant; {enter}")).await.unwrap();
        if let Some(seen) = rows(conn, &format!("select count(*) from {name} where {there}")).await
            && seen != 0
        {
            faults.push(format!("{name}: {seen} foreign rows are seen"));
        }
        let visible = rows(conn, &format!("select count(*) from {name}")).await;
        let owned = u64::from(own.is_some());
        if visible.is_some_and(|visible| visible != i64::from(own.is_some())) {
            faults.push(format!("{name}: it sees {visible:?} rows, {owned} are its own"));
        }
        for (column, _) in &table.columns {
            let write = format!("update {name} set {column} = {column}");
            for (write, most) in [(format!("{write} where {there}"), 0), (write, owned)] {
                if let Ok(rows) = attempt(conn, &write).await
                    && rows > most
                {
                    faults.push(format!("{write}: {rows} rows"));
                }
            }
        }
        if let Ok(rows) = attempt(conn, &format!("delete from {name} where {there}")).await
            && rows > 0
        {
            faults.push(format!("{name}: {rows} foreign rows are deleted"));
        }
        if attempt(conn, &table.insert(foreign)).await.is_ok() {
            faults.push(format!("{name}: a foreign row is made"));
        }
        // What is its own cannot be moved there.
        if let Some(own) = own {
            let (column, to) = match table.workspace {
                Some(column) if own.tenant == foreign.tenant => (column, foreign.workspace),
                _ => (table.tenant, foreign.tenant),
            };
            if let Ok(rows) = attempt(conn, &format!("update {name} set {column} = '{to}' where {}", table.at(own))).await {
                faults.push(format!("{name}: {rows} rows are moved"));
            }
        }
        run(conn, "rollback").await.unwrap();
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// None when it may not be read.
async fn rows(conn: &mut PgConnection, sql: &str) -> Option<i64> {
    run(conn, "savepoint attempt").await.unwrap();
    let seen = count(conn, sql).await;
    run(conn, "rollback to savepoint attempt").await.unwrap();
    seen.ok()
}

#[tokio::test]
async fn nothing_is_done_outside_ones_tenant_and_workspaces() {
    let test = TestDb::new().await;
    let [a, b] = [Uuid::now_v7(), Uuid::now_v7()];
    let home = |tenant| Home {
        tenant,
        workspace: Uuid::now_v7(),
    };
    let (research, support, other) = (home(a), home(a), home(b));
    let mut superuser = test.superuser().await.unwrap();
    let all = tables(&mut superuser).await;
    let mut superuser = fill(&test, &all, &[research, support, other]).await;
    let of_workspaces: Vec<&Table> = all.iter().filter(|t| t.workspace.is_some()).collect();
    assert!(all.len() > 12 && of_workspaces.len() > 4, "the tables were not found");
    let mut before = Vec::new();
    for table in &all {
        before.push(count(&mut superuser, &format!("select count(*) from {}", table.name)).await.unwrap());
    }

    let mut conn = PgConnection::connect(&test.login_url()).await.unwrap();
    let enter = |tenant: Uuid, workspaces: &str| format!("set local app.tenant_id = '{tenant}'; set local app.workspaces = '{workspaces}'");
    // Another workspace of the same tenant.
    let in_research = enter(a, &research.workspace.to_string());
    assert_closed(&mut conn, &of_workspaces, &in_research, Some(research), support).await;
    // Another tenant, whatever workspaces it says.
    let every: Vec<&Table> = all.iter().collect();
    assert_closed(&mut conn, &every, &enter(b, "*"), Some(other), research).await;
    let pretended = format!("{},{}", other.workspace, research.workspace);
    assert_closed(&mut conn, &every, &enter(b, &pretended), Some(other), research).await;
    // No workspace, and no context at all.
    assert_closed(&mut conn, &of_workspaces, &enter(a, ""), None, research).await;
    assert_closed(&mut conn, &every, "", None, research).await;
    assert_closed(&mut conn, &every, "set local app.workspaces = '*'", None, research).await;

    // What is personal in an event is as far as the event, though it names no workspace: here the one of `research`.
    for (workspaces, seen) in [
        (research.workspace.to_string(), 1),
        (support.workspace.to_string(), 0),
        (String::new(), 0),
    ] {
        run(&mut conn, "begin").await.unwrap();
        run(&mut conn, &format!("set local role tenantry_tenant; {}", enter(a, &workspaces)))
            .await
            .unwrap();
        assert_eq!(
            count(&mut conn, "select count(*) from audit_personal").await.unwrap(),
            seen,
            "{workspaces}"
        );
        run(&mut conn, "rollback").await.unwrap();
    }

    for (table, before) in all.iter().zip(before) {
        let after = count(&mut superuser, &format!("select count(*) from {}", table.name)).await.unwrap();
        assert_eq!(after, before, "{}", table.name);
    }
}
