use std::time::Duration;

use serde_json::json;
use sqlx::Row;
use tenantry_domain::{access, api_keys, catalog, model_access, needs, now, outbox, platform, providers, quotas, tenants};
use tenantry_types::api_key::NewApiKey;
use tenantry_types::model::{ModelAccess, NewModel};
use tenantry_types::plan::{QuotaPatch, QuotaState};
use tenantry_types::provider::NewProvider;
use tenantry_types::tenant::{NewTenant, TenantPatch, TenantStatus};
use tenantry_types::{PageQuery, ProblemCode, Timestamp};

use crate::support::{code, ctx, world};

#[tokio::test]
async fn slugs_are_derived_numbered_kept_and_refused() {
    let w = world().await;
    let create = async |body| tenants::create(&w.app, &w.a.owner, NewTenant::parse(&body).unwrap()).await;
    assert_eq!(create(json!({ "name": "Müller & Söhne" })).await.unwrap().slug.as_str(), "muller-sohne");
    assert_eq!(create(json!({ "name": "Müller & Söhne" })).await.unwrap().slug.as_str(), "muller-sohne-2");
    assert_eq!(code(create(json!({ "name": "X", "slug": "team-b" })).await), ProblemCode::SlugTaken);
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let patch = TenantPatch::parse(&json!({ "slug": "renamed" })).unwrap();
    tenants::update(&w.app, owner.grant().unwrap(), patch).await.unwrap();
    let by_old = ctx(&w.app, &w.a.owner, "team-a").await;
    assert_eq!(by_old.tenant().slug.as_str(), "renamed", "the former slug leads there");
    assert_eq!(
        code(create(json!({ "name": "X", "slug": "team-a" })).await),
        ProblemCode::SlugTaken,
        "and stays reserved"
    );
}

#[tokio::test]
async fn a_suspended_tenant_is_readable_by_its_owner_and_refuses_writes() {
    let w = world().await;
    let operator = ctx(&w.app, &w.operator, &w.a.slug).await;
    tenants::suspend(&w.app, operator.grant().unwrap()).await.unwrap();
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    assert!(owner.grant::<needs::MembersRead>().is_ok());
    let refused = |r: Result<_, tenantry_domain::Denied>| {
        tenantry_domain::Error::from(r.map(drop::<tenantry_domain::Granted<needs::MembersInvite>>).expect_err("refused")).code()
    };
    assert_eq!(refused(owner.grant()), ProblemCode::TenantSuspended);
    let admin = ctx(&w.app, &w.a.admin, &w.a.slug).await;
    assert!(admin.grant::<needs::MembersRead>().is_err());
    assert_eq!(
        code(tenants::activate(&w.app, owner.grant().unwrap()).await),
        ProblemCode::TenantSuspended,
        "an operator's word stands"
    );
    let operator = ctx(&w.app, &w.operator, &w.a.slug).await;
    assert_eq!(
        tenants::activate(&w.app, operator.grant().unwrap()).await.unwrap().status,
        TenantStatus::Active
    );
}

#[tokio::test]
async fn an_owner_takes_back_what_an_owner_did() {
    let w = world().await;
    tenants::deactivate(&w.app, ctx(&w.app, &w.a.owner, &w.a.slug).await.grant().unwrap())
        .await
        .unwrap();
    tenants::activate(&w.app, ctx(&w.app, &w.a.owner, &w.a.slug).await.grant().unwrap())
        .await
        .unwrap();
}

