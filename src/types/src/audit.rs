//! What happened: one event a change, or a refused attempt at one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::words;
use crate::{EventId, Timestamp};

words! {
    Outcome, QuotaResource {
        Ok = "ok",
        Denied = "denied",
        Failed = "failed",
    }
}

words! {
    /// Through which door the actor came.
    Door, QuotaResource {
        Web = "web",
        Api = "api",
        Cli = "cli",
        System = "system",
    }
}

/// Somebody or something, as it was called at the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditParty {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: Option<String>,
    pub name: String,
}

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
    pub outcome: Outcome,
    pub door: Door,
    pub changes: Value,
}

impl AuditEvent {
    /// The event in words: "invited".
    pub fn sentence(&self) -> String {
        let target = &self.target.name;
        let text = |key: &str| self.changes.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        match self.action.as_str() {
            "tenant.created" => format!("created {target}"),
            "tenant.updated" => format!("changed the settings of {target}"),
            "tenant.suspended" => format!("suspended {target}"),
            "tenant.activated" => format!("activated {target}"),
            "tenant.deactivated" => format!("deactivated {target}"),
            "tenant.imported" => format!("imported a deployment into {target}"),
            "tenant.quotas_updated" => format!("changed the limits of {target}"),
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
            "model.enabled" => format!("enabled {target}"),
            "model.disabled" => format!("disabled {target}"),
            "model.audience" => format!("set who may use {target}: {}", text("audience")),
            other => format!("{other} {target}"),
        }
    }
}
