//! A program that webhooks go to: it listens on this machine, checks signatures, and answers as it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use ring::hmac;
use serde_json::Value;
use tokio::sync::{Notify, Semaphore};

/// What came.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Whether one of its signatures was made with this secret, as of now: what receivers are told to check.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let mut parts = self.header("tenantry-signature").split(',');
        let time: i64 = parts.next().unwrap().strip_prefix("t=").unwrap().parse().unwrap();
        assert!((tenantry_domain::now().unix() - time).abs() < 60, "signed long ago");
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, format!("{time}.{}", self.body).as_bytes());
        let expected: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        parts.any(|part| part.strip_prefix("v1=") == Some(expected.as_str()))
    }
}

#[derive(Default)]
struct Inner {
    seen: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<u16>>,
    came: Notify,
    /// Requests wait for a permit, while it holds.
    hold: Mutex<Option<Arc<Semaphore>>>,
}

#[derive(Clone)]
pub struct Receiver {
    inner: Arc<Inner>,
    pub addr: SocketAddr,
}

async fn receive(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: String) -> Response {
    inner.seen.lock().unwrap().push(Received { headers, body });
    inner.came.notify_one();
    let hold = inner.hold.lock().unwrap().clone();
    if let Some(hold) = hold {
        drop(hold.acquire().await);
    }
    let status = inner.answers.lock().unwrap().pop_front().unwrap_or(204);
    let moved = [("location", "/in")];
    (StatusCode::from_u16(status).unwrap(), moved, "what the receiver says is kept nowhere").into_response()
}

impl Receiver {
    pub async fn start() -> Self {
        let inner = Arc::<Inner>::default();
        let app = Router::new().fallback(post(receive)).with_state(inner.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { inner, addr }
    }

    pub fn url(&self) -> String {
        format!("http://{}/in?token=of-the-receiver", self.addr)
    }

    /// The statuses of the next answers; after them it is 204.
    pub fn answer(&self, statuses: &[u16]) {
        self.inner.answers.lock().unwrap().extend(statuses);
    }

    /// From now on nothing is answered, until the answer is dropped.
    pub fn hold(&self) -> Arc<Semaphore> {
        let hold = Arc::new(Semaphore::new(0));
        *self.inner.hold.lock().unwrap() = Some(hold.clone());
        hold
    }

    /// What came since the last look.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.inner.seen.lock().unwrap())
    }

    /// Waits until something comes.
    pub async fn came(&self) {
        self.inner.came.notified().await;
    }
}
