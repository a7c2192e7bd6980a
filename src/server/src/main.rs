//! Starts the command line; all else is in the library.

use std::process::ExitCode;

/// A request of the gateway allocates some hundred times, on many threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tenantry_server::cli::main()
}
