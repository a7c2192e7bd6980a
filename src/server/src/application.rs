//! Puts the application together: the database, the key, the policy of the configuration, and the
//! adapters behind the ports. Nothing is decided here.

use std::sync::Arc;

use tenantry_adapters::heads::HeadFile;
use tenantry_adapters::hooks::HttpHooks;
use tenantry_adapters::openid::HttpOpenId;
use tenantry_adapters::smtp::SmtpMailer;
use tenantry_adapters::spool::FileSpool;
use tenantry_adapters::upstream::HttpModelSource;
use tenantry_adapters::upstream::call::HttpUpstreams;
use tenantry_db::Db;
use tenantry_domain::ports::{Mailer, OpenIdProviders};
use tenantry_domain::{App, MasterKey, Policy, Setup, initialize};

use crate::config::{Config, Initialization};
use crate::failure::Failure;

/// Passwords that are hashed at once: each takes 19 MiB and a core.
fn password_threads() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get).clamp(2, 8)
}

/// # Errors
/// When the secret key is missing or not the one of this database.
pub async fn start(config: &Config, db: Db) -> Result<App, Failure> {
    let policy = Policy {
        registration: config.registration,
        tenant_creation: config.tenant_creation,
        public_url: config.public_url.clone(),
        only_tenant_fallback: config.only_tenant_fallback,
        // One setting for both: who counts no tries of an address counts none of an account.
        slow_guesses: config.log_ins_per_minute > 0,
        filter_models: config.filter_models,
        bypass_model_access: config.bypass_model_access,
        gateway_requests_at_once: config.gateway_requests_at_once,
        invitations_per_hour: config.invitations_per_hour,
    };
    let models = HttpModelSource::new(&config.allow_private_providers).map_err(Failure::failed)?;
    let setup = Setup {
        db,
        master_key: MasterKey::from_secret(&config.secret_key()?),
        policy,
        mailer: mailer(config)?,
        models: Arc::new(models),
        upstreams: Arc::new(HttpUpstreams::new(&config.allow_private_providers).map_err(Failure::failed)?),
        hooks: Arc::new(HttpHooks::new(&config.allow_private_webhooks).map_err(Failure::failed)?),
        spool: Arc::new(FileSpool::new(config.data_dir.join("spool"))),
        heads: Some(Arc::new(HeadFile::new(config.audit_heads.clone()))),
        openid: openid(config)?,
        password_threads: password_threads(),
    };
    Ok(App::start(setup).await?)
}

/// None without a mail server: links are then shown, not mailed.
fn mailer(config: &Config) -> Result<Option<Arc<dyn Mailer>>, Failure> {
    let (Some(url), Some(from)) = (&config.smtp_url, &config.mail_from) else {
        return Ok(None);
    };
    let mailer = SmtpMailer::new(url, from.as_str()).map_err(|e| Failure::Usage(e.to_string()))?;
    Ok(Some(Arc::new(mailer)))
}

/// None where no provider is set. Nobody is asked anything yet.
fn openid(config: &Config) -> Result<Option<Arc<dyn OpenIdProviders>>, Failure> {
    if config.openid.is_empty() {
        return Ok(None);
    }
    let providers = HttpOpenId::new(config.openid.clone()).map_err(Failure::failed)?;
    Ok(Some(Arc::new(providers)))
}

/// What the environment asks the first start to make.
pub fn wanted(initialization: &Initialization) -> initialize::Wanted {
    let Initialization {
        organization_name,
        external_id,
        openrouter_api_key,
        admin_email,
        admin_password,
    } = initialization.clone();
    initialize::Wanted {
        organization_name,
        external_id,
        openrouter_api_key,
        admin: admin_email.zip(admin_password),
    }
}
