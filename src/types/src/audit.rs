//! What happened: one event a change, or a refused attempt at one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::{Fields, Text, words};
use crate::{EventId, NotificationId, PageQuery, TenantId, TenantRef, Timestamp, WorkspaceId};

words! {
    Outcome, AuditOutcome {
        Ok = "ok",
        Denied = "denied",
        Failed = "failed",
    }
}

words! {
    /// Through which door the actor came.
    Door, AuditDoor {
        Web = "web",
        Api = "api",
        Cli = "cli",
        System = "system",
    }
}

/// Somebody or something, as it was called at the time. Of who has deleted their account the id is
/// left, and `ERASED` for a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditParty {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: Option<String>,
    pub name: String,
}

/// The name of a person who was taken out of the record.
pub const ERASED: &str = "[erased]";

/// One recorded event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEvent {
    pub id: EventId,
    pub at: Timestamp,
    pub actor: AuditParty,
    /// `members.invited`.
    pub action: String,
    pub target: AuditParty,
    /// Null for events of the server itself.
    pub tenant: Option<TenantId>,
    /// The workspace that the actor worked in, if it was one.
    pub workspace: Option<WorkspaceId>,
    pub outcome: Outcome,
    pub door: Door,
    pub ip: Option<String>,
    pub request_id: String,
    /// What changed; `from` and `to` where something was before. Never a secret.
    pub changes: Value,
}

/// Which events.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuditFilter {
    /// The id of who did it, or what they are: `user`, `key`, `system`.
    pub actor: Option<String>,
    /// `member.updated`, or `member` for all about members.
    pub action: Option<String>,
    pub outcome: Option<Outcome>,
    /// The id of what it was done to, or its kind: `workspace`.
    pub target: Option<String>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    pub door: Option<Door>,
    /// Searched in names, actions, addresses and request ids; empty means none.
    pub q: String,
}

impl AuditFilter {
    /// None when a fault was recorded.
    pub fn read(f: &mut Fields<'_>) -> Option<Self> {
        let actor = f.optional::<Text<100>>("actor");
        let action = f.optional::<Text<100>>("action");
        let outcome = f.optional("outcome");
        let target = f.optional::<Text<100>>("target");
        let from = f.optional("from");
        let to = f.optional("to");
        let door = f.optional("door");
        let q = f.optional::<String>("q");
        Some(Self {
            actor: actor?.map(|t| t.0),
            action: action?.map(|t| t.0),
            outcome: outcome?,
            target: target?.map(|t| t.0),
            from: from?,
            to: to?,
            door: door?,
            q: q?.unwrap_or_default(),
        })
    }

    /// The searched text as a pattern for `like`.
    pub fn pattern(&self) -> Option<String> {
        let q = self.q.clone();
        PageQuery { q, ..PageQuery::default() }.pattern()
    }
}

