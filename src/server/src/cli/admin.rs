//! `tenantry admin`: accounts that run the server, and ways back into one. Who may run this command may read the database,
//! so it asks for no other proof.

use std::process::ExitCode;

use clap::Subcommand;
use tenantry_domain::accounts::{self, passwords};
use tenantry_domain::{Error, Operator, Origin};
use tenantry_types::{Email, Fault, Name, ProblemCode};

use super::flags::Common;
use super::{load, password, print_json, with_app};
use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an account that runs the server
    ///
    /// The password comes from TENANTRY_ADMIN_PASSWORD, from stdin with --password-stdin, or is asked for.
    Create {
        /// The address to sign in with
        #[arg(value_parser = email)]
        email: Email,
        /// The person's name
        #[arg(long, default_value = "Administrator", value_parser = name)]
        name: Name,
        /// Read the password from the first line of stdin
        #[arg(long)]
        password_stdin: bool,
        /// Print the account as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Make a link with which somebody sets a new password
    ///
    /// It works once, for 30 minutes. Whoever holds it can take the account over.
    ResetPassword {
        /// The address of the account
        #[arg(value_parser = email)]
        email: Email,
        /// Print the link as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Let an account that is there run the server
    Promote {
        /// The address of the account
        #[arg(value_parser = email)]
        email: Email,
        /// Print the account as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        common: Common,
    },
}

fn email(text: &str) -> Result<Email, String> {
    Email::parse(text).map_err(Fault::message)
}

fn name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(Fault::message)
}

fn nobody(email: &Email) -> Failure {
    Failure::Failed(format!("there is no account {email}"))
}

async fn reset_password(email: &Email, json: bool, common: &Common) -> Result<ExitCode, Failure> {
    let config = load(common)?;
    let base_url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.addr));
    let by = Operator::of_command_line(Origin::cli("admin reset-password"));
    let made = with_app(&config, async |app| {
        match passwords::make_reset_link_for(app, &by, email, &base_url).await {
            Err(Error::Code(ProblemCode::NotFound)) => Err(nobody(email)),
            other => Ok(other?),
        }
    });
    let made = made.await?;
    if json {
        print_json(&made)?;
    } else {
        println!("{}", made.link);
        eprintln!("It works once, until {}.", made.expires_at.readable());
    }
    Ok(ExitCode::SUCCESS)
}

pub async fn run(command: Command) -> Result<ExitCode, Failure> {
    let (user, json, done) = match command {
        Command::Create {
            email,
            name,
            password_stdin,
            json,
            common,
        } => {
            let config = load(&common)?;
            let password = password::read(&config, password_stdin)?;
            let origin = Origin::cli("admin create");
            let user = with_app(&config, async |app| {
                match accounts::create_operator(app, &origin, email.clone(), &name, password.expose()).await {
                    Err(Error::Code(ProblemCode::EmailTaken)) => Err(Failure::Failed(format!(
                        "there is an account {email} already; `tenantry admin promote {email}` lets it run the server"
                    ))),
                    other => Ok(other?),
                }
            });
            (user.await?, json, "can sign in now, and runs this server")
        }
        Command::ResetPassword { email, json, common } => return reset_password(&email, json, &common).await,
        Command::Promote { email, json, common } => {
            let config = load(&common)?;
            let origin = Origin::cli("admin promote");
            let user = with_app(&config, async |app| match accounts::promote(app, &origin, &email).await {
                Err(Error::Code(ProblemCode::NotFound)) => Err(nobody(&email)),
                other => Ok(other?),
            });
            (user.await?, json, "runs this server now")
        }
    };
    if json {
        print_json(&user)?;
    } else {
        println!("{} {done}.", user.email);
    }
    Ok(ExitCode::SUCCESS)
}