#[tokio::test]
async fn purging_leaves_no_row_of_the_tenant() {
    let w = world().await;
    let operator = w.operator.operator().unwrap();
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let id = owner.tenant().id;
    assert_eq!(code(tenants::purge(&w.app, &operator, id).await), ProblemCode::NotDeactivated);
    tenants::deactivate(&w.app, owner.grant().unwrap()).await.unwrap();
    tenants::purge(&w.app, &operator, id).await.unwrap();
    assert_eq!(code(access::tenant(&w.app, &w.a.owner, &w.a.slug).await), ProblemCode::NotFound);
    let mut conn = w.test.superuser().await.unwrap();
    let tables = sqlx::query(
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' where c.relkind = 'r'",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert!(tables.len() > 10);
    for table in tables {
        let table: String = table.get(0);
        let count = sqlx::query(sqlx::AssertSqlSafe(format!(
            "select count(*), count(*) filter (where tenant_id = $1) from {table}"
        )))
        .bind(id.uuid())
        .fetch_one(&mut conn)
        .await
        .unwrap();
        assert_eq!(count.get::<i64, _>(1), 0, "{table} still holds rows");
    }
    assert!(
        access::tenant(&w.app, &w.b.owner, &w.b.slug).await.is_ok(),
        "the other tenant is untouched"
    );
}

#[tokio::test]
async fn an_operator_sees_all_and_each_visit_is_recorded() {
    let w = world().await;
    assert_eq!(
        tenants::list(&w.app, &w.operator, PageQuery::default(), None).await.unwrap().items.len(),
        5
    );
    assert_eq!(
        tenants::list(&w.app, &w.b.viewer, PageQuery::default(), None).await.unwrap().items.len(),
        1
    );
    ctx(&w.app, &w.operator, &w.a.slug).await;
    ctx(&w.app, &w.operator, &w.a.slug).await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let events = tenantry_domain::audit::recent(&w.app, owner.grant().unwrap(), 50).await.unwrap();
    assert_eq!(events.iter().filter(|e| e.action == "tenant.entered_by_operator").count(), 1);
    assert!(w.b.owner.operator().is_err());
}

#[tokio::test]
async fn the_overview_says_what_needs_attention() {
    let w = world().await;
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let texts = async || {
        let overview = tenants::overview(&w.app, owner.grant().unwrap()).await.unwrap();
        overview.attention.into_iter().map(|a| a.text).collect::<Vec<_>>()
    };
    assert_eq!(texts().await, Vec::<String>::new());
    let by = w.operator.operator().unwrap();
    let provider = json!({ "name": "Down", "base_url": "https://down.example/v1" });
    let provider = providers::create(&w.app, &by, NewProvider::parse(&provider).unwrap()).await.unwrap();
    let model = json!({ "name": "m", "provider": provider.id });
    let model = catalog::create(&w.app, &by, NewModel::parse(&model).unwrap()).await.unwrap();
    // It does not answer, but nobody here uses it.
    providers::check(&w.app, &by, provider.id).await.unwrap();
    assert_eq!(texts().await, Vec::<String>::new());
    let on = ModelAccess {
        enabled: true,
        audience: None,
    };
    model_access::set(&w.app, owner.grant().unwrap(), model.id, on).await.unwrap();
    for (name, days) in [("soon", 3), ("later", 30)] {
        let at = Timestamp(now().0 + Duration::from_secs(days * 86_400));
        let key = json!({ "name": name, "scopes": ["members:read"], "expires_at": at });
        api_keys::create(&w.app, owner.grant().unwrap(), &owner, NewApiKey::parse(&key).unwrap())
            .await
            .unwrap();
    }
    assert_eq!(
        texts().await,
        [
            "1 API key expires within a week",
            "1 provider of enabled models did not answer when last looked at"
        ]
    );
    let other = ctx(&w.app, &w.b.owner, &w.b.slug).await;
    assert_eq!(tenants::overview(&w.app, other.grant().unwrap()).await.unwrap().attention, []);
}

#[tokio::test]
async fn the_operator_sees_who_is_near_a_limit_and_which_servers_there_are() {
    let w = world().await;
    let by = ctx(&w.app, &w.operator, &w.a.slug).await;
    let patch = QuotaPatch::parse(&json!({ "members": 5 })).unwrap();
    quotas::set(&w.app, by.grant().unwrap(), None, patch).await.unwrap();
    let rows = tenants::list(&w.app, &w.operator, PageQuery::default(), None).await.unwrap().items;
    let row = |slug: &str| rows.iter().find(|row| row.tenant.slug.as_str() == slug).unwrap();
    let (a, b) = (row("team-a"), row("team-b"));
    assert_eq!((a.members, a.member_limit, a.members_state()), (4, Some(5), QuotaState::Warning));
    assert_eq!((b.member_limit, b.members_state()), (Some(50), QuotaState::Ok), "the plan's");

    let health = platform::health(&w.app, &w.operator.operator().unwrap()).await.unwrap();
    let me = format!(":{}", std::process::id());
    assert!(
        health.nodes.iter().any(|node| node.name.ends_with(&me) && node.connections > 0),
        "{health:?}"
    );
    // Those of the invitations that made the teams.
    assert_eq!(health.mails, Some((6, 0)));
    outbox::work(&w.app).await.unwrap();
    let health = platform::health(&w.app, &w.operator.operator().unwrap()).await.unwrap();
    assert_eq!(health.mails, Some((0, 0)));
    let (_, contexts) = health.memory.iter().find(|(kind, _)| *kind == "context").unwrap();
    assert!(contexts.hits + contexts.misses > 0, "{health:?}");
}
