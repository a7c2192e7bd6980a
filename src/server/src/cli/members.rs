//! `tenantry members`: people in a tenant, many at once.

use std::process::ExitCode;

use clap::Subcommand;
use tenantry_domain::{Error, Operator, Origin, members};
use tenantry_types::{ProblemCode, TenantRole, counted};

use super::flags::Common;
use super::{load, print_json, with_app};
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add every active account of the server to a tenant; members already stay as they are
    Add {
        /// The tenant, by its slug or id
        #[arg(long, value_name = "TENANT")]
        tenant: String,
        /// Add all active accounts: it has to be said, since it cannot be taken back at once
        #[arg(long, required = true)]
        all_active: bool,
        /// What they become: owner, admin, developer, viewer
        #[arg(long, default_value = "developer", value_parser = role)]
        role: TenantRole,
        /// Print what was done as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
}

fn role(text: &str) -> Result<TenantRole, String> {
    text.parse().map_err(|_| "one of owner, admin, developer, viewer is expected".to_owned())
}

pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    let Command::Add {
        tenant,
        all_active: _,
        role,
        json,
        common,
    } = command;
    let config = load(&common)?;
    let operator = Operator::of_command_line(Origin::cli("members add"));
    let added = with_app(&config, async |app| match members::add_all_active(app, &operator, &tenant, role).await {
        Err(Error::Code(ProblemCode::NotFound)) => Err(Failure::Failed(format!("there is no tenant {tenant}"))),
        other => Ok(other?),
    })
    .await?;
    if json {
        print_json(&added)?;
    } else {
        println!(
            "{} added to {tenant} as {}, {} already.",
            added.items.len(),
            role.as_str(),
            counted(added.skipped, "was a member", "were members")
        );
    }
    Ok(ExitCode::SUCCESS)
}
