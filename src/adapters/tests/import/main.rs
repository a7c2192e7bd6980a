//! Imports into a real Postgres, through the real login role: what a deployment of Open WebUI
//! becomes, what a second run leaves alone, and what is not written when something is wrong.
#![expect(clippy::unwrap_used, reason = "tests")]

mod large;
mod organizations;

use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::json;
use tenantry_adapters::hooks::HttpHooks;
use tenantry_adapters::open_webui;
use tenantry_adapters::spool::FileSpool;
use tenantry_adapters::upstream::call::HttpUpstreams;
use tenantry_adapters::upstream::{HttpModelSource, Private};
use tenantry_db::testing::TestDb;
use tenantry_domain::import::{self, Deployment, ImportReport, Readers, Reason, SourceModel, SourceUser, Target};
use tenantry_domain::model_access::{self, ModelFilter};
use tenantry_domain::{App, MasterKey, Origin, Policy, Principal, Setup, TenantCtx, access, accounts, members, tenants, workspaces};
use tenantry_types::account::{Login, Registration};
use tenantry_types::member::MemberPatch;
use tenantry_types::model::{AccessMode, Audience, ModelAccess, WorkspaceModels};
use tenantry_types::sign_in::AccountDeletion;
use tenantry_types::text::Secret;
use tenantry_types::workspace::WorkspacePatch;
use tenantry_types::{Name, PageQuery, ProblemCode, Slug};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/open-webui.db");
const PASSWORD: &str = "Fixture-Passw0rd!";

async fn server() -> (App, TestDb) {
    let test = TestDb::new().await;
    let setup = Setup {
        db: test.db.clone(),
        master_key: MasterKey::from_secret(&SecretString::from("a secret for tests")),
        policy: Policy::default(),
        mailer: None,
        models: Arc::new(HttpModelSource::new(&Private::All).unwrap()),
        upstreams: Arc::new(HttpUpstreams::new(&Private::All).unwrap()),
        hooks: Arc::new(HttpHooks::new(&Private::All).unwrap()),
        // Nothing is used in these tests: there is no such folder, and none is made.
        spool: Arc::new(FileSpool::new("/nonexistent".into())),
        heads: None,
        openid: None,
        password_threads: 2,
    };
    (App::start(setup).await.unwrap(), test)
}

fn fixture() -> Deployment {
    open_webui::read(Path::new(FIXTURE)).unwrap()
}

fn target(slug: &str) -> Target {
    Target {
        tenant_slug: Slug::parse(slug).unwrap(),
        tenant_name: Name::parse("Acme").unwrap(),
    }
}

async fn run(app: &App, source: Deployment, slug: &str, dry_run: bool) -> ImportReport {
    import::open_webui(app, Origin::cli("import"), source, target(slug), dry_run, &|_| {})
        .await
        .unwrap()
}

async fn register(app: &App, email: &str) -> Principal {
    let body = json!({ "email": email, "name": "Somebody", "password": "a long enough password" });
    let user = accounts::register(app, &Origin::cli("test"), Registration::parse(&body).unwrap())
        .await
        .unwrap()
        .user;
    access::principal(app, user.id, Origin::cli("test")).await.unwrap().unwrap()
}

async fn log_in(app: &App, email: &str, password: &str) -> Principal {
    let login = Login::parse(&json!({ "email": email, "password": password })).unwrap();
    let user = accounts::log_in(app, &Origin::cli("test"), login).await.unwrap().user;
    access::principal(app, user.id, Origin::cli("test")).await.unwrap().unwrap()
}

async fn owner(app: &App) -> TenantCtx {
    let ada = log_in(app, "ada@acme.example", PASSWORD).await;
    access::tenant(app, &ada, "acme").await.unwrap()
}

async fn roles(app: &App, ctx: &TenantCtx) -> Vec<(String, String)> {
    let page = members::list(
        app,
        ctx.grant().unwrap(),
        PageQuery {
            sort: "email".into(),
            ..PageQuery::default()
        },
        None,
    )
    .await
    .unwrap();
    page.items.iter().map(|m| (m.email.to_string(), m.role.as_str().to_owned())).collect()
}

