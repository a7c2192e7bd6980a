//! A server without its doors: the app on a database of its own, and tenants A and B, which have an
//! owner, an admin, a developer and a viewer each and a workspace of the same name.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};
use tenantry_db::testing::TestDb;
use tenantry_domain::ports::{
    Call, CallError, HeadLog, HookCall, HookError, Hooks, Mail, MailError, Mailer, ModelSource, Reply, Segment, SourceError, Upstream, Upstreams,
    UsageSpool,
};
use tenantry_domain::{App, Error, MasterKey, Origin, Policy, Principal, Setup, TenantCtx, access, accounts, invitations, tenants, workspaces};
use tenantry_types::account::{Registration, User};
use tenantry_types::audit::Door;
use tenantry_types::invitation::{Acceptance, NewInvitations};
use tenantry_types::provider::UpstreamModel;
use tenantry_types::sign_in::AccountDeletion;
use tenantry_types::tenant::NewTenant;
use tenantry_types::text::Secret;
use tenantry_types::workspace::NewWorkspace;
use tenantry_types::{ProblemCode, TenantRole};

pub const PASSWORD: &str = "a long enough password";
pub const URL: &str = "http://127.0.0.1:3000";

/// A provider that is never there.
pub struct NoSource;

#[async_trait]
impl ModelSource for NoSource {
    async fn list(&self, _: Upstream<'_>) -> Result<Vec<UpstreamModel>, SourceError> {
        Err(SourceError::Unreachable)
    }
}

#[async_trait]
impl Upstreams for NoSource {
    async fn call(&self, _: Call<'_>) -> Result<Reply, CallError> {
        Err(CallError::Unreachable)
    }
}

#[async_trait]
impl Hooks for NoSource {
    fn allows(&self, _: &str) -> bool {
        true
    }

    async fn post(&self, _: HookCall<'_>) -> Result<u16, HookError> {
        Err(HookError::Unreachable)
    }
}

impl UsageSpool for NoSource {
    fn append(&self, _: &[u8]) -> std::io::Result<()> {
        Err(std::io::Error::other("nothing is used in these tests"))
    }

    fn ended(&self) -> std::io::Result<Vec<Segment>> {
        Ok(Vec::new())
    }

    fn remove(&self, _: &str) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps mails instead of sending them.
#[derive(Default)]
pub struct Postbox(pub Mutex<Vec<Mail>>);

#[async_trait]
impl Mailer for Postbox {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        self.0.lock().unwrap().push(mail);
        Ok(())
    }
}

/// Keeps heads of chains in memory.
#[derive(Default)]
pub struct Heads(pub Mutex<String>);

#[async_trait]
impl HeadLog for Heads {
    async fn append(&self, lines: String) -> std::io::Result<()> {
        self.0.lock().unwrap().push_str(&lines);
        Ok(())
    }

    async fn read(&self) -> std::io::Result<String> {
        Ok(self.0.lock().unwrap().clone())
    }
}

pub struct World {
    pub app: App,
    pub test: TestDb,
    pub heads: Arc<Heads>,
    pub postbox: Arc<Postbox>,
    pub operator: Principal,
    pub a: Team,
    pub b: Team,
}

pub struct Team {
    pub slug: String,
    pub owner: Principal,
    pub admin: Principal,
    pub developer: Principal,
    pub viewer: Principal,
}

pub fn origin() -> Origin {
    Origin {
        door: Door::Api,
        ip: None,
        device: String::new(),
        request_id: "test".into(),
    }
}

pub async fn app(policy: Policy) -> (App, TestDb, Arc<Postbox>) {
    let (app, test, postbox, _) = app_with_heads(policy).await;
    (app, test, postbox)
}

/// An app that reads models from there.
pub async fn app_with(policy: Policy, models: Arc<dyn ModelSource>) -> (App, TestDb) {
    let (app, test, ..) = app_of(policy, models).await;
    (app, test)
}

async fn app_with_heads(policy: Policy) -> (App, TestDb, Arc<Postbox>, Arc<Heads>) {
    app_of(policy, Arc::new(NoSource)).await
}

