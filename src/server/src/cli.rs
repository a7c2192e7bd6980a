//! The command line. Every command works with the server running or stopped. Results go to stdout,
//! progress and the log to stderr; it ends with 0, 1 (it did not work) or 2 (wrong use).

mod admin;
mod audit;
mod bench;
mod config;
mod flags;
mod import;
mod keys;
mod members;
mod password;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tenantry_domain::App;

use crate::application;
use crate::config::{Config, Flags};
use crate::database::Open;
use crate::failure::Failure;
use crate::serve;
use flags::{Common, ServeFlags};

/// One control plane for the teams that share your AI systems.
///
/// Start with `tenantry serve`: it brings its own database and prints the address to open in a
/// browser. The first person who signs up there runs the server.
#[derive(Debug, Parser)]
#[command(name = "tenantry", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server, until Ctrl-C or SIGTERM
    ///
    /// Every flag --x-y is also the variable TENANTRY_X_Y and the key x_y in tenantry.toml. Later ones win: defaults,
    /// file, environment, flags. Secrets have no flags; each of their variables may also be set as NAME_FILE, with the
    /// path of a file that holds the value. `tenantry config print` shows all settings.
    Serve(ServeFlags),
    /// Bring the database's schema up to date
    ///
    /// `serve` does so by itself with the embedded database, and with DATABASE_URL when DATABASE_OWNER_URL is set. Use
    /// this command to do it before, with an account that the server does not get.
    Migrate(Common),
    /// Bring in people, groups and models of another system
    #[command(subcommand)]
    Import(import::Command),
    /// Make accounts that run the server, and ways back into one
    #[command(subcommand)]
    Admin(admin::Command),
    /// Add people to a tenant
    #[command(subcommand)]
    Members(members::Command),
    /// Verify the record of what happened
    #[command(subcommand)]
    Audit(audit::Command),
    /// Keys that the server signs with
    #[command(subcommand)]
    Keys(keys::Command),
    /// Show the settings
    #[command(subcommand)]
    Config(config::Command),
    /// Measure the server's parts
    #[command(subcommand)]
    Bench(bench::Command),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    // Rendering a page needs a second thread, even on a machine with one core.
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).max(2);
    let done = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(Failure::failed)
        .and_then(|runtime| runtime.block_on(run(cli.command)));
    match done {
        Ok(code) => code,
        Err(failure) => {
            for line in failure.to_string().lines() {
                eprintln!("tenantry: {line}");
            }
            failure.exit_code()
        }
    }
}

async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(flags) => {
            let config = Config::load(&Config::environment(), &flags.0)?;
            config.logging.start();
            for warning in &config.warnings {
                tracing::warn!("{warning}");
            }
            serve::run(config).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Migrate(common) => {
            let config = load(&common)?;
            Open::migrate(&config).await?;
            println!("The schema is up to date.");
            Ok(ExitCode::SUCCESS)
        }
        Command::Import(command) => import::run(command).await,
        Command::Admin(command) => admin::run(command).await,
        Command::Members(command) => members::run(command).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Keys(command) => keys::run(command).await,
        Command::Config(command) => config::run(command),
        Command::Bench(command) => bench::run(command).await,
    }
}

/// The configuration of a command other than `serve`.
fn load(common: &Common) -> Result<Config, Failure> {
    let config = Config::load(&Config::environment(), &Flags::from(common))?;
    config.logging.clone().quiet().start();
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    Ok(config)
}

/// Runs `work` with the application, and closes the database afterwards, whatever came of it.
async fn with_app<T>(config: &Config, work: impl AsyncFnOnce(&App) -> Result<T, Failure>) -> Result<T, Failure> {
    let database = Open::for_command(config).await?;
    let done = match application::start(config, database.db.clone()).await {
        Ok(app) => work(&app).await,
        Err(failure) => Err(failure),
    };
    database.close().await;
    done
}

/// A result as JSON, for programs.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::failed)?;
    println!("{text}");
    Ok(())
}

#[cfg(test)]
mod tests;
