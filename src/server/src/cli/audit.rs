//! `tenantry audit`: whether the record of what happened is what was written.

use std::process::ExitCode;

use clap::Subcommand;
use tenantry_domain::{Error, Operator, Origin, audit};
use tenantry_types::ProblemCode;
use tenantry_types::audit::AuditVerification;

use super::flags::Common;
use super::{load, print_json, with_app};
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Walk the chains of events and hold them against the heads that were noted outside the database
    ///
    /// Ends with 1 when something was edited, removed, moved or cut off, and says where.
    Verify {
        /// Only the chain of this tenant, by id or slug
        #[arg(long, value_name = "TENANT")]
        tenant: Option<String>,
        /// Print what was found as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
}

pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Verify { tenant, json, common } => verify(tenant.as_deref(), json, &common).await,
    }
}

async fn verify(tenant: Option<&str>, json: bool, common: &Common) -> Result<ExitCode, Failure> {
    let config = load(common)?;
    let operator = Operator::of_command_line(Origin::cli("audit verify"));
    let chains = with_app(&config, async |app| match tenant {
        None => Ok(audit::verify_all(app, &operator, tell).await?),
        Some(tenant) => match audit::verify_tenant(app, &operator, tenant).await {
            Err(Error::Code(ProblemCode::NotFound)) => Err(Failure::Failed(format!("there is no tenant {tenant}"))),
            verified => {
                let verified = verified?;
                tell(&verified);
                Ok(vec![verified])
            }
        },
    })
    .await?;
    let broken = chains.iter().filter(|chain| !chain.ok).count();
    if json {
        print_json(&serde_json::json!({ "ok": broken == 0, "chains": chains }))?;
    }
    if broken > 0 {
        return Err(Failure::Failed(format!(
            "the record was tampered with: {broken} of {} chains do not hold",
            chains.len()
        )));
    }
    if !json {
        let (events, noted) = (
            chains.iter().map(|c| c.events).sum::<i64>(),
            chains.iter().filter(|c| c.noted.is_some()).count(),
        );
        println!(
            "{events} events in {} chains are what was written; {noted} chains reach the heads that were noted.",
            chains.len()
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Progress, and what is wrong.
fn tell(chain: &AuditVerification) {
    let AuditVerification { chain: name, events, .. } = chain;
    if chain.ok {
        eprintln!("{name}: {events} events, sound");
    }
    for finding in &chain.findings {
        match finding.seq {
            Some(seq) => eprintln!("{name}: event {seq} {}", finding.fault.describe()),
            None => eprintln!("{name}: {}", finding.fault.describe()),
        }
    }
}
