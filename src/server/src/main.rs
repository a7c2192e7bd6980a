//! Starts the command line; all else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    tenantry_server::cli::main()
}
