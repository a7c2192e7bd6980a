//! Secrets are in no log, in no answer but the one that shows them, and nowhere readable in the database.

mod programs;

use std::io::Write;
use std::sync::{Arc, Mutex};

use http::{Method, StatusCode};
use serde_json::json;
use tenantry_server::config::{Config, Flags};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::server::Server;
use crate::support::walk::{Things, operations};

/// Everything that is logged, by whomever.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const PASSWORD: &str = "canary-password-5f2c9a";
const WRONG: &str = "canary-wrong-7d1e4b";
const KEY: &str = "sk-canary-key-83b6f0";
const SECOND_KEY: &str = "sk-canary-second-19ce55";
/// The beginning of a line that only somebody's input could bring.
const FORGED: &str = "2099-01-01T00:00:00Z  INFO forged";

/// Line breaks in whatever somebody can type.
async fn typed_lines(server: &Server, cookie: &str) {
    for lines in ["\n", "\r\n", "\r"] {
        let text = format!("a{lines}{FORGED}");
        for body in [
            json!({ "email": text, "name": text, "password": text }),
            json!({ text.as_str(): text }),
            json!(text),
        ] {
            for path in ["register", "login", "token", "refresh", "password/forgot", "password/reset"] {
                server.post(&format!("/api/v1/auth/{path}")).json(&body).send().await;
            }
            server.patch("/api/v1/me").header("cookie", cookie).json(&body).send().await;
        }
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for path in [
            format!("/{encoded}"),
            format!("/t/{encoded}"),
            format!("/api/v1/tenants/{encoded}/members?q={encoded}"),
            format!("/login?next=/{encoded}"),
            format!("/_fn/{encoded}"),
        ] {
            server.get(&path).header("cookie", cookie).header("referer", &path).send().await;
        }
        for path in ["/login", "/register", "/_fn/account/update"] {
            let form = [("email", encoded.as_str()), ("name", &encoded), ("password", &encoded)];
            server.post(path).header("cookie", cookie).form(&form).send().await;
        }
    }
}

