//! Whether there is an account with an address is not to be learned by trying to sign in: not from
//! the answer, and not from its time.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::call::Answer;
use crate::support::fixture::{PASSWORD, person};
use crate::support::server::Server;

/// All of an answer that could give something away.
fn told(answer: &Answer) -> (u16, serde_json::Value, Vec<String>) {
    let mut body = answer.json();
    body["request_id"].take();
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), body, headers)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_alike() {
    let server = Server::new().await;
    for name in ["known", "disabled", "imported"] {
        person(&server, &format!("{name}@example.com"), "Somebody").await;
    }
    // No password at all, as after an import without one.
    server
        .database
        .run("update user_account set status = 'disabled' where email = 'disabled@example.com'")
        .await
        .unwrap();
    server
        .database
        .run("update user_account set password_hash = null where email = 'imported@example.com'")
        .await
        .unwrap();
    let tries = [
        ("known@example.com", "not the password"),
        ("unknown@example.com", "not the password"),
        ("disabled@example.com", PASSWORD),
        ("imported@example.com", PASSWORD),
    ];
    let mut times: [Vec<Duration>; 4] = Default::default();
    let mut answers = Vec::new();
    // In turn, so that a busy machine slows them all.
    for round in 0..20 {
        for (place, (email, password)) in tries.iter().enumerate() {
            let call = server.post("/api/v1/auth/login").json(&json!({ "email": email, "password": password }));
            let since = Instant::now();
            let answer = call.send().await;
            times[place].push(since.elapsed());
            if round == 0 {
                assert_eq!(answer.code(), "bad_credentials", "{email}");
                answers.push(told(&answer));
            }
        }
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    let medians = times.map(median);
    eprintln!("medians: {medians:?}");
    for median in &medians[1..] {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        assert!((0.5..=2.0).contains(&ratio), "{medians:?}");
    }
}

#[tokio::test]
async fn the_page_says_no_more() {
    let server = Server::new().await;
    person(&server, "known@example.com", "Somebody").await;
    let mut pages = Vec::new();
    for email in ["known@example.com", "unkno@example.com"] {
        let answer = server
            .post("/login")
            .form(&[("email", email), ("password", "not the password")])
            .send()
            .await;
        assert_eq!(answer.status.as_u16(), 401, "{}", answer.text());
        assert!(!answer.text().contains("not the password"));
        let nonce = answer
            .header("content-security-policy")
            .split("'nonce-")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap()
            .to_owned();
        let id = answer.header("x-request-id").to_owned();
        let text = answer.text();
        // The page says when it was made.
        let made = text
            .split("\\\"20")
            .nth(1)
            .map_or_else(String::new, |rest| rest.split('\\').next().unwrap().to_owned());
        pages.push(
            text.replace(&format!("20{made}"), "NOW")
                .replace(email, "EMAIL")
                .replace(&email.replace('@', "%40"), "EMAIL")
                .replace(&nonce, "NONCE")
                .replace(&id, "ID"),
        );
    }
    assert_eq!(pages[0], pages[1]);
}
