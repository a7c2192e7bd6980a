//! Every place that opens a door into a tenant without a membership, by file and number. A new one
//! fails here, so that somebody looks at it: is there really no grant to ask for?
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;

const DOORS: &[&str] = &["found(", "found_for(", "redeem(", "oneself(", "job(", "of_command_line(", "welcome("];

/// What is known. `found(` counts `access::found` only: use cases of that name are none.
const KNOWN: &[(&str, &str, usize)] = &[
    // Presence of members and visits of operators are noted in the tenant, whatever its status.
    ("domain/src/access.rs", "oneself(", 2),
    // The first account takes the tenant that was prepared for it.
    ("domain/src/accounts.rs", "found(", 1),
    // Keys of who was in an account that was not theirs end in their tenants.
    ("domain/src/accounts/owner.rs", "job(", 1),
    // What was refused is written later, for many at once.
    ("domain/src/audit/refusals.rs", "job(", 1),
    ("domain/src/audit/suspicion.rs", "job(", 1),
    // Chains are verified whole, for the command line and for who may read the record.
    ("domain/src/audit/verify.rs", "job(", 3),
    // Writing how often keys were used.
    ("domain/src/api_keys/usage.rs", "job(", 1),
    // Limits are counted for everybody in the tenant, and usage is written after the request.
    ("domain/src/gateway/limits.rs", "job(", 2),
    ("domain/src/usage/write.rs", "job(", 1),
    ("domain/src/import.rs", "found(", 1),
    ("domain/src/initialize.rs", "found_for(", 1),
    ("domain/src/initialize.rs", "of_command_line(", 3),
    ("domain/src/invitations.rs", "redeem(", 1),
    // `members add --all-active`.
    ("domain/src/members.rs", "found(", 1),
    // Leaving.
    ("domain/src/members.rs", "oneself(", 1),
    // Joining by a confirmed domain.
    ("domain/src/accounts/openid/join.rs", "welcome(", 1),
    // What waits is sent after the request, and what was noticed is told.
    ("domain/src/outbox/line.rs", "job(", 1),
    ("domain/src/webhooks/deliver.rs", "job(", 1),
    ("domain/src/alerts.rs", "job(", 2),
    ("domain/src/alerts/keys.rs", "job(", 1),
    ("domain/src/alerts/quotas.rs", "job(", 1),
    ("domain/src/alerts/refusals.rs", "job(", 1),
    ("domain/src/tenants.rs", "found(", 1),
    // Putting the first steps away.
    ("domain/src/tenants.rs", "oneself(", 1),
    // `admin reset-password`.
    ("server/src/cli/admin.rs", "of_command_line(", 1),
    ("server/src/cli/audit.rs", "of_command_line(", 2),
    ("server/src/cli/bench.rs", "of_command_line(", 1),
    ("server/src/cli/members.rs", "of_command_line(", 1),
];

fn sources(folder: &Path, out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "tests" {
                sources(&path, out);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = std::fs::read_to_string(&path).unwrap();
            out.push((path.to_string_lossy().into_owned(), text));
        }
    }
}

/// Calls of a door: `access::found(`, or the bare name where it was imported from `access`.
fn calls(text: &str, door: &str) -> usize {
    let name = door.trim_end_matches('(');
    let imported = text
        .lines()
        .any(|l| l.starts_with("use tenantry_db::access::") && l.trim_end_matches(';').split([':', '{', '}', ',', ' ']).any(|w| w == name));
    text.lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .map(|l| {
            let qualified = l.matches(&format!("access::{door}")).count() + l.matches(&format!("Operator::{door}")).count();
            let bare = if imported {
                l.match_indices(door)
                    .filter(|(at, _)| !l[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
                    .count()
            } else {
                0
            };
            qualified + bare
        })
        .sum()
}

#[test]
fn doors_are_opened_where_it_is_known() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    sources(src, &mut files);
    assert!(files.len() > 100, "the sources were not found");
    let mut there: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (path, text) in &files {
        let short = path.strip_prefix(&*src.to_string_lossy()).unwrap().trim_start_matches('/').to_owned();
        if short.starts_with("db/src/access") {
            continue;
        }
        for door in DOORS {
            let count = calls(text, door);
            if count > 0 {
                there.insert((short.clone(), door), count);
            }
        }
    }
    let known: BTreeMap<(String, &str), usize> = KNOWN.iter().map(|(file, door, count)| (((*file).to_owned(), *door), *count)).collect();
    assert_eq!(there, known);
}
