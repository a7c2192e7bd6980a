//! Why somebody may use a model or not. Each step is put in the way alone, and taken away again.

use serde_json::json;
use tenantry_domain::{App, Operator, TenantCtx, access, catalog, members, model_access, providers, workspaces};
use tenantry_types::explain::{ModelExplanation, Reason};
use tenantry_types::member::{MemberPatch, Who};
use tenantry_types::model::{AccessMode, Audience, Model, ModelAccess, ModelPatch, NewModel, WorkspaceModels};
use tenantry_types::provider::{NewProvider, ProviderPatch};
use tenantry_types::{Email, ModelId, ProblemCode, UserId, WorkspaceRole};

use crate::support::{World, code, ctx, world};

async fn model(app: &App, by: &Operator, name: &str) -> Model {
    let provider = json!({ "name": format!("Provider of {name}"), "base_url": "https://api.example.com/v1" });
    let provider = providers::create(app, by, NewProvider::parse(&provider).unwrap()).await.unwrap();
    let new = NewModel::parse(&json!({ "name": name, "provider": provider.id })).unwrap();
    catalog::create(app, by, new).await.unwrap()
}

async fn ask(w: &World, of: &TenantCtx, model: ModelId, user: UserId) -> ModelExplanation {
    model_access::explain(&w.app, of.grant().unwrap(), model, Some(Who::Id(user)), None)
        .await
        .unwrap()
}

async fn enable(w: &World, of: &TenantCtx, model: ModelId, enabled: bool, audience: Audience) {
    let access = ModelAccess {
        enabled,
        audience: Some(audience),
    };
    model_access::set(&w.app, of.grant().unwrap(), model, access).await.unwrap();
}

#[tokio::test]
async fn the_first_step_that_says_no_is_named() {
    let w = world().await;
    let by = w.operator.operator().unwrap();
    let m = model(&w.app, &by, "acme/small").await;
    let (a, b) = (ctx(&w.app, &w.a.admin, &w.a.slug).await, ctx(&w.app, &w.b.admin, &w.b.slug).await);
    let dora = w.a.developer.id();
    let reason = async || ask(&w, &a, m.id, dora).await.reason;

    assert_eq!(reason().await, Reason::NotEnabled);
    enable(&w, &b, m.id, true, Audience::Tenant).await;
    assert_eq!(reason().await, Reason::NotEnabled, "what the other tenant enables counts there only");
    enable(&w, &a, m.id, true, Audience::Tenant).await;
    assert_eq!(reason().await, Reason::Everyone);

    let provider = m.provider.unwrap();
    let switch = async |on: bool| {
        let patch = ProviderPatch::parse(&json!({ "enabled": on })).unwrap();
        providers::update(&w.app, &by, provider, patch).await.unwrap();
    };
    switch(false).await;
    assert_eq!(reason().await, Reason::ProviderDisabled);
    switch(true).await;
    let routes = ModelPatch::parse(&json!({ "routes": [] })).unwrap();
    catalog::update(&w.app, &by, m.id, routes).await.unwrap();
    assert_eq!(reason().await, Reason::NoProvider);
    let route = ModelPatch::parse(&json!({ "provider": provider, "upstream_name": "small" })).unwrap();
    catalog::update(&w.app, &by, m.id, route).await.unwrap();

    let active = async |on: bool| {
        let patch = ModelPatch::parse(&json!({ "is_active": on })).unwrap();
        catalog::update(&w.app, &by, m.id, patch).await.unwrap();
    };
    active(false).await;
    assert_eq!(reason().await, Reason::ModelInactive);
    active(true).await;

    let status = async |word: &str| {
        let patch = MemberPatch::parse(&json!({ "status": word })).unwrap();
        members::update(&w.app, a.grant().unwrap(), dora, patch).await.unwrap();
    };
    status("disabled").await;
    assert_eq!(reason().await, Reason::MembershipDisabled);
    status("active").await;
    let mut conn = w.test.superuser().await.unwrap();
    let account = async |conn: &mut sqlx::PgConnection, word: &str| {
        sqlx::query("update user_account set status = $1 where id = $2")
            .bind(word)
            .bind(dora.uuid())
            .execute(conn)
            .await
            .unwrap();
    };
    account(&mut conn, "disabled").await;
    assert_eq!(reason().await, Reason::AccountDisabled);
    account(&mut conn, "active").await;
    assert_eq!(reason().await, Reason::Everyone);
}

