//! A provider of models that is none: a server of OpenAI's wire format whose answers are made up. How it answers is
//! told by a field `mock` in the body of a request, which every gateway has to pass on: how long it takes, how many
//! parts a stream has, where it breaks. What it received can be looked at. For tests and measurements only.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "runs in tests only")]

mod answers;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

pub use answers::{COMPLETION_TOKENS, PROMPT_TOKENS, chunk, usage_chunk};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    /// What stood behind `Bearer`, or in `api-key`.
    pub key: Option<String>,
    pub body: Bytes,
}

/// What is known of a mock from outside.
#[derive(Debug, Clone, Default)]
pub struct Mock {
    received: Arc<Mutex<Vec<Received>>>,
    /// Answers that are being written, and those whose client went away before their end.
    running: Arc<AtomicUsize>,
    left: Arc<AtomicUsize>,
    keeps: bool,
}

impl Mock {
    /// One that keeps what it receives.
    pub fn keeping() -> Self {
        Self {
            keeps: true,
            ..Self::default()
        }
    }

    /// What came since the last look.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    pub fn left(&self) -> usize {
        self.left.load(Ordering::Acquire)
    }

    fn keep(&self, uri: &Uri, headers: &HeaderMap, body: &Bytes) {
        if !self.keeps {
            return;
        }
        let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        let key = header("authorization").and_then(|v| v.strip_prefix("Bearer ")).or(header("api-key"));
        let received = Received {
            path: uri.path().to_owned(),
            key: key.map(str::to_owned),
            body: body.clone(),
        };
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    }

    pub fn router(&self) -> Router {
        Router::new()
            .route("/v1/models", get(answers::models))
            .route("/v1/chat/completions", post(chat))
            .route("/v1/completions", post(chat))
            .route("/v1/embeddings", post(chat))
            .with_state(self.clone())
    }

    /// Serves on this address until the task ends; answers where.
    ///
    /// # Panics
    /// When the address is taken.
    pub async fn serve(&self, addr: SocketAddr) -> SocketAddr {
        listen(addr, self.router()).await
    }
}

/// Serves a router on this address until the task ends; answers where.
///
/// # Panics
/// When the address is taken.
pub async fn listen(addr: SocketAddr, router: Router) -> SocketAddr {
    let listener = TcpListener::bind(addr).await.expect("an address");
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            let service = TowerToHyperService::new(router.clone());
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    addr
}

async fn chat(State(mock): State<Mock>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    mock.keep(&uri, &headers, &body);
    answers::answer(&mock, uri.path(), &body).await
}
