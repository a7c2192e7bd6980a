//! `tenantry config print`: what the server would start with.

use std::process::ExitCode;

use clap::Subcommand;

use super::flags::Common;
use super::print_json;
use crate::config::{Config, Flags};
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print every setting, its value and where it comes from; secrets are masked
    Print {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
}

pub fn run(command: Command) -> Result<ExitCode, Failure> {
    let Command::Print { json, common } = command;
    let config = Config::load(&Config::environment(), &Flags::from(&common))?;
    for warning in &config.warnings {
        eprintln!("tenantry: warning: {warning}");
    }
    if json {
        print_json(&config.printed())?;
        return Ok(ExitCode::SUCCESS);
    }
    let width = config.printed().iter().map(|line| line.key.len()).max().unwrap_or(0);
    for line in config.printed() {
        println!("{:width$} = {}  ({})", line.key, line.value.as_deref().unwrap_or("-"), line.source);
    }
    Ok(ExitCode::SUCCESS)
}
