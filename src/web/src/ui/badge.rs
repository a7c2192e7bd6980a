//! Small marks: a state as a word with a dot, a role, the initial of a name. Never colour alone.
use leptos::prelude::*;
use tenantry_types::account::UserStatus;
use tenantry_types::api_key::KeyStatus;
use tenantry_types::invitation::InvitationStatus;
use tenantry_types::tenant::TenantStatus;
use tenantry_types::workspace::WorkspaceStatus;

/// How a badge or an alert is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Good,
    Warning,
    Bad,
    Accent,
}

impl Tone {
    pub const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "tone-neutral",
            Self::Good => "tone-good",
            Self::Warning => "tone-warning",
            Self::Bad => "tone-bad",
            Self::Accent => "tone-accent",
        }
    }
}

#[component]
pub fn Badge(#[prop(into)] text: String, tone: Tone) -> impl IntoView {
    view! { <span class=format!("badge {}", tone.class())>{text}</span> }
}

#[component]
pub fn RoleBadge(#[prop(into)] label: String) -> impl IntoView {
    view! { <span class="badge badge-plain">{label}</span> }
}

#[component]
pub fn TenantBadge(status: TenantStatus) -> impl IntoView {
    let (text, tone) = match status {
        TenantStatus::Active => ("Active", Tone::Good),
        TenantStatus::Suspended => ("Suspended", Tone::Warning),
        TenantStatus::Inactive => ("Deactivated", Tone::Bad),
    };
    view! { <Badge text tone /> }
}

#[component]
pub fn WorkspaceBadge(status: WorkspaceStatus) -> impl IntoView {
    let (text, tone) = match status {
        WorkspaceStatus::Active => ("Active", Tone::Good),
        WorkspaceStatus::Archived => ("Archived", Tone::Neutral),
    };
    view! { <Badge text tone /> }
}

#[component]
pub fn UserBadge(status: UserStatus) -> impl IntoView {
    let (text, tone) = match status {
        UserStatus::Active => ("Active", Tone::Good),
        UserStatus::Disabled => ("Disabled", Tone::Bad),
    };
    view! { <Badge text tone /> }
}

#[component]
pub fn InvitationBadge(status: InvitationStatus) -> impl IntoView {
    let (text, tone) = match status {
        InvitationStatus::Pending => ("Pending", Tone::Accent),
        InvitationStatus::Accepted => ("Accepted", Tone::Good),
        InvitationStatus::Expired => ("Expired", Tone::Warning),
        InvitationStatus::Revoked => ("Revoked", Tone::Neutral),
    };
    view! { <Badge text tone /> }
}

#[component]
pub fn KeyBadge(status: KeyStatus) -> impl IntoView {
    let (text, tone) = match status {
        KeyStatus::Active => ("Active", Tone::Good),
        KeyStatus::Expired => ("Expired", Tone::Warning),
        KeyStatus::Revoked => ("Revoked", Tone::Neutral),
    };
    view! { <Badge text tone /> }
}

/// The first letter of a name on a square; decoration beside the name itself.
#[component]
pub fn Avatar(#[prop(into)] name: String, #[prop(optional)] class: &'static str) -> impl IntoView {
    let initial: String = name
        .trim()
        .chars()
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_else(|| "?".into());
    view! { <span class=format!("avatar {class}") aria-hidden="true">{initial}</span> }
}
