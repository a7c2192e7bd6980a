//! The database of this process, whichever it is: the embedded one, started here or by a running
//! server, or the one that `DATABASE_URL` names. Migrations run before anything is asked of it.

mod address;

use secrecy::{ExposeSecret, SecretString};
use tenantry_db::{Db, OwnerDb};

use crate::config::{Config, Database};
use crate::failure::Failure;
use crate::postgres::{Embedded, LOGIN_ROLE};

/// An open database. `close` it: an embedded Postgres is then stopped in order.
#[derive(Debug)]
pub struct Open {
    pub db: Db,
    embedded: Option<Embedded>,
}

impl Open {
    /// For the server: takes the data folder for itself, and migrates.
    ///
    /// # Errors
    /// Why there is no database to work with.
    pub async fn for_server(config: &Config) -> Result<Self, Failure> {
        match &config.database {
            Database::Embedded => Self::embedded(Embedded::start(&config.data_dir).await?, config, true).await,
            Database::External { url, owner_url } => {
                if let Some(owner_url) = owner_url {
                    migrate_external(url, owner_url).await?;
                }
                Self::external(url, config).await
            }
        }
    }

    /// For a command: shares the database of a running server, or opens it for the time of the command.
    ///
    /// # Errors
    /// Why there is no database to work with.
    pub async fn for_command(config: &Config) -> Result<Self, Failure> {
        match &config.database {
            Database::Embedded => {
                let embedded = Embedded::join_or_start(&config.data_dir).await?;
                let own = embedded.is_own();
                Self::embedded(embedded, config, own).await
            }
            Database::External { url, .. } => Self::external(url, config).await,
        }
    }

    /// Only migrates.
    ///
    /// # Errors
    /// Why it could not.
    pub async fn migrate(config: &Config) -> Result<(), Failure> {
        match &config.database {
            Database::Embedded => {
                let embedded = Embedded::join_or_start(&config.data_dir).await?;
                let done = migrate(&embedded.owner_url(), LOGIN_ROLE, None).await;
                embedded.stop().await;
                done
            }
            Database::External {
                url,
                owner_url: Some(owner_url),
            } => migrate_external(url, owner_url).await,
            Database::External { owner_url: None, .. } => Err(Failure::Usage(
                "DATABASE_OWNER_URL is not set: the role in DATABASE_URL may not change the schema".to_owned(),
            )),
        }
    }

    async fn embedded(embedded: Embedded, config: &Config, migrating: bool) -> Result<Self, Failure> {
        let opened = async {
            if migrating {
                migrate(&embedded.owner_url(), LOGIN_ROLE, None).await?;
            }
            Ok(Db::connect_with(&embedded.login_url(), config.max_connections, config.timeouts).await?)
        };
        match opened.await {
            Ok(db) => Ok(Self {
                db,
                embedded: Some(embedded),
            }),
            Err(error) => {
                embedded.stop().await;
                Err(error)
            }
        }
    }

    async fn external(url: &SecretString, config: &Config) -> Result<Self, Failure> {
        Ok(Self {
            db: Db::connect_with(url.expose_secret(), config.max_connections, config.timeouts).await?,
            embedded: None,
        })
    }

    /// Ends all connections, then the Postgres that this process started.
    pub async fn close(self) {
        self.db.close().await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}

async fn migrate_external(url: &SecretString, owner_url: &SecretString) -> Result<(), Failure> {
    let login = address::login(url.expose_secret())
        .ok_or_else(|| Failure::Usage("DATABASE_URL names no user: the role that the server logs in as".to_owned()))?;
    let password = login.password.as_ref().map(ExposeSecret::expose_secret);
    migrate(owner_url.expose_secret(), &login.role, password).await
}

async fn migrate(owner_url: &str, login: &str, password: Option<&str>) -> Result<(), Failure> {
    Ok(OwnerDb::connect(owner_url).await?.migrate(login, password).await?)
}
