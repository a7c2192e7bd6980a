//! The secrets of programs, of one-time codes and of links, and what is said to a model.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{KEY, PASSWORD};
use crate::support::call::Answer;
use crate::support::server::Server;

const PROMPT: &str = "canary-prompt-c0ffee";

/// Makes and uses one of each, as the operator that `cookie` is. The answers that show them are not among those returned.
pub async fn secrets(server: &Server, cookie: &str) -> (Vec<(&'static str, String)>, Vec<Answer>) {
    let (mut secrets, mut answers) = (vec![("prompt", PROMPT.to_owned())], Vec::new());
    let me = async |method: Method, path: &str, body: Value| server.call(method, path).header("cookie", cookie).json(&body).send().await;
    let shown = |answer: &Answer, pointer: &str| {
        assert!(answer.status.is_success(), "{}", answer.text());
        answer.json().pointer(pointer).unwrap().as_str().unwrap().to_owned()
    };

    // Keys, the second of a rotation too; and what is asked with one.
    let keys = "/api/v1/tenants/canaries/api-keys";
    let made = me(Method::POST, keys, json!({ "name": "Canary", "scopes": ["gateway:use", "members:read"] })).await;
    let first = shown(&made, "/secret");
    let rotate = format!("{keys}/{}/rotate", shown(&made, "/id"));
    let second = shown(&me(Method::POST, &rotate, json!({ "overlap_hours": 1 })).await, "/secret");
    for secret in [&first, &second] {
        let prompt = json!({ "model": PROMPT, "user": PROMPT, "messages": [{ "role": "user", "content": PROMPT }] });
        let asked = server.post("/v1/chat/completions").bearing(secret).json(&prompt).send().await;
        assert_eq!(asked.status, StatusCode::NOT_FOUND, "{}", asked.text());
        let broken = server.post("/v1/chat/completions").bearing(secret);
        let broken = broken
            .header("content-type", "application/json")
            .raw(format!("{{\"messages\": [{{\"content\": \"{PROMPT}\""))
            .send()
            .await;
        assert_eq!(broken.status, StatusCode::BAD_REQUEST, "{}", broken.text());
        answers.push(broken);
        answers.push(server.get("/v1/models").bearing(secret).send().await);
        answers.push(server.get("/api/v1/tenants/canaries/members").bearing(secret).send().await);
        answers.push(server.get("/api/v1/me").header("x-api-key", secret).send().await);
    }
    answers.push(me(Method::GET, keys, json!({})).await);
    secrets.extend([("key of ours", first), ("new secret of a key", second)]);

    // A webhook, and what is sent to it.
    let hooks = "/api/v1/tenants/canaries/webhooks";
    let made = me(
        Method::POST,
        hooks,
        json!({ "name": "Canary", "url": "http://127.0.0.1:1/hook-of-canaries" }),
    )
    .await;
    let hook = format!("{hooks}/{}", shown(&made, "/id"));
    secrets.push(("secret of a webhook", shown(&made, "/secret")));
    let rotated = me(Method::POST, &format!("{hook}/rotate"), json!({})).await;
    secrets.push(("new secret of a webhook", shown(&rotated, "/secret")));
    for (method, path) in [
        (Method::POST, format!("{hook}/test")),
        (Method::GET, hook.clone()),
        (Method::GET, format!("{hook}/deliveries")),
    ] {
        let answer = me(method, &path, json!({})).await;
        assert!(answer.status.is_success(), "{}", answer.text());
        answers.push(answer);
    }

    // Tokens, in their places and in others.
    let log_in = json!({ "email": "first@example.com", "password": PASSWORD });
    let issued = server.post("/api/v1/auth/token").json(&log_in).send().await;
    let mut pairs = vec![(shown(&issued, "/access_token"), shown(&issued, "/refresh_token"))];
    let renewed = server
        .post("/api/v1/auth/refresh")
        .json(&json!({ "refresh_token": pairs[0].1 }))
        .send()
        .await;
    pairs.push((shown(&renewed, "/access_token"), shown(&renewed, "/refresh_token")));
    for (access, refresh) in pairs {
        answers.push(server.get("/api/v1/auth/context").bearing(&access).send().await);
        answers.push(server.get("/api/v1/me").header("x-api-key", &access).send().await);
        answers.push(server.get("/api/v1/me").bearing(&refresh).send().await);
        answers.push(
            server
                .post("/api/v1/auth/refresh")
                .json(&json!({ "refresh_token": refresh, "x": 1 }))
                .send()
                .await,
        );
        answers.push(server.post("/api/v1/auth/revoke").json(&json!({ "refresh_token": refresh })).send().await);
        secrets.extend([("access token", access), ("refresh token", refresh)]);
    }

    // A link to set a password, of somebody else.
    let user = server
        .post("/api/v1/auth/register")
        .json(&json!({ "email": "linked@example.com", "name": "Linked", "password": PASSWORD }));
    let user = shown(&user.send().await, "/id");
    let link = shown(
        &me(Method::POST, &format!("/api/v1/platform/users/{user}/reset-link"), json!({})).await,
        "/link",
    );
    let token = link.rsplit('/').next().unwrap().to_owned();
    let short = server
        .post("/api/v1/auth/password/reset")
        .json(&json!({ "token": token, "password": "x" }));
    answers.push(short.send().await);
    server.get(&format!("/reset/{token}")).header("accept", "text/html").send().await;
    secrets.push(("reset link", token));

    // One-time codes: last, because older sessions end with it.
    let begun = me(Method::POST, "/api/v1/auth/totp", json!({ "password": PASSWORD })).await;
    let seed = shown(&begun, "/secret");
    let app = Builder::new().with_secret(Secret::try_from_base32(&seed).unwrap()).build().unwrap();
    let confirmed = me(
        Method::POST,
        "/api/v1/auth/totp/confirm",
        json!({ "code": app.generate_current().to_string() }),
    )
    .await;
    for code in confirmed.json()["recovery_codes"].as_array().unwrap() {
        secrets.push(("recovery code", code.as_str().unwrap().to_owned()));
    }
    let used = json!({ "email": "first@example.com", "password": PASSWORD, "totp": secrets.last().unwrap().1 });
    answers.push(server.post("/api/v1/auth/login").json(&used).send().await);
    secrets.push(("seed of one-time codes", seed));
    assert!(!secrets.iter().any(|(_, secret)| secret == KEY));
    (secrets, answers)
}
