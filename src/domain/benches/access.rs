//! What access costs, each beside a baseline of the same run: queries under row-level security beside the same without it
//! (100 tenants of 10,000 members), a key that is remembered, a permission, log-ins beside what argon2 alone allows, and
//! how often what decides over access is in memory. Ends with 1 when a target is missed.
#![expect(clippy::unwrap_used, reason = "a measurement ends where it fails")]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use tenantry_db::testing::TestDb;
use tenantry_domain::ports::{
    Call, CallError, HookCall, HookError, Hooks, ModelSource, Reply, Segment, SourceError, Upstream, Upstreams, UsageSpool,
};
use tenantry_domain::{App, Asker, MasterKey, Origin, Policy, Principal, Setup, TenantCtx, access, accounts, api_keys, members, tenants};
use tenantry_types::account::{Login, Registration};
use tenantry_types::api_key::NewApiKey;
use tenantry_types::provider::UpstreamModel;
use tenantry_types::tenant::NewTenant;
use tenantry_types::{PageQuery, Permission, UserId};
use uuid::Uuid;

const TENANTS: usize = 100;
const MEMBERS: i32 = 10_000;
const PASSWORD: &str = "a long enough password";

struct NoSource;

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
        Err(std::io::Error::other("nothing is used in this measurement"))
    }

    fn ended(&self) -> std::io::Result<Vec<Segment>> {
        Ok(Vec::new())
    }

    fn remove(&self, _: &str) -> std::io::Result<()> {
        Ok(())
    }
}

/// Times in order, and what of them is asked.
struct Times(Vec<Duration>);

impl Times {
    fn at(&mut self, share: f64) -> Duration {
        self.0.sort_unstable();
        self.0[((share * self.0.len() as f64) as usize).min(self.0.len() - 1)]
    }
}

/// What was missed.
#[derive(Default)]
struct Targets(Vec<String>);

