//! A real provider of OpenID Connect in a process of its own, and a browser that goes there and back.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use http::header::SET_COOKIE;
use secrecy::SecretString;
use tenantry_adapters::openid::{HttpOpenId, OpenIdSettings};
use tenantry_domain::ports::OpenIdProviders;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::call::Answer;
use super::server::Server;

/// Lives as long as this does.
pub struct Provider {
    port: u16,
    _process: Child,
    /// Whoever writes into a pipe that nobody holds ends.
    _output: Lines<BufReader<ChildStdout>>,
}

/// Whom the provider signs in.
#[derive(Debug, Clone, Copy)]
pub struct Somebody<'a> {
    pub sub: &'a str,
    pub email: &'a str,
    pub verified: bool,
}

impl<'a> Somebody<'a> {
    pub fn verified(sub: &'a str, email: &'a str) -> Self {
        Self { sub, email, verified: true }
    }
}

impl Provider {
    pub async fn start() -> Self {
        Self::with("").await
    }

    /// `in-token`: all claims stand in the id token.
    pub async fn with(mode: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let found = Command::new("bash")
            .args(["-c", "source scripts/lib && npm_dir scripts/npm/openid"])
            .current_dir(&root)
            .output()
            .await
            .unwrap();
        let folder = String::from_utf8(found.stdout).unwrap();
        assert!(Path::new(&folder).is_dir(), "no provider in {folder}: run scripts/setup test");
        // Now and then a node that starts beside many others waits for itself for ever.
        for _ in 0..3 {
            let mut process = Command::new("node")
                .arg(root.join("src/server/tests/openid/provider.mjs"))
                .args([&folder, mode])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
            if let Ok(port) = timeout(Duration::from_secs(30), port_of(&mut lines)).await {
                return Self {
                    port,
                    _process: process,
                    _output: lines,
                };
            }
        }
        panic!("the provider does not start");
    }

    fn settings(&self, name: &str, client: &str) -> OpenIdSettings {
        settings(name, client, self.port)
    }

    /// As the provider `test`, by this client.
    pub fn by(&self, client: &str) -> Arc<dyn OpenIdProviders> {
        Arc::new(HttpOpenId::new(vec![self.settings("test", client)]).unwrap())
    }

    /// As two providers, `test` and `other`, and one that is down.
    pub fn and_others(&self, other: &Self) -> Arc<dyn OpenIdProviders> {
        let all = vec![
            self.settings("test", "tenantry"),
            other.settings("other", "tenantry"),
            // Nothing listens there.
            settings("down", "tenantry", 1),
        ];
        Arc::new(HttpOpenId::new(all).unwrap())
    }
}

/// What the provider says first.
async fn port_of(lines: &mut Lines<BufReader<ChildStdout>>) -> u16 {
    loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Ok(port) = line.parse() {
            return port;
        }
    }
}

fn settings(name: &str, client: &str, port: u16) -> OpenIdSettings {
    OpenIdSettings {
        name: name.to_owned(),
        label: format!("The {name} provider"),
        issuer: format!("http://127.0.0.1:{port}"),
        client_id: client.to_owned(),
        client_secret: Some(SecretString::from(format!("the secret of {client}, which is long enough for HMAC"))),
        scopes: vec!["email".to_owned(), "profile".to_owned()],
    }
}

/// The cookies of one browser, by host.
pub struct Browser<'a> {
    server: &'a Server,
    ours: BTreeMap<String, String>,
    theirs: BTreeMap<String, String>,
}

fn keep(jar: &mut BTreeMap<String, String>, set: &str) {
    let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
    if value.is_empty() {
        jar.remove(name);
    } else {
        jar.insert(name.to_owned(), value.to_owned());
    }
}

fn header(jar: &BTreeMap<String, String>) -> String {
    jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

impl<'a> Browser<'a> {
    pub fn new(server: &'a Server) -> Self {
        Self {
            server,
            ours: BTreeMap::new(),
            theirs: BTreeMap::new(),
        }
    }

    /// With the session of somebody.
    pub fn signed_in(server: &'a Server, cookie: &str) -> Self {
        let mut this = Self::new(server);
        keep(&mut this.ours, cookie);
        this
    }

    /// What the browser holds of ours, as a header.
    pub fn cookies(&self) -> String {
        header(&self.ours)
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let answer = self.server.get(path).header("cookie", &self.cookies()).send().await;
        self.note(answer)
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.server.post(path).header("cookie", &self.cookies()).form(fields).send().await;
        self.note(answer)
    }

    fn note(&mut self, answer: Answer) -> Answer {
        for set in answer.headers.get_all(SET_COOKIE) {
            keep(&mut self.ours, set.to_str().unwrap());
        }
        answer
    }

    /// From our page to the provider's, and as this person back: the address that the provider sends to.
    pub async fn visit(&mut self, from: &Answer, who: Option<Somebody<'_>>) -> String {
        self.visit_at(&target(from), who).await
    }

    pub async fn visit_at(&mut self, url: &str, who: Option<Somebody<'_>>) -> String {
        // As somebody whom the provider has not seen in this browser.
        self.theirs.clear();
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut path = format!("/{path}");
        // More steps than there are.
        for _ in 0..10 {
            let to = self.at_provider(host, &path).await;
            path = to.strip_prefix(&format!("http://{host}")).unwrap_or(&to).to_owned();
            if let Some(back) = path.strip_prefix("http://tenantry.test") {
                return back.to_owned();
            }
            if path.starts_with("/interaction/")
                && let Some(Somebody { sub, email, verified }) = who
            {
                path.push_str(&format!("?sub={sub}&email={email}&verified={verified}&name=Ada+Example"));
            }
        }
        panic!("the provider does not send back: {path}");
    }

    /// One request to the provider: where it leads.
    async fn at_provider(&mut self, host: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(host).await.unwrap();
        let cookies = header(&self.theirs);
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let mut to = None;
        for line in text.lines().take_while(|line| !line.is_empty()) {
            match line.split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("location") => to = Some(value.to_owned()),
                Some((name, value)) if name.eq_ignore_ascii_case("set-cookie") => keep(&mut self.theirs, value),
                _ => {}
            }
        }
        to.unwrap_or_else(|| panic!("{path}: {text}"))
    }

    /// The whole way: what the return is answered with.
    pub async fn sign_in(&mut self, path: &str, who: Somebody<'_>) -> Answer {
        let away = self.get(path).await;
        let back = self.visit(&away, Some(who)).await;
        self.get(&back).await
    }
}

/// Where a page that goes on by itself goes.
pub fn target(page: &Answer) -> String {
    let text = page.text();
    assert_eq!(page.status, http::StatusCode::OK, "{text}");
    let rest = text.split_once("content=\"0;url=").unwrap_or_else(|| panic!("{text}")).1;
    rest.split('"').next().unwrap().replace("&amp;", "&")
}
