//! What every use case is given: the database, the keys, the password pool, the policy and the
//! ports to the outside. Cheap to clone.

use std::sync::Arc;

use tenantry_db::Db;
use tenantry_types::Email;
use tenantry_types::text::Secret;

use crate::alerts::{Noticed, Refused};
use crate::api_keys::usage;
use crate::audit::{Refusals, Signer, Watch};
use crate::gateway::Gateway;
use crate::guesses::Guesses;
use crate::password::Passwords;
use crate::ports::{HeadLog, Hooks, Mailer, ModelSource, OpenIdProviders, Upstreams, UsageSpool};
use crate::tokens::signing::Signing;
use crate::vault::{MasterKey, Vault};
use crate::{Origin, Result, plans};

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegistrationPolicy {
    /// Everyone; each sign-up gets its own tenant.
    #[default]
    Open,
    /// Those who hold an invitation.
    Invite,
    /// Nobody but those who are invited and have an account already.
    Closed,
}

/// Who may make a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TenantCreation {
    #[default]
    Any,
    Operator,
}

/// What this server allows.
#[derive(Debug, Clone)]
pub struct Policy {
    pub registration: RegistrationPolicy,
    pub tenant_creation: TenantCreation,
    /// The origin that links are made of; None: only loopback requests may derive it.
    pub public_url: Option<String>,
    /// Whether "exactly one tenant" stands in for a tenant that a request does not name.
    pub only_tenant_fallback: bool,
    /// Whether guessing at one account is slowed down.
    pub slow_guesses: bool,
    /// Whether the gateway asks which models a tenant has enabled.
    pub filter_models: bool,
    /// Whether, of those, everybody in the tenant may use all.
    pub bypass_model_access: bool,
    /// How many requests of one key, or of one person without a key, may run at once; 0: any number.
    pub gateway_requests_at_once: u32,
    /// How many invitations a tenant may make and send again in an hour; 0: any number.
    pub invitations_per_hour: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            registration: RegistrationPolicy::default(),
            tenant_creation: TenantCreation::default(),
            public_url: None,
            only_tenant_fallback: false,
            slow_guesses: false,
            filter_models: true,
            bypass_model_access: false,
            gateway_requests_at_once: 0,
            invitations_per_hour: 0,
        }
    }
}

/// What an `App` is made of.
pub struct Setup {
    pub db: Db,
    pub master_key: MasterKey,
    pub policy: Policy,
    /// None: links are shown, not mailed.
    pub mailer: Option<Arc<dyn Mailer>>,
    pub models: Arc<dyn ModelSource>,
    pub upstreams: Arc<dyn Upstreams>,
    pub hooks: Arc<dyn Hooks>,
    /// Where usage waits for the database.
    pub spool: Arc<dyn UsageSpool>,
    /// Where the heads of the audit's chains are noted; None: nowhere.
    pub heads: Option<Arc<dyn HeadLog>>,
    /// None: people sign in with passwords alone.
    pub openid: Option<Arc<dyn OpenIdProviders>>,
    /// How many passwords are hashed at once; each takes 19 MiB.
    pub password_threads: usize,
}

/// The application.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    vault: Vault,
    passwords: Passwords,
    guesses: Guesses,
    policy: Policy,
    mailer: Option<Arc<dyn Mailer>>,
    models: Arc<dyn ModelSource>,
    upstreams: Arc<dyn Upstreams>,
    hooks: Arc<dyn Hooks>,
    spool: Arc<dyn UsageSpool>,
    gateway: Gateway,
    heads: Option<Arc<dyn HeadLog>>,
    openid: Option<Arc<dyn OpenIdProviders>>,
    signer: Signer,
    key_uses: usage::Counter,
    signing: Signing,
    refusals: Refusals,
    watch: Watch,
    noticed: Noticed,
    refused: Refused,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App(..)")
    }
}