/// Who may use what, as the view says.
async fn use_of(app: &App, ctx: &TenantCtx) -> Vec<(String, String)> {
    let page = model_access::report(app, ctx.grant().unwrap(), PageQuery::default()).await.unwrap();
    let mut rows: Vec<_> = page.items.iter().map(|r| (r.user_email.to_string(), r.model_names.join(" "))).collect();
    rows.sort();
    rows
}

fn pairs(list: &[(String, String)]) -> Vec<(&str, &str)> {
    list.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect()
}

#[tokio::test]
async fn a_deployment_becomes_a_tenant() {
    let (app, _test) = server().await;
    let report = run(&app, fixture(), "acme", false).await;
    let ctx = owner(&app).await;
    let expected = [
        ("ada@acme.example", "owner"),
        ("bea@acme.example", "admin"),
        ("carl@acme.example", "developer"),
        ("dora@acme.example", "developer"),
        ("emile@beta.example", "developer"),
        ("fay.oneil@beta.example", "developer"),
        ("ivo@gamma.example", "developer"),
    ];
    assert_eq!(pairs(&roles(&app, &ctx).await), expected);

    // What Open WebUI showed these people, but for presets and for the private model.
    let expected = [
        ("ada@acme.example", "mock-large mock-small"),
        ("bea@acme.example", "mock-large mock-small"),
        ("carl@acme.example", "mock-large mock-small"),
        ("dora@acme.example", "mock-large mock-small"),
        ("emile@beta.example", "mock-large mock-small"),
        ("fay.oneil@beta.example", "mock-small"),
        ("ivo@gamma.example", "mock-small"),
    ];
    assert_eq!(pairs(&use_of(&app, &ctx).await), expected);
    let list = model_access::list(&app, ctx.grant().unwrap(), PageQuery::default(), ModelFilter::default())
        .await
        .unwrap();
    let models: Vec<_> = list.items.iter().map(|m| (m.name.as_str(), m.is_active, m.enabled, m.audience)).collect();
    let (wide, narrow) = (Audience::Tenant, Audience::Workspaces);
    assert_eq!(
        models,
        [
            ("mock-disabled", false, false, wide),
            ("mock-large", true, true, narrow),
            ("mock-private", true, true, narrow),
            ("mock-small", true, true, wide)
        ]
    );
    assert_eq!(list.items[0].display_name, "Disabled base override");
    assert_eq!(list.items[0].provider_name.as_deref(), Some("127.0.0.1:4999"));
    let places = workspaces::list(&app, ctx.grant().unwrap(), PageQuery::default(), None).await.unwrap();
    let places: Vec<_> = places.items.iter().map(|w| (w.slug.as_str(), w.members)).collect();
    assert_eq!(
        places,
        [("default", 2), ("empty-group", 0), ("engineering", 2), ("platform", 1), ("support", 2)]
    );

    assert_eq!((report.accounts.added, report.models.added, report.providers[0].added), (7, 4, true));
    assert_eq!(report.tenants[0].models.in_no_workspace, ["mock-private"]);
    assert_eq!(report.tenants[0].models.not_enabled, ["mock-disabled"]);
    assert_eq!(report.tenants[0].over_member_limit, None);
    let reasons: Vec<_> = report.left_out.iter().map(|l| (l.name.as_str(), l.reason)).collect();
    assert_eq!(
        reasons,
        [
            ("gus@beta.example", Reason::Pending),
            ("hana@gamma.example", Reason::Pending),
            ("acme-helper", Reason::Preset),
            ("old-preset", Reason::Preset),
            ("orphan-preset", Reason::Preset),
            ("support-bot", Reason::Preset),
        ]
    );
    assert!(
        serde_json::to_string(&report)
            .unwrap()
            .contains(r#""reason":"pending","detail":"waits for approval in the source""#)
    );
    // Nobody becomes operator by an import, and the new hash is the server's own.
    assert!(!ctx.asker().is_operator());
    log_in(&app, "ada@acme.example", PASSWORD).await;
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_writes_nothing() {
    let (app, test) = server().await;
    let tried = run(&app, fixture(), "acme", true).await;
    assert!(tried.dry_run);
    let counts =
        "select (select count(*) from user_account) + (select count(*) from tenant) + (select count(*) from model) + (select count(*) from provider)";
    assert_eq!(test.count(counts).await.unwrap(), 0);
    let done = run(&app, fixture(), "acme", false).await;
    assert_eq!(ImportReport { dry_run: true, ..done }, tried);
}

#[tokio::test]
async fn a_second_run_adds_and_never_reverts() {
    let (app, _test) = server().await;
    run(&app, fixture(), "acme", false).await;
    let again = run(&app, fixture(), "acme", false).await;
    assert_eq!((again.accounts.added, again.accounts.existing, again.models.added), (0, 7, 0));
    let tenant = &again.tenants[0];
    assert_eq!(
        (
            tenant.created,
            tenant.members.added,
            tenant.workspaces.added,
            tenant.workspace_members.added
        ),
        (false, 0, 0, 0)
    );
    assert_eq!(tenant.models.decided_before.len(), 4);

    // People decide otherwise ...
    let ctx = owner(&app).await;
    let found = members::list(&app, ctx.grant().unwrap(), PageQuery::default(), None).await.unwrap().items;
    let user = |email: &str| found.iter().find(|m| m.email.as_str() == email).unwrap().user_id;
    let models = model_access::list(&app, ctx.grant().unwrap(), PageQuery::default(), ModelFilter::default())
        .await
        .unwrap()
        .items;
    let model = |name: &str| models.iter().find(|m| m.name == name).unwrap().id;
    let viewer = MemberPatch::parse(&json!({ "role": "viewer" })).unwrap();
    members::update(&app, ctx.grant().unwrap(), user("bea@acme.example"), viewer)
        .await
        .unwrap();
    members::remove(&app, ctx.grant().unwrap(), user("carl@acme.example")).await.unwrap();
    let engineering = access::workspace(&app, &ctx, "engineering").await.unwrap();
    let none = WorkspaceModels {
        mode: AccessMode::Inherit,
        models: Vec::new(),
    };
    model_access::set_workspace(&app, engineering.grant().unwrap(), none).await.unwrap();
    let renamed = WorkspacePatch::parse(&json!({ "name": "Builders", "slug": "builders" })).unwrap();
    workspaces::update(&app, engineering.grant().unwrap(), renamed).await.unwrap();
    let support = access::workspace(&app, &ctx, "support").await.unwrap();
    workspaces::remove_member(&app, support.grant().unwrap(), user("ivo@gamma.example"))
        .await
        .unwrap();
    let off = ModelAccess {
        enabled: false,
        audience: None,
    };
    model_access::set(&app, ctx.grant().unwrap(), model("mock-small"), off).await.unwrap();

    // ... and the source goes on.
    let mut source = fixture();
    source.users.push(SourceUser {
        id: "new".into(),
        email: "new@acme.example".into(),
        name: "New".into(),
        ..source.users[2].clone()
    });
    source.groups.iter_mut().find(|g| g.name == "Support").unwrap().members.push("new".into());
    let support_id = source.groups.iter().find(|g| g.name == "Support").unwrap().id.clone();
    source.models.iter_mut().find(|m| m.id == "mock-large").unwrap().readers = Readers::Listed {
        groups: source.groups.iter().map(|g| g.id.clone()).collect(),
        people: 0,
    };
    source.models.push(SourceModel {
        id: "brand-new".into(),
        name: "Brand new".into(),
        active: true,
        readers: Readers::Listed {
            groups: vec![support_id],
            people: 0,
        },
    });
    let third = run(&app, source, "acme", false).await;
    assert_eq!(
        (
            third.accounts.added,
            third.models.added,
            third.tenants[0].members.added,
            third.tenants[0].workspaces.added
        ),
        (1, 1, 1, 0)
    );
    assert_eq!(
        third.tenants[0].left_out.iter().map(|l| (l.name.as_str(), l.reason)).collect::<Vec<_>>(),
        [("mock-private", Reason::Private), ("carl@acme.example", Reason::RemovedHere),]
    );

    let members = roles(&app, &ctx).await;
    assert!(
        !members.iter().any(|(email, _)| email == "carl@acme.example"),
        "who was removed stays out"
    );
    assert!(members.contains(&("bea@acme.example".into(), "viewer".into())), "a role stays");
    let used = use_of(&app, &ctx).await;
    let of = |email: &str| used.iter().find(|(e, _)| e == email).unwrap().1.as_str();
    assert_eq!(
        of("dora@acme.example"),
        "",
        "what was taken off the list of Engineering does not come back"
    );
    assert_eq!(of("emile@beta.example"), "mock-large");
    assert_eq!(of("fay.oneil@beta.example"), "brand-new mock-large", "a new grant comes in");
    assert_eq!(of("new@acme.example"), "brand-new mock-large");
    assert_eq!(of("ivo@gamma.example"), "", "who was taken out of a workspace stays out of it");
    let places = workspaces::list(&app, ctx.grant().unwrap(), PageQuery::default(), None).await.unwrap();
    assert!(
        places.items.iter().any(|w| w.slug.as_str() == "builders" && w.members == 1)
            && !places.items.iter().any(|w| w.slug.as_str() == "engineering")
    );
}

#[tokio::test]
async fn an_account_that_is_there_gets_a_membership_only() {
    let (app, _test) = server().await;
    register(&app, "operator@tenantry.example").await;
    register(&app, "carl@acme.example").await;
    let report = run(&app, fixture(), "acme", false).await;
    assert_eq!((report.accounts.added, report.accounts.existing), (6, 1));
    let carl = log_in(&app, "carl@acme.example", "a long enough password").await;
    assert_eq!(carl.user().name, "Somebody");
    let ctx = access::tenant(&app, &carl, "acme").await.unwrap();
    assert_eq!(ctx.role().as_str(), "developer");
}

#[tokio::test]
async fn a_deleted_account_does_not_come_back() {
    let (app, test) = server().await;
    run(&app, fixture(), "acme", false).await;
    let carl = log_in(&app, "carl@acme.example", PASSWORD).await;
    let again = AccountDeletion {
        password: Some(Secret::new(PASSWORD)),
    };
    accounts::delete_me(&app, &carl, &again).await.unwrap();
    let again = run(&app, fixture(), "acme", false).await;
    assert_eq!((again.accounts.added, again.accounts.existing), (0, 6));
    let gone: Vec<_> = again
        .left_out
        .iter()
        .filter(|l| l.reason == Reason::DeletedHere)
        .map(|l| l.name.as_str())
        .collect();
    assert_eq!(gone, ["carl@acme.example"]);
    // Of the address nothing is kept that could be read.
    let kept = "select count(*) from platform_audit where row(platform_audit.*)::text like '%carl@acme%'";
    assert_eq!(test.count(kept).await.unwrap(), 0);
}

#[tokio::test]
async fn a_tenant_that_takes_no_writes_takes_no_import() {
    let (app, test) = server().await;
    let somebody = register(&app, "ada@acme.example").await;
    let new = tenantry_types::tenant::NewTenant::parse(&json!({ "name": "Acme" })).unwrap();
    tenants::create(&app, &somebody, new).await.unwrap();
    let ctx = access::tenant(&app, &somebody, "acme").await.unwrap();
    tenants::suspend(&app, ctx.grant().unwrap()).await.unwrap();
    let error = import::open_webui(&app, Origin::cli("import"), fixture(), target("acme"), false, &|_| {})
        .await
        .unwrap_err();
    assert_eq!(error.code(), ProblemCode::TenantSuspended);
    assert_eq!(test.count("select count(*) from user_account").await.unwrap(), 1, "nothing was written");
    assert_eq!(test.count("select count(*) from model").await.unwrap(), 0);
}
