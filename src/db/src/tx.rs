//! Transactions. `TenantTx` is the only way to run SQL on a tenant's rows; it exists only for a
//! `Granted`. What happened is recorded in it and written, chained, when it commits: an action and
//! its audit row stand or fall together.

use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};
use tenantry_types::{Email, TenantId, UserId, WorkspaceId};
use uuid::Uuid;

use std::sync::Arc;

use crate::access::{Actor, Committing, Granted, Memory, Needs, Scope};
use crate::audit::{self, Event};
use crate::{Db, Result};

/// A transaction in the role `tenantry_tenant`, bound to one tenant, its actor and the workspaces
/// that they may enter. Rolls back when it is dropped.
#[derive(Debug)]
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    memory: Arc<Memory>,
    tenant: TenantId,
    workspace: Option<WorkspaceId>,
    actor: Actor,
    events: Vec<(Actor, Event)>,
}

/// A transaction in the role `tenantry_platform`: accounts, sessions, tenants as such, providers,
/// the catalogue, plans. It never writes a tenant's rows.
#[derive(Debug)]
pub struct PlatformTx {
    tx: Transaction<'static, Postgres>,
    memory: Arc<Memory>,
    events: Vec<(Actor, Event)>,
    erased: Vec<Uuid>,
}

/// The only place where text is made into SQL: from typed ids, which cannot hold anything but
/// hexadecimal digits and hyphens.
fn enter(tenant: TenantId, actor: Option<UserId>, scope: &Scope) -> String {
    let workspaces = match scope {
        Scope::All => "*".to_owned(),
        Scope::Only(ids) => ids.iter().map(|id: &WorkspaceId| id.uuid().to_string()).collect::<Vec<_>>().join(","),
    };
    let actor = actor.map(|id| id.uuid().to_string()).unwrap_or_default();
    format!(
        "set local role tenantry_tenant; set local app.tenant_id = '{}'; set local app.actor_id = '{actor}'; set local app.workspaces = '{workspaces}'",
        tenant.uuid()
    )
}

impl Db {
    /// Opens a transaction on one tenant's rows: one message to the database.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn tenant<P: Needs>(&self, by: &Granted<P>) -> Result<TenantTx> {
        let text = format!("begin; {}", enter(by.tenant_id(), by.actor().user_id(), by.scope()));
        let tx = self.pool.begin_with(AssertSqlSafe(text)).await.map_err(|e| self.begin_failed(e))?;
        Ok(TenantTx {
            tx,
            memory: self.memory.clone(),
            tenant: by.tenant_id(),
            workspace: by.workspace().map(|w| w.id),
            actor: by.actor().clone(),
            events: Vec::new(),
        })
    }

    /// Opens a transaction on what belongs to the server.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn platform(&self) -> Result<PlatformTx> {
        let tx = self
            .pool
            .begin_with("begin; set local role tenantry_platform")
            .await
            .map_err(|e| self.begin_failed(e))?;
        Ok(PlatformTx {
            tx,
            memory: self.memory.clone(),
            events: Vec::new(),
            erased: Vec::new(),
        })
    }
}

impl TenantTx {
    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    pub fn tenant_id(&self) -> TenantId {
        self.tenant
    }

    /// Notes what happened; written when the transaction commits.
    pub fn record(&mut self, event: Event) {
        self.events.push((self.actor.clone(), event));
    }

    /// Notes what somebody else did: what was refused is written later, for many at once.
    pub fn record_by(&mut self, actor: Actor, event: Event) {
        self.events.push((actor, event));
    }

    /// Goes back, in the same transaction, to what belongs to the server: an import writes one tenant
    /// after the other.
    ///
    /// # Errors
    /// When the audit does not work.
    pub async fn leave(mut self) -> Result<PlatformTx> {
        self.write_audit().await?;
        let text = "set local role tenantry_platform; set local app.tenant_id = ''; set local app.actor_id = ''; set local app.workspaces = ''";
        sqlx::raw_sql(text).execute(&mut *self.tx).await?;
        Ok(PlatformTx {
            tx: self.tx,
            memory: self.memory,
            events: Vec::new(),
            erased: Vec::new(),
        })
    }

    /// # Errors
    /// When the audit or the commit does not work; then nothing of the transaction stays.
    pub async fn commit(mut self) -> Result<()> {
        self.write_audit().await?;
        let _committing = Committing(&self.memory);
        Ok(self.tx.commit().await?)
    }

    /// The same for what nobody's access is made of, such as counts: nothing that is remembered has to be asked for again.
    /// Nothing is recorded with it.
    ///
    /// # Errors
    /// When the commit does not work; then nothing of the transaction stays.
    pub async fn commit_counts(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }

    async fn write_audit(&mut self) -> Result<()> {
        if self.events.is_empty() {
            return Ok(());
        }
        let events = std::mem::take(&mut self.events);
        audit::write(&mut self.tx, self.tenant, self.workspace, events).await
    }
}

impl PlatformTx {
    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Notes what happened on the server; written when the transaction commits.
    pub fn record(&mut self, actor: &Actor, event: Event) {
        self.events.push((actor.clone(), event));
    }

    /// Takes a person out of all records when the transaction commits: names, addresses, and what else
    /// was recorded as personal. That something happened stays.
    pub fn erase(&mut self, user: UserId, email: &Email) {
        self.erased.extend([user.uuid(), audit::address(email)]);
    }

    /// Goes on, in the same transaction, with the rows of a tenant: founding and joining write both.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn enter<P: Needs>(mut self, by: &Granted<P>) -> Result<TenantTx> {
        self.write_audit().await?;
        let text = enter(by.tenant_id(), by.actor().user_id(), by.scope());
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *self.tx).await?;
        Ok(TenantTx {
            tx: self.tx,
            memory: self.memory,
            tenant: by.tenant_id(),
            workspace: by.workspace().map(|w| w.id),
            actor: by.actor().clone(),
            events: Vec::new(),
        })
    }

    /// # Errors
    /// When the audit or the commit does not work; then nothing of the transaction stays.
    pub async fn commit(mut self) -> Result<()> {
        self.write_audit().await?;
        let _committing = Committing(&self.memory);
        Ok(self.tx.commit().await?)
    }

    /// The same for what nobody's access is made of, such as counts: nothing that is remembered has to be asked for again.
    /// Nothing is recorded with it.
    ///
    /// # Errors
    /// When the commit does not work; then nothing of the transaction stays.
    pub async fn commit_counts(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }

    async fn write_audit(&mut self) -> Result<()> {
        if !self.events.is_empty() {
            audit::write_platform(&mut self.tx, std::mem::take(&mut self.events)).await?;
        }
        if !self.erased.is_empty() {
            // After the events: the last one of a person tells that they go.
            audit::erase(&mut self.tx, &std::mem::take(&mut self.erased)).await?;
        }
        Ok(())
    }
}
