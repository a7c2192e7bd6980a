//! One-time codes: turned on with a first one, asked for after the password, each good for once; and
//! the ways back for who lost them.

use std::time::{SystemTime, UNIX_EPOCH};

use http::StatusCode;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::support::call::Answer;
use crate::support::fixture::{PASSWORD, Person, person, sign_in};
use crate::support::server::{Server, Wish};

const EMAIL: &str = "ada@example.com";

/// Somebody's app. Its clock stands still, so that a test does not depend on when a step ends.
struct App {
    totp: Totp,
    now: u64,
}

impl App {
    fn new(secret: &str) -> Self {
        let secret = Secret::try_from_base32(secret).unwrap();
        Self {
            totp: Builder::new().with_secret(secret).build().unwrap(),
            now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs(),
        }
    }

    /// The code of now, or of so many steps later or before.
    fn code(&self, steps: i64) -> String {
        self.totp.generate(self.now.checked_add_signed(30 * steps).unwrap()).to_string()
    }
}

async fn post(server: &Server, by: &Person, path: &str, body: Value) -> Answer {
    server.post(&format!("/api/v1/auth/totp{path}")).by(by).json(&body).send().await
}

async fn log_in(server: &Server, totp: Option<&str>) -> Answer {
    let mut body = json!({ "email": EMAIL, "password": PASSWORD });
    if let Some(code) = totp {
        body["totp"] = json!(code);
    }
    server.post("/api/v1/auth/login").json(&body).send().await
}

async fn is_in(server: &Server, cookie: &str) -> bool {
    server.get("/api/v1/me").header("cookie", cookie).send().await.status == StatusCode::OK
}

/// Turns codes on, and gives the app, the recovery codes and the session after.
async fn turn_on(server: &Server, by: &Person) -> (App, Vec<String>, Person) {
    let begun = post(server, by, "", json!({ "password": PASSWORD })).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
    let app = App::new(begun.json()["secret"].as_str().unwrap());
    // The step before: the codes of now are for the tests.
    let on = post(server, by, "/confirm", json!({ "code": app.code(-1) })).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.text());
    let codes = on.json()["recovery_codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c.as_str().unwrap().to_owned())
        .collect();
    let after = Person {
        user: by.user.clone(),
        cookie: on.cookie().unwrap(),
    };
    (app, codes, after)
}

/// The operator, and Ada with two sessions.
async fn people(server: &Server) -> (Person, Person, Person) {
    let operator = person(server, "operator@example.com", "Olga").await;
    let ada = person(server, EMAIL, "Ada").await;
    let elsewhere = sign_in(server, ada.user.clone()).await;
    (operator, ada, elsewhere)
}

/// 7: single use, by the server's time, one step to either side.
#[tokio::test]
async fn a_code_follows_the_password_and_counts_once() {
    let server = Server::new().await;
    let (_, ada, elsewhere) = people(&server).await;
    assert_eq!(
        post(&server, &ada, "", json!({ "password": "wrong wrong" })).await.json()["errors"][0]["field"],
        "password"
    );
    let begun = post(&server, &ada, "", json!({ "password": PASSWORD })).await.json();
    assert!(
        begun["uri"].as_str().unwrap().starts_with("otpauth://totp/Tenantry:ada%40example.com?"),
        "{begun}"
    );
    assert_eq!(log_in(&server, None).await.status, StatusCode::OK, "not asked for before it is confirmed");
    assert_eq!(post(&server, &ada, "/confirm", json!({ "code": "000000" })).await.code(), "invalid");

    let (app, _, ada) = turn_on(&server, &ada).await;
    assert!(is_in(&server, &ada.cookie).await);
    assert!(!is_in(&server, &elsewhere.cookie).await, "sessions that began without a code are over");
    let at_rest = "select count(*) from totp where octet_length(secret_sealed) > 20";
    assert_eq!(server.database.count(at_rest).await.unwrap(), 1);

    let missing = log_in(&server, None).await;
    assert_eq!(
        (missing.status, missing.code().as_str(), missing.cookie()),
        (StatusCode::UNAUTHORIZED, "totp_required", None)
    );
    let wrong = json!({ "email": EMAIL, "password": "wrong wrong", "totp": app.code(0) });
    let answer = server.post("/api/v1/auth/login").json(&wrong).send().await;
    assert_eq!(answer.code(), "bad_credentials", "nothing is said of codes before the password is right");
    assert_eq!(
        log_in(&server, Some(&app.code(-1))).await.code(),
        "totp_wrong",
        "the one that turned them on is used"
    );
    for far in [-4, 4] {
        assert_eq!(log_in(&server, Some(&app.code(far))).await.code(), "totp_wrong", "{far}");
    }
    let code = app.code(0);
    assert_eq!(log_in(&server, Some(&code)).await.status, StatusCode::OK);
    assert_eq!(log_in(&server, Some(&code)).await.code(), "totp_wrong", "once");
    assert_eq!(log_in(&server, Some(&app.code(1))).await.status, StatusCode::OK, "a clock that is fast");
    assert_eq!(
        log_in(&server, Some(&app.code(0))).await.code(),
        "totp_wrong",
        "none from before the last one"
    );
}