impl Targets {
    fn hold(&mut self, what: &str, held: bool, said: String) {
        println!("{what:52} {said}{}", if held { "" } else { "   MISSED" });
        if !held {
            self.0.push(what.to_owned());
        }
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn origin() -> Origin {
    Origin::system("bench")
}

async fn principal(app: &App, user: UserId) -> Principal {
    access::principal(app, user, origin()).await.unwrap().unwrap()
}

async fn register(app: &App, email: &str) -> UserId {
    let body = json!({ "email": email, "name": "Somebody", "password": PASSWORD });
    let made = accounts::register(app, &origin(), Registration::parse(&body).unwrap()).await.unwrap();
    made.user.id
}

/// 10,000 people who are members of each tenant. Without triggers and checks: nobody asks for access yet.
async fn fill(test: &TestDb) {
    test.run(&format!(
        "set session_replication_role = replica;
         insert into user_account (id, email, name, created_at, updated_at)
           select gen_random_uuid(), 'person' || n || '@bench.example', 'Person ' || n, now(), now() from generate_series(1, {MEMBERS}) n;
         insert into membership (tenant_id, user_id, role, joined_at)
           select t.id, u.id, 'developer', now() from tenant t, user_account u where u.email like 'person%' and t.slug like 'bench%';
         analyze;"
    ))
    .await
    .unwrap();
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let test = TestDb::new().await;
    let setup = Setup {
        db: test.db.clone(),
        master_key: MasterKey::from_secret(&SecretString::from("a secret for measurements")),
        policy: Policy::default(),
        mailer: None,
        models: Arc::new(NoSource),
        upstreams: Arc::new(NoSource),
        hooks: Arc::new(NoSource),
        spool: Arc::new(NoSource),
        heads: None,
        openid: None,
        password_threads: 2,
    };
    let app = App::start(setup).await.unwrap();
    register(&app, "operator@bench.example").await;
    let owner = principal(&app, register(&app, "owner@bench.example").await).await;
    for n in 0..TENANTS {
        let new = NewTenant::parse(&json!({ "name": format!("Bench {n}"), "slug": format!("bench-{n}") })).unwrap();
        tenants::create(&app, &owner, new).await.unwrap();
    }
    fill(&test).await;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "{TENANTS} tenants of {MEMBERS} members; load of the machine {}\n",
        load.split(' ').next().unwrap_or_default()
    );

    let mut targets = Targets::default();
    row_level_security(&test, &mut targets).await;
    use_cases(&app, &owner, &mut targets).await;
    let ctx = access::tenant(&app, &owner, "bench-0").await.unwrap();
    key(&app, &ctx, &mut targets).await;
    permission(&ctx, &mut targets);
    memory(&app, &test, &mut targets).await;
    log_ins(&app, &mut targets).await;
    drop(test);
    if targets.0.is_empty() {
        std::process::ExitCode::SUCCESS
    } else {
        eprintln!("missed: {}", targets.0.join(", "));
        std::process::ExitCode::FAILURE
    }
}

const GET: &str = "select user_id, role, status, joined_at from membership where tenant_id = $1 and user_id = $2";
const LIST: &str = "select user_id, role, status, joined_at from membership where tenant_id = $1 order by user_id limit 50";

/// The same statement in the same kind of transaction: as the role of tenants, and as one that row-level security leaves alone.
async fn row_level_security(test: &TestDb, targets: &mut Targets) {
    let mut with = PgConnection::connect(&test.login_url()).await.unwrap();
    let mut without = test.superuser().await.unwrap();
    let pairs = sqlx::query("select tenant_id, user_id from membership order by random() limit 6000")
        .fetch_all(&mut without)
        .await
        .unwrap();
    let pairs: Vec<(Uuid, Uuid)> = pairs.iter().map(|row| (row.get(0), row.get(1))).collect();
    for (name, sql) in [("one member", GET), ("fifty members", LIST)] {
        let (mut limited, mut free) = (Times(Vec::new()), Times(Vec::new()));
        let (mut alone_limited, mut alone_free) = (Times(Vec::new()), Times(Vec::new()));
        let mut plan = String::new();
        for (round, (tenant, user)) in pairs.iter().enumerate() {
            // Which goes first changes: whatever else runs on the machine meets both.
            for first in [round % 2 == 0, round % 2 != 0] {
                let (conn, times, bare, role) = if first {
                    (&mut with, &mut limited, &mut alone_limited, "set local role tenantry_tenant; ")
                } else {
                    (&mut without, &mut free, &mut alone_free, "")
                };
                let begin = format!("begin; {role}set local app.tenant_id = '{tenant}'; set local app.workspaces = '*'");
                // As a use case does it, with the transaction around it: begin, ask, commit.
                let started = Instant::now();
                sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *conn).await.unwrap();
                let asked = Instant::now();
                let mut query = sqlx::query(sql).bind(tenant);
                if sql == GET {
                    query = query.bind(user);
                }
                let rows = query.fetch_all(&mut *conn).await.unwrap();
                let alone = asked.elapsed();
                assert!(!rows.is_empty());
                if first && round == 0 {
                    let literal = sql.replace("$1", &format!("'{tenant}'")).replace("$2", &format!("'{user}'"));
                    let lines = sqlx::query(AssertSqlSafe(format!("explain {literal}")))
                        .fetch_all(&mut *conn)
                        .await
                        .unwrap();
                    plan = lines.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
                }
                sqlx::raw_sql("commit").execute(&mut *conn).await.unwrap();
                // The first rounds prepare and warm.
                if round >= 200 {
                    times.0.push(started.elapsed());
                    bare.0.push(alone);
                }
            }
        }
        let within = alone_free.at(0.5).as_secs_f64() / alone_limited.at(0.5).as_secs_f64();
        let (a, b) = (limited.at(0.5), free.at(0.5));
        let ratio = b.as_secs_f64() / a.as_secs_f64();
        let said = format!(
            "{:.0} us beside {:.0} us without: {ratio:.2} of its rate (target 0.90); the statement alone {within:.2}",
            micros(a),
            micros(b)
        );
        targets.hold(&format!("{name}, under row-level security"), ratio >= 0.9, said);
        let p95 = limited.at(0.95);
        targets.hold(
            &format!("{name}, 95th percentile"),
            p95 < Duration::from_millis(100),
            format!("{:.0} us (target 100 ms)", micros(p95)),
        );
        let indexed = plan.contains("Index") && !plan.contains("Seq Scan");
        targets.hold(
            &format!("{name}, plan"),
            indexed,
            plan.lines().next().unwrap_or_default().trim().to_owned(),
        );
    }
}

/// The use cases of the console and the API, with transaction, joins and count.
async fn use_cases(app: &App, owner: &Principal, targets: &mut Targets) {
    let (mut lists, mut gets) = (Times(Vec::new()), Times(Vec::new()));
    for round in 0..3 * TENANTS {
        let ctx = access::tenant(app, owner, &format!("bench-{}", round % TENANTS)).await.unwrap();
        let started = Instant::now();
        let page = members::list(app, ctx.grant().unwrap(), PageQuery::default(), None).await.unwrap();
        lists.0.push(started.elapsed());
        let started = Instant::now();
        members::get(app, ctx.grant().unwrap(), page.items[0].user_id).await.unwrap();
        gets.0.push(started.elapsed());
    }
    for (name, times) in [("members: a page of 10,000", &mut lists), ("members: one", &mut gets)] {
        let (median, p95) = (times.at(0.5), times.at(0.95));
        let said = format!("median {:.2} ms, 95 % {:.2} ms (target 100 ms)", micros(median) / 1e3, micros(p95) / 1e3);
        targets.hold(name, p95 < Duration::from_millis(100), said);
    }
}

