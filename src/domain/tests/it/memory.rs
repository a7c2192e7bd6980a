//! What a server remembers of who may do what: it is not read again, and it is never believed past a change,
//! whoever makes it and however.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use serde_json::json;
use tenantry_db::Db;
use tenantry_domain::{App, MasterKey, Policy, Principal, Setup, access, api_keys, members, permissions, platform, tenants};
use tenantry_types::account::UserPatch;
use tenantry_types::api_key::NewApiKey;
use tenantry_types::member::MemberPatch;
use tenantry_types::permission::Overrides;
use tenantry_types::{Permission, ProblemCode, TenantRole};

use crate::support::{NoSource, World, code, ctx, origin, world};

/// Another server on the same database.
async fn node(w: &World) -> App {
    let setup = Setup {
        db: Db::connect(&w.test.login_url(), 5).await.unwrap(),
        master_key: MasterKey::from_secret(&SecretString::from("a secret for tests")),
        policy: Policy::default(),
        mailer: None,
        models: Arc::new(NoSource),
        upstreams: Arc::new(NoSource),
        hooks: Arc::new(NoSource),
        spool: Arc::new(NoSource),
        heads: None,
        openid: None,
        password_threads: 1,
    };
    App::start(setup).await.unwrap()
}

fn role(name: &str) -> MemberPatch {
    MemberPatch::parse(&json!({ "role": name })).unwrap()
}

async fn role_of(app: &App, who: &Principal, tenant: &str) -> Option<String> {
    let found = access::tenant(app, who, tenant).await;
    found.ok().map(|ctx| ctx.role().as_str().to_owned())
}