#[tokio::test]
async fn one_of_sixteen_gets_in_with_a_code() {
    let server = Server::new().await;
    let (_, ada, _) = people(&server).await;
    let (app, ..) = turn_on(&server, &ada).await;
    let code = app.code(0);
    let tries = futures::future::join_all((0..16).map(|_| log_in(&server, Some(&code)))).await;
    assert_eq!(tries.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1);
}

/// 7: recovery codes are hashed and count once; turning off takes all that signing in takes.
#[tokio::test]
async fn recovery_codes_stand_in_and_codes_are_turned_off() {
    let server = Server::new().await;
    let (_, ada, _) = people(&server).await;
    let (app, codes, ada) = turn_on(&server, &ada).await;
    assert_eq!(codes.len(), 10);
    let text = format!(
        "select count(*) from recovery_code where encode(code_hash, 'escape') like '%{}%'",
        &codes[0][..4]
    );
    assert_eq!(server.database.count(text.leak()).await.unwrap(), 0);

    assert_eq!(
        log_in(&server, Some(&codes[0].to_uppercase().replace('-', " "))).await.status,
        StatusCode::OK
    );
    assert_eq!(log_in(&server, Some(&codes[0])).await.code(), "totp_wrong");
    let state = server.get("/api/v1/auth/totp").by(&ada).send().await.json();
    assert_eq!((&state["enabled"], &state["recovery_codes_left"]), (&json!(true), &json!(9)));

    let both = |totp: &str| json!({ "password": PASSWORD, "totp": totp });
    let newer = post(&server, &ada, "/recovery-codes", both(&codes[1])).await.json();
    assert_eq!(log_in(&server, Some(&codes[2])).await.code(), "totp_wrong", "those of before are gone");
    let newest = newer["recovery_codes"][0].as_str().unwrap();
    assert_eq!(post(&server, &ada, "/disable", both("000000")).await.code(), "totp_wrong");
    let wrong = json!({ "password": "wrong wrong", "totp": newest });
    assert_eq!(post(&server, &ada, "/disable", wrong).await.code(), "invalid");
    assert_eq!(log_in(&server, None).await.code(), "totp_required");
    assert_eq!(post(&server, &ada, "/disable", both(&app.code(0))).await.status, StatusCode::NO_CONTENT);
    assert_eq!(log_in(&server, None).await.status, StatusCode::OK);
    assert_eq!(server.database.count("select count(*) from recovery_code").await.unwrap(), 0);
}

