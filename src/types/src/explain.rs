//! Why somebody may use a model or not, and which models a member may use.

use serde::{Deserialize, Serialize};

use crate::{ModelId, WorkspaceRef};

/// What decides whether somebody may use a model: the first thing that says no, or what says yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is enabled for everyone in the tenant.
    Everyone,
    /// They are in a workspace that lists it.
    Workspace,
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
    /// No provider serves the model.
    NoProvider,
    /// All providers that serve the model are switched off.
    ProviderDisabled,
}

impl Reason {
    pub const fn allows(self) -> bool {
        matches!(self, Self::Everyone | Self::Workspace)
    }

    /// One sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Everyone => "The model is enabled for everyone in the tenant.",
            Self::Workspace => "They are in a workspace that lists the model.",
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
