//! `tenantry audit`: whether the record of what happened is what was written, and who has access.

use std::process::ExitCode;

use clap::Subcommand;
use tenantry_domain::{Error, Operator, Origin, audit, platform};
use tenantry_types::audit::AuditVerification;
use tenantry_types::overview::TenantAccess;
use tenantry_types::{ProblemCode, counted};

use super::flags::Common;
use super::{load, print_json, with_app};
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Walk the chains of events and hold them against the heads that were noted outside the database
    ///
    /// Ends with 1 when something was edited, removed, moved or cut off, and says where; and when no head was noted of a
    /// chain that has events, because then a cut at its end cannot be told.
    Verify {
        /// Only the chain of this tenant, by id or slug
        #[arg(long, value_name = "TENANT")]
        tenant: Option<String>,
        /// Take chains that nothing was noted of as well, such as in a new server: warn, and do not end with 1
        #[arg(long)]
        allow_unnoted: bool,
        /// Print what was found as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
    /// List who may enter each tenant: active users, enabled models, and owners and admins with their last activity
    Access {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
}

pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Verify {
            tenant,
            allow_unnoted,
            json,
            common,
        } => verify(tenant.as_deref(), allow_unnoted, json, &common).await,
        Command::Access { json, common } => access(json, &common).await,
    }
}

async fn verify(tenant: Option<&str>, allow_unnoted: bool, json: bool, common: &Common) -> Result<ExitCode, Failure> {
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
    // Nothing to hold it against: whoever owns the tables could have cut off its end.
    let unnoted = chains.iter().filter(|chain| chain.noted.is_none() && chain.events > 0).count();
    if json {
        let ok = broken == 0 && (unnoted == 0 || allow_unnoted);
        print_json(&serde_json::json!({ "ok": ok, "unnoted": unnoted, "chains": chains }))?;
    }
    if unnoted > 0 {
        eprintln!(
            "WARNING: of {unnoted} of {} chains no head is noted in {}: whether events were cut off at their end cannot be told.",
            chains.len(),
            config.audit_heads.display()
        );
    }
    if broken > 0 {
        return Err(Failure::Failed(format!(
            "the record was tampered with: {broken} of {} chains do not hold",
            chains.len()
        )));
    }
    if unnoted > 0 && !allow_unnoted {
        return Err(Failure::Failed(format!(
            "{unnoted} of {} chains cannot be held against a noted head; a server that runs notes them every five minutes. \
             --allow-unnoted takes them as they are",
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

async fn access(json: bool, common: &Common) -> Result<ExitCode, Failure> {
    let config = load(common)?;
    let operator = Operator::of_command_line(Origin::cli("audit access"));
    let tenants = with_app(&config, async |app| {
        let mut all: Vec<TenantAccess> = Vec::new();
        loop {
            let part = platform::access(app, &operator, all.last().map(|t| t.id)).await?;
            if part.is_empty() {
                return Ok(all);
            }
            all.extend(part);
            eprintln!("{} read", counted(all.len(), "tenant", "tenants"));
        }
    })
    .await?;
    if json {
        print_json(&serde_json::json!({ "tenants": tenants }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for t in &tenants {
        println!(
            "{} ({}, {}): {}, {}",
            t.slug,
            t.id,
            t.status.as_str(),
            counted(t.active_users, "active user", "active users"),
            counted(t.enabled_models, "enabled model", "enabled models"),
        );
        for a in &t.admins {
            let seen = a.last_active_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
            println!("  {} {} <{}>, last active {seen}", a.role.as_str(), printable(&a.name), a.email);
        }
        let shown = i64::try_from(t.admins.len()).unwrap_or(i64::MAX);
        if t.admin_count > shown {
            println!("  and {} more", t.admin_count - shown);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A name that moves no cursor.
fn printable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).collect()
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
