//! Signing up on a server that sends mail: nobody learns whether an address has an account, and nobody gets one without
//! both the mail and the password.

use std::time::{Duration, Instant};

use futures::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::call::Answer;
use crate::support::fixture::{PASSWORD, person};
use crate::support::posting::Posting;
use crate::support::server::Wish;

const CHOSEN: &str = "a password of one's own";

async fn sign_up(server: &Posting, email: &str) -> Answer {
    let body = json!({ "email": email, "name": "Some Body", "password": CHOSEN, "tenant_name": "Some Place" });
    server.post("/api/v1/auth/register").json(&body).send().await
}

async fn confirm(server: &Posting, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "password": password });
    server.post("/api/v1/auth/register/confirm").json(&body).send().await
}

async fn log_in(server: &Posting, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    server.post("/api/v1/auth/login").json(&body).send().await
}

/// A server that has its operator, and somebody else.
async fn inhabited() -> Posting {
    let server = Posting::new().await;
    person(&server, "olga@example.com", "Olga").await;
    person(&server, "known@example.com", "Known").await;
    server.mails().await;
    server
}

/// All of an answer that could give something away.
fn told(answer: &Answer) -> (StatusCode, Value, Vec<String>) {
    let mut body = answer.json();
    for own in ["id", "email", "created_at"] {
        assert!(!body[own].take().is_null(), "{own}");
    }
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        // The length is that of the address, and of a time.
        .filter(|(name, _)| !["x-request-id", "content-length"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    (answer.status, body, headers)
}

#[tokio::test]
async fn a_taken_address_and_a_free_one_look_alike() {
    let server = inhabited().await;
    let mut times: [Vec<Duration>; 2] = Default::default();
    let mut answers = Vec::new();
    // In turn, so that a busy machine slows both.
    for round in 0..15 {
        for (place, email) in ["known@example.com".to_owned(), format!("free{round}@example.com")].iter().enumerate() {
            let since = Instant::now();
            let answer = sign_up(&server, email).await;
            times[place].push(since.elapsed());
            assert_eq!((answer.status, answer.cookie()), (StatusCode::CREATED, None), "{}", answer.text());
            answers.push(told(&answer));
            // Nor by trying it out.
            assert_eq!(log_in(&server, email, CHOSEN).await.code(), "bad_credentials");
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{:?}", &answers[..2]);
    let [taken, free] = times.map(|mut times| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    });
    assert!((0.5..=2.0).contains(&(taken / free)), "{taken} {free}");

    let pages = async |email: &str| {
        let form = [("email", email), ("name", "Some Body"), ("password", CHOSEN)];
        let answer = server.post("/register").form(&form).send().await;
        (answer.status, answer.header("location").to_owned(), answer.cookie())
    };
    let page = pages("known@example.com").await;
    assert_eq!(page, pages("free-too@example.com").await);
    assert_eq!(page.1, "/login?done=sign-up-asked");

    let mails = server.mails().await;
    let to_known: Vec<_> = mails.iter().filter(|(to, _)| to == "known@example.com").collect();
    assert_eq!(to_known.len(), 16);
    assert!(
        to_known[0].1.contains("tried to sign up") && !to_known[0].1.contains("/register/"),
        "{to_known:?}"
    );
    assert_eq!(
        mails.iter().filter(|(_, text)| text.contains("http://tenantry.test/register/")).count(),
        16
    );
    assert_eq!(server.database.count("select count(*) from user_account").await.unwrap(), 2);
    assert_eq!(log_in(&server, "known@example.com", PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_link_and_the_password_make_the_account_once() {
    let server = inhabited().await;
    let promised = sign_up(&server, "ada@example.com").await.json();
    let token = server.token("register").await;
    assert_eq!(server.get(&format!("/register/{token}")).send().await.status, StatusCode::OK);
    // Whoever reads the mail and did not sign up does not know it.
    let wrong = confirm(&server, &token, "not the password").await;
    assert_eq!(
        (wrong.code().as_str(), &wrong.json()["errors"][0]["field"]),
        ("invalid", &json!("password"))
    );
    assert_eq!(server.database.count("select count(*) from user_account").await.unwrap(), 2);

    let tries = join_all((0..8).map(|_| confirm(&server, &token, CHOSEN))).await;

    let made: Vec<_> = tries.iter().filter(|answer| answer.status == StatusCode::CREATED).collect();
    assert_eq!(made.len(), 1, "{:?}", tries.iter().map(Answer::text).collect::<Vec<_>>());
    let user = made[0].json();
    assert_eq!((&user["id"], &user["email_verified"]), (&promised["id"], &json!(true)));
    let cookie = made[0].cookie().unwrap();
    let tenants = server.get("/api/v1/auth/available-tenants").header("cookie", &cookie).send().await.json();
    assert_eq!(tenants["items"][0]["name"], "Some Place");
    assert_eq!(confirm(&server, &token, CHOSEN).await.code(), "link_not_valid");
    assert_eq!(log_in(&server, "ada@example.com", CHOSEN).await.status, StatusCode::OK);
    // It is verified: there is nothing more to mail.
    assert!(server.mails().await.is_empty());
}

#[tokio::test]
async fn the_page_finishes_it_without_a_script() {
    let server = inhabited().await;
    let form = [
        ("email", "ada@example.com"),
        ("name", "Ada"),
        ("password", CHOSEN),
        ("tenant_name", "Plain"),
    ];
    let asked = server.post("/register").form(&form).send().await;
    let page = server.get(asked.header("location")).send().await.text();
    assert!(page.contains("A mail is on its way to your address."), "{page}");
    let at = format!("/register/{}", server.token("register").await);
    let faulty = server.post(&at).form(&[("password", "not the password")]).send().await;
    assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(faulty.text().contains("Does not match.") && !faulty.text().contains("not the password"));
    let done = server.post(&at).form(&[("password", CHOSEN)]).send().await;
    assert_eq!(done.header("location"), "/t/plain");
    let cookie = done.cookie().unwrap();
    assert_eq!(server.get("/t/plain").header("cookie", &cookie).send().await.status, StatusCode::OK);
    assert_eq!(server.post(&at).form(&[("password", CHOSEN)]).send().await.status, StatusCode::GONE);
}

#[tokio::test]
async fn links_end_with_their_time_and_when_the_address_has_an_account() {
    let server = inhabited().await;
    sign_up(&server, "ada@example.com").await;
    let late = server.token("register").await;
    server
        .database
        .run("update sign_up set expires_at = now() - interval '1 second'")
        .await
        .unwrap();
    assert_eq!(confirm(&server, &late, CHOSEN).await.code(), "link_not_valid");
    sign_up(&server, "ada@example.com").await;
    let second = server.token("register").await;
    // By an invitation, say.
    person(&server, "ada@example.com", "Ada").await;
    assert_eq!(confirm(&server, &second, CHOSEN).await.code(), "email_taken");
    assert_eq!(log_in(&server, "ada@example.com", PASSWORD).await.status, StatusCode::OK);
    // What is kept meanwhile does not say the password's hash to who reads the database.
    sign_up(&server, "bob@example.com").await;
    server.mails().await;
    let told = "select count(*) from sign_up where position('argon2' in encode(payload_sealed, 'escape')) > 0";
    assert_eq!(server.database.count(told).await.unwrap(), 0);
    assert_eq!(
        server
            .database
            .count("select count(*) from sign_up where user_id is not null")
            .await
            .unwrap(),
        3
    );
}

#[tokio::test]
async fn the_first_account_needs_no_mail_and_mails_are_counted() {
    let mut wish = Wish::default();
    wish.policy.slow_guesses = true;
    let server = Posting::with(wish).await;
    let first = sign_up(&server, "olga@example.com").await;
    assert_eq!(first.json()["is_operator"], true);
    assert!(first.cookie().is_some());
    server.mails().await;
    for _ in 0..15 {
        assert_eq!(
            sign_up(&server, "ada@example.com").await.status,
            StatusCode::CREATED,
            "the answer stays the same"
        );
    }
    let sent = server.mails().await.len();
    assert!((1..15).contains(&sent), "{sent}");
}