async fn app_of(policy: Policy, models: Arc<dyn ModelSource>) -> (App, TestDb, Arc<Postbox>, Arc<Heads>) {
    let test = TestDb::new().await;
    let heads = Arc::new(Heads::default());
    let postbox = Arc::new(Postbox::default());
    let setup = Setup {
        db: test.db.clone(),
        master_key: MasterKey::from_secret(&SecretString::from("a secret for tests")),
        policy,
        mailer: Some(postbox.clone()),
        models,
        upstreams: Arc::new(NoSource),
        hooks: Arc::new(NoSource),
        spool: Arc::new(NoSource),
        heads: Some(heads.clone()),
        openid: None,
        password_threads: 2,
    };
    (App::start(setup).await.unwrap(), test, postbox, heads)
}

pub fn registration(email: &str, name: &str) -> Registration {
    Registration::parse(&json!({ "email": email, "name": name, "password": PASSWORD })).unwrap()
}

pub async fn register(app: &App, email: &str, name: &str) -> Principal {
    let user = accounts::register(app, &origin(), registration(email, name)).await.unwrap().user;
    principal(app, &user).await
}

/// The password once more.
pub fn again(password: &str) -> AccountDeletion {
    AccountDeletion {
        password: Some(Secret::new(password)),
    }
}

pub async fn principal(app: &App, user: &User) -> Principal {
    access::principal(app, user.id, origin()).await.unwrap().unwrap()
}

pub async fn ctx(app: &App, who: &Principal, tenant: &str) -> TenantCtx {
    access::tenant(app, who, tenant).await.unwrap()
}

pub fn invitation(body: Value) -> NewInvitations {
    NewInvitations::parse(&body).unwrap()
}

/// Invites and accepts: the way people come in.
pub async fn join(app: &App, by: &Principal, tenant: &str, email: &str, name: &str, role: TenantRole) -> Principal {
    let grant = ctx(app, by, tenant).await.grant().unwrap();
    let made = invitations::create(app, grant, invitation(json!({ "email": email, "role": role })), URL)
        .await
        .unwrap();
    let token = token(made[0].link.as_deref().unwrap());
    let new = Acceptance::parse(&json!({ "name": name, "password": PASSWORD })).unwrap();
    let user = invitations::accept(app, &origin(), &token, None, new).await.unwrap().user;
    principal(app, &user).await
}

pub fn token(link: &str) -> String {
    link.rsplit('/').next().unwrap().to_owned()
}

async fn team(app: &App, letter: &str) -> Team {
    let owner = register(app, &format!("owner@{letter}.example"), "Olga Owner").await;
    let slug = format!("team-{letter}");
    tenants::create(app, &owner, NewTenant::parse(&json!({ "name": "Acme", "slug": slug })).unwrap())
        .await
        .unwrap();
    let grant = ctx(app, &owner, &slug).await.grant().unwrap();
    workspaces::create(app, grant, NewWorkspace::parse(&json!({ "name": "Labelling" })).unwrap())
        .await
        .unwrap();
    let admin = join(app, &owner, &slug, &format!("admin@{letter}.example"), "Adam Admin", TenantRole::Admin).await;
    let developer = join(
        app,
        &owner,
        &slug,
        &format!("dev@{letter}.example"),
        "Dora Developer",
        TenantRole::Developer,
    )
    .await;
    let viewer = join(app, &owner, &slug, &format!("viewer@{letter}.example"), "Vera Viewer", TenantRole::Viewer).await;
    Team {
        slug,
        owner,
        admin,
        developer,
        viewer,
    }
}

pub async fn world() -> World {
    let (app, test, postbox, heads) = app_with_heads(Policy::default()).await;
    let operator = register(&app, "operator@tenantry.example", "Otto Operator").await;
    let a = team(&app, "a").await;
    let b = team(&app, "b").await;
    World {
        app,
        test,
        heads,
        postbox,
        operator,
        a,
        b,
    }
}

pub fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> ProblemCode {
    result.expect_err("this must be refused").code()
}
