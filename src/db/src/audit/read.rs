//! Questions to the record: the newest first, narrowed by a filter, page by page along `seq`.

use serde_json::Value;
use tenantry_types::audit::{AuditEvent, AuditFilter, AuditParty, Door, ERASED, Outcome};
use tenantry_types::{TenantId, Timestamp, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::word;
use crate::{PlatformTx, Result, TenantTx};

/// A row together with what is personal in it.
struct Line {
    seq: i64,
    id: Uuid,
    at: OffsetDateTime,
    workspace_id: Option<Uuid>,
    actor_type: String,
    actor_id: Option<String>,
    actor_name: Option<String>,
    action: String,
    target_type: String,
    target_id: Option<String>,
    target_name: Option<String>,
    outcome: String,
    door: String,
    ip: Option<String>,
    request_id: String,
    changes: Value,
    personal: Option<Value>,
}

impl Line {
    fn event(self, tenant: Option<TenantId>) -> Result<(i64, AuditEvent)> {
        let mut changes = self.changes;
        if let (Value::Object(all), Some(Value::Object(more))) = (&mut changes, self.personal) {
            all.extend(more);
        }
        let name = |name: Option<String>| name.unwrap_or_else(|| ERASED.to_owned());
        let event = AuditEvent {
            id: self.id.into(),
            at: self.at.into(),
            actor: AuditParty {
                kind: self.actor_type,
                id: self.actor_id,
                name: name(self.actor_name),
            },
            action: self.action,
            target: AuditParty {
                kind: self.target_type,
                id: self.target_id,
                name: name(self.target_name),
            },
            tenant,
            workspace: self.workspace_id.map(WorkspaceId::new),
            outcome: word::<Outcome>(&self.outcome, "audit outcome")?,
            door: word::<Door>(&self.door, "audit door")?,
            ip: self.ip,
            request_id: self.request_id,
            changes,
        };
        Ok((self.seq, event))
    }
}

/// The newest events of the tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn recent(tx: &mut TenantTx, limit: i64) -> Result<Vec<AuditEvent>> {
    let events = list(tx, &AuditFilter::default(), None, 0, limit).await?;
    Ok(events.into_iter().map(|(_, event)| event).collect())
}

/// The events of a chain: the same question for a tenant's and the server's, whose tables differ. `$from` ends in a
/// condition; `$12` is the tenant, if there is one.
macro_rules! lines {
    ($tx:expr, $filter:expr, $before:expr, $skip:expr, $limit:expr, $workspace:tt, $from:tt $(, $tenant:expr)?) => {
        sqlx::query_as!(
            Line,
            r#"select e.seq, e.id, e.at, "# + $workspace + r#", e.actor_type, e.actor_id, coalesce(e.actor_name, a.name) as actor_name, e.action,
             e.target_type, e.target_id, coalesce(e.target_name, t.name) as target_name, e.outcome, e.door, a.ip as "ip?", e.request_id,
             e.changes, t.changes as "personal?" "# + $from + r#"
             and ($1::bigint is null or e.seq < $1)
             and ($2::text is null or e.actor_id = $2 or e.actor_type = $2)
             and ($3::text is null or e.action = $3 or starts_with(e.action, $3 || '.'))
             and ($4::text is null or e.outcome = $4)
             and ($5::text is null or e.target_id = $5 or e.target_type = $5)
             and ($6::timestamptz is null or e.at >= $6)
             and ($7::timestamptz is null or e.at < $7)
             and ($8::text is null or e.door = $8)
             and ($9::text is null or e.action like $9 or lower(coalesce(e.actor_name, a.name)) like $9
               or lower(coalesce(e.target_name, t.name)) like $9 or lower(e.request_id) like $9 or a.ip like $9)
           order by e.seq desc
           limit $10 offset $11"#,
            $before,
            $filter.actor,
            $filter.action,
            $filter.outcome.map(Outcome::as_str),
            $filter.target,
            $filter.from.map(|at| at.0),
            $filter.to.map(|at| at.0),
            $filter.door.map(Door::as_str),
            $filter.pattern(),
            $limit,
            $skip
            $(, $tenant)?
        )
        .fetch_all($tx.conn())
        .await?
    };
}

/// Events of the tenant before `before`, the newest first, with their places in the chain.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut TenantTx, filter: &AuditFilter, before: Option<i64>, skip: i64, limit: i64) -> Result<Vec<(i64, AuditEvent)>> {
    let tenant = tx.tenant_id();
    let lines = lines!(
        tx,
        filter,
        before,
        skip,
        limit,
        "e.workspace_id",
        "from audit_event e
           left join audit_personal a on a.tenant_id = e.tenant_id and a.seq = e.seq and a.party = 'actor'
           left join audit_personal t on t.tenant_id = e.tenant_id and t.seq = e.seq and t.party = 'target'
           where e.tenant_id = $12",
        tenant.uuid()
    );
    lines.into_iter().map(|line| line.event(Some(tenant))).collect()
}

/// The same of the server's own chain.
///
/// # Errors
/// When the database does not answer.
pub async fn list_platform(tx: &mut PlatformTx, filter: &AuditFilter, before: Option<i64>, skip: i64, limit: i64) -> Result<Vec<(i64, AuditEvent)>> {
    let lines = lines!(
        tx,
        filter,
        before,
        skip,
        limit,
        "null::uuid as \"workspace_id?\"",
        "from platform_audit e
           left join platform_audit_personal a on a.seq = e.seq and a.party = 'actor'
           left join platform_audit_personal t on t.seq = e.seq and t.party = 'target'
           where true"
    );
    lines.into_iter().map(|line| line.event(None)).collect()
}

/// Whether this person did this in the tenant since `since`.
///
/// # Errors
/// When the database does not answer.
pub async fn did_since(tx: &mut TenantTx, actor_id: &str, action: &str, since: Timestamp) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        r#"select exists (
             select 1 from audit_event
             where tenant_id = $1 and at > $4 and actor_id = $2 and action = $3
           ) as "did!""#,
        tenant,
        actor_id,
        action,
        since.0,
    )
    .fetch_one(tx.conn())
    .await?)
}
