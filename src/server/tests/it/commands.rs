//! The commands for who runs the server, on one that has people in it.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::program::{Serving, command, data_dir, run, stderr, stdout};

const REGISTER: &str = "/api/v1/auth/register";

fn account(email: &str, tenant: &str) -> String {
    format!(r#"{{"email":"{email}","name":"Somebody","password":"a password for tests","tenant_name":"{tenant}"}}"#)
}

#[test]
fn people_are_promoted_and_added_and_access_is_measured() {
    let dir = data_dir();
    let data = dir.path().join("data");
    let serving = Serving::start(&data, &[]);
    let here = data.to_str().unwrap();
    let json = |words: &[&str]| -> Value {
        let done = run(&[words, &["--json", "--data-dir", here]].concat(), &[]);
        assert!(done.status.success(), "{}", stderr(&done));
        serde_json::from_slice(&done.stdout).unwrap()
    };
    for (email, tenant) in [("olga@example.com", "House"), ("ada@example.com", "Acme"), ("bob@example.com", "Beta")] {
        assert_eq!(serving.ask("POST", REGISTER, &[], &account(email, tenant)).0, 201);
    }

    // The first account runs the server, the others do not until somebody says so.
    let operators = || json(&["admin", "promote", "ada@example.com"]);
    let promoted = operators();
    assert_eq!(
        (promoted["email"].as_str(), promoted["is_operator"].as_bool()),
        (Some("ada@example.com"), Some(true))
    );
    assert_eq!(operators(), promoted, "once more changes nothing");
    let (status, answer) = serving.ask(
        "POST",
        "/api/v1/auth/login",
        &[],
        r#"{"email":"ada@example.com","password":"a password for tests"}"#,
    );
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains(r#""is_operator":true"#), "{answer}");

    let added = json(&["members", "add", "--tenant", "acme", "--all-active", "--role", "viewer"]);
    let mut roles: Vec<_> = added["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["email"].as_str(), m["role"].as_str()))
        .collect();
    roles.sort_unstable();
    assert_eq!(
        roles,
        [(Some("bob@example.com"), Some("viewer")), (Some("olga@example.com"), Some("viewer"))]
    );
    assert_eq!(added["skipped"], 1, "who is in already stays as they are");
    let again = json(&["members", "add", "--tenant", "acme", "--all-active", "--role", "owner"]);
    assert_eq!((again["items"].as_array().map(Vec::len), again["skipped"].as_u64()), (Some(0), Some(3)));

    let measured = run(
        &["bench", "access", "--tenant", "acme", "--iterations", "20", "--json", "--data-dir", here],
        &[],
    );
    let times: Value = serde_json::from_slice(&measured.stdout).unwrap();
    let times = times.as_array().unwrap();
    let questions: Vec<_> = times.iter().map(|t| t["question"].as_str().unwrap()).collect();
    assert_eq!(questions, ["tenants of a user", "models of a tenant", "models of a user"]);
    for t in times {
        let order: Vec<f64> = ["min", "median", "p95", "p99", "max"]
            .iter()
            .map(|name| t[name].as_f64().unwrap())
            .collect();
        assert!(order[0] > 0.0 && order.is_sorted(), "{t}");
        let mean = t["mean"].as_f64().unwrap();
        assert!((order[0]..=order[4]).contains(&mean), "{t}");
    }
    // How fast a test's build is on a busy machine says nothing; that the end tells the truth about it does.
    let slow: Vec<_> = times.iter().filter(|t| t["p95"].as_f64().unwrap() >= 1.0).collect();
    assert_eq!(measured.status.code(), Some(i32::from(!slow.is_empty())), "{}", stderr(&measured));
    for t in slow {
        assert!(stderr(&measured).contains(t["question"].as_str().unwrap()), "{}", stderr(&measured));
    }
    let table = run(&["bench", "access", "--tenant", "acme", "--iterations", "1", "--data-dir", here], &[]);
    let head: Vec<_> = stdout(&table).lines().next().unwrap().split_whitespace().map(str::to_owned).collect();
    assert_eq!(head[..6], ["min", "median", "mean", "p95", "p99", "max"]);
    let nowhere = run(&["bench", "access", "--tenant", "nowhere", "--data-dir", here], &[]);
    assert_eq!(
        (nowhere.status.code(), stderr(&nowhere).as_str()),
        (Some(1), "tenantry: there is no tenant nowhere, or nobody is in it\n")
    );
    serving.signal(Signal::TERM);
    assert!(serving.end().0.success());
}

#[test]
fn it_serves_from_an_empty_folder() {
    let dir = data_dir();
    let (data, empty) = (dir.path().join("data"), dir.path().join("empty"));
    fs::create_dir(&empty).unwrap();
    let mut serve = command(&[]);
    serve.current_dir(&empty);
    let serving = Serving::start_as(serve, &data, &[]);
    assert_eq!(serving.status_of("/ready"), 200);
    let (status, page) = serving.ask("GET", "/login", &[], "");
    assert_eq!(status, 200);
    assert!(page.contains("<form"), "{page}");
    serving.signal(Signal::TERM);
    assert!(serving.end().0.success());
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0, "nor does it leave anything there");
}

/// Whoever signs up first runs a server only where there were no accounts.
#[test]
fn an_import_into_an_empty_server_says_that_nobody_runs_it() {
    let dir = data_dir();
    let data = dir.path().join("data");
    let here = data.to_str().unwrap();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../adapters/tests/fixtures/open-webui.db");
    let import = || {
        let words = [
            "import",
            "open-webui",
            source,
            "--tenant-slug",
            "acme",
            "--tenant-name",
            "Acme",
            "--data-dir",
            here,
        ];
        let done = run(&words, &[]);
        assert!(done.status.success(), "{}", stderr(&done));
        (stdout(&done), stderr(&done))
    };
    let (summary, said) = import();
    assert!(said.contains("tenantry admin promote"), "{said}");
    let owner = summary
        .lines()
        .find_map(|line| line.trim().strip_prefix("Owner:"))
        .unwrap()
        .trim()
        .to_owned();
    let promoted = run(&["admin", "promote", &owner, "--data-dir", here], &[]);
    assert!(promoted.status.success(), "{}", stderr(&promoted));
    let (_, said) = import();
    assert!(!said.contains("admin promote"), "{said}");
}

#[test]
fn help_is_a_command_as_well() {
    let help = run(&["help"], &[]);
    assert!(help.status.success() && stdout(&help).contains("serve"), "{}", stderr(&help));
    assert!(stdout(&run(&["help", "serve"], &[])).contains("--addr"));
}
