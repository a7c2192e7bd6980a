//! Tests of the whole server. One binary, one file per subject.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod access_matrix;
mod api_keys;
mod audit;
mod bound;
mod canary;
mod checklist;
mod commands;
mod context;
mod csrf;
mod embedded;
mod enumeration;
mod gateway;
mod headers;
mod idempotency;
mod members;
mod nodes;
mod openid;
mod passwords;
mod permissions;
mod plain_forms;
mod problems;
mod program;
mod server_functions;
mod sessions;
mod sign_in_policy;
mod sign_up;
mod sources;
mod support;
mod surface;
mod throttles;
mod tokens;
mod totp;
mod webhooks;
