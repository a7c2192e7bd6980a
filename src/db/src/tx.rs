//! Transactions. `TenantTx` is the only way to run SQL on a tenant's rows; it exists only for a
//! `Granted`. What happened is recorded in it and written, chained, when it commits: an action and
//! its audit row stand or fall together.

use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};
use tenantry_types::{TenantId, UserId, WorkspaceId};

use crate::access::{Actor, Granted, Needs, Scope};
use crate::audit::{self, Event, Row};
use crate::{Db, DbError, Result};

/// A transaction in the role `tenantry_tenant`, bound to one tenant, its actor and the workspaces
/// that they may enter. Rolls back when it is dropped.
#[derive(Debug)]
pub struct TenantTx {
    tx: Transaction<'static, Postgres>,
    tenant: TenantId,
    actor: Actor,
    events: Vec<Event>,
}

/// A transaction in the role `tenantry_platform`: accounts, sessions, tenants as such, providers,
/// the catalogue, plans. It never writes a tenant's rows.
#[derive(Debug)]
pub struct PlatformTx {
    tx: Transaction<'static, Postgres>,
    events: Vec<(Actor, Event)>,
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
        let tx = self.pool.begin_with(AssertSqlSafe(text)).await.inspect_err(|_| self.begin_failed())?;
        Ok(TenantTx {
            tx,
            tenant: by.tenant_id(),
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
            .inspect_err(|_| self.begin_failed())?;
        Ok(PlatformTx { tx, events: Vec::new() })
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
        self.events.push(event);
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
            events: Vec::new(),
        })
    }

    /// # Errors
    /// When the audit or the commit does not work; then nothing of the transaction stays.
    pub async fn commit(mut self) -> Result<()> {
        self.write_audit().await?;
        Ok(self.tx.commit().await?)
    }

    async fn write_audit(&mut self) -> Result<()> {
        if self.events.is_empty() {
            return Ok(());
        }
        let events = std::mem::take(&mut self.events);
        let tenant = self.tenant.uuid();
        let head = sqlx::query!("select seq, hash from audit_head where tenant_id = $1 for update", tenant)
            .fetch_optional(&mut *self.tx)
            .await?
            .ok_or(DbError::Corrupt("audit head"))?;
        let rows = audit::chain(head.seq, &head.hash, events.into_iter().map(|e| (self.actor.clone(), e)));
        let cols = audit::Columns::of(&rows);
        let last = rows.last().ok_or(DbError::Corrupt("audit chain"))?;
        sqlx::query!(
            "insert into audit_event (tenant_id, seq, id, at, actor_type, actor_id, actor_name, action, target_type, target_id, target_name,
               outcome, door, ip, request_id, changes, prev_hash, hash)
             select $1, * from unnest($2::bigint[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
               $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::jsonb[], $17::bytea[], $18::bytea[])",
            tenant,
            &cols.seq,
            &cols.id,
            &cols.at,
            &cols.actor_type,
            &cols.actor_id as &[Option<String>],
            &cols.actor_name,
            &cols.action,
            &cols.target_type,
            &cols.target_id as &[Option<String>],
            &cols.target_name,
            &cols.outcome,
            &cols.door,
            &cols.ip as &[Option<String>],
            &cols.request_id,
            &cols.changes,
            &cols.prev_hash,
            &cols.hash,
        )
        .execute(&mut *self.tx)
        .await?;
        sqlx::query!(
            "update audit_head set seq = $2, hash = $3 where tenant_id = $1",
            tenant,
            last.seq,
            &last.hash
        )
        .execute(&mut *self.tx)
        .await?;
        Ok(())
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
            tenant: by.tenant_id(),
            actor: by.actor().clone(),
            events: Vec::new(),
        })
    }

    /// # Errors
    /// When the audit or the commit does not work; then nothing of the transaction stays.
    pub async fn commit(mut self) -> Result<()> {
        self.write_audit().await?;
        Ok(self.tx.commit().await?)
    }

    async fn write_audit(&mut self) -> Result<()> {
        if self.events.is_empty() {
            return Ok(());
        }
        let events = std::mem::take(&mut self.events);
        let head = sqlx::query!("select seq, hash from platform_audit_head where one for update")
            .fetch_one(&mut *self.tx)
            .await?;
        let rows: Vec<Row> = audit::chain(head.seq, &head.hash, events);
        let cols = audit::Columns::of(&rows);
        let last = rows.last().ok_or(DbError::Corrupt("audit chain"))?;
        sqlx::query!(
            "insert into platform_audit (seq, id, at, actor_type, actor_id, actor_name, action, target_type, target_id, target_name,
               outcome, door, ip, request_id, changes, prev_hash, hash)
             select * from unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
               $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::jsonb[], $16::bytea[], $17::bytea[])",
            &cols.seq,
            &cols.id,
            &cols.at,
            &cols.actor_type,
            &cols.actor_id as &[Option<String>],
            &cols.actor_name,
            &cols.action,
            &cols.target_type,
            &cols.target_id as &[Option<String>],
            &cols.target_name,
            &cols.outcome,
            &cols.door,
            &cols.ip as &[Option<String>],
            &cols.request_id,
            &cols.changes,
            &cols.prev_hash,
            &cols.hash,
        )
        .execute(&mut *self.tx)
        .await?;
        sqlx::query!("update platform_audit_head set seq = $1, hash = $2 where one", last.seq, &last.hash)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }
}
