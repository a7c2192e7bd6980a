//! A password for a new account: from the environment, from stdin, or asked for without showing it.
//! Never a flag, which everyone could read in the list of processes.

use std::io::{BufRead, IsTerminal, Write, stderr, stdin};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use tenantry_types::NewPassword;

use crate::config::Config;
use crate::failure::Failure;

/// # Errors
/// When none is given, or it is not good enough.
pub fn read(config: &Config, from_stdin: bool) -> Result<NewPassword, Failure> {
    let text = if from_stdin {
        line()?
    } else if let Some(password) = &config.initialization.admin_password {
        return Ok(password.clone());
    } else if stdin().is_terminal() {
        let first = ask("Password: ")?;
        if first != ask("The same again: ")? {
            return Err(Failure::Usage("the two passwords differ".to_owned()));
        }
        first
    } else {
        return Err(Failure::Usage(
            "no password: set TENANTRY_ADMIN_PASSWORD, or give it on stdin with --password-stdin".to_owned(),
        ));
    };
    NewPassword::parse(&text).map_err(|fault| Failure::Usage(format!("the password: {}", fault.message())))
}

fn line() -> Result<String, Failure> {
    let mut text = String::new();
    stdin().lock().read_line(&mut text).map_err(Failure::failed)?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

fn ask(question: &str) -> Result<String, Failure> {
    eprint!("{question}");
    drop(stderr().flush());
    let before = tcgetattr(stdin()).map_err(Failure::failed)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(stdin(), OptionalActions::Flush, &silent).map_err(Failure::failed)?;
    let text = line();
    let restored = tcsetattr(stdin(), OptionalActions::Flush, &before);
    eprintln!();
    restored.map_err(Failure::failed)?;
    text
}
