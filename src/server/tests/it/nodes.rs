//! Two real servers on one database: what is taken away on one of them is gone there with the next
//! request and on the other within a second, and what cannot be known is refused. Checklist 14 and 29.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenantry_db::testing::TestDb;

use crate::support::program::{Serving, run, stderr};

const PASSWORD: &str = "a password for tests";
const KEY: (&str, &str) = ("TENANTRY_SECRET_KEY", "a key that is long enough for this");

struct Nodes {
    one: Serving,
    two: Serving,
    database: TestDb,
    // Their data folders.
    _folders: [tempfile::TempDir; 2],
}

/// Somebody with a session, made on node one.
struct Person {
    id: String,
    cookie: String,
}

fn json_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or(Value::Null)
}

fn cookie_of(answer: &str) -> String {
    let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    line.split(';').next().unwrap().to_owned()
}

impl Nodes {
    async fn start() -> Self {
        let database = TestDb::new().await;
        let url = database.login_url();
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let made = run(
            &["admin", "create", "operator@nodes.test"],
            &[("DATABASE_URL", &url), KEY, ("TENANTRY_ADMIN_PASSWORD", PASSWORD)],
        );
        assert!(made.status.success(), "{}", stderr(&made));
        let [one, two] = [0, 1].map(|n| Serving::start(folders[n].path(), &[("DATABASE_URL", &url), KEY]));
        Self {
            one,
            two,
            database,
            _folders: folders,
        }
    }

    fn enter(&self, path: &str, body: &Value) -> Person {
        let (status, answer) = self.one.ask("POST", path, &[], &body.to_string());
        assert!(status < 300, "{answer}");
        Person {
            id: json_of(&answer)["id"].as_str().unwrap().to_owned(),
            cookie: cookie_of(&answer),
        }
    }

    fn sign_up(&self, name: &str) -> Person {
        let body = json!({ "email": format!("{name}@nodes.test"), "name": name, "password": PASSWORD });
        self.enter("/api/v1/auth/register", &body)
    }

    fn operator(&self) -> Person {
        self.enter("/api/v1/auth/login", &json!({ "email": "operator@nodes.test", "password": PASSWORD }))
    }

    /// On node one: must work.
    fn act(&self, by: &Person, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = self.one.ask(method, path, &[("cookie", &by.cookie)], &body);
        assert!(status < 300, "{method} {path}: {answer}");
        json_of(&answer)
    }

    /// What was just changed on node one counts there at once and on node two within a second.
    #[track_caller]
    fn soon(&self, by: &Person, method: &str, path: &str, body: &Value, status: u16) {
        let changed = Instant::now();
        let text = if body.is_null() { String::new() } else { body.to_string() };
        assert_eq!(
            self.one.ask(method, path, &[("cookie", &by.cookie)], &text).0,
            status,
            "on the node that did it"
        );
        loop {
            let asked = Instant::now();
            let there = self.there(by, method, path, body);
            if there == status {
                return;
            }
            assert!(
                asked - changed < Duration::from_secs(1),
                "{method} {path} on the other node: {there} a second later"
            );
        }
    }

