//! `tenantry keys`: the keys that access tokens are signed with.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;
use tenantry_domain::{Actor, Origin, tokens};

use super::flags::Common;
use super::{load, print_json, with_app};
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Sign access tokens with a new key from now on
    ///
    /// Nobody is signed out: tokens that live stay valid until their end. A server that runs signs with the new key
    /// within a minute. Servers also do this by themselves, once a month.
    Rotate {
        /// Print the id of the key as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
}

pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    let Command::Rotate { json, common } = command;
    let config = load(&common)?;
    let by = Actor::system(Origin::cli("keys rotate"));
    let kid = with_app(&config, async |app| Ok(tokens::signing::rotate(app, &by).await?)).await?;
    if json {
        print_json(&json!({ "kid": kid }))?;
    } else {
        println!("Access tokens are signed with the key {kid} now.");
    }
    Ok(ExitCode::SUCCESS)
}
