//! What all pages of one browser tab share: the clock, toasts, the tick that makes pages read anew
//! after a write, and what a plain form handler hands to the page that it renders.
use std::collections::BTreeMap;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tenantry_types::Timestamp;
use tenantry_types::invitation::Invitation;
use tenantry_types::sign_in::{ResetLink, TotpSecret};

use crate::data::Data;
use crate::rpc::{Me, Next, UiError};

/// A message that goes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    pub id: u32,
    pub text: String,
    pub good: bool,
    pub next: Option<Next>,
}

/// Given to all components by `Console`.
#[derive(Clone, Copy)]
pub struct Shared {
    /// "Now", for relative times: the server's at first, so that both sides render the same.
    pub now: RwSignal<Timestamp>,
    pub toasts: RwSignal<Vec<Toast>>,
    /// Raised after each write.
    pub refresh: RwSignal<u32>,
    /// Who is signed in.
    pub me: Data<Option<Me>>,
    pub posted: StoredValue<Posted>,
}

impl Shared {
    pub fn toast(self, text: String, good: bool) {
        self.toast_and(text, good, None);
    }

    /// A message with a button.
    pub fn toast_and(self, text: String, good: bool, next: Option<Next>) {
        self.toasts.update(|toasts| {
            let id = toasts.last().map_or(0, |t| t.id) + 1;
            toasts.push(Toast { id, text, good, next });
            // More than three are not read anyway.
            if toasts.len() > 3 {
                toasts.remove(0);
            }
        });
    }

    pub fn drop_toast(self, id: u32) {
        self.toasts.update(|toasts| toasts.retain(|t| t.id != id));
    }
}

pub fn shared() -> Shared {
    expect_context::<Shared>()
}

/// What became of a form (`crate::forms`), for the page that is rendered as its answer. It is
/// serialised into the page for hydration; links and secrets stand in it only when the page shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Posted {
    /// Which form: `login`, `register`, `accept`, `invite`, `password`, ...; of a server function, the form's id.
    pub form: String,
    /// Whether the form has a handler of its own.
    pub plain: bool,
    /// What was typed, but for secrets.
    pub values: BTreeMap<String, String>,
    pub error: Option<UiError>,
    /// Invitations just made, with their links: shown this once.
    pub invitations: Vec<Invitation>,
    /// A key just made or rotated: its secret is shown this once.
    pub key: Option<ShownKey>,
    /// A link to a new password just made: shown this once.
    pub reset_link: Option<ResetLink>,
    /// A secret for somebody's app, and its QR code as SVG.
    pub totp: Option<(TotpSecret, String)>,
    pub recovery_codes: Vec<String>,
}

/// An API key with its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownKey {
    pub name: String,
    pub secret: String,
    pub rotated: bool,
    /// Until then the secret from before works.
    pub previous_until: Option<Timestamp>,
}
