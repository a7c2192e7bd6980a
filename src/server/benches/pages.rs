//! Server time of pages, next to a bare route of the same server in the same run. Requests go through
//! the whole router, without a socket. Ends with 1 when a page misses its target.
#![expect(clippy::unwrap_used, reason = "a measurement ends where it fails")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use secrecy::SecretString;
use tenantry_adapters::hooks::HttpHooks;
use tenantry_adapters::spool::FileSpool;
use tenantry_adapters::upstream::call::HttpUpstreams;
use tenantry_adapters::upstream::{HttpModelSource, Private};
use tenantry_db::testing::TestDb;
use tenantry_domain::{App, MasterKey, Origin, Policy, Setup, accounts};
use tenantry_server::assets::Assets;
use tenantry_server::config::{Config, Flags};
use tenantry_server::{leptos_options, router};
use tenantry_types::account::Registration;
use tower::ServiceExt;

const MEMBERS: i32 = 1000;
const ROUNDS: usize = 300;
/// Median server time of the members page with 1,000 members.
const TARGET: Duration = Duration::from_millis(15);
/// 95th percentile of an answer of the API.
const API_TARGET: Duration = Duration::from_millis(200);
const PASSWORD: &str = "a long enough password";

async fn app(test: &TestDb) -> App {
    let setup = Setup {
        db: test.db.clone(),
        master_key: MasterKey::from_secret(&SecretString::from("a secret for measurements")),
        policy: Policy::default(),
        mailer: None,
        models: Arc::new(HttpModelSource::new(&Private::All).unwrap()),
        upstreams: Arc::new(HttpUpstreams::new(&Private::All).unwrap()),
        hooks: Arc::new(HttpHooks::new(&Private::All).unwrap()),
        // Nothing is used in this measurement: there is no such folder, and none is made.
        spool: Arc::new(FileSpool::new("/nonexistent".into())),
        heads: None,
        openid: None,
        password_threads: 2,
    };
    App::start(setup).await.unwrap()
}

fn get(path: &str, cookie: &str) -> Request<Body> {
    let peer: SocketAddr = ([127, 0, 0, 1], 1).into();
    Request::get(path)
        .header("host", "127.0.0.1:3000")
        .header("accept", "text/html")
        .header("cookie", cookie)
        .extension(ConnectInfo(peer))
        .body(Body::empty())
        .unwrap()
}

async fn timed(router: &Router, path: &str, cookie: &str) -> Duration {
    let started = Instant::now();
    let answer = router.clone().oneshot(get(path, cookie)).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    assert!(!body.is_empty());
    started.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let test = TestDb::new().await;
    let app = app(&test).await;
    let body = serde_json::json!({ "email": "owner@bench.example", "name": "Owner", "password": PASSWORD, "tenant_name": "Bench" });
    accounts::register(&app, &Origin::system("bench"), Registration::parse(&body).unwrap())
        .await
        .unwrap();
    fill(&test).await;

    let config = Config::load(&std::collections::BTreeMap::new(), &Flags::default()).unwrap();
    let built = router::build(
        app,
        &Assets::load().unwrap(),
        &leptos_options::read().unwrap(),
        &router::Surroundings::of(&config),
    )
    .unwrap();
    let router = built.router;
    let cookie = log_in(&router).await;

    let paths = [
        "/health",
        "/ready",
        "/t/bench",
        "/t/bench/members",
        "/t/bench/members?sort=-email&q=person%201",
        "/api/v1/tenants/bench/members",
        "/api/v1/tenants/bench",
    ];
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); paths.len()];
    for round in 0..ROUNDS + 20 {
        for (place, path) in paths.iter().enumerate() {
            let time = timed(&router, path, &cookie).await;
            // The first rounds fill caches and prepare statements.
            if round >= 20 {
                times[place].push(time);
            }
        }
    }
    let bare = median(&mut times[0]).as_secs_f64();
    println!("{MEMBERS} members, {ROUNDS} rounds, medians, beside the bare route /health of the same server");
    let mut missed = false;
    for (path, times) in paths.iter().zip(&mut times) {
        let median = median(times);
        let p95 = times[times.len() * 95 / 100];
        println!(
            "{path:45} {:8.3} ms   {:7.1} x bare   95 % {:8.3} ms",
            median.as_secs_f64() * 1000.0,
            median.as_secs_f64() / bare,
            p95.as_secs_f64() * 1000.0
        );
        missed |= path.starts_with("/t/bench/members") && median >= TARGET;
        missed |= path.starts_with("/api") && p95 >= API_TARGET;
    }
    if missed {
        eprintln!(
            "missed: {} ms for the members page, {} ms for 95 % of the API's answers",
            TARGET.as_millis(),
            API_TARGET.as_millis()
        );
    }
    drop(test);
    if missed {
        std::process::ExitCode::FAILURE
    } else {
        std::process::ExitCode::SUCCESS
    }
}

async fn fill(test: &TestDb) {
    let mut conn = test.superuser().await.unwrap();
    sqlx::query(
        "with u as (insert into user_account (id, email, name, created_at, updated_at)
           select gen_random_uuid(), 'person' || n || '@bench.example', 'Person ' || n, now(), now() from generate_series(1, $1 - 1) n
           returning id)
         insert into membership (tenant_id, user_id, role, joined_at) select t.id, u.id, 'developer', now() from u, tenant t",
    )
    .bind(MEMBERS)
    .execute(&mut conn)
    .await
    .unwrap();
    sqlx::query("analyze").execute(&mut conn).await.unwrap();
}

async fn log_in(router: &Router) -> String {
    let peer: SocketAddr = ([127, 0, 0, 1], 1).into();
    let body = serde_json::json!({ "email": "owner@bench.example", "password": PASSWORD }).to_string();
    let request = Request::post("/api/v1/auth/login")
        .header("host", "127.0.0.1:3000")
        .header("content-type", "application/json")
        .extension(ConnectInfo(peer))
        .body(Body::from(body))
        .unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}
