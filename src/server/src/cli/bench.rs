//! `tenantry bench`: how long the questions take that every request asks. Measured through the use
//! cases, on the real database, with its row-level security.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Subcommand;
use serde::Serialize;
use tenantry_domain::model_access::{self, ModelFilter};
use tenantry_domain::{App, Operator, Origin, Principal, TenantCtx, access, accounts, platform};
use tenantry_types::PageQuery;

use super::flags::Common;
use super::{load, print_json, with_app};
use crate::failure::Failure;

/// What the 95th percentile has to stay below.
const TARGET_MS: f64 = 1.0;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Time the three questions of access: tenants of a user, models of a tenant, models of a user
    ///
    /// Ends with 1 when one of them takes 1 ms or more at the 95th percentile.
    Access {
        /// The tenant to ask about, by its slug or id
        #[arg(long, value_name = "TENANT")]
        tenant: String,
        /// How often each question is asked
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        iterations: u32,
        /// Print the times as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
}

/// The times of one question, in milliseconds.
#[derive(Debug, Serialize)]
struct Times {
    question: &'static str,
    min: f64,
    median: f64,
    mean: f64,
    p95: f64,
    p99: f64,
    max: f64,
}

impl Times {
    fn of(question: &'static str, mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        // The smallest time that this share of all is not above.
        let at = |share: f64| {
            let place = (share * times.len() as f64).ceil() as usize;
            ms(times[place.clamp(1, times.len()) - 1])
        };
        let mean = times.iter().copied().map(ms).sum::<f64>() / times.len() as f64;
        Self {
            question,
            min: at(0.0),
            median: at(0.5),
            mean,
            p95: at(0.95),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    let Command::Access {
        tenant,
        iterations,
        json,
        common,
    } = command;
    let config = load(&common)?;
    let times = with_app(&config, async |app| measure(app, &tenant, iterations).await).await?;
    if json {
        print_json(&times)?;
    } else {
        println!(
            "{:<20} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}  (ms, {iterations} times)",
            "", "min", "median", "mean", "p95", "p99", "max"
        );
        for t in &times {
            println!(
                "{:<20} {:>8.3} {:>8.3} {:>8.3} {:>8.3} {:>8.3} {:>8.3}",
                t.question, t.min, t.median, t.mean, t.p95, t.p99, t.max
            );
        }
    }
    let slow: Vec<&str> = times.iter().filter(|times| times.p95 >= TARGET_MS).map(|times| times.question).collect();
    if slow.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("tenantry: not below {TARGET_MS} ms at the 95th percentile: {}", slow.join(", "));
    Ok(ExitCode::from(1))
}

async fn measure(app: &App, tenant: &str, iterations: u32) -> Result<Vec<Times>, Failure> {
    let (who, ctx) = someone_in(app, tenant).await?;
    let query = || PageQuery {
        limit: 50,
        skip: 0,
        q: String::new(),
        sort: String::new(),
    };
    let tenants = time(iterations, async || accounts::available_tenants(app, &who).await.map(drop)).await?;
    let of_tenant = time(iterations, async || {
        let by = ctx.grant().map_err(tenantry_domain::Error::from)?;
        model_access::list(app, by, query(), ModelFilter::default()).await.map(drop)
    })
    .await?;
    let of_user = time(iterations, async || model_access::mine(app, &who).await.map(drop)).await?;
    Ok(vec![
        Times::of("tenants of a user", tenants),
        Times::of("models of a tenant", of_tenant),
        Times::of("models of a user", of_user),
    ])
}

/// The first account that is in this tenant: questions are asked for somebody.
async fn someone_in(app: &App, tenant: &str) -> Result<(Principal, TenantCtx), Failure> {
    let origin = Origin::cli("bench access");
    let operator = Operator::of_command_line(origin.clone());
    let mut skip = 0;
    loop {
        let page = platform::users(
            app,
            &operator,
            PageQuery {
                limit: PageQuery::MAX_LIMIT,
                skip,
                q: String::new(),
                sort: String::new(),
            },
            None,
        )
        .await?;
        for user in &page.items {
            let Some(who) = access::principal(app, user.id, origin.clone()).await? else {
                continue;
            };
            let tenants = accounts::available_tenants(app, &who).await?;
            if tenants.iter().any(|t| t.slug.as_str() == tenant || t.id.to_string() == tenant) {
                let ctx = access::tenant(app, &who, tenant).await?;
                return Ok((who, ctx));
            }
        }
        skip += PageQuery::MAX_LIMIT;
        if page.items.is_empty() || skip > PageQuery::MAX_SKIP {
            return Err(Failure::Failed(format!("there is no tenant {tenant}, or nobody is in it")));
        }
    }
}

async fn time(iterations: u32, ask: impl AsyncFn() -> tenantry_domain::Result<()>) -> Result<Vec<Duration>, Failure> {
    // The first rounds open connections and prepare statements.
    for _ in 0..10 {
        ask().await?;
    }
    let mut times = Vec::new();
    for _ in 0..iterations {
        let since = Instant::now();
        ask().await?;
        times.push(since.elapsed());
    }
    Ok(times)
}
