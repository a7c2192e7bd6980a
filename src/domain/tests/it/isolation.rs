//! What one tenant must never see or touch of another.

use serde_json::json;
use sqlx::{Connection, PgConnection, Row};
use tenantry_domain::{access, invitations, members, workspaces};
use tenantry_types::member::MemberPatch;
use tenantry_types::{PageQuery, ProblemCode};

use crate::support::{URL, code, ctx, invitation, world};

#[tokio::test]
async fn a_foreign_tenant_does_not_exist() {
    let w = world().await;
    for who in [&w.b.owner, &w.b.admin, &w.b.developer, &w.b.viewer] {
        assert_eq!(code(access::tenant(&w.app, who, &w.a.slug).await), ProblemCode::NotFound);
        let id = ctx(&w.app, &w.a.owner, &w.a.slug).await.tenant().id.to_string();
        assert_eq!(code(access::tenant(&w.app, who, &id).await), ProblemCode::NotFound);
    }
}

#[tokio::test]
async fn ids_of_another_tenant_name_nothing() {
    let w = world().await;
    let a = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let b = ctx(&w.app, &w.b.owner, &w.b.slug).await;
    let theirs = workspaces::list(&w.app, a.grant().unwrap(), PageQuery::default(), None)
        .await
        .unwrap()
        .items
        .remove(0);
    let invited = invitations::create(&w.app, a.grant().unwrap(), invitation(json!({ "email": "x@new.example" })), URL)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(code(access::workspace(&w.app, &b, &theirs.id.to_string()).await), ProblemCode::NotFound);
    assert_eq!(code(access::lone_workspace(&w.app, &w.b.owner, theirs.id).await), ProblemCode::NotFound);
    assert_eq!(
        code(members::get(&w.app, b.grant().unwrap(), w.a.developer.id()).await),
        ProblemCode::NotFound
    );
    let patch = MemberPatch::parse(&json!({ "role": "viewer" })).unwrap();
    assert_eq!(
        code(members::update(&w.app, b.grant().unwrap(), w.a.developer.id(), patch).await),
        ProblemCode::NotFound
    );
    assert_eq!(
        code(members::remove(&w.app, b.grant().unwrap(), w.a.developer.id()).await),
        ProblemCode::NotFound
    );
    assert_eq!(
        code(invitations::revoke(&w.app, b.grant().unwrap(), invited.id).await),
        ProblemCode::NotFound
    );
    assert_eq!(
        code(invitations::resend(&w.app, b.grant().unwrap(), invited.id, URL).await),
        ProblemCode::NotFound
    );
    let body = json!({ "email": "y@new.example", "workspaces": [{ "workspace": theirs.id }] });
    assert_eq!(
        code(invitations::create(&w.app, b.grant().unwrap(), invitation(body), URL).await),
        ProblemCode::Invalid
    );
}

/// Past all Rust code: the login role itself, in the role of a tenant, with and without a tenant set.
#[tokio::test]
async fn the_database_itself_keeps_tenants_apart() {
    let w = world().await;
    let a = ctx(&w.app, &w.a.owner, &w.a.slug).await.tenant().id.uuid();
    let b = ctx(&w.app, &w.b.owner, &w.b.slug).await.tenant().id.uuid();
    let mut conn = PgConnection::connect(&w.test.login_url()).await.unwrap();
    let mut superuser = w.test.superuser().await.unwrap();
    let tables: Vec<String> = sqlx::query("select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' where c.relkind in ('r', 'p') and not c.relispartition order by 1").fetch_all(&mut superuser).await.unwrap().iter().map(|r| r.get(0)).collect();
    for table in tables {
        let select = format!("select count(*) filter (where tenant_id = '{a}'), count(*) from {table}");
        let plain = sqlx::query(sqlx::AssertSqlSafe(select.clone())).fetch_one(&mut conn).await;
        assert!(plain.is_err(), "{table}: the login role reads it without entering a role");

        let mut tx = conn.begin().await.unwrap();
        sqlx::raw_sql("set local role tenantry_tenant").execute(&mut *tx).await.unwrap();
        let row = sqlx::query(sqlx::AssertSqlSafe(select.clone())).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(row.get::<i64, _>(1), 0, "{table}: rows without a tenant");
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "set local app.tenant_id = '{b}'; set local app.workspaces = '*'"
        )))
        .execute(&mut *tx)
        .await
        .unwrap();
        let row = sqlx::query(sqlx::AssertSqlSafe(select)).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(row.get::<i64, _>(0), 0, "{table}: rows of another tenant");
        for write in [
            format!("update {table} set tenant_id = '{a}'"),
            format!("delete from {table} where tenant_id = '{a}'"),
            format!("update {table} set tenant_id = tenant_id where tenant_id = '{a}'"),
        ] {
            sqlx::raw_sql("savepoint s").execute(&mut *tx).await.unwrap();
            if let Ok(done) = sqlx::raw_sql(sqlx::AssertSqlSafe(write.clone())).execute(&mut *tx).await {
                assert_eq!(done.rows_affected(), 0, "{table}: {write}");
            }
            sqlx::raw_sql("rollback to savepoint s").execute(&mut *tx).await.unwrap();
        }
        tx.rollback().await.unwrap();
    }
}
