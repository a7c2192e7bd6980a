use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tenantry_domain::model_access::ModelFilter;
use tenantry_domain::ports::{ModelSource, SourceError, Upstream};
use tenantry_domain::{App, Operator, Policy, access, catalog, model_access, providers, workspaces};
use tenantry_types::model::{AccessMode, Audience, Model, ModelAccess, ModelPatch, ModelsToggle, NewModel, WorkspaceModels};
use tenantry_types::provider::{NewProvider, Provider, ProviderPatch, UpstreamModel};
use tenantry_types::text::Secret;
use tenantry_types::{ModelId, PageQuery, ProblemCode, TenantId, WorkspaceRole};

use crate::support::{World, app_with, code, ctx, register, world};

fn operator(w: &World) -> Operator {
    w.operator.operator().unwrap()
}

async fn provider(app: &App, by: &Operator, name: &str) -> Provider {
    let body = json!({ "name": name, "base_url": "https://api.example.com/v1/", "api_key": "sk-secret" });
    providers::create(app, by, NewProvider::parse(&body).unwrap()).await.unwrap()
}

async fn model(app: &App, by: &Operator, name: &str, provider: &Provider) -> Model {
    let new = NewModel::parse(&json!({ "name": name, "provider": provider.id })).unwrap();
    catalog::create(app, by, new).await.unwrap()
}

fn search(q: &str) -> PageQuery {
    PageQuery {
        q: q.into(),
        ..PageQuery::default()
    }
}

#[tokio::test]
async fn a_provider_is_kept_with_its_key_sealed() {
    let w = world().await;
    let by = operator(&w);
    let made = provider(&w.app, &by, "Example").await;
    assert_eq!(made.base_url, "https://api.example.com/v1");
    assert!(made.has_api_key);
    let taken = NewProvider::parse(&json!({ "name": "EXAMPLE", "base_url": "https://x.example/v1" })).unwrap();
    assert_eq!(code(providers::create(&w.app, &by, taken).await), ProblemCode::NameTaken);

    let mut conn = w.test.superuser().await.unwrap();
    let sealed: Vec<u8> = sqlx::query_scalar("select api_key_sealed from provider")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(!sealed.windows(9).any(|part| part == b"sk-secret"));

    let patch = ProviderPatch::parse(&json!({ "name": "Renamed", "api_key": null, "enabled": false })).unwrap();
    let changed = providers::update(&w.app, &by, made.id, patch).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.has_api_key, changed.enabled), ("Renamed", false, false));
    assert_eq!(providers::get(&w.app, &by, made.id).await.unwrap(), changed);
    let audit: String = sqlx::query_scalar("select string_agg(changes::text, ' ') from platform_audit")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(!audit.contains("sk-secret"));

    let used = model(&w.app, &by, "used", &made).await;
    assert_eq!(code(providers::delete(&w.app, &by, made.id).await), ProblemCode::InUse);
    catalog::delete(&w.app, &by, used.id).await.unwrap();
    providers::delete(&w.app, &by, made.id).await.unwrap();
    assert_eq!(code(providers::get(&w.app, &by, made.id).await), ProblemCode::NotFound);
}

