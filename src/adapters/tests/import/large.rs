//! A large deployment: how long it takes, and what its pages cost then.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tenantry_domain::import::{self, Deployment, Progress, Readers, SourceGroup, SourceModel, SourceUser, Step};
use tenantry_domain::{Origin, access, model_access};
use tenantry_types::PageQuery;

use crate::{register, server, target};

#[tokio::test]
async fn ten_thousand_people_within_seconds() {
    let (app, test) = server().await;
    let operator = register(&app, "operator@tenantry.example").await;
    let users: Vec<SourceUser> = (0..10_000)
        .map(|n| SourceUser {
            id: format!("u{n}"),
            email: format!("user{n}@large.example"),
            name: format!("User {n}"),
            role: if n == 0 { "admin" } else { "user" }.into(),
            password_hash: Some("$2b$12$abcdefghijklmnopqrstuuY1cPpCVmJhPg8HbYF3ZUKmbrNXGQXy6".into()),
            active: true,
            created_at: 1_700_000_000 + n,
        })
        .collect();
    let groups: Vec<SourceGroup> = (0..200)
        .map(|g| SourceGroup {
            id: format!("g{g}"),
            name: format!("Group {g}"),
            description: String::new(),
            parent: None,
            members: (0..10_000).filter(|n| n % 200 == g || n % 199 == g).map(|n| format!("u{n}")).collect(),
        })
        .collect();
    let models: Vec<SourceModel> = (0..300)
        .map(|m| SourceModel {
            id: format!("model-{m}"),
            name: format!("Model {m}"),
            active: true,
            readers: if m % 2 == 0 {
                Readers::Everyone
            } else {
                Readers::Listed {
                    groups: vec![format!("g{}", m % 200)],
                    people: 0,
                }
            },
        })
        .collect();
    let source = Deployment {
        users,
        groups,
        models,
        ..Deployment::default()
    };
    let seen: Mutex<Vec<Progress>> = Mutex::default();
    let started = Instant::now();
    let report = import::open_webui(&app, Origin::cli("import"), source, target("large"), false, &|p| {
        seen.lock().unwrap().push(p)
    })
    .await
    .unwrap();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!((report.accounts.added, report.tenants[0].members.added), (10_000, 10_000));
    assert_eq!(report.tenants[0].over_member_limit, Some(50), "the plan of a new tenant");
    assert_eq!(
        test.count("select count(*) from workspace_membership").await.unwrap(),
        report.tenants[0].workspace_members.added as i64
    );

    let ctx = access::tenant(&app, &operator, "large").await.unwrap();
    let started = Instant::now();
    let page = model_access::report(
        &app,
        ctx.grant().unwrap(),
        PageQuery {
            skip: 5_000,
            ..PageQuery::default()
        },
    )
    .await
    .unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "a page does not cost what the whole report costs"
    );
    assert_eq!((page.total, page.items.len()), (Some(10_000), 50));
    let seen = seen.into_inner().unwrap();
    let last = seen.last().unwrap();
    assert_eq!((last.step, last.done), (Step::Done, last.total));
    assert!(seen.windows(2).all(|pair| pair[0].done <= pair[1].done));
}
