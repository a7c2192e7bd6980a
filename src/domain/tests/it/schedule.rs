//! What is done with providers by itself: asked whether they answer, and their lists read.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tenantry_domain::ports::SourceError;
use tenantry_domain::{App, Operator, Policy, catalog, providers};
use tenantry_types::PageQuery;
use tenantry_types::model::Model;
use tenantry_types::provider::{NewProvider, Provider};

use crate::models::{Scripted, listed};
use crate::support::{app_with, register};

const EVERY: Duration = Duration::from_secs(60);

async fn provider(app: &App, by: &Operator, name: &str, more: serde_json::Value) -> Provider {
    let mut body = json!({ "name": name, "base_url": "https://api.example.com/v1" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    providers::create(app, by, NewProvider::parse(&body).unwrap()).await.unwrap()
}

#[tokio::test]
async fn each_provider_is_checked_by_one_server_when_it_is_due() {
    let source = Arc::new(Scripted::new(Err(SourceError::Timeout)));
    let (app, test) = app_with(Policy::default(), source.clone()).await;
    let by = register(&app, "operator@tenantry.example", "Otto").await.operator().unwrap();
    let one = provider(&app, &by, "One", json!({})).await;
    provider(&app, &by, "Two", json!({})).await;
    provider(&app, &by, "Off", json!({ "enabled": false })).await;

    // Two servers at the same time.
    let (a, b) = tokio::join!(providers::schedule::check(&app, EVERY), providers::schedule::check(&app, EVERY));
    assert_eq!(
        (a.unwrap() + b.unwrap(), source.asked()),
        (2, 2),
        "each once, and not the one that is off"
    );
    let check = providers::get(&app, &by, one.id).await.unwrap().last_check.unwrap();
    assert!(!check.ok && check.error.is_some());
    assert_eq!(providers::schedule::check(&app, EVERY).await.unwrap(), 0, "not due");

    source.answer(Ok(Vec::new()));
    let mut conn = test.superuser().await.unwrap();
    sqlx::query("update provider set check_begun_at = now() - interval '61 seconds' where name = 'One'")
        .execute(&mut conn)
        .await
        .unwrap();
    assert_eq!(providers::schedule::check(&app, EVERY).await.unwrap(), 1);
    assert!(providers::get(&app, &by, one.id).await.unwrap().last_check.unwrap().ok);
}

#[tokio::test]
async fn a_list_is_read_by_itself_and_only_what_is_safe_is_taken_over() {
    let source = Arc::new(Scripted::new(Ok(vec![listed("big", Some(7)), listed("small", Some(1))])));
    let (app, test) = app_with(Policy::default(), source.clone()).await;
    let by = register(&app, "operator@tenantry.example", "Otto").await.operator().unwrap();
    let one = provider(&app, &by, "One", json!({})).await;
    provider(&app, &by, "Never", json!({ "sync_hours": null })).await;
    assert_eq!(one.sync_hours, Some(24));
    let mut conn = test.superuser().await.unwrap();
    let mut later = async |hours: i32| {
        sqlx::query(
            "update provider set created_at = created_at - make_interval(hours => $1), sync_begun_at = sync_begun_at - make_interval(hours => $1)",
        )
        .bind(hours)
        .execute(&mut conn)
        .await
        .unwrap();
    };
    let models = async || catalog::list(&app, &by, PageQuery::default()).await.unwrap().items;
    let seen = |m: &Model| (m.name.clone(), m.input_price, m.is_active, m.missing_since.is_some());

    // By hand first: somebody looked, so what is new is active.
    providers::sync(&app, &by, one.id, true).await.unwrap();
    assert_eq!(providers::schedule::read_lists(&app).await.unwrap(), 0, "not due on the day it was made");
    later(25).await;
    source.answer(Ok(vec![listed("big", Some(9)), listed("new", Some(3))]));
    assert_eq!(providers::schedule::read_lists(&app).await.unwrap(), 1, "the other one is never read");
    assert_eq!(
        models().await.iter().map(seen).collect::<Vec<_>>(),
        [
            ("big".to_owned(), Some(9), true, false),
            ("new".to_owned(), Some(3), false, false),
            ("small".to_owned(), Some(1), true, true),
        ]
    );
    let last = providers::get(&app, &by, one.id).await.unwrap().last_sync.unwrap();
    assert_eq!((last.error, last.added, last.changed, last.missing), (None, 1, 1, 1));
    assert_eq!(providers::schedule::read_lists(&app).await.unwrap(), 0);

    // One that does not answer changes nothing, and says why.
    later(25).await;
    source.answer(Err(SourceError::Refused(401)));
    assert_eq!(providers::schedule::read_lists(&app).await.unwrap(), 1);
    assert_eq!(models().await.len(), 3);
    let last = providers::get(&app, &by, one.id).await.unwrap().last_sync.unwrap();
    assert!(last.error.unwrap().contains("401"));

    // What is listed again is not marked any more.
    later(25).await;
    source.answer(Ok(vec![listed("big", Some(9)), listed("new", Some(3)), listed("small", Some(1))]));
    providers::schedule::read_lists(&app).await.unwrap();
    assert!(models().await.iter().all(|m| m.missing_since.is_none()));
    let recorded: Vec<(String, serde_json::Value)> =
        sqlx::query_as("select actor_type, changes from platform_audit where action = 'provider.synced' order by seq")
            .fetch_all(&mut test.superuser().await.unwrap())
            .await
            .unwrap();
    let by_itself: Vec<_> = recorded
        .iter()
        .filter(|(actor, _)| actor == "system")
        .map(|(_, changes)| changes)
        .collect();
    assert_eq!(recorded.len(), 3, "{recorded:?}");
    assert_eq!(
        (&by_itself[0]["missing"], &by_itself[1]["returned"]),
        (&json!(["small"]), &json!(["small"]))
    );
}
