//! Answers connections. As `axum::serve`, which has no limit on how long a client may take to send
//! the head of a request: whoever opens connections and says nothing would hold them for ever.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// How long a client may take for the head of a request, from the connection or the last answer on.
/// Longer than proxies keep a connection that rests.
pub const HEAD_WITHIN: Duration = Duration::from_secs(75);

/// Serves until `stop`, then answers what has begun. The one who calls sets a limit to that.
pub async fn serve(listener: TcpListener, router: Router, head_within: Duration, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => answer(stream, peer, router.clone(), head_within, &graceful),
            Err(error) => refused(&error).await,
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

/// A client that was gone before it was met is nothing; without files to open, waiting is all there is.
async fn refused(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::error!(%error, "a connection cannot be taken");
    tokio::time::sleep(Duration::from_secs(1)).await;
}

fn answer(stream: TcpStream, peer: SocketAddr, router: Router, head_within: Duration, graceful: &GracefulShutdown) {
    // Answers are whole: waiting for more of them helps nobody.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::trace!(%error, "a connection cannot be told not to wait");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_within)
        .serve_connection(TokioIo::new(stream), service);
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        // That a client went away in the middle is theirs to know.
        if let Err(error) = watched.await {
            tracing::trace!(%error, "a connection ended early");
        }
    });
}

#[cfg(test)]
mod tests;
