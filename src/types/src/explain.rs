//! Why somebody may use a model or not, and which models a member may use.

use serde::{Deserialize, Serialize};

use crate::model::{DecidedBy, ModelPattern};
use crate::{ApiKeyId, ModelId, WorkspaceRef};

/// What decides whether somebody may use a model: the first thing that says no, or what says yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is enabled for everyone in the tenant.
    Everyone,
    /// They are in a workspace that lists it.
    Workspace,
    /// The server asks nobody what tenants have enabled.
    ServerOpensAll,
    /// It is enabled, and the server does not ask for whom.
    ServerOpensEnabled,
    /// They are no member of the tenant.
    NotAMember,
    /// Their membership is disabled.
    MembershipDisabled,
    /// Their account is disabled on the whole server.
    AccountDisabled,
    /// The model is switched off in the catalogue.
    ModelInactive,
    /// The tenant did not enable the model.
    NotEnabled,
    /// Only workspaces that list the model may use it, and they are in none of these.
    NotInWorkspace,
    /// The key was revoked.
    KeyRevoked,
    /// The key has expired.
    KeyExpired,
    /// The key does not have the scope `gateway:use`.
    KeyScope,
    /// The key works in one workspace only, which does not offer the model.
    KeyWorkspace,
    /// The key lists models, and this one is not among them.
    KeyModels,
    /// No provider serves the model.
    NoProvider,
    /// All providers that serve the model are switched off.
    ProviderDisabled,
}

impl Reason {
    pub const fn allows(self) -> bool {
        matches!(self, Self::Everyone | Self::Workspace | Self::ServerOpensAll | Self::ServerOpensEnabled)
    }

    /// One sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Everyone => "The model is enabled for everyone in the tenant.",
            Self::Workspace => "They are in a workspace that lists the model.",
            Self::ServerOpensAll => "This server does not ask which models a tenant has enabled: every model of the catalogue is open.",
            Self::ServerOpensEnabled => "The model is enabled in this tenant, and this server does not ask for whom.",
            Self::KeyRevoked => "The key is revoked.",
            Self::KeyExpired => "The key has expired.",
            Self::KeyScope => "The key does not have the scope gateway:use.",
            Self::KeyWorkspace => "The key works in one workspace only, and that does not offer the model.",
            Self::KeyModels => "The key lists the models that it may use, and this one is not among them.",
            Self::NotAMember => "They are no member of this tenant.",
            Self::MembershipDisabled => "Their membership is disabled in this tenant.",
            Self::AccountDisabled => "Their account is disabled: only an operator of the server can enable it.",
            Self::ModelInactive => "The model is switched off: only an operator of the server can switch it on.",
            Self::NotEnabled => "The model is not enabled in this tenant.",
            Self::NotInWorkspace => "Only workspaces that list the model may use it, and they are in none of these.",
            Self::NoProvider => "No provider serves the model: an operator of the server can set one.",
            Self::ProviderDisabled => "The provider of the model is switched off: only an operator of the server can switch it on.",
        }
    }
}

/// `GET /tenants/{tenant}/models/{model}/explain`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelExplanation {
    pub model: ModelId,
    pub allowed: bool,
    pub reason: Reason,
    /// `reason` as a sentence.
    pub detail: String,
    /// What decided whether the model is enabled in the tenant; null: nobody did.
    pub decided_by: Option<DecidedBy>,
    /// The rule that did.
    pub rule: Option<ModelPattern>,
    /// The key that it is about.
    pub key: Option<ApiKeyId>,
    /// What the server's settings take away of the decisions; null: nothing.
    pub bypass: Option<String>,
    /// Where it is decided by workspaces: those that list the model, of an allowed person only those they are in.
    pub workspaces: Vec<WorkspaceRef>,
}

/// A model that a member may use, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberModel {
    pub id: ModelId,
    pub name: String,
    pub display_name: String,
    /// Everyone in the tenant may; else `workspaces` is why.
    pub everyone: bool,
    pub workspaces: Vec<WorkspaceRef>,
}
