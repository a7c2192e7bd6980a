//! `tenantry import`: people, groups and models of another system. Reading the source and writing it
//! are done elsewhere; here are the questions, the progress and the summary.

mod summary;

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use tenantry_adapters::open_webui;
use tenantry_domain::import::{self, Progress, Step, Target};
use tenantry_domain::{Origin, platform};
use tenantry_types::{Fault, Name, Slug};

use super::flags::Common;
use super::{load, print_json, with_app};
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// From the database of an Open WebUI: the file webui.db
    ///
    /// The file is only read, and may be in use. People keep their passwords, groups become workspaces, public models are
    /// enabled for the whole tenant. All of it is written or nothing; a second run adds what is new and takes nothing back.
    OpenWebui {
        /// The database, mostly named webui.db
        path: PathBuf,
        /// The slug of the tenant that takes it all; made when it is not there
        #[arg(long, value_name = "SLUG", value_parser = slug)]
        tenant_slug: Slug,
        /// The name of that tenant
        #[arg(long, value_name = "NAME", value_parser = name)]
        tenant_name: Name,
        /// Try everything and write nothing
        #[arg(long)]
        dry_run: bool,
        /// Print the summary as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
}

fn slug(text: &str) -> Result<Slug, String> {
    Slug::parse(text).map_err(Fault::message)
}

fn name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(Fault::message)
}

pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    let Command::OpenWebui {
        path,
        tenant_slug,
        tenant_name,
        dry_run,
        json,
        common,
    } = command;
    let config = load(&common)?;
    // Read before the database is opened: a bad file is said at once.
    let at = path.clone();
    let source = tokio::task::spawn_blocking(move || open_webui::read(&at))
        .await
        .map_err(Failure::failed)?;
    let source = source.map_err(|e| Failure::Failed(format!("{}: {e}", path.display())))?;
    let target = Target { tenant_slug, tenant_name };
    let (report, operated) = with_app(&config, async |app| {
        let shown = Shown::new();
        let done = import::open_webui(app, Origin::cli("import open-webui"), source, target, dry_run, &|progress| {
            shown.tell(progress)
        })
        .await;
        shown.end();
        Ok((done?, platform::has_operator(app).await?))
    })
    .await?;
    if json {
        print_json(&report)?;
    } else {
        print!("{}", summary::of(&report));
    }
    if !operated {
        // Whoever signs up first is one only where there are no accounts.
        eprintln!(
            "\nNobody runs this server yet. `tenantry admin create` makes an account that does, `tenantry admin promote` takes one that was imported."
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// A bar on a terminal, a line for each step elsewhere.
struct Shown {
    bar: Option<ProgressBar>,
    last: Mutex<Option<Step>>,
}

impl Shown {
    fn new() -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg:22} {wide_bar} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(0).with_style(style)
        });
        Self { bar, last: Mutex::new(None) }
    }

    fn tell(&self, progress: Progress) {
        if let Some(bar) = &self.bar {
            bar.set_length(progress.total as u64);
            bar.set_position(progress.done as u64);
            bar.set_message(progress.step.label());
            return;
        }
        let Ok(mut last) = self.last.lock() else { return };
        if *last != Some(progress.step) {
            *last = Some(progress.step);
            eprintln!("{} ({} of {})", progress.step.label(), progress.done, progress.total);
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
