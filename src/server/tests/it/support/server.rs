//! The real router on a database of its own, which is gone with the test. The pool logs in as the
//! real login role: a superuser would ignore row-level security and make tests green for nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use secrecy::SecretString;
use tenantry_adapters::hooks::HttpHooks;
use tenantry_adapters::spool::FileSpool;
use tenantry_adapters::upstream::Private;
use tenantry_adapters::upstream::call::HttpUpstreams;
use tenantry_db::PgSessionStore;
use tenantry_db::testing::TestDb;
use tenantry_domain::ports::{Mail, MailError, Mailer, ModelSource, OpenIdProviders, SourceError, Upstream};
use tenantry_domain::{App, Db, MasterKey, Policy, Setup};
use tenantry_server::assets::Assets;
use tenantry_server::config::{SameSite, Sessions};
use tenantry_server::leptos_options;
use tenantry_server::router::{self, Surroundings};
use tenantry_types::provider::UpstreamModel;

use super::fixture::{self, Side};

/// How a test wants its server.
pub struct Wish {
    pub policy: Policy,
    pub surroundings: Surroundings,
    pub mailer: Option<Arc<dyn Mailer>>,
    pub openid: Option<Arc<dyn OpenIdProviders>>,
    /// Whether webhooks may lead to this machine, where the receivers of tests are.
    pub private_webhooks: Private,
}

impl Default for Wish {
    fn default() -> Self {
        let sessions = Sessions {
            secure: false,
            same_site: SameSite::Lax,
            idle: Duration::from_secs(3600),
            absolute: Duration::from_secs(86400),
        };
        Self {
            policy: Policy {
                only_tenant_fallback: true,
                ..Policy::default()
            },
            surroundings: Surroundings {
                public_url: Some("http://tenantry.test".to_owned()),
                trusted_proxies: Vec::new(),
                base_domain: None,
                sessions,
                sign_ups_per_hour: 0,
                log_ins_per_minute: 0,
            },
            mailer: None,
            openid: None,
            private_webhooks: Private::All,
        }
    }
}

/// A server without anybody in it.
pub struct Server {
    pub app: App,
    pub router: Router,
    pub store: PgSessionStore,
    pub database: Arc<TestDb>,
    pub cookie: &'static str,
    // Its data folder.
    _folder: tempfile::TempDir,
}

impl Server {
    pub async fn new() -> Self {
        Self::with(Wish::default()).await
    }

    pub async fn with(wish: Wish) -> Self {
        let database = TestDb::new().await;
        let db = database.db.clone();
        Self::on(Arc::new(database), db, wish).await
    }

    /// Another server on the same database, with the defaults of tests.
    pub async fn beside(&self) -> Self {
        let db = Db::connect(&self.database.login_url(), 5).await.unwrap();
        Self::on(self.database.clone(), db, Wish::default()).await
    }

    async fn on(database: Arc<TestDb>, db: Db, wish: Wish) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup {
            db,
            master_key: MasterKey::from_secret(&SecretString::from("the key of the tests, long enough")),
            policy: Policy {
                public_url: wish.surroundings.public_url.clone(),
                ..wish.policy
            },
            mailer: wish.mailer,
            models: Arc::new(NoModels),
            upstreams: Arc::new(HttpUpstreams::new(&Private::All).unwrap()),
            hooks: Arc::new(HttpHooks::new(&wish.private_webhooks).unwrap()),
            spool: Arc::new(FileSpool::new(folder.path().join("spool"))),
            heads: None,
            openid: wish.openid,
            password_threads: 2,
        };
        let app = App::start(setup).await.unwrap();
        let assets = Assets::load().unwrap();
        let built = router::build(app.clone(), &assets, &leptos_options::read().unwrap(), &wish.surroundings).unwrap();
        let cookie = if wish.surroundings.sessions.secure {
            "__Host-session"
        } else {
            "session"
        };
        Self {
            app,
            router: built.router,
            store: built.store,
            database,
            cookie,
            _folder: folder,
        }
    }
}

/// A server with the fixture: an operator, and the tenants A and B.
pub struct TestApp {
    pub server: Server,
    pub operator: fixture::Person,
    pub a: Side,
    pub b: Side,
}

impl std::ops::Deref for TestApp {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(Wish::default()).await
    }

    pub async fn with(wish: Wish) -> Self {
        let server = Server::with(wish).await;
        let operator = fixture::operator(&server).await;
        let a = fixture::side(&server, &operator, "a").await;
        let b = fixture::side(&server, &operator, "b").await;
        Self { server, operator, a, b }
    }
}

/// Keeps mails instead of sending them.
#[derive(Default)]
pub struct Postbox(Mutex<Vec<Mail>>);

impl Postbox {
    /// What came since the last look.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[async_trait]
impl Mailer for Postbox {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        self.0.lock().unwrap().push(mail);
        Ok(())
    }
}

/// No provider answers in these tests.
struct NoModels;

#[async_trait]
impl ModelSource for NoModels {
    async fn list(&self, _: Upstream<'_>) -> Result<Vec<UpstreamModel>, SourceError> {
        Err(SourceError::Unreachable)
    }
}