/// 6: a new password by a link lets nobody past the codes; only an operator takes them away.
#[tokio::test]
async fn a_link_does_not_get_around_them_and_an_operator_helps() {
    let server = Server::new().await;
    let (operator, ada, _) = people(&server).await;
    let (_, codes, ada) = turn_on(&server, &ada).await;
    let of_ada = format!("/api/v1/platform/users/{}", ada.user.id);
    let link = server.post(&format!("{of_ada}/reset-link")).by(&operator).send().await.json();
    let token = link["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let body = json!({ "token": token, "new_password": PASSWORD });
    let reset = server.post("/api/v1/auth/password/reset").json(&body).send().await;
    assert_eq!(reset.status, StatusCode::NO_CONTENT);
    assert_eq!(log_in(&server, None).await.code(), "totp_required");

    let ada = Person {
        cookie: log_in(&server, Some(&codes[0])).await.cookie().unwrap(),
        user: ada.user,
    };
    let take = format!("{of_ada}/totp");
    assert_eq!(server.delete(&take).by(&ada).send().await.code(), "not_found");
    assert_eq!(server.delete(&take).by(&operator).send().await.status, StatusCode::NO_CONTENT);
    assert!(!is_in(&server, &ada.cookie).await, "signed out everywhere");
    assert_eq!(log_in(&server, None).await.status, StatusCode::OK);
    assert_eq!(server.delete(&take).by(&operator).send().await.code(), "totp_off");
    let recorded = "select count(*) from platform_audit where action = 'user.totp_reset' and actor_id is not null";
    assert_eq!(server.database.count(recorded).await.unwrap(), 1);
}

/// The page asks in a second step, which works without JavaScript and keeps nothing in between.
#[tokio::test]
async fn the_page_asks_in_a_second_step() {
    let server = Server::new().await;
    let (_, ada, _) = people(&server).await;
    let shown = server
        .post("/account")
        .by(&ada)
        .form(&[("what", "totp-begin"), ("password", PASSWORD)])
        .send()
        .await;
    let page = shown.text();
    assert_eq!(shown.status, StatusCode::OK);
    assert!(page.contains("<svg") && !page.contains("<svg style") && page.contains("Scan this with your app"));
    let faulty = server
        .post("/account")
        .by(&ada)
        .form(&[("what", "totp-confirm"), ("code", "000000")])
        .send()
        .await;
    assert!(faulty.status == StatusCode::UNPROCESSABLE_ENTITY && faulty.text().contains("Scan this with your app"));
    let (app, ..) = turn_on(&server, &ada).await;

    let first = [("email", EMAIL), ("password", PASSWORD), ("next", "/account")];
    let asked = server.post("/login").form(&first).send().await;
    assert_eq!((asked.status, asked.cookie()), (StatusCode::OK, None));
    let page = asked.text();
    assert!(page.contains("One more step") && !page.contains(PASSWORD));
    let ticket = page.split("name=\"ticket\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let step = async |ticket: &str, code: &str| {
        let form = [("ticket", ticket), ("totp", code), ("next", "/account")];
        server.post("/login").form(&form).send().await
    };
    let wrong = step(ticket, "000000").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(
        wrong.text().contains("One more step") && wrong.text().contains(ticket),
        "once more, without the password"
    );
    let forged = step("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &app.code(0)).await;
    assert_eq!((forged.status, forged.cookie()), (StatusCode::UNAUTHORIZED, None));
    let done = step(ticket, &app.code(0)).await;
    assert_eq!(done.header("location"), "/account");
    assert!(is_in(&server, &done.cookie().unwrap()).await);
    assert_eq!(step(ticket, &app.code(0)).await.status, StatusCode::UNAUTHORIZED, "the code is used");
    // A new password ends what was begun with the old one.
    server
        .database
        .run("update user_account set password_hash = null where email = 'ada@example.com'")
        .await
        .unwrap();
    let over = step(ticket, &app.code(1)).await;
    assert!(over.cookie().is_none() && !over.text().contains("One more step"));
}

/// 5: codes cannot be tried out.
#[tokio::test]
async fn codes_are_counted() {
    let mut wish = Wish::default();
    wish.policy.slow_guesses = true;
    let server = Server::with(wish).await;
    let (_, ada, _) = people(&server).await;
    assert_eq!(log_in(&server, None).await.status, StatusCode::OK, "from here");
    let (app, ..) = turn_on(&server, &ada).await;
    let mut refused = 0;
    for n in 0..25 {
        let body = json!({ "email": EMAIL, "password": PASSWORD, "totp": "000000" });
        let call = server.post("/api/v1/auth/login").from(&format!("203.0.113.{n}")).json(&body);
        refused += usize::from(call.send().await.code() == "rate_limited");
    }
    assert!(refused >= 4, "{refused}");
    assert_eq!(
        log_in(&server, Some(&app.code(0))).await.status,
        StatusCode::OK,
        "the owner, where they are known"
    );
}