#[tokio::test]
async fn the_catalogue_is_kept_by_hand() {
    let w = world().await;
    let by = operator(&w);
    let (one, two) = (provider(&w.app, &by, "One").await, provider(&w.app, &by, "Two").await);
    let made = model(&w.app, &by, "acme/small", &one).await;
    assert_eq!(
        (made.display_name.as_str(), made.upstream_name.as_deref(), made.provider),
        ("acme/small", Some("acme/small"), Some(one.id))
    );
    let again = NewModel::parse(&json!({ "name": "acme/small" })).unwrap();
    assert_eq!(code(catalog::create(&w.app, &by, again).await), ProblemCode::NameTaken);
    let nowhere = json!({ "name": "x", "provider": tenantry_types::ProviderId::new(uuid::Uuid::nil()) });
    let refused = catalog::create(&w.app, &by, NewModel::parse(&nowhere).unwrap()).await.unwrap_err();
    assert_eq!(refused.fields()[0].field, "routes[0].provider");

    let patch = json!({ "display_name": "Small", "input_price": 150_000, "modalities": ["text", "text", "image"], "routes": [
        { "provider": two.id, "upstream_name": "small-2", "priority": 1 }, { "provider": one.id, "upstream_name": "small-1", "priority": 5 },
    ] });
    let changed = catalog::update(&w.app, &by, made.id, ModelPatch::parse(&patch).unwrap()).await.unwrap();
    assert_eq!(
        (changed.provider, changed.upstream_name.as_deref(), changed.routes.len()),
        (Some(two.id), Some("small-2"), 2)
    );
    assert_eq!(
        (changed.input_price, changed.modalities.clone()),
        (Some(150_000), vec!["text".to_owned(), "image".to_owned()])
    );
    let twice = json!({ "routes": [{ "provider": one.id, "upstream_name": "m" }, { "provider": one.id, "upstream_name": "m", "priority": 1 }] });
    let refused = catalog::update(&w.app, &by, made.id, ModelPatch::parse(&twice).unwrap())
        .await
        .unwrap_err();
    assert_eq!(refused.fields()[0].field, "routes[1].upstream_name");
    let cleared = ModelPatch::parse(&json!({ "display_name": null, "input_price": null })).unwrap();
    let changed = catalog::update(&w.app, &by, made.id, cleared).await.unwrap();
    assert_eq!(
        (changed.display_name.as_str(), changed.input_price, changed.routes.len()),
        ("acme/small", None, 2)
    );

    model(&w.app, &by, "acme/large", &one).await;
    let page = catalog::list(&w.app, &by, PageQuery { limit: 1, ..search("ACME") }).await.unwrap();
    assert_eq!(
        (page.items[0].name.as_str(), page.total, page.next_cursor.as_deref()),
        ("acme/large", Some(2), Some("o1"))
    );
    assert_eq!(
        catalog::list(&w.app, &by, search("%")).await.unwrap().total,
        Some(0),
        "wildcards are text"
    );
}