/// Asks again until the answer is the one that has to come; a second is all there is.
async fn soon<T: PartialEq + std::fmt::Debug>(wanted: T, ask: impl AsyncFn() -> T) {
    let since = Instant::now();
    loop {
        let asked = Instant::now();
        let found = ask().await;
        if found == wanted {
            return;
        }
        assert!(asked - since < Duration::from_secs(1), "{found:?} instead of {wanted:?}, a second later");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_known_is_not_read_again() {
    let w = world().await;
    let before = access::rates(&w.app);
    for _ in 0..50 {
        let who = access::principal(&w.app, w.a.developer.id(), origin()).await.unwrap().unwrap();
        ctx(&w.app, &who, &w.a.slug).await;
    }
    let after = access::rates(&w.app);
    for kind in ["context", "principal"] {
        assert!(after[kind].hits - before[kind].hits >= 48, "{kind}: {before:?} {after:?}");
        assert!(after[kind].misses - before[kind].misses <= 2, "{kind}: {before:?} {after:?}");
    }
    // Named by its id it is another question, with the same answer.
    let id = ctx(&w.app, &w.a.developer, &w.a.slug).await.tenant().id.to_string();
    assert_eq!(role_of(&w.app, &w.a.developer, &id).await.as_deref(), Some("developer"));
}

#[tokio::test]
async fn a_change_counts_at_once_here_and_within_a_second_elsewhere() {
    let w = world().await;
    let (here, there) = (&w.app, node(&w).await);
    let (dora, slug) = (&w.a.developer, w.a.slug.as_str());
    let owner = ctx(here, &w.a.owner, slug).await;
    for name in ["admin", "viewer", "developer"] {
        role_of(here, dora, slug).await;
        role_of(&there, dora, slug).await;
        members::update(here, owner.grant().unwrap(), dora.id(), role(name)).await.unwrap();
        assert_eq!(role_of(here, dora, slug).await.as_deref(), Some(name));
        soon(Some(name.to_owned()), async || role_of(&there, dora, slug).await).await;
    }

    let denied = Overrides::parse(&json!([{ "permission": "members:read", "effect": "deny" }])).unwrap();
    let may = async |app: &App| ctx(app, dora, slug).await.may(Permission::MembersRead, None);
    assert!(may(&there).await);
    permissions::set_overrides(here, owner.grant().unwrap(), dora.id(), denied).await.unwrap();
    assert!(!may(here).await);
    soon(false, async || may(&there).await).await;

    let status = async |app: &App| ctx(app, dora, slug).await.tenant().status.as_str();
    assert_eq!(status(&there).await, "active");
    tenants::suspend(here, owner.grant().unwrap()).await.unwrap();
    assert_eq!(status(here).await, "suspended");
    soon("suspended", async || status(&there).await).await;
    tenants::activate(here, ctx(here, &w.a.owner, slug).await.grant().unwrap()).await.unwrap();
    soon("active", async || status(&there).await).await;

    members::remove(here, owner.grant().unwrap(), dora.id()).await.unwrap();
    assert_eq!(role_of(here, dora, slug).await, None);
    soon(None, async || role_of(&there, dora, slug).await).await;

    let known = async |app: &App| access::principal(app, dora.id(), origin()).await.unwrap().is_some();
    assert!(known(&there).await);
    let disabled = UserPatch::parse(&json!({ "status": "disabled" })).unwrap();
    platform::update_user(here, &w.operator.operator().unwrap(), dora.id(), disabled)
        .await
        .unwrap();
    assert!(!known(here).await);
    soon(false, async || known(&there).await).await;
}

#[tokio::test]
async fn a_key_that_is_revoked_opens_nothing_any_more() {
    let w = world().await;
    let (here, there) = (&w.app, node(&w).await);
    let owner = ctx(here, &w.a.owner, &w.a.slug).await;
    let new = NewApiKey::parse(&json!({ "name": "One", "scopes": ["members:read"] })).unwrap();
    let key = api_keys::create(here, owner.grant().unwrap(), &owner, new).await.unwrap();
    let secret = key.secret.clone().unwrap();
    let opens = async |app: &App| api_keys::recognize(app, secret.as_str(), origin()).await.unwrap().is_some();
    assert!(opens(here).await && opens(&there).await);
    api_keys::revoke(here, owner.grant().unwrap(), &owner, key.id).await.unwrap();
    assert!(!opens(here).await);
    soon(false, async || opens(&there).await).await;
}

/// The database notes what it is told by anyone, and by a cascade; and it does not note that somebody was there.
#[tokio::test]
async fn changes_past_the_server_count_as_well() {
    let w = world().await;
    let (vera, slug) = (&w.a.viewer, w.a.slug.as_str());
    let id = vera.id().uuid();
    assert_eq!(role_of(&w.app, vera, slug).await.as_deref(), Some("viewer"));
    let notes = || w.test.count("select count(*) from access_change");
    let before = notes().await.unwrap();
    w.test
        .run(&format!(
            "update membership set last_active_at = now() where user_id = '{id}'; update user_account set last_active_at = now(), updated_at = now()"
        ))
        .await
        .unwrap();
    assert_eq!(notes().await.unwrap(), before);

    w.test
        .run(&format!("update membership set role = 'admin' where user_id = '{id}'"))
        .await
        .unwrap();
    assert_eq!(role_of(&w.app, vera, slug).await.as_deref(), Some("admin"));
    w.test.run(&format!("delete from user_account where id = '{id}'")).await.unwrap();
    assert_eq!(role_of(&w.app, vera, slug).await, None);
    assert!(access::principal(&w.app, vera.id(), origin()).await.unwrap().is_none());
}

/// Somebody reads the old state while it changes, and must not leave it behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_beside_a_change_leave_nothing_old_behind() {
    let w = Arc::new(world().await);
    let over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let (w, over) = (w.clone(), over.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    role_of(&w.app, &w.a.developer, &w.a.slug).await;
                }
            })
        })
        .collect();
    let owner = ctx(&w.app, &w.a.owner, &w.a.slug).await;
    for round in 0..20 {
        let name = if round % 2 == 0 { "admin" } else { "viewer" };
        members::update(&w.app, owner.grant().unwrap(), w.a.developer.id(), role(name))
            .await
            .unwrap();
        for _ in 0..3 {
            assert_eq!(role_of(&w.app, &w.a.developer, &w.a.slug).await.as_deref(), Some(name), "round {round}");
        }
    }
    over.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
}

#[tokio::test]
async fn without_the_database_nothing_is_believed() {
    let w = world().await;
    let there = node(&w).await;
    assert_eq!(role_of(&there, &w.a.owner, &w.a.slug).await.as_deref(), Some(TenantRole::Owner.as_str()));
    let name = &w.test.name;
    w.test
        .run(&format!(
            "revoke connect on database {name} from public, tenantry_test_app;
             select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and usename = 'tenantry_test_app'"
        ))
        .await
        .unwrap();
    soon(ProblemCode::Unavailable, async || {
        match access::tenant(&there, &w.a.owner, &w.a.slug).await {
            Ok(_) => ProblemCode::NotFound,
            Err(error) => error.code(),
        }
    })
    .await;
    assert_eq!(code(access::tenant(&there, &w.a.owner, &w.a.slug).await), ProblemCode::Unavailable);
}