impl AuditEvent {
    /// The event in words: "invited".
    pub fn sentence(&self) -> String {
        let target = &self.target.name;
        let text = |key: &str| self.changes.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        match self.action.as_str() {
            "tenant.created" => format!("created {target}"),
            "tenant.updated" => format!("changed the settings of {target}"),
            "tenant.sign_in_policy_updated" => format!("changed what signing in to {target} takes"),
            "tenant.domain_added" => format!("named the domain {target}"),
            "tenant.domain_updated" => format!("changed who may join by the domain {target}"),
            "tenant.domain_removed" => format!("gave the domain {target} up"),
            "tenant.domain_confirmed" => format!("confirmed that the domain {target} is this tenant's"),
            "tenant.suspended" => format!("suspended {target}"),
            "tenant.activated" => format!("activated {target}"),
            "tenant.deactivated" => format!("deactivated {target}"),
            "tenant.imported" => format!("imported a deployment into {target}"),
            "tenant.quotas_updated" => format!("changed the limits of {target}"),
            "server.models_opened" => "started with settings that open models to everybody".into(),
            "access.denied" => format!("was refused in {target}{}", times(&self.changes)),
            "context.conflict" => format!("named {target} and another tenant or workspace in one request{}", times(&self.changes)),
            "tenant.probed" => format!("asked for tenants that are not theirs{}", times(&self.changes)),
            "user.log_in_failed" => format!("tried to sign in as {target} and failed{}", times(&self.changes)),
            "user.logged_in" => "signed in".into(),
            "user.logged_out" => "signed out".into(),
            "user.registered" => "made an account".into(),
            "user.created" => format!("made the account of {target}"),
            "user.updated" => "changed their account".into(),
            "user.deleted" => "deleted their account".into(),
            "user.promoted" => format!("made {target} an operator"),
            "user.standing_changed" => format!("changed the account of {target}"),
            "user.email_verified" => "verified their address".into(),
            "user.password_changed" => "changed their password".into(),
            "user.password_reset" => "set a new password by a link".into(),
            "user.reset_link_made" => format!("made a link to set a password for {target}"),
            "user.identity_linked" => format!("linked an identity at {} to their account", text("provider")),
            "user.identity_unlinked" => "took an identity at a provider from their account".into(),
            "user.taken_over" => "showed that the account is theirs, and ended what others had of it".into(),
            "user.session_ended" | "user.sessions_ended" => format!("ended sessions of {target}"),
            "user.totp_begun" => "was shown a secret for one-time codes".into(),
            "user.totp_enabled" => "turned one-time codes on".into(),
            "user.totp_disabled" => "turned one-time codes off".into(),
            "user.totp_reset" => format!("turned the one-time codes of {target} off"),
            "user.recovery_code_used" => "signed in with a recovery code".into(),
            "user.recovery_codes_renewed" => "was shown new recovery codes".into(),
            "token.issued" => "got tokens for the API".into(),
            "token.revoked" => "gave their tokens back".into(),
            "token.reused" => "showed a refresh token twice, and lost all of its family".into(),
            "provider.created" => format!("added the provider {target}"),
            "provider.updated" => format!("changed the provider {target}"),
            "provider.deleted" => format!("removed the provider {target}"),
            "provider.synced" => format!("read the models of the provider {target}"),
            "model.created" => format!("added {target} to the catalogue"),
            "model.updated" => format!("changed {target} in the catalogue"),
            "model.deleted" => format!("took {target} out of the catalogue"),
            "plan.created" => format!("made the plan {target}"),
            "plan.updated" => format!("changed the plan {target}"),
            "plan.deleted" => format!("removed the plan {target}"),
            "signing_key.installed" => "put a new key for signing into place".into(),
            "tenant.purged" => format!("removed {target} with all of its data"),
            "user.switched_tenant" => format!("went to {target}"),
            "tenant.notifications_updated" => "changed what the tenant is told of".into(),
            "webhook.created" => format!("made the webhook {target}"),
            "webhook.updated" => format!("changed the webhook {target}"),
            "webhook.rotated" => format!("gave the webhook {target} a new secret"),
            "webhook.tested" => format!("tried the webhook {target} out"),
            "webhook.deleted" => format!("removed the webhook {target}"),
            "webhook.switched_off" => format!("switched the webhook {target} off, because it had failed for a day"),
            "security.suspicious" => format!("saw something suspicious about {target}: {}", text("kind").replace('_', " ")),
            "audit.exported" => "took the record along as a file".into(),
            "models.report_exported" => "took the report on models along as a file".into(),
            "usage.exported" => "took the usage along as a file".into(),
            "tenant.entered_by_operator" => format!("looked into {target} as operator"),
            "member.added" => format!("added {target} as {}", text("role")),
            "member.joined" => format!("joined as {}", text("role")),
            "member.updated" => format!("changed {target} from {} to {}", text("from"), text("to")),
            "member.overrides_set" => format!("changed the permissions of {target}"),
            "member.removed" => format!("removed {target}"),
            "member.left" => "left".into(),
            "invitation.created" => format!("invited {target} as {}", text("role")),
            "invitation.resent" => format!("sent the invitation of {target} again"),
            "invitation.revoked" => format!("revoked the invitation of {target}"),
            "workspace.created" => format!("created the workspace {target}"),
            "workspace.updated" => format!("changed the workspace {target}"),
            "workspace.archived" => format!("archived the workspace {target}"),
            "workspace.restored" => format!("restored the workspace {target}"),
            "workspace.member_set" => format!("made {target} {} of {}", text("role"), text("workspace")),
            "workspace.member_removed" => format!("took {target} out of {}", text("workspace")),
            "workspace.models_set" => format!("changed the models of the workspace {target}"),
            "key.created" => format!("made the API key {target}"),
            "key.updated" => format!("changed the API key {target}"),
            "key.rotated" => format!("gave the API key {target} a new secret"),
            "key.revoked" => format!("revoked the API key {target}"),
            "model.enabled" => format!("enabled {target}"),
            "model.disabled" => format!("disabled {target}"),
            "model.audience" => format!("set who may use {target}: {}", text("audience")),
            other => format!("{other} {target}"),
        }
    }
}