    /// The status on node two.
    fn there(&self, by: &Person, method: &str, path: &str, body: &Value) -> u16 {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.two.ask(method, path, &[("cookie", &by.cookie)], &body).0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checklist_29_what_is_taken_away_on_one_node_is_gone_on_the_other() {
    let nodes = Nodes::start().await;
    let (operator, owner, member) = (nodes.operator(), nodes.sign_up("olga"), nodes.sign_up("mona"));
    let tenant = nodes.act(&owner, "GET", "/api/v1/auth/context", &Value::Null)["tenant"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let at = format!("/api/v1/tenants/{tenant}");
    let me = format!("{at}/members/{}", member.id);
    nodes.act(
        &operator,
        "POST",
        &format!("{at}/members"),
        &json!({ "user_id": member.id, "role": "admin" }),
    );

    // An admin reads and writes on node two, until node one makes them a viewer.
    let workspace = json!({ "name": "Made there" });
    assert_eq!(nodes.there(&member, "GET", &format!("{at}/invitations"), &Value::Null), 200);
    assert_eq!(nodes.there(&member, "POST", &format!("{at}/workspaces"), &workspace), 201);
    nodes.act(&owner, "PATCH", &me, &json!({ "role": "viewer" }));
    nodes.soon(&member, "GET", &format!("{at}/invitations"), &Value::Null, 403);
    assert_eq!(nodes.there(&member, "POST", &format!("{at}/workspaces"), &workspace), 403);

    // A tenant that is suspended refuses writes, one that is active again takes them.
    nodes.act(&owner, "POST", &format!("{at}/suspend"), &Value::Null);
    nodes.soon(&owner, "POST", &format!("{at}/workspaces"), &workspace, 403);
    nodes.soon(&member, "GET", &at, &Value::Null, 403);
    nodes.act(&owner, "POST", &format!("{at}/activate"), &Value::Null);
    nodes.soon(&member, "GET", &at, &Value::Null, 200);

    // Who was removed finds nothing there any more.
    nodes.act(&owner, "DELETE", &me, &Value::Null);
    nodes.soon(&member, "GET", &at, &Value::Null, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn checklist_14_who_signs_out_or_is_disabled_is_out_on_every_node() {
    let nodes = Nodes::start().await;
    let (operator, leaving, disabled) = (nodes.operator(), nodes.sign_up("lena"), nodes.sign_up("dirk"));
    for person in [&leaving, &disabled] {
        assert_eq!(nodes.there(person, "GET", "/api/v1/me", &Value::Null), 200);
    }
    nodes.act(&leaving, "POST", "/api/v1/auth/logout", &Value::Null);
    nodes.soon(&leaving, "GET", "/api/v1/me", &Value::Null, 401);
    let at = format!("/api/v1/platform/users/{}", disabled.id);
    nodes.act(&operator, "PATCH", &at, &json!({ "status": "disabled" }));
    nodes.soon(&disabled, "GET", "/api/v1/me", &Value::Null, 401);
    nodes.act(&operator, "PATCH", &at, &json!({ "status": "active" }));
    assert_eq!(
        nodes.there(&disabled, "GET", "/api/v1/me", &Value::Null),
        401,
        "the sessions of before stay ended"
    );
}

/// What programs and other browsers hold: keys, tokens of a family, a session that is ended from another one.
#[tokio::test(flavor = "multi_thread")]
async fn checklist_14_what_is_revoked_is_worth_nothing_on_every_node() {
    let nodes = Nodes::start().await;
    let owner = nodes.sign_up("olga");
    let tenant = nodes.act(&owner, "GET", "/api/v1/auth/context", &Value::Null)["tenant"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let at = format!("/api/v1/tenants/{tenant}");
    let log_in = json!({ "email": "olga@nodes.test", "password": PASSWORD });
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();

    let new = json!({ "name": "Program", "scopes": ["members:read"] });
    let key = nodes.act(&owner, "POST", &format!("{at}/api-keys"), &new);
    let tokens = nodes.act(&owner, "POST", "/api/v1/auth/token", &log_in);
    let elsewhere = nodes.enter("/api/v1/auth/login", &log_in);
    let key_header = ("authorization", format!("Bearer {}", text(&key, "secret")));
    let token_header = ("authorization", format!("Bearer {}", text(&tokens, "access_token")));
    let cookie = ("cookie", elsewhere.cookie.clone());
    let members = format!("{at}/members");
    for (name, value) in [&key_header, &token_header, &cookie] {
        assert_eq!(nodes.two.ask("GET", &members, &[(name, value)], "").0, 200);
    }

    let sessions = nodes.act(&owner, "GET", "/api/v1/auth/sessions", &Value::Null);
    let other = sessions["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|session| session["current"] == false)
        .unwrap();
    let revocations = [
        ("DELETE", format!("{at}/api-keys/{}", text(&key, "id")), Value::Null, &key_header),
        (
            "POST",
            "/api/v1/auth/revoke".to_owned(),
            json!({ "refresh_token": tokens["refresh_token"] }),
            &token_header,
        ),
        ("DELETE", format!("/api/v1/auth/sessions/{}", text(other, "id")), Value::Null, &cookie),
    ];
    for (method, path, body, (name, value)) in revocations {
        nodes.act(&owner, method, &path, &body);
        let revoked = Instant::now();
        assert_eq!(nodes.one.ask("GET", &members, &[(name, value)], "").0, 401, "{path}");
        loop {
            let asked = Instant::now();
            if nodes.two.ask("GET", &members, &[(name, value)], "").0 == 401 {
                break;
            }
            assert!(
                asked - revoked < Duration::from_secs(1),
                "{path}: worth something on the other node, a second later"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checklist_55_a_node_that_cannot_ask_refuses() {
    let nodes = Nodes::start().await;
    let person = nodes.sign_up("rita");
    assert_eq!(nodes.there(&person, "GET", "/api/v1/me", &Value::Null), 200);
    // The database takes no connection any more, and those that there were are cut.
    let name = &nodes.database.name;
    nodes
        .database
        .run(&format!(
            "revoke connect on database {name} from public, tenantry_test_app;
             select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and usename = 'tenantry_test_app'"
        ))
        .await
        .unwrap();
    // What was heard a moment ago is believed for half a second, and then nothing is.
    let since = Instant::now();
    for node in [&nodes.one, &nodes.two] {
        while node.ask("GET", "/api/v1/me", &[("cookie", &person.cookie)], "").0 == 200 {
            assert!(since.elapsed() < Duration::from_secs(1), "answered without a database, a second later");
        }
        let (status, _) = node.ask("GET", "/api/v1/me", &[("cookie", &person.cookie)], "");
        assert_eq!(status, 503);
        assert_eq!(node.status_of("/ready"), 503);
        assert_eq!(node.status_of("/health"), 200, "the process itself is up");
    }
}
