//! What runs into a time that the database is given.

use sqlx::Connection;
use tenantry_db::Timeouts;
use tenantry_domain::Error;
use tenantry_types::ProblemCode;

#[tokio::test]
async fn what_runs_into_a_time_of_the_database_says_so() {
    let test = tenantry_db::testing::TestDb::new().await;
    let timeouts = Timeouts {
        lock: std::time::Duration::from_millis(50),
        ..Timeouts::default()
    };
    let db = tenantry_db::Db::connect_with(&test.login_url(), 2, timeouts).await.unwrap();
    let mut holder = test.superuser().await.unwrap();
    let mut held = holder.begin().await.unwrap();
    sqlx::raw_sql("lock table user_account in access exclusive mode")
        .execute(&mut *held)
        .await
        .unwrap();
    let mut tx = db.platform().await.unwrap();
    let error = Error::from(tenantry_db::account::lock_first(&mut tx).await.unwrap_err());
    assert_eq!(
        (error.code(), error.code().status(), error.retry_after()),
        (ProblemCode::Timeout, 503, Some(2))
    );
    held.rollback().await.unwrap();
    drop(tx);
    // The connection is in order afterwards.
    assert!(tenantry_db::account::lock_first(&mut db.platform().await.unwrap()).await.unwrap());
}