#[tokio::test]
async fn a_tenant_decides_which_models_it_uses() {
    let w = world().await;
    let by = operator(&w);
    let one = provider(&w.app, &by, "One").await;
    let (a, b, c) = (
        model(&w.app, &by, "a", &one).await,
        model(&w.app, &by, "b", &one).await,
        model(&w.app, &by, "c", &one).await,
    );
    let off = ModelPatch::parse(&json!({ "is_active": false })).unwrap();
    let c = catalog::update(&w.app, &by, c.id, off.clone()).await.unwrap();
    let admin = ctx(&w.app, &w.a.admin, &w.a.slug).await;
    let list = async |filter| {
        model_access::list(&w.app, admin.grant().unwrap(), PageQuery::default(), filter)
            .await
            .unwrap()
    };
    let names = |page: &tenantry_types::Page<tenantry_types::model::TenantModel>| page.items.iter().map(|m| m.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        names(&list(ModelFilter::default()).await),
        ["a", "b"],
        "inactive ones that nobody decided about are not shown"
    );

    let toggle = async |enable: &[ModelId], disable: &[ModelId]| {
        let wanted = ModelsToggle {
            enable: enable.to_vec(),
            disable: disable.to_vec(),
        };
        model_access::toggle(&w.app, admin.grant().unwrap(), wanted).await
    };
    let changed = toggle(&[a.id, b.id, a.id], &[]).await.unwrap();
    assert_eq!(
        changed.iter().map(|m| (m.name.as_str(), m.enabled, m.audience)).collect::<Vec<_>>(),
        [("a", true, Audience::Tenant), ("b", true, Audience::Tenant)]
    );
    assert_eq!(toggle(&[a.id], &[]).await.unwrap(), [], "what changes nothing is not recorded");
    let refused = toggle(&[c.id], &[ModelId::new(uuid::Uuid::nil())]).await.unwrap_err();
    let faults: Vec<_> = refused.fields().iter().map(|f| (f.field.as_str(), f.fault.code())).collect();
    assert_eq!(faults, [("enable[0]", "not_active"), ("disable[0]", "no_such_thing")]);
    assert_eq!(toggle(&[], &[b.id]).await.unwrap().len(), 1);
    assert_eq!(
        names(
            &list(ModelFilter {
                enabled: Some(true),
                ..ModelFilter::default()
            })
            .await
        ),
        ["a"]
    );
    assert_eq!(
        names(
            &list(ModelFilter {
                enabled: Some(false),
                provider: Some("ONE".into()),
                ..ModelFilter::default()
            })
            .await
        ),
        ["b"]
    );
    assert_eq!(
        list(ModelFilter {
            provider: Some("Other".into()),
            ..ModelFilter::default()
        })
        .await
        .total,
        Some(0)
    );

    // A model that goes out of use stays in sight, and cannot be enabled again once it is off.
    catalog::update(&w.app, &by, b.id, off.clone()).await.unwrap();
    assert_eq!(names(&list(ModelFilter::default()).await), ["a", "b"]);
    let on = ModelAccess {
        enabled: true,
        audience: None,
    };
    assert_eq!(
        code(model_access::set(&w.app, admin.grant().unwrap(), b.id, on).await),
        ProblemCode::Invalid
    );
    let narrow = ModelAccess {
        enabled: true,
        audience: Some(Audience::Workspaces),
    };
    assert_eq!(
        model_access::set(&w.app, admin.grant().unwrap(), a.id, narrow).await.unwrap().audience,
        Audience::Workspaces
    );
    assert_eq!(
        model_access::set(&w.app, admin.grant().unwrap(), a.id, on).await.unwrap().audience,
        Audience::Workspaces,
        "kept"
    );

    // The other tenant, of the same name, sees nothing of it.
    let other = ctx(&w.app, &w.b.owner, &w.b.slug).await;
    let theirs = model_access::list(&w.app, other.grant().unwrap(), PageQuery::default(), ModelFilter::default())
        .await
        .unwrap();
    assert_eq!(
        theirs.items.iter().map(|m| (m.name.as_str(), m.enabled)).collect::<Vec<_>>(),
        [("a", false)]
    );

    let mut conn = w.test.superuser().await.unwrap();
    let recorded: Vec<(String, String)> = sqlx::query_as("select action, target_name from audit_event where action like 'model.%' order by seq")
        .fetch_all(&mut conn)
        .await
        .unwrap();
    let recorded: Vec<_> = recorded.iter().map(|(action, name)| (action.as_str(), name.as_str())).collect();
    assert_eq!(
        recorded,
        [
            ("model.enabled", "a"),
            ("model.enabled", "b"),
            ("model.disabled", "b"),
            ("model.enabled", "a")
        ]
    );
    catalog::delete(&w.app, &by, a.id).await.unwrap();
    assert_eq!(names(&list(ModelFilter::default()).await), ["b"]);
}

