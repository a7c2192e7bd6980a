//! What an import took and what it left, in words for people and as data.

use serde::Serialize;
use tenantry_types::{Email, Slug};

/// What an import did, or with `dry_run` would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    pub dry_run: bool,
    pub accounts: Taken,
    pub providers: Vec<ProviderTaken>,
    pub models: Taken,
    pub tenants: Vec<TenantTaken>,
    pub left_out: Vec<LeftOut>,
}

/// How many were new, and how many were there already and stayed as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Taken {
    pub added: usize,
    pub existing: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderTaken {
    pub name: String,
    pub base_url: String,
    pub added: bool,
    pub enabled: bool,
    pub has_api_key: bool,
}

/// What became of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TenantTaken {
    pub slug: Slug,
    pub name: String,
    pub created: bool,
    /// Who was made owner, or would have been had they not been a member already.
    pub owner: Option<Email>,
    pub members: Taken,
    pub workspaces: Taken,
    /// Places of people in workspaces.
    pub workspace_members: Taken,
    pub models: ModelsTaken,
    /// When the tenant has more members than its limit allows: the limit.
    pub over_member_limit: Option<i64>,
    pub left_out: Vec<LeftOut>,
}

/// Models of a tenant, by what was decided about them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ModelsTaken {
    pub for_everyone: Vec<String>,
    pub for_workspaces: Vec<ModelInWorkspaces>,
    /// Enabled, but listed by no workspace: nobody uses them until somebody decides.
    pub in_no_workspace: Vec<String>,
    /// Not active in the source.
    pub not_enabled: Vec<String>,
    /// Decided before, and left as they are.
    pub decided_before: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelInWorkspaces {
    pub model: String,
    pub workspaces: Vec<String>,
}

/// Something that was not taken, or not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    pub what: What,
    pub name: String,
    pub reason: Reason,
    /// The reason as a sentence.
    pub detail: &'static str,
}

impl LeftOut {
    pub(super) fn new(what: What, name: impl Into<String>, reason: Reason) -> Self {
        Self {
            what,
            name: name.into(),
            reason,
            detail: reason.sentence(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Person,
    Model,
    Preset,
    Provider,
    Tenant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Pending,
    Banned,
    UnknownRole,
    SwitchedOff,
    BadAddress,
    DuplicateAddress,
    NoOrganization,
    RemovedHere,
    DeletedHere,
    Preset,
    BadName,
    Private,
    PeopleOnly,
    SomePeople,
    BadUrl,
    DuplicateUrl,
    UnknownProvider,
    Placeholder,
    NoOwner,
}

impl Reason {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Pending => "waits for approval in the source",
            Self::Banned => "is banned in the source",
            Self::UnknownRole => "has a role in the source that is not known here",
            Self::SwitchedOff => "may not log in in the source",
            Self::BadAddress => "has no valid email address",
            Self::DuplicateAddress => "has the address of an older account",
            Self::NoOrganization => "is in no organization of the source",
            Self::RemovedHere => "was removed here or left, and is not brought back",
            Self::DeletedHere => "deleted their account here, and is not brought back",
            Self::Preset => "is a preset on top of another model; only models of providers are taken",
            Self::BadName => "has a name that a model cannot have here",
            Self::Private => "is for administrators only in the source: enabled, but in no workspace",
            Self::PeopleOnly => "is granted to single people in the source: enabled, but in no workspace",
            Self::SomePeople => "is granted to groups and to single people in the source: only the groups were taken",
            Self::BadUrl => "has an address that is not an http or https URL",
            Self::DuplicateUrl => "has the address of another connection; the first was taken",
            Self::UnknownProvider => "could come from several connections of the source: the first was taken",
            Self::Placeholder => "the source names no connection: a provider that is switched off stands in for it",
            Self::NoOwner => "has no owner, as the source has no administrator in it: an operator has to name one",
        }
    }
}
