//! The embedded Postgres, for real: first and later starts, and every way of being cut off. Runs as
//! root (Postgres is then another user) and as a normal user.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::wire::Wire;
use rustix::process::{Pid, Signal, kill_process};
use tenantry_db::OwnerDb;
use tenantry_server::postgres::{Embedded, EmbeddedError, LOGIN_ROLE, OWNER_ROLE};

/// A data folder that a Postgres of another user can reach.
fn data_dir() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

fn kill(pid: u32) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
}

/// One that has ended, but that nobody has asked for its result, has no working directory.
fn is_there(pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok()
}

/// The login role is made by the migrations; tests of the database alone use the owner.
async fn answers(embedded: &Embedded) {
    OwnerDb::connect(&embedded.owner_url()).await.unwrap();
}

/// A second process that holds the folder as a server does, until it is killed.
struct OtherServer(std::process::Child);

impl OtherServer {
    /// Runs the test `hold_until_killed` below in a process of its own.
    fn start(data_dir: &Path) -> Self {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["embedded::hold_until_killed", "--exact", "--ignored", "--nocapture"])
            .env("HOLD_DATA_DIR", data_dir)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    async fn ready(data_dir: &Path) -> Self {
        let this = Self::start(data_dir);
        let since = Instant::now();
        while !fs::read_to_string(data_dir.join("lock")).is_ok_and(|state| state.contains("socket_dir\":\"")) {
            assert!(since.elapsed() < Duration::from_secs(30), "the other server did not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        this
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
#[ignore = "the second process of other tests"]
async fn hold_until_killed() {
    let dir = std::env::var("HOLD_DATA_DIR").unwrap();
    let _embedded = Embedded::start(Path::new(&dir)).await.unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn starts_first_and_again_in_time() {
    let dir = data_dir();
    let data_dir = dir.path().join("data");
    let since = Instant::now();
    let embedded = Embedded::start(&data_dir).await.unwrap();
    assert!(since.elapsed() < Duration::from_secs(10), "first start took {:?}", since.elapsed());
    eprintln!("first start {:?}", since.elapsed());
    answers(&embedded).await;
    let pid = embedded.pid().unwrap();
    embedded.stop().await;
    assert!(!is_there(pid));

    let since = Instant::now();
    let embedded = Embedded::start(&data_dir).await.unwrap();
    assert!(since.elapsed() < Duration::from_secs(3), "later start took {:?}", since.elapsed());
    eprintln!("later start {:?}", since.elapsed());
    answers(&embedded).await;
    embedded.stop().await;
}

#[tokio::test]
async fn is_closed_to_everyone_else() {
    let dir = data_dir();
    let data_dir = dir.path().join("data");
    let embedded = Embedded::start(&data_dir).await.unwrap();

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data_dir), 0o700);
    assert_eq!(mode(&data_dir.join("postgres")), 0o700);
    assert_eq!(mode(&data_dir.join("postgres.log")), 0o600);

    // The sixth line is the first address that it listens on: none.
    let pid_file = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).unwrap();
    assert_eq!(pid_file.lines().nth(5), Some(""), "{pid_file}");

    let mut wire = Wire::connect(&embedded, OWNER_ROLE).await.unwrap();
    let said = wire
        .ask("select rolsuper, rolbypassrls, rolcreaterole, current_setting('server_encoding') from pg_roles where rolname = current_user")
        .await
        .unwrap();
    assert_eq!(said, ["f", "f", "t", "UTF8"]);

    let refused = Wire::connect(&embedded, "postgres").await.err().unwrap();
    assert!(refused.contains("no pg_hba.conf entry"), "{refused}");
    assert!(embedded.login_url().contains(LOGIN_ROLE));
    embedded.stop().await;
}

#[tokio::test]
async fn refuses_a_second_server_and_names_the_first() {
    let dir = data_dir();
    let data_dir = dir.path().join("data");
    let embedded = Embedded::start(&data_dir).await.unwrap();
    let error = Embedded::start(&data_dir).await.unwrap_err();
    assert!(
        matches!(&error, EmbeddedError::InUse { pid, .. } if *pid == std::process::id().to_string()),
        "{error}"
    );
    answers(&embedded).await;
    embedded.stop().await;
}

#[tokio::test]
async fn a_command_joins_the_running_server() {
    let dir = data_dir();
    let data_dir = dir.path().join("data");
    let server = OtherServer::ready(&data_dir).await;
    let joined = Embedded::join_or_start(&data_dir).await.unwrap();
    assert!(!joined.is_own());
    answers(&joined).await;
    joined.stop().await;

    // Leaving does not stop what another process started.
    let again = Embedded::join_or_start(&data_dir).await.unwrap();
    answers(&again).await;
    server.kill();
    let own = Embedded::join_or_start(&data_dir).await.unwrap();
    assert!(own.is_own());
    own.stop().await;
}

#[tokio::test]
async fn starts_again_after_the_server_was_killed() {
    let dir = data_dir();
    let data_dir = dir.path().join("data");
    let server = OtherServer::ready(&data_dir).await;
    let left_behind: u32 = fs::read_to_string(data_dir.join("postgres/postmaster.pid"))
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .parse()
        .unwrap();
    server.kill();
    assert!(is_there(left_behind), "Postgres outlives a server that is killed");

    let since = Instant::now();
    let embedded = Embedded::start(&data_dir).await.unwrap();
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    eprintln!("after kill -9 of the server {:?}", since.elapsed());
    assert!(!is_there(left_behind));
    answers(&embedded).await;
    embedded.stop().await;
}

#[tokio::test]
async fn starts_postgres_again_when_it_is_killed() {
    let dir = data_dir();
    let data_dir = dir.path().join("data");
    let embedded = Embedded::start(&data_dir).await.unwrap();
    // A backend in the middle of something must not keep the new one from starting.
    let mut busy = Wire::connect(&embedded, OWNER_ROLE).await.unwrap();
    let busy = tokio::spawn(async move { busy.ask("select pg_sleep(30)").await.is_err() });
    tokio::time::sleep(Duration::from_millis(100)).await;

    for _ in 0..2 {
        let killed = embedded.pid().unwrap();
        kill(killed);
        let since = Instant::now();
        while embedded.pid().is_none_or(|pid| pid == killed) {
            assert!(since.elapsed() < Duration::from_secs(10), "Postgres was not started again");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        eprintln!("after kill -9 of Postgres {:?}", since.elapsed());
        answers(&embedded).await;
    }
    assert!(busy.await.unwrap());
    embedded.stop().await;
}

#[tokio::test]
async fn a_first_start_that_is_cut_off_leaves_a_usable_folder() {
    for after in [100, 400, 700, 1000] {
        let dir = data_dir();
        let data_dir = dir.path().join("data");
        let server = OtherServer::start(&data_dir);
        tokio::time::sleep(Duration::from_millis(after)).await;
        server.kill();
        let embedded = Embedded::start(&data_dir).await.unwrap();
        answers(&embedded).await;
        embedded.stop().await;
    }
}

#[tokio::test]
async fn a_file_of_a_dead_postgres_with_a_reused_number_is_no_obstacle() {
    let dir = data_dir();
    let data_dir = dir.path().join("data");
    Embedded::start(&data_dir).await.unwrap().stop().await;
    // A program of the same user: alive, and no Postgres.
    let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let path = data_dir.join("postgres/postmaster.pid");
    fs::write(
        &path,
        format!(
            "{}\n{}\n1\n5432\n/nowhere\n\n  0 0\nready\n",
            other.id(),
            data_dir.join("postgres").display()
        ),
    )
    .unwrap();
    let embedded = Embedded::start(&data_dir).await.unwrap();
    answers(&embedded).await;
    embedded.stop().await;
    assert!(other.try_wait().unwrap().is_none(), "it was left alone");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn stops_when_it_is_dropped() {
    let dir = data_dir();
    let data_dir = dir.path().join("data");
    let embedded = Embedded::start(&data_dir).await.unwrap();
    let pid = embedded.pid().unwrap();
    drop(embedded);
    let since = Instant::now();
    while data_dir.join("postgres/postmaster.pid").exists() {
        assert!(since.elapsed() < Duration::from_secs(10), "Postgres {pid} goes on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn leaves_a_folder_with_other_things_alone() {
    let dir = data_dir();
    fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
    let error = Embedded::start(dir.path()).await.unwrap_err().to_string();
    assert!(error.contains("holds other things (thesis.txt)"), "{error}");
    assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o755);
}

#[tokio::test]
async fn names_the_directory_that_is_closed_to_postgres() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let dir = data_dir();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let error = Embedded::start(&closed.join("data")).await.unwrap_err().to_string();
    assert!(error.contains(&format!("who may not enter {}", closed.display())), "{error}");
    assert!(error.contains("--data-dir"), "{error}");
}

#[tokio::test]
async fn a_long_path_gets_its_socket_elsewhere() {
    let dir = data_dir();
    let data_dir = dir.path().join("d".repeat(110));
    let embedded = Embedded::start(&data_dir).await.unwrap();
    answers(&embedded).await;
    let host = embedded
        .owner_url()
        .split_once('@')
        .unwrap()
        .1
        .split_once(':')
        .unwrap()
        .0
        .replace("%2F", "/");
    assert!(Path::new(&host).is_dir());
    embedded.stop().await;
    assert!(!Path::new(&host).exists(), "nothing is left elsewhere");
}

#[tokio::test]
async fn an_odd_path_is_no_obstacle() {
    let dir = data_dir();
    let data_dir = dir.path().join("Ünsere, \"Daten\" 100%");
    let embedded = Embedded::start(&data_dir).await.unwrap();
    answers(&embedded).await;
    embedded.stop().await;
}