#[tokio::test]
async fn workspaces_list_models_and_the_report_says_who_uses_what() {
    let w = world().await;
    let by = operator(&w);
    let one = provider(&w.app, &by, "One").await;
    let (open, closed) = (model(&w.app, &by, "open", &one).await, model(&w.app, &by, "closed", &one).await);
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let tenant_wide = ModelAccess {
        enabled: true,
        audience: Some(Audience::Tenant),
    };
    let narrow = ModelAccess {
        enabled: true,
        audience: Some(Audience::Workspaces),
    };
    model_access::set(&w.app, owner.grant().unwrap(), open.id, tenant_wide).await.unwrap();
    model_access::set(&w.app, owner.grant().unwrap(), closed.id, narrow).await.unwrap();

    let there = access::workspace(&w.app, &owner, "labelling").await.unwrap();
    let empty = WorkspaceModels {
        mode: AccessMode::Inherit,
        models: Vec::new(),
    };
    assert_eq!(model_access::of_workspace(&w.app, there.grant().unwrap()).await.unwrap(), empty);
    let unknown = WorkspaceModels {
        mode: AccessMode::Restrict,
        models: vec![open.id, ModelId::new(uuid::Uuid::nil())],
    };
    let refused = model_access::set_workspace(&w.app, there.grant().unwrap(), unknown).await.unwrap_err();
    assert_eq!(refused.fields()[0].field, "models[1]");
    let both = WorkspaceModels {
        mode: AccessMode::Restrict,
        models: vec![open.id, closed.id, open.id],
    };
    let set = model_access::set_workspace(&w.app, there.grant().unwrap(), both).await.unwrap();
    assert_eq!(
        set,
        WorkspaceModels {
            mode: AccessMode::Restrict,
            models: vec![closed.id, open.id]
        }
    );
    let just = WorkspaceModels {
        mode: AccessMode::Restrict,
        models: vec![closed.id],
    };
    assert_eq!(
        model_access::set_workspace(&w.app, there.grant().unwrap(), just.clone()).await.unwrap(),
        just
    );
    workspaces::set_member(&w.app, there.grant().unwrap(), w.a.developer.id(), Some(WorkspaceRole::Annotator))
        .await
        .unwrap();

    let report = model_access::report(&w.app, owner.grant().unwrap(), PageQuery::default()).await.unwrap();
    let rows: Vec<_> = report
        .items
        .iter()
        .map(|r| (r.user_email.as_str(), r.accessible_models, r.model_names.join(" ")))
        .collect();
    let both = "closed open".to_owned();
    assert_eq!(
        rows,
        [
            ("admin@a.example", 2, both.clone()),
            ("dev@a.example", 2, both.clone()),
            ("owner@a.example", 2, both),
            ("viewer@a.example", 1, "open".to_owned()),
        ]
    );
    let page = model_access::report(
        &w.app,
        owner.grant().unwrap(),
        PageQuery {
            limit: 1,
            skip: 1,
            ..search("a.example")
        },
    )
    .await
    .unwrap();
    assert_eq!(
        (page.items[0].user_email.as_str(), page.total, page.next_cursor.as_deref()),
        ("dev@a.example", Some(4), Some("o2"))
    );
    let csv = model_access::report_csv(&w.app, owner.grant().unwrap()).await.unwrap();
    let id = owner.tenant().id;
    assert!(csv.starts_with("user_email,user_name,organization_id,accessible_models,model_names\r\n"));
    assert!(csv.contains(&format!("dev@a.example,Dora Developer,{id},2,closed; open\r\n")), "{csv}");
    assert_eq!(of_view(&w, id).await, csv, "the view of the database says the same");

    let mine = model_access::mine(&w.app, &w.a.viewer).await.unwrap();
    assert_eq!(mine.iter().map(|m| (m.tenant, m.name.as_str())).collect::<Vec<_>>(), [(id, "open")]);
    assert_eq!(model_access::mine(&w.app, &w.b.owner).await.unwrap(), []);
}

