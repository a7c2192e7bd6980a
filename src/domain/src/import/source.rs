//! Another system as an adapter read it: people, groups, models and who may use them, in that
//! system's own ids and words. Nothing is judged here yet.

use tenantry_types::provider::ProviderKind;
use tenantry_types::text::Secret;

/// What was found in the other system.
#[derive(Debug, Clone, Default)]
pub struct Deployment {
    /// The oldest first.
    pub users: Vec<SourceUser>,
    pub groups: Vec<SourceGroup>,
    /// Models of upstreams, not those that people put together on top of them.
    pub models: Vec<SourceModel>,
    /// The ids of those.
    pub presets: Vec<String>,
    pub providers: Vec<SourceProvider>,
    /// Empty in a system that knows no organizations.
    pub organizations: Vec<SourceOrganization>,
}

#[derive(Debug, Clone)]
pub struct SourceUser {
    pub id: String,
    /// Lower case.
    pub email: String,
    pub name: String,
    /// The word of the source: `admin`, `user`, `pending`, ...
    pub role: String,
    /// bcrypt, as it is.
    pub password_hash: Option<String>,
    /// Whether they may log in there.
    pub active: bool,
    /// Seconds since 1970.
    pub created_at: i64,
}

#[derive(Debug, Clone)]
pub struct SourceGroup {
    pub id: String,
    pub name: String,
    pub description: String,
    /// Its members may use what the parent's members may use.
    pub parent: Option<String>,
    /// User ids.
    pub members: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct SourceModel {
    pub id: String,
    pub name: String,
    pub active: bool,
    pub readers: Readers,
}

/// Who may use a model there, besides administrators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readers {
    Everyone,
    /// The ids of groups, and how many people were named one by one.
    Listed {
        groups: Vec<String>,
        people: usize,
    },
    Nobody,
}

/// A connection to an upstream.
#[derive(Debug, Clone)]
pub struct SourceProvider {
    pub base_url: String,
    /// None where the source does not say: the address tells.
    pub kind: Option<ProviderKind>,
    pub api_key: Option<Secret>,
    pub enabled: bool,
    /// What the source puts before the names of this upstream's models, with a dot.
    pub prefix: Option<String>,
    /// When not empty: the only models taken from it, by their upstream names.
    pub only: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct SourceOrganization {
    pub id: String,
    pub name: Option<String>,
    pub members: Vec<SourceOrganizationMember>,
    /// Ids of models, and whether they are active in it.
    pub models: Vec<(String, bool)>,
}

#[derive(Debug, Clone)]
pub struct SourceOrganizationMember {
    pub user: String,
    /// The word of the source.
    pub role: String,
    pub active: bool,
}
