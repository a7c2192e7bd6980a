//! Real servers: killed under load, and two of them on one database.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;

use rustix::process::Signal;
use serde_json::{Value, json};
use tenantry_db::testing::TestDb;
use tenantry_mock_upstream::Mock;

use crate::support::program::Serving;

const PASSWORD: &str = "a password for tests";
const KEY: (&str, &str) = ("TENANTRY_SECRET_KEY", "a key that is long enough for this");

fn json_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or(Value::Null)
}

fn serve(database: &TestDb, folder: &tempfile::TempDir) -> Serving {
    Serving::start(folder.path(), &[("DATABASE_URL", &database.login_url()), KEY])
}

/// Signs an operator up, with a tenant that has one model; answers a key, the operator's cookie and the tenant.
async fn set_up(server: &Serving) -> (String, String, String) {
    let addr = Mock::default().serve(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    let body = json!({ "email": "operator@limits.test", "name": "Opal", "password": PASSWORD, "tenant_name": "Limits" });
    let (status, answer) = server.ask("POST", "/api/v1/auth/register", &[], &body.to_string());
    assert_eq!(status, 201, "{answer}");
    let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = line.split(';').next().unwrap().to_owned();
    let act = |method: &str, path: &str, body: Value| {
        let (status, answer) = server.ask(method, path, &[("cookie", &cookie)], &body.to_string());
        assert!(status < 300, "{method} {path}: {answer}");
        json_of(&answer)
    };
    let provider = act(
        "POST",
        "/api/v1/providers",
        json!({ "name": "Mock", "kind": "other", "base_url": format!("http://{addr}/v1") }),
    );
    let model = act(
        "POST",
        "/api/v1/models",
        json!({ "name": "m", "provider": provider["id"], "upstream_name": "mock-large" }),
    );
    let at = "/api/v1/tenants/limits";
    // The default plan has a limit, and a server that is killed takes what it had in advance with it.
    act(
        "PATCH",
        &format!("{at}/quotas"),
        json!({ "api_calls_per_hour": null, "tokens_per_day": null, "spend_per_month": null, "concurrent_requests": null }),
    );
    act(
        "PUT",
        &format!("{at}/models/{}", model["id"].as_str().unwrap()),
        json!({ "enabled": true }),
    );
    let key = act("POST", &format!("{at}/api-keys"), json!({ "name": "k", "scopes": ["gateway:use"] }));
    (key["secret"].as_str().unwrap().to_owned(), cookie, at.to_owned())
}

/// The status of one call; None when the server was gone before its end.
fn call(addr: SocketAddr, key: &str) -> Option<u16> {
    use std::io::{Read, Write};
    let body = r#"{"model":"m","messages":[],"mock":{"delay_ms":3}}"#;
    let mut stream = std::net::TcpStream::connect(addr).ok()?;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    // Whole: the last byte of the answer is that of its JSON.
    answer.ends_with('}').then(|| answer.split(' ').nth(1)?.parse().ok()).flatten()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_loses_no_finished_request_and_doubles_none() {
    let (database, folder) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let mut server = serve(&database, &folder);
    let (key, ..) = set_up(&server).await;
    let (sent, answered) = (AtomicI64::new(0), AtomicI64::new(0));
    for round in 1..=10 {
        let (addr, stop) = (server.addr, AtomicBool::new(false));
        let before = answered.load(Ordering::Acquire);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Acquire) {
                        sent.fetch_add(1, Ordering::AcqRel);
                        match call(addr, &key) {
                            Some(200) => drop(answered.fetch_add(1, Ordering::AcqRel)),
                            other => {
                                stop.store(true, Ordering::Release);
                                assert_eq!(other, None, "an answer that is no success");
                            }
                        }
                    }
                });
            }
            // In the middle of it, and not always at the same place.
            while answered.load(Ordering::Acquire) < before + 30 + 7 * round {
                assert!(!stop.load(Ordering::Acquire), "it ended by itself");
                thread::yield_now();
            }
            server.signal(Signal::KILL);
        });
        drop(server.end());
        // What waited on disk is in the database before it says that it runs.
        server = serve(&database, &folder);
        let (answered, sent) = (answered.load(Ordering::Acquire), sent.load(Ordering::Acquire));
        let counted = database.count("select count(*) from usage_event where outcome = 'ok'").await.unwrap();
        assert!(counted >= answered, "round {round}: {answered} were answered and {counted} counted");
        assert!(counted <= sent, "round {round}: {sent} were sent and {counted} counted");
        let summed = database.count("select sum(requests)::bigint from usage_hour").await.unwrap();
        let rows = database.count("select count(*) from usage_event").await.unwrap();
        assert_eq!(summed, rows, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_keep_one_limit() {
    const LIMIT: usize = 150;
    let (database, folders) = (TestDb::new().await, [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()]);
    let one = serve(&database, &folders[0]);
    let (key, cookie, at) = set_up(&one).await;
    let limit = json!({ "api_calls_per_hour": LIMIT }).to_string();
    assert_eq!(one.ask("PATCH", &format!("{at}/quotas"), &[("cookie", &cookie)], &limit).0, 200);
    // Knows the limit from its start; one that runs hears of it within half a second.
    let nodes = [one, serve(&database, &folders[1])];
    let passed = AtomicI64::new(0);
    thread::scope(|scope| {
        for n in 0..16 {
            let (addr, key, passed) = (nodes[n % 2].addr, &key, &passed);
            // Until each has been refused: then its node has nothing left.
            scope.spawn(move || {
                while let Some(status) = call(addr, key) {
                    match status {
                        200 => drop(passed.fetch_add(1, Ordering::AcqRel)),
                        429 => return,
                        other => panic!("{other}"),
                    }
                }
                panic!("no answer");
            });
        }
    });
    assert_eq!(passed.load(Ordering::Acquire), i64::try_from(LIMIT).unwrap());
}
