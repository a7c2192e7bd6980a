//! Mail over SMTP. `smtps://` speaks TLS from the start, `smtp://..?tls=required` after STARTTLS, and
//! `smtp://` not at all, for a relay on the same machine. Neither the address of the server, which
//! may hold a password, nor its answers leave this module.

use std::time::Duration;

use async_trait::async_trait;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use tenantry_domain::ports::{Mail, MailError, Mailer};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Mail cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    #[error("the URL of the mail server cannot be read; it looks like smtps://user:password@mail.example.com")]
    Url,
    #[error("the address that mails come from is not one: write Tenantry <mail@example.com> or mail@example.com")]
    From,
}

/// Sends mail through one server, over connections that it keeps.
#[derive(Clone)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpMailer").field("from", &self.from.email).finish_non_exhaustive()
    }
}

impl SmtpMailer {
    /// Does not connect yet. Needs a Tokio runtime.
    ///
    /// # Errors
    /// Which of the two cannot be read.
    pub fn new(url: &SecretString, from: &str) -> Result<Self, SetUpError> {
        let from = from.parse().map_err(|_| SetUpError::From)?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret()).map_err(|_| SetUpError::Url)?;
        Ok(Self {
            transport: builder.timeout(Some(TIMEOUT)).build(),
            from,
        })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        let to = mail.to.as_str().parse().map_err(|_| MailError::Permanent)?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text)
            .map_err(|_| MailError::Permanent)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            // Only a 5xx answer is about this message; all else may be about the moment.
            Err(error) if error.is_permanent() => Err(MailError::Permanent),
            Err(error) => {
                let kind = error.status().map_or_else(|| "no answer".to_owned(), |code| code.to_string());
                tracing::warn!(kind, timeout = error.is_timeout(), tls = error.is_tls(), "mail was not taken");
                Err(MailError::Temporary)
            }
        }
    }
}

#[cfg(test)]
mod tests;