#[tokio::test]
async fn secrets_are_in_no_log_and_in_no_answer() {
    let log = Log::default();
    // As loud as the settings let it be.
    let dir = tempfile::tempdir().unwrap();
    let environment = [
        ("TENANTRY_DATA_DIR", dir.path().as_os_str()),
        ("LOG_LEVEL", "trace".as_ref()),
        ("SRC_LOG_LEVELS_HTTP", "trace".as_ref()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let directives = Config::load(&environment, &Flags::default()).unwrap().logging.directives();
    assert!(directives.starts_with("trace,"), "{directives}");
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(directives))
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    // For the whole process: passwords are checked on other threads. Another test may have set one.
    let _ = tracing::subscriber::set_global_default(subscriber);
    let server = Server::new().await;
    let mut secrets: Vec<(&str, String)> = vec![
        ("password", PASSWORD.into()),
        ("wrong password", WRONG.into()),
        ("key", KEY.into()),
        ("second key", SECOND_KEY.into()),
    ];
    let mut answers = Vec::new();

    // Signing up, in, and failing to, by the API and by the pages.
    let body = json!({ "email": "first@example.com", "name": "First", "password": PASSWORD, "tenant_name": "Canaries" });
    let registered = server.post("/api/v1/auth/register").json(&body).send().await;
    let cookie = registered.cookie().unwrap();
    secrets.push(("session", cookie.split_once('=').unwrap().1.to_owned()));
    answers.push(registered);
    let taken = server.post("/api/v1/auth/register").json(&body).send().await;
    assert_eq!(taken.code(), "email_taken");
    answers.push(taken);
    for (email, password) in [
        ("first@example.com", PASSWORD),
        ("first@example.com", WRONG),
        ("nobody@example.com", WRONG),
    ] {
        answers.push(
            server
                .post("/api/v1/auth/login")
                .json(&json!({ "email": email, "password": password }))
                .send()
                .await,
        );
        answers.push(server.post("/login").form(&[("email", email), ("password", password)]).send().await);
    }
    answers.push(
        server
            .post("/register")
            .form(&[("email", "no address"), ("password", WRONG), ("name", "N")])
            .send()
            .await,
    );
    // In the wrong place, and in a body that cannot be read.
    for body in [
        json!({ "email": WRONG, "password": [WRONG] }),
        json!({ "passwort": WRONG, WRONG: 1 }),
        json!(WRONG),
    ] {
        let answer = server.post("/api/v1/auth/login").json(&body).send().await;
        assert!(answer.status.is_client_error());
        if body.get(WRONG).is_none() {
            answers.push(answer);
        }
    }
    answers.push(
        server
            .post("/api/v1/auth/login")
            .header("content-type", "application/json")
            .raw(format!("{{\"password\": \"{WRONG}\""))
            .send()
            .await,
    );

    // A provider with its key.
    let me = |method: Method, path: &str| server.call(method, path).header("cookie", &cookie);
    let new = json!({ "name": "Upstream", "base_url": "https://upstream.example.com/v1", "api_key": KEY });
    let provider = me(Method::POST, "/api/v1/providers")
        .header("idempotency-key", "canary")
        .json(&new)
        .send()
        .await;
    assert_eq!(provider.status, StatusCode::CREATED, "{}", provider.text());
    let path = format!("/api/v1/providers/{}", provider.json()["id"].as_str().unwrap());
    answers.push(provider);
    answers.push(me(Method::POST, &format!("{path}/check")).send().await);
    answers.push(me(Method::POST, &format!("{path}/sync")).send().await);
    answers.push(me(Method::PATCH, &path).json(&json!({ "api_key": SECOND_KEY })).send().await);
    answers.push(me(Method::PATCH, &path).json(&json!({ "api_key": SECOND_KEY, "name": "" })).send().await);
    let form = [("name", "Upstream two"), ("base_url", "https://two.example.com/v1"), ("api_key", KEY)];
    answers.push(
        me(Method::POST, "/_fn/admin/providers/create")
            .header("accept", "application/json")
            .form(&form)
            .send()
            .await,
    );

    // Invitations: the answer that makes one shows the link, and nothing else does.
    let invite = "/api/v1/tenants/canaries/invitations";
    let made = me(Method::POST, invite)
        .json(&json!({ "email": "ivy@example.com", "role": "viewer" }))
        .send()
        .await
        .json();
    let resent = me(Method::POST, &format!("{invite}/{}/resend", made["id"].as_str().unwrap()))
        .send()
        .await
        .json();
    let mut tokens = Vec::new();
    for link in [&made["link"], &resent["link"]] {
        let token = link.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        assert!(token.len() >= 22, "128 bits at least: {token}");
        secrets.push(("invitation", token.clone()));
        tokens.push(token);
    }
    assert_ne!(tokens[0], tokens[1]);
    for token in &tokens {
        answers.push(server.get(&format!("/api/v1/invitations/{token}")).send().await);
        answers.push(
            server
                .post(&format!("/api/v1/invitations/{token}/accept"))
                .json(&json!({ "name": "Ivy", "password": "x" }))
                .send()
                .await,
        );
        answers.push(server.post(&format!("/api/v1/invitations/{token}/nowhere")).send().await);
        answers.push(server.delete(&format!("/api/v1/invitations/{token}")).send().await);
        // The page of the link itself may hold it: it is in its own address.
        let page = server.get(&format!("/invite/{token}")).header("accept", "text/html").send().await;
        assert_eq!(page.header("referrer-policy"), "same-origin");
        server
            .post(&format!("/invite/{token}"))
            .form(&[("name", "Ivy"), ("password", "x")])
            .send()
            .await;
    }
    let joined = server
        .post(&format!("/api/v1/invitations/{}/accept", tokens[1]))
        .json(&json!({ "name": "Ivy", "password": PASSWORD }))
        .send()
        .await;
    assert_eq!(joined.status, StatusCode::OK, "{}", joined.text());
    secrets.push(("session", joined.cookie().unwrap().split_once('=').unwrap().1.to_owned()));
    answers.push(joined);
    answers.push(
        me(Method::GET, "/api/v1/me")
            .header("authorization", &format!("Bearer {KEY}"))
            .send()
            .await,
    );
    answers.push(me(Method::GET, "/api/v1/me").header("x-api-key", KEY).send().await);
    answers.push(me(Method::GET, &format!("/api/v1/tenants/canaries/members?q={WRONG}")).send().await);

    // Everything that can be read, by somebody who may read everything.
    let stats = me(Method::GET, "/api/v1/tenants/canaries").send().await.json();
    let things = Things {
        tenant: stats["id"].as_str().unwrap().to_owned(),
        provider: path.rsplit('/').next().unwrap().to_owned(),
        invitation: made["id"].as_str().unwrap().to_owned(),
        ..Things::unknown()
    };
    for operation in operations().into_iter().filter(|operation| operation.method == Method::GET) {
        answers.push(me(Method::GET, &things.path(&operation)).send().await);
    }
    for page in [
        "/admin/providers",
        "/admin",
        "/t/canaries",
        "/t/canaries/invitations",
        "/t/canaries/settings",
        "/account",
        "/admin/system",
    ] {
        answers.push(me(Method::GET, page).header("accept", "text/html").send().await);
    }
    answers.push(
        me(Method::GET, &format!("/admin/providers/{}", things.provider))
            .header("accept", "text/html")
            .send()
            .await,
    );

    typed_lines(&server, &cookie).await;
    let (of_programs, more) = programs::secrets(&server, &cookie).await;
    secrets.extend(of_programs);
    answers.extend(more);
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    // 54: what somebody typed begins no line.
    let forged = logged.lines().find(|line| line.trim_start().starts_with(FORGED));
    assert_eq!(forged, None, "a line of the log is forged");
    assert!(
        logged.contains("answered") && logged.contains("/api/v1/invitations/{token}"),
        "{}",
        logged
            .lines()
            .filter(|line| line.contains("answered"))
            .take(40)
            .collect::<Vec<_>>()
            .join("\n")
    );
    for (what, secret) in &secrets {
        if let Some(line) = logged.lines().find(|line| line.contains(secret)) {
            panic!("the {what} is in the log: {line}");
        }
        for answer in &answers {
            assert!(!answer.text().contains(secret), "the {what} is in an answer: {}", answer.text());
        }
    }
    nothing_is_stored_readable(&server, &secrets).await;
}

/// Not even somebody who reads all of the database has them.
async fn nothing_is_stored_readable(server: &Server, secrets: &[(&str, String)]) {
    for (what, secret) in secrets {
        // As text, and as bytes the way Postgres writes them.
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        let look = format!(
            "do $$ declare t text; found bigint; begin for t in select tablename from pg_tables where schemaname = 'public' loop \
             execute format('select count(*) from public.%I x where x::text like ''%%{secret}%%'' or x::text like ''%%{hex}%%''', t) into found; \
             if found > 0 then raise exception 'found in %', t; end if; end loop; end $$"
        );
        server
            .database
            .run(&look)
            .await
            .unwrap_or_else(|error| panic!("the {what} is stored readable: {error:?}"));
    }
    let sealed = "select count(*) from provider where api_key_sealed is not null";
    assert!(server.database.count(sealed).await.unwrap() >= 1);
}