#[tokio::test]
async fn workspaces_that_list_a_model_are_named() {
    let w = world().await;
    let by = w.operator.operator().unwrap();
    let m = model(&w.app, &by, "acme/small").await;
    let a = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    let b = ctx(&w.app, &w.b.owner, &w.b.slug).await;
    enable(&w, &a, m.id, true, Audience::Workspaces).await;
    enable(&w, &b, m.id, true, Audience::Workspaces).await;
    let dora = w.a.developer.id();
    let names = |e: &ModelExplanation| e.workspaces.iter().map(|w| w.name.clone()).collect::<Vec<_>>();

    // Of the same name in the other tenant: it lists the model, and that helps nobody here.
    let list = |models| WorkspaceModels {
        mode: AccessMode::Restrict,
        models,
    };
    let theirs = access::workspace(&w.app, &b, "labelling").await.unwrap();
    model_access::set_workspace(&w.app, theirs.grant().unwrap(), list(vec![m.id]))
        .await
        .unwrap();
    let said = ask(&w, &a, m.id, dora).await;
    assert_eq!((said.allowed, said.reason, names(&said)), (false, Reason::NotInWorkspace, vec![]));

    let there = access::workspace(&w.app, &a, "labelling").await.unwrap();
    model_access::set_workspace(&w.app, there.grant().unwrap(), list(vec![m.id]))
        .await
        .unwrap();
    let said = ask(&w, &a, m.id, dora).await;
    assert_eq!((said.reason, names(&said)), (Reason::NotInWorkspace, vec!["Labelling".to_owned()]));
    // Owners and admins of the tenant are in every workspace.
    let said = ask(&w, &a, m.id, w.a.admin.id()).await;
    assert_eq!(
        (said.allowed, said.reason, names(&said)),
        (true, Reason::Workspace, vec!["Labelling".to_owned()])
    );

    workspaces::set_member(&w.app, there.grant().unwrap(), dora, Some(WorkspaceRole::Annotator))
        .await
        .unwrap();
    assert_eq!(ask(&w, &a, m.id, dora).await.reason, Reason::Workspace);
    let usable = model_access::of_member(&w.app, a.grant().unwrap(), dora).await.unwrap();
    let usable: Vec<_> = usable
        .iter()
        .map(|m| {
            (
                m.name.as_str(),
                m.everyone,
                m.workspaces.iter().map(|w| w.name.as_str()).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(usable, [("acme/small", false, vec!["Labelling"])]);

    workspaces::archive(&w.app, there.grant().unwrap()).await.unwrap();
    let said = ask(&w, &a, m.id, dora).await;
    assert_eq!((said.reason, names(&said)), (Reason::NotInWorkspace, vec![]));
    assert_eq!(model_access::of_member(&w.app, a.grant().unwrap(), dora).await.unwrap(), []);
}

#[tokio::test]
async fn of_people_outside_the_tenant_only_that_is_said() {
    let w = world().await;
    let by = w.operator.operator().unwrap();
    let m = model(&w.app, &by, "acme/small").await;
    let a = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    enable(&w, &a, m.id, true, Audience::Tenant).await;
    let about = async |whom: Option<Who>| model_access::explain(&w.app, a.grant().unwrap(), m.id, whom, None).await.unwrap();
    let email = |text: &str| Some(Who::Email(Email::parse(text).unwrap()));

    assert_eq!(about(email("dev@a.example")).await.reason, Reason::Everyone);
    assert_eq!(about(None).await.reason, Reason::Everyone, "the caller");
    let nobody = about(email("nobody@nowhere.example")).await;
    assert_eq!((nobody.allowed, nobody.reason), (false, Reason::NotAMember));
    assert_eq!(
        about(email("dev@b.example")).await,
        nobody,
        "a member of the other tenant looks like nobody"
    );
    assert_eq!(about(Some(Who::Id(w.b.developer.id()))).await, nobody);
    assert_eq!(model_access::of_member(&w.app, a.grant().unwrap(), w.b.developer.id()).await.unwrap(), []);

    let developer = ctx(&w.app, &w.a.developer, &w.a.slug).await;
    assert!(developer.grant::<tenantry_domain::needs::ModelsReport>().is_err());
    let nothing = ModelId::new(uuid::Uuid::nil());
    assert_eq!(
        code(model_access::explain(&w.app, a.grant().unwrap(), nothing, None, None).await),
        ProblemCode::NotFound
    );
}

#[tokio::test]
async fn the_list_of_models_is_narrowed_by_price() {
    let w = world().await;
    let by = w.operator.operator().unwrap();
    for (name, input, output) in [
        ("free", Some(0), Some(0)),
        ("cheap", Some(150_000), Some(600_000)),
        ("dear", Some(150_000), Some(9_000_000)),
        ("unknown", None, Some(1)),
    ] {
        let m = model(&w.app, &by, name).await;
        let patch = ModelPatch::parse(&json!({ "input_price": input, "output_price": output })).unwrap();
        catalog::update(&w.app, &by, m.id, patch).await.unwrap();
    }
    let a = ctx(&w.app, &w.a.viewer, &w.a.slug).await;
    let up_to = async |max_price: Option<i64>| {
        let filter = model_access::ModelFilter {
            max_price,
            ..model_access::ModelFilter::default()
        };
        let page = model_access::list(&w.app, a.grant().unwrap(), tenantry_types::PageQuery::default(), filter)
            .await
            .unwrap();
        page.items.into_iter().map(|m| m.name).collect::<Vec<_>>()
    };
    assert_eq!(up_to(None).await, ["cheap", "dear", "free", "unknown"]);
    assert_eq!(up_to(Some(0)).await, ["free"], "unknown is not free");
    assert_eq!(up_to(Some(600_000)).await, ["cheap", "free"]);
    assert_eq!(
        model_access::providers(&w.app, a.grant().unwrap()).await.unwrap(),
        ["Provider of cheap", "Provider of dear", "Provider of free", "Provider of unknown"]
    );
}
