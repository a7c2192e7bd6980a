//! The catalogue of the database, held against the rules of isolation: every table is in one of the
//! lists, and has what its list asks for. Runs on a database that the migrations made.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use sqlx::{PgConnection, Row};
use tenantry_db::testing::TestDb;

/// Tables of a tenant: `tenant_id` first, RLS enabled and forced, isolated by policy.
const TENANT: &[&str] = &[
    "tenant_key",
    "invitation_workspace",
    "invitation_sent",
    "audit_event",
    "audit_personal",
    "former_member",
    "former_address",
    "quota_use",
    "usage_event",
    "usage_hour",
    "notification_setting",
    "webhook",
];
/// The same, and readable by the platform role: they must be found before the tenant is known.
const LOOKUP: &[&str] = &[
    "membership",
    "workspace",
    "workspace_membership",
    "invitation",
    "quota_limit",
    "model_access",
    "model_rule",
    "workspace_model",
    "outbox",
    "permission_override",
    "audit_head",
    "api_key",
    "tenant_domain",
    "webhook_delivery",
    "alert_told",
];
/// What belongs to the server. `tenant`, `user_account` and `confirmed_domain` have policies of their own besides.
const PLATFORM: &[&str] = &[
    "tenant",
    "tenant_slug",
    "user_account",
    "session",
    "plan",
    "provider",
    "model",
    "model_route",
    "platform_setting",
    "platform_audit",
    "platform_audit_head",
    "platform_audit_personal",
    "audit_person",
    "notification",
    "idempotency_key",
    "account_token",
    "sign_up",
    "totp",
    "recovery_code",
    "sign_in_place",
    "platform_outbox",
    "signing_key",
    "token_family",
    "refresh_token",
    "identity",
    "openid_attempt",
    "confirmed_domain",
    "access_change",
];

async fn names(conn: &mut PgConnection, sql: &'static str) -> BTreeSet<String> {
    sqlx::query(sql)
        .fetch_all(conn)
        .await
        .unwrap()
        .iter()
        .map(|r| r.get::<String, _>(0))
        .collect()
}

#[tokio::test]
async fn every_table_is_in_a_list() {
    let test = TestDb::new().await;
    let mut conn = test.superuser().await.unwrap();
    let there = names(&mut conn, "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> '_sqlx_migrations'").await;
    let listed: BTreeSet<String> = TENANT.iter().chain(LOOKUP).chain(PLATFORM).map(|t| (*t).to_owned()).collect();
    assert_eq!(there, listed);
}