/// The report as the view `user_model_access_report` has it, for the role that sees one tenant, with all workspaces.
async fn of_view(w: &World, tenant: TenantId) -> String {
    let mut conn = PgConnection::connect(&w.test.login_url()).await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    let enter = format!(
        "set local role tenantry_tenant; set local app.tenant_id = '{}'; set local app.workspaces = '*'",
        tenant.uuid()
    );
    sqlx::raw_sql(AssertSqlSafe(enter)).execute(&mut *tx).await.unwrap();
    // Without naming the tenant: that the other one's people are not in it is the view's own doing.
    let rows: Vec<(String, String, uuid::Uuid, i64, Vec<String>)> = sqlx::query_as(
        "select user_email, user_name, organization_id, accessible_models, model_names from user_model_access_report order by lower(user_name), user_email",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    let mut out = String::from("user_email,user_name,organization_id,accessible_models,model_names\r\n");
    for (email, name, organization, count, names) in rows {
        let organization = TenantId::new(organization);
        out.push_str(&format!("{email},{name},{organization},{count},{}\r\n", names.join("; ")));
    }
    out
}

/// Answers with what it was given last.
pub struct Scripted(Mutex<Result<Vec<UpstreamModel>, SourceError>>, Mutex<Vec<Option<Secret>>>);

impl Scripted {
    pub fn new(answer: Result<Vec<UpstreamModel>, SourceError>) -> Self {
        Self(Mutex::new(answer), Mutex::default())
    }

    pub fn answer(&self, answer: Result<Vec<UpstreamModel>, SourceError>) {
        *self.0.lock().unwrap() = answer;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.1.lock().unwrap().len()
    }
}

#[async_trait]
impl ModelSource for Scripted {
    async fn list(&self, upstream: Upstream<'_>) -> Result<Vec<UpstreamModel>, SourceError> {
        self.1.lock().unwrap().push(upstream.api_key.cloned());
        self.0.lock().unwrap().clone()
    }
}

pub fn listed(name: &str, price: Option<i64>) -> UpstreamModel {
    UpstreamModel {
        upstream_name: name.into(),
        display_name: Some(name.to_uppercase()),
        context_length: Some(8192),
        modalities: vec!["text".into(), "image".into()],
        input_price: price,
        output_price: price,
        cached_input_price: None,
        request_price: None,
    }
}

#[tokio::test]
async fn a_providers_list_is_read_into_the_catalogue() {
    let source = Arc::new(Scripted::new(Err(SourceError::Refused(401))));
    let (app, _test) = app_with(Policy::default(), source.clone()).await;
    let by = register(&app, "operator@tenantry.example", "Otto").await.operator().unwrap();
    let (one, two) = (provider(&app, &by, "One").await, provider(&app, &by, "Two").await);
    let answers = |list: Vec<UpstreamModel>| source.answer(Ok(list));

    let check = providers::check(&app, &by, one.id).await.unwrap();
    assert!(!check.ok && check.error.clone().unwrap().contains("401"));
    assert_eq!(providers::get(&app, &by, one.id).await.unwrap().last_check, Some(check));
    assert_eq!(code(providers::sync(&app, &by, one.id, true).await), ProblemCode::UpstreamUnreachable);
    assert_eq!(
        source.1.lock().unwrap()[0].as_ref().map(Secret::expose),
        Some("sk-secret"),
        "the key is opened for the provider"
    );

    answers(vec![listed("big", Some(7)), listed("small", None)]);
    let tried = providers::sync(&app, &by, one.id, false).await.unwrap();
    assert_eq!((tried.applied, tried.added.len()), (false, 2));
    assert_eq!(catalog::list(&app, &by, PageQuery::default()).await.unwrap().total, Some(0));
    providers::sync(&app, &by, one.id, true).await.unwrap();
    let big = catalog::list(&app, &by, PageQuery::default()).await.unwrap().items.remove(0);
    assert_eq!(
        (big.name.as_str(), big.display_name.as_str(), big.context_length, big.input_price),
        ("big", "BIG", Some(8192), Some(7))
    );
    assert_eq!((big.modalities.len(), big.provider, big.is_active), (2, Some(one.id), true));

    // A price that an operator wrote stays when the list has none; a listed one counts.
    let priced = ModelPatch::parse(&json!({ "input_price": 11, "modalities": ["text", "image"] })).unwrap();
    let small = catalog::list(&app, &by, PageQuery::default()).await.unwrap().items.remove(1);
    catalog::update(&app, &by, small.id, priced).await.unwrap();
    answers(vec![listed("big", Some(9)), listed("small", None)]);
    let report = providers::sync(&app, &by, one.id, true).await.unwrap();
    assert_eq!((report.added, report.changed, report.unchanged), (vec![], vec!["big".to_owned()], 1));
    assert_eq!(catalog::get(&app, &by, small.id).await.unwrap().input_price, Some(11));
    assert_eq!(catalog::get(&app, &by, big.id).await.unwrap().input_price, Some(9));

    // A second provider that has a model of the same name becomes its second route; nothing is removed.
    answers(vec![listed("big", Some(1))]);
    assert_eq!(providers::sync(&app, &by, two.id, true).await.unwrap().added, ["big"]);
    let big = catalog::get(&app, &by, big.id).await.unwrap();
    assert_eq!(
        big.routes.iter().map(|r| (r.provider, r.priority)).collect::<Vec<_>>(),
        [(one.id, 0), (two.id, 1)]
    );
    assert_eq!(big.input_price, Some(9), "the first route's price");
    assert_eq!(providers::sync(&app, &by, one.id, true).await.unwrap().missing, ["small"]);
    assert_eq!(catalog::list(&app, &by, PageQuery::default()).await.unwrap().total, Some(2));
}
