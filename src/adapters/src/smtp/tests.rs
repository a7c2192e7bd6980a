use tenantry_types::Email;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

/// A fake mail server, which answers RCPT with `verdict` and hands on what it is sent.
async fn fake_server(verdict: &'static str) -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            let _ = write.write_all(b"220 fake\r\n").await;
            let mut message = None::<String>;
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match (&mut message, line.as_str()) {
                    (Some(text), ".") => {
                        let _ = sender.send(std::mem::take(text));
                        message = None;
                        "250 taken"
                    }
                    (Some(text), line) => {
                        text.push_str(line);
                        text.push('\n');
                        continue;
                    }
                    (None, "DATA") => {
                        message = Some(String::new());
                        "354 go on"
                    }
                    (None, line) if line.starts_with("RCPT") => verdict,
                    (None, "QUIT") => "221 bye",
                    (None, _) => "250 fine",
                };
                let _ = write.write_all(format!("{answer}\r\n").as_bytes()).await;
            }
        }
    });
    (port, receiver)
}

fn mail(subject: &str) -> Mail {
    Mail {
        to: Email::parse("ada@example.com").unwrap(),
        subject: subject.into(),
        text: "Grüße.\nhttp://localhost/invite/x\n".into(),
    }
}

fn mailer(port: u16) -> SmtpMailer {
    SmtpMailer::new(
        &SecretString::from(format!("smtp://127.0.0.1:{port}")),
        "Tenantry <mail@tenantry.example>",
    )
    .unwrap()
}

#[tokio::test]
async fn a_mail_goes_out() {
    let (port, mut sent) = fake_server("250 fine").await;
    mailer(port).send(mail("Come in\r\nBcc: all@example.com")).await.unwrap();
    let text = sent.recv().await.unwrap();
    assert!(
        text.contains("From: Tenantry <mail@tenantry.example>") && text.contains("To: ada@example.com"),
        "{text}"
    );
    assert!(
        !text.lines().any(|line| line.starts_with("Bcc")),
        "a line break in a subject makes no header: {text}"
    );
}

#[tokio::test]
async fn what_is_worth_another_try() {
    let (full, _sent) = fake_server("452 come back later").await;
    assert_eq!(mailer(full).send(mail("a")).await, Err(MailError::Temporary));
    let (strict, _sent) = fake_server("550 no such person").await;
    assert_eq!(mailer(strict).send(mail("a")).await, Err(MailError::Permanent));
    assert_eq!(mailer(1).send(mail("a")).await, Err(MailError::Temporary));
}

#[tokio::test]
async fn settings_that_cannot_be_read() {
    let new = |url: &str, from: &str| SmtpMailer::new(&SecretString::from(url), from).map(|m| format!("{m:?}"));
    assert!(matches!(new("http://user:hush@host", "mail@example.com"), Err(SetUpError::Url)));
    assert!(matches!(new("smtp://host", "nobody"), Err(SetUpError::From)));
    assert!(!new("smtps://user:hush@host", "mail@example.com").unwrap().contains("hush"));
}
