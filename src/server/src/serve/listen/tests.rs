use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};

use super::serve;

const HEAD: Duration = Duration::from_millis(300);
/// Within which a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    addr: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
}

async fn start(router: Router) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(serve(listener, router, HEAD, async { drop(stopped.await) }));
    Running { addr, stop, served }
}

/// What comes until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A connection that is cut instead of closed ends as well.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut text))
        .await
        .expect("the server hangs");
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn checklist_42_who_says_nothing_or_half_a_head_is_let_go() {
    let server = start(Router::new().route("/", get(|| async { "here" }))).await;
    for half in ["", "GET / HTTP/1.1\r\nhost: a\r\nx-more: "] {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        let began = Instant::now();
        assert!(!rest(&mut stream).await.contains("200 OK"), "{half:?}");
        assert!(began.elapsed() >= HEAD / 2, "not at once: {half:?}");
    }
    // A whole head is answered, and a second one on the same connection.
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    let ask = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    stream.write_all(format!("{ask}{ask}").as_bytes()).await.unwrap();
    assert_eq!(rest(&mut stream).await.matches("200 OK").count(), 2);
}

#[tokio::test]
async fn what_has_begun_is_answered_after_the_stop() {
    static BEGUN: Notify = Notify::const_new();
    static GO_ON: Notify = Notify::const_new();
    let slow = || async {
        BEGUN.notify_one();
        GO_ON.notified().await;
        "at last"
    };
    let server = start(Router::new().route("/", get(slow))).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    // This one rests, and is closed by the stop.
    let mut resting = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    tokio::time::timeout(PATIENCE, BEGUN.notified()).await.unwrap();
    server.stop.send(()).unwrap();
    assert_eq!(rest(&mut resting).await, "");
    assert!(!server.served.is_finished(), "one is still being answered");
    GO_ON.notify_one();
    assert!(rest(&mut stream).await.contains("at last"));
    tokio::time::timeout(PATIENCE, server.served).await.unwrap().unwrap();
    assert!(TcpStream::connect(server.addr).await.is_err());
}
