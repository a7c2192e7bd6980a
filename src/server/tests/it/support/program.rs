//! The built program, run as people run it: with a clean environment and a data folder of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A folder that the user which Postgres runs as can go through.
pub fn data_dir() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// A command with nothing of this process' settings in its environment.
pub fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantry"));
    command.args(words).env_clear().stdin(Stdio::null());
    for name in ["PATH", "HOME", "TENANTRY_POSTGRES_BIN", "TENANTRY_TOOLS", "XDG_CACHE_HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

pub fn run(words: &[&str], environment: &[(&str, &str)]) -> Output {
    command(words).envs(environment.iter().copied()).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `tenantry serve` on a port of its own; killed when it is dropped.
pub struct Serving {
    child: Child,
    /// Reads what it logs as it comes: a pipe that nobody reads fills up, and the server would wait.
    log: Option<JoinHandle<String>>,
    pub addr: SocketAddr,
    pub took: Duration,
}

impl Serving {
    /// Starts it and waits until it says that it is running.
    pub fn start(data_dir: &Path, environment: &[(&str, &str)]) -> Self {
        Self::start_as(command(&[]), data_dir, environment)
    }

    /// The same with a command that has no words yet: where it runs, for one.
    pub fn start_as(mut command: Command, data_dir: &Path, environment: &[(&str, &str)]) -> Self {
        let addr = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let since = Instant::now();
        command
            .args(["serve", "--addr", &addr.to_string(), "--data-dir"])
            .arg(data_dir)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let mut log = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut said = String::new();
            log.read_to_string(&mut said).unwrap();
            said
        });
        if !line.contains("is running on") {
            panic!("the server did not start: {line}{}", log.join().unwrap());
        }
        assert_eq!(line, format!("Tenantry is running on http://{addr}\n"));
        Self {
            child,
            log: Some(log),
            addr,
            took: since.elapsed(),
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end, and says how it ended and what it logged.
    pub fn end(mut self) -> (std::process::ExitStatus, String) {
        let status = self.child.wait().unwrap();
        (status, self.log.take().unwrap().join().unwrap())
    }

    /// The status of an answer, over a real connection.
    pub fn status_of(&self, path: &str) -> u16 {
        self.ask("GET", path, &[], "").0
    }

    /// A request over a real connection of its own: the status, and the answer with its headers as it came.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(self.addr).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.addr);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
        }
        write!(stream, "{head}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Already gone in most tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
