//! Changing a password, setting a new one by a link, and proving an address: what ends, what does
//! not begin, and what nobody learns.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::call::Answer;
use crate::support::fixture::{PASSWORD, Person, person, sign_in};
use crate::support::posting::Posting;
use crate::support::server::{Server, Wish};

const NEW: &str = "quite another password";

async fn log_in(server: &Server, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    server.post("/api/v1/auth/login").json(&body).send().await
}

async fn is_in(server: &Server, cookie: &str) -> bool {
    server.get("/api/v1/me").header("cookie", cookie).send().await.status == StatusCode::OK
}

async fn post(server: &Server, path: &str, body: Value) -> Answer {
    server.post(path).json(&body).send().await
}

async fn change(server: &Server, by: &Person, present: &str, new: &str) -> Answer {
    let body = json!({ "current_password": present, "new_password": new });
    server.post("/api/v1/auth/password/change").by(by).json(&body).send().await
}

/// 8: a change takes the present password, ends what else is open, and the owner hears of it.
#[tokio::test]
async fn a_change_proves_rotates_and_ends() {
    let server = Posting::new().await;
    let ada = person(&server, "ada@example.com", "Ada").await;
    let elsewhere = sign_in(&server, ada.user.clone()).await;
    server.mails().await;

    let refused = change(&server, &ada, "not the password", NEW).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"));
    assert_eq!(refused.json()["errors"][0]["field"], "current_password");
    assert_eq!(
        change(&server, &ada, PASSWORD, "short").await.json()["errors"][0]["field"],
        "new_password"
    );
    assert!(is_in(&server, &elsewhere.cookie).await, "nothing has happened yet");
    assert!(server.mails().await.is_empty());

    let changed = change(&server, &ada, PASSWORD, NEW).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    let cookie = changed.cookie().unwrap();
    assert!(is_in(&server, &cookie).await, "who changed it goes on, under a new id");
    assert!(!is_in(&server, &ada.cookie).await);
    assert!(!is_in(&server, &elsewhere.cookie).await);
    let mails = server.mails().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].0 == "ada@example.com" && mails[0].1.contains("was changed"), "{mails:?}");
    assert_eq!(log_in(&server, "ada@example.com", PASSWORD).await.code(), "bad_credentials");
    assert_eq!(log_in(&server, "ada@example.com", NEW).await.status, StatusCode::OK);
    assert!(server.cookie_of_page_change(&cookie).await);
}