impl App {
    /// Opens the vault and makes what a new server has to have.
    ///
    /// # Errors
    /// When the database does not answer, or its secrets were sealed with another key.
    pub async fn start(setup: Setup) -> Result<Self> {
        let vault = Vault::open(&setup.db, setup.master_key).await?;
        let passwords = Passwords::new(setup.password_threads)?;
        let inner = Inner {
            db: setup.db,
            signer: Signer::new(&vault)?,
            refusals: Refusals::default(),
            watch: Watch::default(),
            noticed: Noticed::default(),
            refused: Refused::default(),
            vault,
            passwords,
            guesses: Guesses::new(),
            policy: setup.policy,
            mailer: setup.mailer,
            models: setup.models,
            upstreams: setup.upstreams,
            hooks: setup.hooks,
            spool: setup.spool,
            gateway: Gateway::default(),
            heads: setup.heads,
            openid: setup.openid,
            key_uses: usage::Counter::default(),
            signing: Signing::default(),
        };
        let app = Self { inner: Arc::new(inner) };
        plans::ensure_default(&app).await?;
        Ok(app)
    }

    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    /// Before a password of this account is looked at. `known`: whether it was signed in from there.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(crate) fn guess_password(&self, account: &Email, origin: &Origin, known: bool) -> Result<()> {
        if self.policy().slow_guesses {
            self.inner.guesses.password(account, origin, known)?;
        }
        Ok(())
    }

    /// Before a one-time code of this account is looked at.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(crate) fn guess_code(&self, account: &Email, origin: &Origin, known: bool) -> Result<()> {
        if self.policy().slow_guesses {
            self.inner.guesses.code(account, origin, known)?;
        }
        Ok(())
    }

    /// Before a mail goes to an address that somebody typed.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(crate) fn guess_mail(&self, to: &Email, origin: &Origin) -> Result<()> {
        if self.policy().slow_guesses {
            self.inner.guesses.mail(to, origin)?;
        }
        Ok(())
    }

    /// Forgets what is counted of tries that could be made again anyway.
    pub(crate) fn tidy_guesses(&self) {
        self.inner.guesses.tidy();
    }

    /// None without SMTP.
    pub fn mailer(&self) -> Option<&Arc<dyn Mailer>> {
        self.inner.mailer.as_ref()
    }

    pub(crate) fn key_uses(&self) -> &usage::Counter {
        &self.inner.key_uses
    }

    pub(crate) fn signing(&self) -> &Signing {
        &self.inner.signing
    }

    pub fn models(&self) -> &dyn ModelSource {
        &*self.inner.models
    }

    pub(crate) fn upstreams(&self) -> &dyn Upstreams {
        &*self.inner.upstreams
    }

    pub(crate) fn hooks(&self) -> &dyn Hooks {
        &*self.inner.hooks
    }

    pub(crate) fn noticed(&self) -> &Noticed {
        &self.inner.noticed
    }

    pub(crate) fn refused(&self) -> &Refused {
        &self.inner.refused
    }

    pub(crate) fn spool(&self) -> Arc<dyn UsageSpool> {
        self.inner.spool.clone()
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        &self.inner.gateway
    }

    pub(crate) fn heads(&self) -> Option<&dyn HeadLog> {
        self.inner.heads.as_deref()
    }

    pub(crate) fn refusals(&self) -> &Refusals {
        &self.inner.refusals
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.inner.watch
    }

    pub(crate) fn openid(&self) -> Option<&dyn OpenIdProviders> {
        self.inner.openid.as_deref()
    }

    pub(crate) fn signer(&self) -> &Signer {
        &self.inner.signer
    }
}

/// 32 random bytes as a token for a link, and its hash for the database.
pub(crate) fn new_token() -> (Secret, Vec<u8>) {
    use base64::Engine;
    let token = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let hash = token_hash(&token);
    (Secret::new(token), hash)
}

pub(crate) fn token_hash(token: &str) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    Sha256::digest(token.as_bytes()).to_vec()
}
