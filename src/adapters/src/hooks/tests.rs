use axum::Router;
use axum::response::Redirect;
use axum::routing::post;

use super::*;

async fn receiver() -> u16 {
    let app = Router::new()
        .route("/ok", post(async || "a body that nobody reads"))
        .route("/moved", post(async || Redirect::temporary("/ok")))
        .route("/slow", post(async || tokio::time::sleep(Duration::from_secs(30)).await));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, app).await });
    port
}

async fn send(private: &Private, url: &str) -> Result<u16, HookError> {
    let hooks = HttpHooks::with_timeout(private, Duration::from_millis(500)).unwrap();
    let call = HookCall {
        url,
        headers: vec![("tenantry-event", "test".to_owned())],
        body: "{}".to_owned(),
    };
    hooks.post(call).await
}

#[tokio::test]
async fn the_status_is_the_answer() {
    let port = receiver().await;
    assert_eq!(send(&Private::All, &format!("http://127.0.0.1:{port}/ok?x=1")).await, Ok(200));
    assert_eq!(
        send(&Private::All, &format!("http://127.0.0.1:{port}/moved")).await,
        Ok(307),
        "not followed"
    );
    assert_eq!(
        send(&Private::All, &format!("http://127.0.0.1:{port}/slow")).await,
        Err(HookError::Timeout)
    );
    assert_eq!(send(&Private::All, "http://127.0.0.1:1/").await, Err(HookError::Unreachable));
}

#[tokio::test]
async fn nothing_private_is_reached() {
    let port = receiver().await;
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "2130706433",
        "0x7f.1",
        "127.1",
    ] {
        let url = format!("http://{host}:{port}/ok");
        assert_eq!(send(&Private::None, &url).await, Err(HookError::Forbidden), "{host}");
    }
    let strict = HttpHooks::new(&Private::None).unwrap();
    for url in [
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/",
        "http://[fd00::1]/",
        "no url",
    ] {
        assert!(!strict.allows(url), "{url}");
    }
    assert!(strict.allows("https://hooks.example.com/x") && strict.allows("http://8.8.8.8/"));
    assert!(
        !HttpHooks::new(&Private::All).unwrap().allows("http://169.254.169.254/"),
        "metadata never"
    );
}