impl Posting {
    /// The same by the page, without JavaScript: a fault stands on the page, and a change leads on.
    async fn cookie_of_page_change(&self, cookie: &str) -> bool {
        let send = async |present: &str| {
            let form = [("what", "password"), ("current_password", present), ("new_password", PASSWORD)];
            self.post("/account").header("cookie", cookie).form(&form).send().await
        };
        let faulty = send("not this one").await;
        assert_eq!(faulty.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(faulty.text().contains("Does not match.") && !faulty.text().contains("not this one"));
        let done = send(NEW).await;
        assert_eq!(done.header("location"), "/account?done=password-changed");
        is_in(self, &done.cookie().unwrap()).await && !is_in(self, cookie).await
    }
}

/// 6: a link works once and for a while, ends all sessions, and signs nobody in.
#[tokio::test]
async fn a_link_sets_a_new_password_once() {
    let server = Posting::new().await;
    let ada = person(&server, "ada@example.com", "Ada").await;
    server.mails().await;
    let asked = post(&server, "/api/v1/auth/password/forgot", json!({ "email": "Ada@Example.com" })).await;
    assert_eq!(asked.status, StatusCode::NO_CONTENT, "{}", asked.text());
    let token = server.token("reset").await;
    assert!(token.len() >= 43, "256 bits: {token}");
    let hash = format!("select count(*) from account_token where token_hash = sha256('{token}')");
    assert_eq!(server.database.count(hash.leak()).await.unwrap(), 1, "at rest there is its hash");
    assert!(is_in(&server, &ada.cookie).await, "asking ends nothing");
    assert!(server.get(&format!("/reset/{token}")).send().await.text().contains("Set a new password"));

    let reset = async |token: &str, password: &str| {
        let body = json!({ "token": token, "new_password": password });
        post(&server, "/api/v1/auth/password/reset", body).await
    };
    assert_eq!(reset(&token, "short").await.code(), "invalid");
    let guessed = reset(&"A".repeat(43), NEW).await;
    assert_eq!((guessed.status, guessed.code().as_str()), (StatusCode::GONE, "link_not_valid"));
    let done = reset(&token, NEW).await;
    assert_eq!((done.status, done.cookie()), (StatusCode::NO_CONTENT, None), "{}", done.text());
    assert!(!is_in(&server, &ada.cookie).await, "all sessions are over");
    assert_eq!(reset(&token, PASSWORD).await.code(), "link_not_valid", "it works once");
    assert_eq!(log_in(&server, "ada@example.com", PASSWORD).await.code(), "bad_credentials");
    assert_eq!(log_in(&server, "ada@example.com", NEW).await.status, StatusCode::OK);
    assert!(server.mails().await[0].1.contains("set anew by a link"));
}

#[tokio::test]
async fn links_end_with_their_time_their_siblings_and_their_account() {
    let server = Posting::new().await;
    person(&server, "first@example.com", "First").await;
    person(&server, "ada@example.com", "Ada").await;
    server.mails().await;
    let ask = async || {
        post(&server, "/api/v1/auth/password/forgot", json!({ "email": "ada@example.com" })).await;
        server.token("reset").await
    };
    let works = async |token: &str| {
        let body = json!({ "token": token, "new_password": NEW });
        post(&server, "/api/v1/auth/password/reset", body).await.status == StatusCode::NO_CONTENT
    };
    let (first, second) = (ask().await, ask().await);
    assert!(works(&second).await);
    assert!(!works(&first).await, "a link that was used takes the others with it");

    let late = ask().await;
    server.database.run("update account_token set expires_at = now()").await.unwrap();
    assert!(!works(&late).await);
    let half_an_hour = "select count(*) from account_token where kind = 'reset' and expires_at > created_at + interval '30 minutes'";
    ask().await;
    assert_eq!(server.database.count(half_an_hour).await.unwrap(), 0);

    let token = ask().await;
    server
        .database
        .run("update user_account set status = 'disabled' where email = 'ada@example.com'")
        .await
        .unwrap();
    assert!(!works(&token).await, "a disabled account gets no new password");
    post(&server, "/api/v1/auth/password/forgot", json!({ "email": "ada@example.com" })).await;
    assert!(server.mails().await.is_empty());
}

#[tokio::test]
async fn one_of_sixteen_gets_the_link() {
    let server = Posting::new().await;
    person(&server, "ada@example.com", "Ada").await;
    server.mails().await;
    post(&server, "/api/v1/auth/password/forgot", json!({ "email": "ada@example.com" })).await;
    let token = server.token("reset").await;
    let tries = (0..16).map(|n| {
        let body = json!({ "token": token, "new_password": format!("password number {n}") });
        let call = server.post("/api/v1/auth/password/reset").json(&body);
        async move { call.send().await.status }
    });
    let done = futures::future::join_all(tries).await;
    assert_eq!(done.iter().filter(|status| **status == StatusCode::NO_CONTENT).count(), 1, "{done:?}");
}

/// 4: whether there is an account is not to be learned; what is done for both is the same.
#[tokio::test]
async fn asking_for_a_link_tells_nothing() {
    let server = Posting::new().await;
    person(&server, "ada@example.com", "Ada").await;
    server.mails().await;
    let mut told = Vec::new();
    for email in ["ada@example.com", "nobody@example.com"] {
        let answer = post(&server, "/api/v1/auth/password/forgot", json!({ "email": email })).await;
        let headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| *name != "x-request-id")
            .map(|h| format!("{h:?}"))
            .collect();
        told.push((answer.status, headers, answer.text()));
        let page = server.post("/forgot").form(&[("email", email)]).send().await;
        assert_eq!(page.header("location"), "/login?done=reset-sent");
    }
    assert_eq!(told[0], told[1]);
    let rows = "select count(*) from platform_outbox where done_at is null";
    assert_eq!(server.database.count(rows).await.unwrap(), 4, "one each time, for both");
    let mails = server.mails().await;
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|(to, _)| to == "ada@example.com"));
    assert_eq!(
        server
            .database
            .count("select count(*) from account_token where kind = 'reset'")
            .await
            .unwrap(),
        2
    );
}