async fn key(app: &App, ctx: &TenantCtx, targets: &mut Targets) {
    let new = NewApiKey::parse(&json!({ "name": "Bench", "scopes": ["members:read"] })).unwrap();
    let made = api_keys::create(app, ctx.grant().unwrap(), ctx, new).await.unwrap();
    let secret = made.secret.unwrap();
    let mut times = Times(Vec::new());
    for round in 0..40_000 {
        let started = Instant::now();
        let found = api_keys::recognize(app, &secret, origin()).await.unwrap();
        let took = started.elapsed();
        assert!(found.is_some());
        if round >= 2_000 {
            times.0.push(took);
        }
    }
    let (median, p99) = (times.at(0.5), times.at(0.99));
    let said = format!("median {:.1} us, 99 % {:.1} us (target 50 us)", micros(median), micros(p99));
    targets.hold("a key that is remembered", p99 < Duration::from_micros(50), said);
}

fn permission(ctx: &TenantCtx, targets: &mut Targets) {
    const ROUNDS: u32 = 1_000_000;
    let started = Instant::now();
    for _ in 0..ROUNDS {
        black_box(black_box(ctx).may(black_box(Permission::MembersRead), None));
    }
    let each = started.elapsed() / ROUNDS;
    targets.hold(
        "a permission",
        each < Duration::from_micros(1),
        format!("{} ns (target 1,000 ns)", each.as_nanos()),
    );
}

/// People who go about in all tenants, and a change now and then that makes the server forget.
async fn memory(app: &App, test: &TestDb, targets: &mut Targets) {
    let mut conn = test.superuser().await.unwrap();
    let people = sqlx::query("select id from user_account where email like 'person%' order by email limit 10")
        .fetch_all(&mut conn)
        .await
        .unwrap();
    let people: Vec<UserId> = people.iter().map(|row| UserId::new(row.get(0))).collect();
    let before = access::rates(app);
    for round in 0..20 {
        for user in &people {
            let who = principal(app, *user).await;
            for n in 0..TENANTS {
                access::tenant(app, Asker::from(&who), &format!("bench-{n}")).await.unwrap();
            }
        }
        // Two tenants change: what is remembered of them is read anew.
        let changed = format!(
            "update tenant set name = name || '.' where slug in ('bench-{round}', 'bench-{}')",
            round + 50
        );
        test.run(&changed).await.unwrap();
    }
    let after = access::rates(app);
    let since: HashMap<_, _> = after
        .iter()
        .map(|(kind, rate)| {
            let was = before.get(kind).copied().unwrap_or_default();
            (*kind, (rate.hits - was.hits, rate.misses - was.misses))
        })
        .collect();
    let (hits, misses) = since["context"];
    let rate = hits as f64 / (hits + misses).max(1) as f64;
    let said = format!("{:.1} % of {} (target 90 %)", rate * 100.0, hits + misses);
    targets.hold("contexts that were in memory", rate >= 0.9, said);
}

const AT_ONCE: usize = 4;
const EACH: usize = 8;

/// As many hashes as log-ins, by as many threads as the server has for passwords.
fn hashes_alone() -> Duration {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let params = Params::new(19456, 2, 1, None).unwrap();
                // Kept from one to the next, so that nothing but hashing is measured.
                let mut blocks = vec![Block::default(); params.block_count()];
                let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                let mut out = [0_u8; 32];
                for _ in 0..AT_ONCE * EACH / 2 {
                    argon
                        .hash_password_into_with_memory(PASSWORD.as_bytes(), b"salt of sixteen!", &mut out, &mut blocks)
                        .unwrap();
                    black_box(&out);
                }
            });
        }
    });
    started.elapsed()
}

async fn log_ins(app: &App, targets: &mut Targets) {
    let mut emails = Vec::new();
    for n in 0..AT_ONCE {
        let email = format!("login{n}@bench.example");
        register(app, &email).await;
        emails.push(email);
    }
    let mut ratios = Vec::new();
    let mut rates = Vec::new();
    for _ in 0..5 {
        let alone = tokio::task::spawn_blocking(hashes_alone).await.unwrap();
        let started = Instant::now();
        let tasks: Vec<_> = emails
            .iter()
            .map(|email| {
                let (app, body) = (app.clone(), json!({ "email": email, "password": PASSWORD }));
                tokio::spawn(async move {
                    for _ in 0..EACH {
                        accounts::log_in(&app, &origin(), Login::parse(&body).unwrap()).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let took = started.elapsed();
        ratios.push(alone.as_secs_f64() / took.as_secs_f64());
        rates.push((AT_ONCE * EACH) as f64 / took.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    rates.sort_by(f64::total_cmp);
    let (ratio, rate) = (ratios[ratios.len() / 2], rates[rates.len() / 2]);
    let said = format!("{rate:.1} a second, {ratio:.2} of what argon2 alone allows (target 0.90)");
    targets.hold("log-ins with two threads for passwords", ratio >= 0.9, said);
}
