//! Tests of the whole server. One binary, one file per subject.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod access_matrix;
mod embedded;
mod problems;
mod server_functions;
mod support;