#[tokio::test]
async fn tables_of_a_tenant_are_isolated() {
    let test = TestDb::new().await;
    let mut conn = test.superuser().await.unwrap();
    for table in TENANT.iter().chain(LOOKUP) {
        let row = sqlx::query(
            "select c.relrowsecurity, c.relforcerowsecurity,
               coalesce((select a.attnotnull from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'), false),
               (select count(*) from pg_policies p where p.tablename = c.relname and p.roles = '{tenantry_tenant}' and p.permissive = 'PERMISSIVE' and p.cmd = 'ALL'
                 and p.qual like '%tenant_id = ( SELECT app.tenant_id()%' and p.with_check = p.qual),
               (select count(*) from pg_policies p where p.tablename = c.relname and p.permissive = 'PERMISSIVE' and p.cmd in ('ALL', 'INSERT', 'UPDATE', 'DELETE')
                 and p.roles <> '{tenantry_tenant}')
             from pg_class c where c.relname = $1 and c.relnamespace = 'public'::regnamespace",
        )
        .bind(table)
        .fetch_one(&mut conn)
        .await
        .unwrap();
        assert!(row.get::<bool, _>(0), "{table}: row-level security is off");
        assert!(row.get::<bool, _>(1), "{table}: row-level security is not forced");
        assert!(row.get::<bool, _>(2), "{table}: no tenant_id not null");
        assert_eq!(row.get::<i64, _>(3), 1, "{table}: not exactly one policy that isolates tenants");
        assert_eq!(row.get::<i64, _>(4), 0, "{table}: a policy lets another role write");
    }
}

#[tokio::test]
async fn tables_with_a_workspace_are_kept_to_those_one_may_enter() {
    let test = TestDb::new().await;
    let mut conn = test.superuser().await.unwrap();
    let with_column = names(&mut conn, "select c.relname::text from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p') and not c.relispartition where a.attname = 'workspace_id' and c.relnamespace = 'public'::regnamespace").await;
    let restricted = names(
        &mut conn,
        "select tablename::text from pg_policies where permissive = 'RESTRICTIVE' and roles = '{tenantry_tenant}' and cmd = 'ALL'",
    )
    .await;
    for table in with_column {
        assert!(restricted.contains(&table), "{table}: no restrictive policy on workspaces");
    }
}

#[tokio::test]
async fn keys_and_references_begin_with_the_tenant() {
    let test = TestDb::new().await;
    let mut conn = test.superuser().await.unwrap();
    // Unique indexes of tenant tables lead with tenant_id; a hash of a secret may stand alone.
    let bad = names(
        &mut conn,
        "select i.indexrelid::regclass::text from pg_index i
         join pg_attribute t on t.attrelid = i.indrelid and t.attname = 'tenant_id'
         join pg_class c on c.oid = i.indrelid and c.relnamespace = 'public'::regnamespace
         where i.indisunique and i.indkey[0] <> t.attnum and i.indexrelid::regclass::text not like '%token_hash_key'",
    )
    .await;
    assert!(bad.is_empty(), "unique without the tenant first: {bad:?}");
    // References between tenant tables carry the tenant on both sides; every one says what a delete does.
    let bad = names(
        &mut conn,
        "select k.conname::text from pg_constraint k
         join pg_attribute a on a.attrelid = k.conrelid and a.attname = 'tenant_id'
         join pg_attribute b on b.attrelid = k.confrelid and b.attname = 'tenant_id'
         where k.contype = 'f' and not (a.attnum = any (k.conkey) and b.attnum = any (k.confkey))",
    )
    .await;
    assert!(bad.is_empty(), "references without the tenant: {bad:?}");
    let bad = names(
        &mut conn,
        "select conname::text from pg_constraint where contype = 'f' and confdeltype = 'a'",
    )
    .await;
    assert!(bad.is_empty(), "references that do not say what a delete does: {bad:?}");
}

#[tokio::test]
async fn views_ask_as_who_reads_them() {
    let test = TestDb::new().await;
    let mut conn = test.superuser().await.unwrap();
    let bad = names(&mut conn, "select relname::text from pg_class where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace and not coalesce('security_invoker=true' = any (reloptions), false)").await;
    assert!(bad.is_empty(), "views without security_invoker: {bad:?}");
}

/// What runs with its owner's rights is a way around everything else: one function, which says a number, and two
/// that make and drop the days of `usage_event`.
#[tokio::test]
async fn checklist_31_nothing_runs_with_its_owners_rights_but_what_is_known() {
    let test = TestDb::new().await;
    let mut conn = test.superuser().await.unwrap();
    let found = names(
        &mut conn,
        "select n.nspname || '.' || p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')",
    )
    .await;
    assert_eq!(
        found,
        BTreeSet::from(["app.schema_version", "app.make_usage_days", "app.drop_usage_days"].map(str::to_owned))
    );
}

/// A partition is reached through its table only: what it has of its own is row-level security that lets nobody in.
#[tokio::test]
async fn partitions_are_closed() {
    let test = TestDb::new().await;
    let today = time::OffsetDateTime::now_utc().date();
    let mut tx = test.db.platform().await.unwrap();
    tenantry_db::usage::make_days(&mut tx, today - time::Duration::days(1000), today + time::Duration::days(1000))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut conn = test.superuser().await.unwrap();
    let count = names(&mut conn, "select relname::text from pg_class where relispartition and relkind = 'r'")
        .await
        .len();
    assert_eq!(count, 409, "no day longer ago than 400 days, none further ahead than 8");
    let open = names(
        &mut conn,
        "select c.relname::text from pg_class c where c.relispartition and c.relkind = 'r' and (not c.relrowsecurity or not c.relforcerowsecurity
           or exists (select 1 from aclexplode(c.relacl) a where a.grantee <> c.relowner))",
    )
    .await;
    assert!(open.is_empty(), "{open:?}");
    let mut tx = test.db.platform().await.unwrap();
    assert_eq!(
        tenantry_db::usage::drop_days(&mut tx, today + time::Duration::days(30)).await.unwrap(),
        393
    );
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn the_login_role_has_nothing_of_its_own() {
    let test = TestDb::new().await;
    let mut conn = test.superuser().await.unwrap();
    let row = sqlx::query("select rolsuper, rolbypassrls, rolinherit, rolcreaterole from pg_roles where rolname = 'tenantry_test_app'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    for column in 0..4 {
        assert!(!row.get::<bool, _>(column), "column {column}");
    }
    let grants = names(
        &mut conn,
        "select table_name::text from information_schema.role_table_grants where grantee = 'tenantry_test_app'",
    )
    .await;
    assert!(grants.is_empty(), "{grants:?}");
    let truncate = names(&mut conn, "select table_name::text from information_schema.role_table_grants where grantee in ('tenantry_tenant', 'tenantry_platform') and privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER')").await;
    assert!(truncate.is_empty(), "{truncate:?}");
}

#[tokio::test]
async fn a_superuser_is_refused() {
    let test = TestDb::new().await;
    let url = std::env::var("TENANTRY_TEST_DATABASE_URL")
        .unwrap()
        .replacen("/postgres?", &format!("/{}?", test.name), 1);
    let error = tenantry_db::Db::connect(&url, 1).await.expect_err("a superuser must not be let in");
    assert!(error.to_string().contains("superuser"), "{error}");
    let error = tenantry_db::Db::connect(&test.owner_url(), 1)
        .await
        .expect_err("an owner must not be let in");
    assert!(error.to_string().contains("owns tables"), "{error}");
}