/// ", 12 times": refusals are folded.
fn times(changes: &Value) -> String {
    match changes.get("count").and_then(Value::as_u64) {
        Some(count) if count > 1 => format!(", {count} times"),
        _ => String::new(),
    }
}

words! {
    /// What looks like an attack.
    Suspicion, Suspicion {
        DeniedBurst = "denied_burst",
        TenantsProbed = "tenants_probed",
        LogInsFailed = "log_ins_failed",
        NewPlace = "new_place",
    }
}

impl Suspicion {
    /// Whether it is about the reader's own account, and not about a tenant or the server.
    pub fn is_personal(self) -> bool {
        matches!(self, Self::LogInsFailed | Self::NewPlace)
    }
}

/// Something that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    pub id: NotificationId,
    /// A `Suspicion`, an `AlertKind`, or `provider_up`.
    pub kind: String,
    /// Whom or what it is about.
    pub about: Option<String>,
    pub count: Option<u64>,
    /// What there is to say, where it was written down.
    pub text: Option<String>,
    /// The page that shows more of it, below the tenant's own; of what is about the server, below the operator's.
    pub page: Option<String>,
    pub tenant: Option<TenantRef>,
    pub created_at: Timestamp,
}

impl Notification {
    /// The page that shows more of it.
    pub fn page(&self) -> String {
        let kind = Suspicion::from_word(&self.kind);
        if kind.is_some_and(Suspicion::is_personal) {
            return "/account".to_owned();
        }
        if let Some(page) = &self.page {
            return match &self.tenant {
                Some(tenant) => format!("/t/{}/{page}", tenant.slug),
                None => format!("/admin/{page}"),
            };
        }
        let about = self.about.as_deref().unwrap_or_default();
        let outcome = if kind.is_some() { "&outcome=denied" } else { "" };
        match &self.tenant {
            Some(tenant) => format!("/t/{}/audit?actor={about}{outcome}", tenant.slug),
            None => format!("/admin/audit?actor={about}{outcome}"),
        }
    }

    /// In words, for people.
    pub fn sentence(&self) -> String {
        if let Some(text) = &self.text {
            return text.clone();
        }
        let count = self.count.unwrap_or(1);
        match Suspicion::from_word(&self.kind) {
            Some(Suspicion::DeniedBurst) => format!("Somebody was refused {count} times within ten minutes."),
            Some(Suspicion::TenantsProbed) => format!("Somebody asked {count} times for tenants that are not theirs."),
            Some(Suspicion::LogInsFailed) => format!("Somebody tried {count} times to sign in as you, and failed."),
            Some(Suspicion::NewPlace) => {
                "You signed in from a network and a device that were never seen before. If it was not you, change your password.".into()
            }
            None => self.kind.clone(),
        }
    }
}

/// What is wrong at one place of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditFault {
    Edited,
    Missing,
    Moved,
    Truncated,
    Added,
    Rewritten,
    Forged,
}

impl AuditFault {
    /// In words, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Edited => "is not what was written",
            Self::Missing => "is missing",
            Self::Moved => "stands where it was not written",
            Self::Truncated => "and what follows was cut off",
            Self::Added => "was added past the head of the chain",
            Self::Rewritten => "is not the one whose head was noted outside the database",
            Self::Forged => "the log of heads holds lines that this server did not write",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditFinding {
    /// The place in the chain; null for what is not about one event.
    pub seq: Option<i64>,
    pub fault: AuditFault,
}

/// Whether a chain is what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditVerification {
    /// The tenant's id, or `platform`.
    pub chain: String,
    pub ok: bool,
    /// Events that were verified.
    pub events: i64,
    /// Names of people that were erased with their accounts; the chain holds without them.
    pub erased: i64,
    /// The place of the last event.
    pub last: i64,
    /// The last place that was noted outside the database; null when none was.
    pub noted: Option<i64>,
    /// At most 100.
    pub findings: Vec<AuditFinding>,
}
