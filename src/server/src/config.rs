//! The settings of the server: what there is to set (`settings`), where a value comes from
//! (`layers`: defaults, file, environment, flags) and what the values mean (`values`). An unknown
//! key or a bad value stops the start with its name; all faults are listed at once. Secrets stay in
//! `SecretString` and are masked when printed.

mod layers;
mod logging;
mod openid;
mod print;
mod secret_key;
mod settings;
mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use tenantry_adapters::openid::OpenIdSettings;
use tenantry_adapters::upstream::Private;
use tenantry_db::Timeouts;
use tenantry_domain::{RegistrationPolicy, TenantCreation};
use tenantry_types::network::Network;
use tenantry_types::text::Secret;
use tenantry_types::{Email, Name, NewPassword};

pub use layers::Flags;
pub use logging::{LogFormat, Logging};
pub use print::Printed;
pub use settings::{SETTINGS, Setting};
pub use values::SameSite;

/// Why the configuration cannot be used; one line for each fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl ConfigError {
    fn one(text: impl Into<String>) -> Self {
        Self(vec![text.into()])
    }
}

/// The environment of the process, or one made up by a test.
pub type Environment = BTreeMap<String, OsString>;

/// Where the data lies.
#[derive(Debug, Clone)]
pub enum Database {
    /// A private Postgres in the data folder.
    Embedded,
    /// `DATABASE_URL`; the owner's address is needed for migrations only.
    External { url: SecretString, owner_url: Option<SecretString> },
}

/// How the session's cookie is sent, and how long a session lives.
#[derive(Debug, Clone)]
pub struct Sessions {
    pub secure: bool,
    pub same_site: SameSite,
    pub idle: Duration,
    pub absolute: Duration,
}

/// What a first start makes.
#[derive(Debug, Clone, Default)]
pub struct Initialization {
    pub organization_name: Option<Name>,
    pub external_id: Option<String>,
    pub openrouter_api_key: Option<Secret>,
    pub admin_email: Option<Email>,
    pub admin_password: Option<NewPassword>,
}

/// The settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub addr: SocketAddr,
    pub data_dir: PathBuf,
    /// Where the heads of the audit's chains are noted.
    pub audit_heads: PathBuf,
    pub database: Database,
    pub max_connections: u32,
    pub timeouts: Timeouts,
    /// Scheme, host and port, without a slash at the end.
    pub public_url: Option<String>,
    pub registration: RegistrationPolicy,
    pub tenant_creation: TenantCreation,
    pub only_tenant_fallback: bool,
    pub allow_private_providers: Private,
    /// How often providers are looked at; None: never.
    pub provider_check: Option<Duration>,
    pub allow_private_webhooks: Private,
    /// Whether the gateway asks which models a tenant has enabled.
    pub filter_models: bool,
    /// Whether, of those, everybody in the tenant may use all.
    pub bypass_model_access: bool,
    /// Of one key, or one person; 0: any number.
    pub gateway_requests_at_once: u32,
    /// Days that single events of usage are kept.
    pub usage_days: u32,
    /// 0: no limit.
    pub sign_ups_per_hour: u32,
    /// 0: no limit.
    pub log_ins_per_minute: u32,
    /// Of one tenant; 0: any number.
    pub invitations_per_hour: u32,
    pub smtp_url: Option<SecretString>,
    pub mail_from: Option<String>,
    /// Where people may sign in with, by name.
    pub openid: Vec<OpenIdSettings>,
    pub sessions: Sessions,
    pub trusted_proxies: Vec<Network>,
    /// `example.com`: tenants stand under `<slug>.example.com`.
    pub base_domain: Option<String>,
    pub logging: Logging,
    pub initialization: Initialization,
    /// What is not wrong, but should not be so; to be logged.
    pub warnings: Vec<String>,
    secret_key: Option<SecretString>,
    printed: Vec<Printed>,
}

impl Config {
    /// Reads defaults, file, environment and flags, in this order.
    ///
    /// # Errors
    /// All that is wrong, with the names under which it was set.
    pub fn load(environment: &Environment, flags: &Flags) -> Result<Self, ConfigError> {
        let layers = layers::Layers::read(environment, flags)?;
        values::check(layers)
    }

    /// The environment of this process.
    pub fn environment() -> Environment {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .collect()
    }

    /// Every setting with its value, secrets masked, and where it comes from.
    pub fn printed(&self) -> &[Printed] {
        &self.printed
    }
}

#[cfg(test)]
mod tests;
