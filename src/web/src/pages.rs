//! The pages of the console, one file each. A page reads with a server function, shows what it got,
//! and holds the forms that change it; words and layout live here, rules do not.
mod account;
mod admin;
mod alerts;
mod audit;
mod invitations;
mod invite;
mod keys;
pub mod later;
mod links;
mod login;
mod member;
mod members;
mod model;
mod models;
mod new_tenant;
mod not_found;
mod overview;
mod permissions;
mod playground;
mod report;
mod rules;
mod settings;
mod usage;
mod workspace;
mod workspaces;

pub use invitations::Invitations;
pub use invite::Invite;
pub use login::{Login, Register};
pub use members::Members;
pub use models::Models;
pub use not_found::{Missing, NotFound};
#[cfg(feature = "ssr")]
pub use overview::Limits;
pub use overview::Overview;
pub use workspaces::Workspaces;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use tenantry_types::{TenantRole, money};

use crate::rpc::ListQuery;

/// The list that the address asks for.
fn list_query() -> Memo<ListQuery> {
    let query = use_query_map();
    Memo::new(move |_| ListQuery::of(&query.get()))
}

/// What a role lets one do, in a few words.
const fn role_help(role: TenantRole) -> &'static str {
    match role {
        TenantRole::Owner => "everything, also deleting the tenant",
        TenantRole::Admin => "members, workspaces, models and settings",
        TenantRole::Developer => "reads everything, uses models by key",
        TenantRole::Viewer => "sees their own workspaces",
    }
}

/// Options for a role, with what it means.
fn role_choices(roles: &[TenantRole]) -> Vec<(String, String)> {
    roles
        .iter()
        .map(|r| (r.as_str().to_owned(), format!("{}: {}", r.label(), role_help(*r))))
        .collect()
}

/// Nobody said; never the same as 0.
const UNKNOWN: &str = "\u{2013}";

/// A price in dollars: `$0.15`, "free", or a dash when nobody said.
fn price(micro: Option<i64>) -> String {
    match micro {
        None => UNKNOWN.into(),
        Some(0) => "free".into(),
        Some(micro) => money::dollars(micro),
    }
}

/// `128000` as `128k`, for context lengths.
fn thousands(n: Option<i64>) -> String {
    match n {
        None => UNKNOWN.into(),
        Some(n) if n >= 1_000_000 && n % 100_000 == 0 => format!("{}.{}M", n / 1_000_000, n % 1_000_000 / 100_000).replace(".0M", "M"),
        Some(n) if n >= 1000 => format!("{}k", n / 1000),
        Some(n) => n.to_string(),
    }
}
