//! The program as people use it: `serve` with the embedded database, signals, and the commands with
//! the server running and stopped.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use tenantry_db::testing::TestDb;

use crate::support::program::{Serving, command, data_dir, run, stderr, stdout};

const PASSWORD: (&str, &str) = ("TENANTRY_ADMIN_PASSWORD", "a password for tests");

/// The words of a command on this data folder.
fn on<'a>(data_dir: &'a Path, words: &[&'a str]) -> Vec<&'a str> {
    [words, &["--data-dir", data_dir.to_str().unwrap()]].concat()
}

#[test]
fn serves_and_stops_on_a_signal() {
    let dir = data_dir();
    let data = dir.path().join("data");
    for (signal, limit) in [(Signal::TERM, 15), (Signal::INT, 6)] {
        let serving = Serving::start(&data, &[]);
        assert!(serving.took < Duration::from_secs(limit), "{:?}", serving.took);
        eprintln!("ready after {:?}", serving.took);
        assert_eq!(serving.status_of("/ready"), 200);
        assert_eq!(serving.status_of("/login"), 200);
        serving.signal(signal);
        let (status, said) = serving.end();
        assert!(status.success(), "{said}");
        assert!(said.contains("stopped"), "{said}");
        assert!(!data.join("postgres/postmaster.pid").exists());
    }
    let key = fs::metadata(data.join("secret.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[test]
fn starts_again_after_it_was_killed() {
    let dir = data_dir();
    let data = dir.path().join("data");
    let serving = Serving::start(&data, &[]);
    let made = run(&on(&data, &["admin", "create", "ada@example.com"]), &[PASSWORD]);
    assert!(made.status.success(), "{}", stderr(&made));
    serving.signal(Signal::KILL);
    drop(serving.end());

    let serving = Serving::start(&data, &[]);
    assert!(serving.took < Duration::from_secs(10), "{:?}", serving.took);
    assert_eq!(serving.status_of("/ready"), 200);
    let again = run(&on(&data, &["admin", "create", "ada@example.com"]), &[PASSWORD]);
    assert_eq!(again.status.code(), Some(1), "what was committed is there");
    serving.signal(Signal::TERM);
    drop(serving.end());
}

#[test]
fn a_second_server_is_refused() {
    let dir = data_dir();
    let data = dir.path().join("data");
    let serving = Serving::start(&data, &[]);
    let second = run(&on(&data, &["serve", "--addr", "127.0.0.1:0"]), &[]);
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("is in use by process"), "{}", stderr(&second));
    let addr = serving.addr.to_string();
    let port = run(&on(&dir.path().join("other"), &["serve", "--addr", &addr]), &[]);
    assert_eq!(
        (port.status.code(), stderr(&port).contains("cannot listen on")),
        (Some(1), true),
        "{}",
        stderr(&port)
    );
    serving.signal(Signal::TERM);
    drop(serving.end());
}

#[test]
fn commands_work_with_the_server_running_and_stopped() {
    let dir = data_dir();
    let data = dir.path().join("data");
    // Stopped, and nothing there yet.
    let made = run(
        &on(&data, &["admin", "create", "ada@example.com", "--name", "Ada", "--json"]),
        &[PASSWORD],
    );
    assert!(made.status.success(), "{}", stderr(&made));
    let user: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(
        (user["email"].as_str(), user["is_operator"].as_bool()),
        (Some("ada@example.com"), Some(true))
    );
    assert!(!data.join("postgres/postmaster.pid").exists(), "the command stopped what it started");

    let serving = Serving::start(&data, &[]);
    let mut child = command(&on(&data, &["admin", "create", "grace@example.com", "--password-stdin"]));
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a password from stdin\n").unwrap();
    let made = child.wait_with_output().unwrap();
    assert_eq!(stdout(&made), "grace@example.com can sign in now, and runs this server.\n");

    let unknown = run(&on(&data, &["admin", "promote", "nobody@example.com"]), &[]);
    assert_eq!(
        (unknown.status.code(), stderr(&unknown).as_str()),
        (Some(1), "tenantry: there is no account nobody@example.com\n")
    );
    let tenant = run(&on(&data, &["members", "add", "--tenant", "nowhere", "--all-active"]), &[]);
    assert_eq!(
        (tenant.status.code(), stderr(&tenant).as_str()),
        (Some(1), "tenantry: there is no tenant nowhere\n")
    );
    let migrated = run(&on(&data, &["migrate"]), &[]);
    assert!(migrated.status.success(), "{}", stderr(&migrated));
    assert_eq!(serving.status_of("/ready"), 200);
    serving.signal(Signal::TERM);
    drop(serving.end());
}

#[test]
fn the_environment_initializes() {
    let dir = data_dir();
    let data = dir.path().join("data");
    let environment = [
        ("ORGANIZATION_NAME", "Acme Labs"),
        ("OPENROUTER_EXTERNAL_USER", "acme-42"),
        ("TENANTRY_ADMIN_EMAIL", "ada@example.com"),
        PASSWORD,
    ];
    for _ in 0..2 {
        let serving = Serving::start(&data, &environment);
        serving.signal(Signal::TERM);
        drop(serving.end());
    }
    let added = run(&on(&data, &["members", "add", "--tenant", "acme-labs", "--all-active", "--json"]), &[]);
    assert!(added.status.success(), "{}", stderr(&added));
    let added: serde_json::Value = serde_json::from_slice(&added.stdout).unwrap();
    assert_eq!(
        (added["items"].as_array().map(Vec::len), added["skipped"].as_u64()),
        (Some(0), Some(1)),
        "the operator owns it already"
    );
}

#[test]
fn wrong_settings_stop_the_start_with_their_names() {
    let dir = data_dir();
    // Not the usual port, which somebody may be using.
    let words = on(dir.path(), &["serve", "--addr", "127.0.0.1:0"]);
    let output = run(&words, &[("TENANTRY_REGISTRATON", "open"), ("LOG_LEVEL", "loud")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("unknown variable TENANTRY_REGISTRATON"), "{}", stderr(&output));
    let output = run(
        &words,
        &[
            ("DATABASE_URL", "postgres://app:hush@127.0.0.1:1/x"),
            ("TENANTRY_SECRET_KEY", "a key that is long enough for this"),
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("the database cannot be reached"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("hush"), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn works_on_a_database_of_ones_own() {
    let test = TestDb::new().await;
    let (login, owner) = (test.login_url(), test.owner_url());
    let url = ("DATABASE_URL", login.as_str());
    let key = ("TENANTRY_SECRET_KEY", "a key that is long enough for this");
    let dir = data_dir();

    let output = run(&["admin", "create", "ada@example.com"], &[url, PASSWORD]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("TENANTRY_SECRET_KEY is not set"), "{}", stderr(&output));
    let output = run(&["admin", "create", "ada@example.com"], &[url, key, PASSWORD]);
    assert!(output.status.success(), "{}", stderr(&output));
    let output = run(&["migrate"], &[url]);
    assert!(stderr(&output).contains("DATABASE_OWNER_URL is not set"), "{}", stderr(&output));
    let output = run(&["migrate"], &[url, ("DATABASE_OWNER_URL", &owner)]);
    assert!(output.status.success(), "{}", stderr(&output));

    // The owner as login role would pass row-level security.
    let output = run(&["admin", "promote", "ada@example.com"], &[("DATABASE_URL", owner.as_str()), key]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("row-level security would not hold"), "{}", stderr(&output));
    // Another key than the one the database was sealed with.
    let output = run(
        &["admin", "promote", "ada@example.com"],
        &[url, ("TENANTRY_SECRET_KEY", "another key, also long enough")],
    );
    assert!(stderr(&output).contains("the secret key is not the one"), "{}", stderr(&output));

    let serving = Serving::start(dir.path(), &[url, key, ("DATABASE_OWNER_URL", &owner)]);
    assert_eq!(serving.status_of("/ready"), 200);
    assert!(!dir.path().join("postgres").exists());
    serving.signal(Signal::TERM);
    assert!(serving.end().0.success());
    // The heads of the audit are noted at the start and at the end, and the chains reach them.
    let heads = fs::read_to_string(dir.path().join("audit-heads.ndjson")).unwrap();
    assert!(heads.lines().any(|line| line.contains("\"platform\"")), "{heads}");
    let data = dir.path().to_str().unwrap();
    let verified = run(&["audit", "verify", "--data-dir", data], &[url, key]);
    assert!(verified.status.success(), "{}", stderr(&verified));
    assert!(
        stdout(&verified).contains("1 chains reach the heads that were noted"),
        "{}",
        stdout(&verified)
    );
    fs::write(dir.path().join("audit-heads.ndjson"), heads.replace("\"seq\":", "\"seq\":9")).unwrap();
    let verified = run(&["audit", "verify", "--data-dir", data], &[url, key]);
    assert_eq!(verified.status.code(), Some(1), "{}", stderr(&verified));
    assert!(
        stderr(&verified).contains("lines that this server did not write"),
        "{}",
        stderr(&verified)
    );
}

#[test]
fn a_bad_source_of_an_import_writes_nothing() {
    let dir = data_dir();
    let data = dir.path().join("data");
    let text = dir.path().join("notes.txt");
    fs::write(&text, "no database").unwrap();
    for (path, said) in [(text.to_str().unwrap(), "not an SQLite database"), ("/not/there.db", "there is no file")] {
        let output = run(
            &on(&data, &["import", "open-webui", path, "--tenant-slug", "acme", "--tenant-name", "Acme"]),
            &[],
        );
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
    }
    assert!(!data.exists(), "a bad file is said before a database is made");
}
