//! Whether there is an account with an address is not to be learned by trying to sign in: not from
//! the answer, and not from its time.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::call::Answer;
use crate::support::fixture::{PASSWORD, person};
use crate::support::server::{Server, TestApp};

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

/// Who makes an invitation holds its link, and so could ask about any address.
#[tokio::test]
async fn an_invitation_does_not_say_who_has_an_account() {
    let app = TestApp::new().await;
    let owner = &app.a.owner;
    let path = format!("/api/v1/tenants/{}/invitations", app.a.tenant.id);
    let mut told = Vec::new();
    for email in [app.b.viewer.user.email.as_str(), "nobody@b.test"] {
        let made = app
            .post(&path)
            .by(owner)
            .json(&json!({ "email": email, "role": "viewer" }))
            .send()
            .await
            .json();
        let token = made["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let at = format!("/api/v1/invitations/{token}");
        let mut preview = app.get(&at).send().await.json();
        assert_eq!((preview["email"].take(), preview["status"].clone()), (json!(email), json!("pending")));
        preview["expires_at"].take();
        let page = app.get(&format!("/invite/{token}")).send().await.text();
        let offered = ["Sign in to join", "Choose a password"].map(|text| page.contains(text));
        // What takes no account on is refused before it is looked for one.
        let mut answers = Vec::new();
        for body in [json!({}), json!({ "name": "N" }), json!({ "name": "N", "password": "password1" })] {
            let mut answer = app.post(&format!("{at}/accept")).json(&body).send().await.json();
            for own in ["request_id", "instance"] {
                answer[own].take();
            }
            assert_eq!(answer["code"], "invalid", "{answer}");
            answers.push(answer);
        }
        told.push((preview, offered, answers));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].1, [true, true]);
}
