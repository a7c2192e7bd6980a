//! What mails say. Plain text; a letter holds what its mail is made of, and no link that opens
//! something: those are made when it is sent, so that none waits in the database.

use serde::{Deserialize, Serialize};
use tenantry_types::{Email, Timestamp, UserId};

use crate::accounts::sign_up::Typed;
use crate::ports::Mail;

/// Invites somebody to a tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InvitationMail {
    pub to: Email,
    pub link: String,
    pub tenant: String,
    pub inviter: String,
}

impl InvitationMail {
    pub(super) fn mail(self) -> Mail {
        let Self { to, link, tenant, inviter } = self;
        let text = format!(
            "Hello,\n\n{inviter} invites you to {tenant}.\n\nOpen this link to accept:\n{link}\n\n\
             It works once, and only for this address. If you do not know {inviter}, leave it alone.\n"
        );
        Mail {
            to,
            subject: format!("{inviter} invites you to {tenant}"),
            text,
        }
    }
}

/// Tells somebody of something.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AlertMail {
    pub to: Email,
    pub subject: String,
    pub text: String,
}

impl AlertMail {
    pub(super) fn mail(self) -> Mail {
        let Self { to, subject, text } = self;
        Mail { to, subject, text }
    }
}

/// A mail about an account, which belongs to no tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum AccountMail {
    /// Somebody asked for a new password for this address. Whether it has an account is found out
    /// when the mail is made: asking takes the same time for both.
    Reset { email: Email, base_url: String, asked_from: String },
    /// Somebody signs up with this address. Whether it has an account is found out when the mail is made, as above.
    SignUp { typed: Typed, base_url: String, asked_from: String },
    /// To prove an address.
    Verify { user: UserId, email: Email, base_url: String },
    /// Something changed that the owner of the account must hear of.
    Notice { to: Email, what: Notice, at: Timestamp, from: String },
    /// To those who run the server, or to the owner of an account.
    Alert(AlertMail),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Notice {
    PasswordChanged,
    PasswordReset,
    TotpOn,
    TotpOff,
    TotpReset,
    IdentityLinked,
    IdentityUnlinked,
    TakenOver,
}

impl Notice {
    const fn text(self) -> &'static str {
        match self {
            Self::PasswordChanged => "The password of your account was changed. All other sessions were ended.",
            Self::PasswordReset => "The password of your account was set anew by a link. All sessions were ended.",
            Self::TotpOn => "One-time codes were turned on: signing in takes a code now. All other sessions were ended.",
            Self::TotpOff => "One-time codes were turned off: signing in takes the password alone now.",
            Self::IdentityLinked => "An identity at a provider was linked to your account: it signs you in now.",
            Self::IdentityUnlinked => {
                "An identity at a provider was taken from your account: it does not sign you in any more. All other sessions were ended."
            }
            Self::TakenOver => {
                "An identity at a provider was linked to your account: it signs you in now. Nobody had shown in this account before that its address is \
                 theirs, so its password, its sessions and its API keys were ended. Whoever had them may be somebody else: look at what is in the account. \
                 To have a password again, ask for a new one on the page for signing in."
            }
            Self::TotpReset => {
                "An operator of this server turned your one-time codes off, and ended all sessions. Sign in with your password, and turn them on again."
            }
        }
    }
}

pub(super) fn reset(to: Email, base_url: &str, token: &str, asked_from: &str) -> Mail {
    let text = format!(
        "Hello,\n\nsomebody{asked_from} asked to set a new password for your account.\n\nOpen this link to do so:\n{}/reset/{token}\n\n\
         It works once, for 30 minutes. If it was not you, leave it alone: your password stays as it is.\n",
        base_url.trim_end_matches('/')
    );
    Mail {
        to,
        subject: "A new password for Tenantry".into(),
        text,
    }
}

pub(super) fn sign_up(to: Email, base_url: &str, token: &str, asked_from: &str) -> Mail {
    let text = format!(
        "Hello,\n\nsomebody{asked_from} signs up at Tenantry with this address.\n\nIf it was you, open this link and give the password \
         that you chose:\n{}/register/{token}\n\nIt works once, for 24 hours. If it was not you, leave it alone: there is no account \
         without it.\n",
        base_url.trim_end_matches('/')
    );
    Mail {
        to,
        subject: "Finish your account at Tenantry".into(),
        text,
    }
}

pub(super) fn signed_up_before(to: Email, base_url: &str, asked_from: &str) -> Mail {
    let base_url = base_url.trim_end_matches('/');
    let text = format!(
        "Hello,\n\nsomebody{asked_from} tried to sign up at Tenantry with this address, which has an account already. Nothing was \
         changed.\n\nIf it was you, sign in:\n{base_url}/login\n\nor, if you forgot your password, set another one:\n{base_url}/forgot\n\n\
         If it was not you, there is nothing to do.\n"
    );
    Mail {
        to,
        subject: "You have an account at Tenantry already".into(),
        text,
    }
}

pub(super) fn verify(to: Email, base_url: &str, token: &str) -> Mail {
    let text = format!(
        "Hello,\n\nopen this link to confirm that this address is yours:\n{}/verify/{token}\n\n\
         It works once, for 24 hours. If you have no account at Tenantry, leave it alone.\n",
        base_url.trim_end_matches('/')
    );
    Mail {
        to,
        subject: "Confirm your address for Tenantry".into(),
        text,
    }
}

pub(super) fn notice(to: Email, what: Notice, at: Timestamp, from: &str) -> Mail {
    let text = format!(
        "Hello,\n\n{}\n\nTime: {}{from}\n\nIf it was not you, set a new password at once and tell whoever runs this server.\n",
        what.text(),
        at.readable(),
    );
    Mail {
        to,
        subject: "Your account at Tenantry was changed".into(),
        text,
    }
}