#[tokio::test]
async fn a_server_without_mail_says_so_and_its_operator_helps() {
    let server = Server::new().await;
    let operator = person(&server, "operator@example.com", "Olga").await;
    let ada = person(&server, "ada@example.com", "Ada").await;
    let asked = post(&server, "/api/v1/auth/password/forgot", json!({ "email": "ada@example.com" })).await;
    assert_eq!((asked.status, asked.code().as_str()), (StatusCode::CONFLICT, "no_mail"));
    assert!(server.get("/forgot").send().await.text().contains("This server sends no mail"));

    let path = format!("/api/v1/platform/users/{}/reset-link", ada.user.id);
    assert_eq!(server.post(&path).by(&ada).send().await.code(), "not_found");
    let key = ("idempotency-key", "once");
    let made = server.post(&path).by(&operator).header(key.0, key.1).send().await;
    let link = made.json()["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with("http://tenantry.test/reset/"), "{link}");
    let again = server.post(&path).by(&operator).header(key.0, key.1).send().await;
    assert_eq!(again.code(), "secret_already_shown");

    // On the page as well, for the operator alone.
    let form = [("user", ada.user.id.to_string())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = server.post("/admin/users").by(&operator).form(&form).send().await;
    assert!(page.status == StatusCode::OK && page.text().contains("http://tenantry.test/reset/"));
    let refused = server.post("/admin/users").by(&ada).form(&form).send().await;
    assert!(refused.status == StatusCode::NOT_FOUND && !refused.text().contains("/reset/"));

    let used = server
        .post(&link["http://tenantry.test".len()..])
        .form(&[("new_password", NEW)])
        .send()
        .await;
    assert_eq!((used.header("location"), used.cookie()), ("/login?done=password-set", None));
    assert_eq!(log_in(&server, "ada@example.com", NEW).await.status, StatusCode::OK);
    let dead = server.get(&link["http://tenantry.test".len()..]).send().await;
    assert!(dead.status == StatusCode::GONE && dead.text().contains("This link does not work"));
}

#[tokio::test]
async fn an_address_is_proved_by_its_mail() {
    let server = Posting::new().await;
    let first = json!({ "email": "ada@example.com", "name": "Ada", "password": PASSWORD });
    let cookie = post(&server, "/api/v1/auth/register", first).await.cookie().unwrap();
    let verified = async || server.get("/api/v1/me").header("cookie", &cookie).send().await.json()["email_verified"] == true;
    let token = server.token("verify").await;
    assert!(!verified().await);
    assert_eq!(server.get(&format!("/verify/{token}")).send().await.status, StatusCode::OK);
    assert!(!verified().await, "opening the link does nothing yet");

    let send = async || server.post("/api/v1/auth/email/send").header("cookie", &cookie).send().await;
    assert_eq!(send().await.status, StatusCode::NO_CONTENT);
    let newer = server.token("verify").await;
    // A link of one kind opens nothing of another.
    let body = json!({ "token": newer, "new_password": NEW });
    assert_eq!(post(&server, "/api/v1/auth/password/reset", body).await.code(), "link_not_valid");
    let proved = post(&server, "/api/v1/auth/email/verify", json!({ "token": newer })).await;
    assert_eq!(proved.json()["email_verified"], true);
    assert!(verified().await);
    for dead in [&token, &newer] {
        let page = server.post(&format!("/verify/{dead}")).form(&[]).send().await;
        assert_eq!(page.status, StatusCode::GONE);
    }
    assert_eq!(send().await.code(), "already_verified");
}

/// 44: asking for mails is limited by address and by account, and counts nowhere else.
#[tokio::test]
async fn mails_to_one_address_are_counted() {
    let mut wish = Wish::default();
    wish.policy.slow_guesses = true;
    let server = Posting::with(wish).await;
    person(&server, "ada@example.com", "Ada").await;
    server.mails().await;
    for n in 0..40 {
        let body = json!({ "email": "ada@example.com" });
        let call = server
            .post("/api/v1/auth/password/forgot")
            .from(&format!("203.0.113.{}", n % 20))
            .json(&body);
        assert_eq!(call.send().await.status, StatusCode::NO_CONTENT, "the answer stays the same");
    }
    assert_eq!(server.mails().await.len(), 10);
}

/// 2: whatever is allowed counts whole, to its last character.
#[tokio::test]
async fn checklist_2_a_password_of_128_characters_counts_to_its_last() {
    let server = Posting::new().await;
    let long = format!("{}\u{e9}\u{1f511}", "long words, ".repeat(11).chars().take(126).collect::<String>());
    assert_eq!(long.chars().count(), 128);
    let body = json!({ "email": "ada@example.com", "name": "Ada", "password": long });
    assert_eq!(post(&server, "/api/v1/auth/register", body).await.status, StatusCode::CREATED);
    assert_eq!(log_in(&server, "ada@example.com", &long).await.status, StatusCode::OK);
    let short: String = long.chars().take(127).collect();
    for wrong in [short.clone(), format!("{short}x"), format!("{long}x")] {
        assert_eq!(log_in(&server, "ada@example.com", &wrong).await.code(), "bad_credentials");
    }
    let more = json!({ "email": "bob@example.com", "name": "Bob", "password": format!("{long}x") });
    assert_eq!(post(&server, "/api/v1/auth/register", more).await.json()["errors"][0]["code"], "too_long");
}

/// 3: what is tried first is taken nowhere where somebody chooses.
#[tokio::test]
async fn checklist_3_common_passwords_are_taken_nowhere() {
    let server = Posting::new().await;
    let ada = person(&server, "ada@example.com", "Ada").await;
    for common in ["Password123", "QWERTYUIOP", "iloveyou2"] {
        let body = json!({ "email": "bob@example.com", "name": "Bob", "password": common });
        let refused = post(&server, "/api/v1/auth/register", body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{common}");
        assert_eq!(
            refused.json()["errors"][0],
            json!({ "field": "password", "code": "common_password", "message": refused.json()["errors"][0]["message"] })
        );
        assert_eq!(change(&server, &ada, PASSWORD, common).await.json()["errors"][0]["field"], "new_password");
    }
    server.mails().await;
    post(&server, "/api/v1/auth/password/forgot", json!({ "email": "ada@example.com" })).await;
    let token = server.token("reset").await;
    let reset = post(
        &server,
        "/api/v1/auth/password/reset",
        json!({ "token": token, "new_password": "password1" }),
    )
    .await;
    assert_eq!(
        (reset.code().as_str(), &reset.json()["errors"][0]["field"]),
        ("invalid", &json!("new_password"))
    );
    assert_eq!(log_in(&server, "ada@example.com", PASSWORD).await.status, StatusCode::OK);
}
