//! Adds to a chain: rows, what is personal in them, and the new head, in one statement. The head's
//! row is locked from here to the commit, so that a chain has one order.

use serde_json::Value;
use sqlx::{Postgres, Transaction};
use tenantry_types::{TenantId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Event;
use super::chain::{self, PLATFORM, Personal, Row};
use crate::access::Actor;
use crate::{DbError, Result};

/// The rows, column by column, as `unnest` takes them.
#[derive(Default)]
struct Rows {
    seq: Vec<i64>,
    id: Vec<Uuid>,
    at: Vec<OffsetDateTime>,
    workspace: Vec<Option<Uuid>>,
    actor_type: Vec<String>,
    actor_id: Vec<Option<String>>,
    actor_name: Vec<Option<String>>,
    actor_digest: Vec<Option<Vec<u8>>>,
    action: Vec<String>,
    target_type: Vec<String>,
    target_id: Vec<Option<String>>,
    target_name: Vec<Option<String>>,
    target_digest: Vec<Option<Vec<u8>>>,
    outcome: Vec<String>,
    door: Vec<String>,
    request_id: Vec<String>,
    changes: Vec<Value>,
    prev_hash: Vec<Vec<u8>>,
    hash: Vec<Vec<u8>>,
}

impl From<Vec<Row>> for Rows {
    fn from(rows: Vec<Row>) -> Self {
        let mut out = Self::default();
        for row in rows {
            out.seq.push(row.seq);
            out.id.push(row.id);
            out.at.push(row.at);
            out.workspace.push(row.workspace_id);
            out.actor_type.push(row.actor_type);
            out.actor_id.push(row.actor_id);
            out.actor_name.push(row.actor_name);
            out.actor_digest.push(row.actor_digest);
            out.action.push(row.action);
            out.target_type.push(row.target_type);
            out.target_id.push(row.target_id);
            out.target_name.push(row.target_name);
            out.target_digest.push(row.target_digest);
            out.outcome.push(row.outcome);
            out.door.push(row.door);
            out.request_id.push(row.request_id);
            out.changes.push(row.changes);
            out.prev_hash.push(row.prev_hash);
            out.hash.push(row.hash);
        }
        out
    }
}

#[derive(Default)]
struct Personals {
    seq: Vec<i64>,
    party: Vec<String>,
    person: Vec<Option<Uuid>>,
    name: Vec<String>,
    ip: Vec<Option<String>>,
    changes: Vec<Option<Value>>,
    salt: Vec<Vec<u8>>,
}

impl From<Vec<Personal>> for Personals {
    fn from(parts: Vec<Personal>) -> Self {
        let mut out = Self::default();
        for part in parts {
            out.seq.push(part.seq);
            out.party.push(part.party.as_str().into());
            out.person.push(part.person);
            out.name.push(part.name);
            out.ip.push(part.ip);
            out.changes.push(part.changes);
            out.salt.push(part.salt);
        }
        out
    }
}

/// Adds to the chain of a tenant.
pub(crate) async fn write(
    tx: &mut Transaction<'static, Postgres>,
    tenant: TenantId,
    workspace: Option<WorkspaceId>,
    events: Vec<(Actor, Event)>,
) -> Result<()> {
    let id = tenant.uuid();
    let head = sqlx::query!("select seq, hash from audit_head where tenant_id = $1 for update", id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(DbError::Corrupt("audit head"))?;
    let (rows, personal) = chain::link(&tenant.to_string(), head.seq, &head.hash, workspace, events);
    let Some((seq, hash)) = rows.last().map(|row| (row.seq, row.hash.clone())) else {
        return Ok(());
    };
    let (r, p) = (Rows::from(rows), Personals::from(personal));
    sqlx::query!(
        "with event as (
           insert into audit_event (tenant_id, seq, id, at, workspace_id, actor_type, actor_id, actor_name, actor_digest, action,
             target_type, target_id, target_name, target_digest, outcome, door, request_id, changes, prev_hash, hash)
           select $1, * from unnest($4::bigint[], $5::uuid[], $6::timestamptz[], $7::uuid[], $8::text[], $9::text[], $10::text[], $11::bytea[],
             $12::text[], $13::text[], $14::text[], $15::text[], $16::bytea[], $17::text[], $18::text[], $19::text[], $20::jsonb[],
             $21::bytea[], $22::bytea[])
         ), person as (
           insert into audit_person (id)
           select distinct id from unnest($25::uuid[]) u (id) where id is not null order by id
           on conflict do nothing
         ), personal as (
           insert into audit_personal (tenant_id, seq, party, person_id, name, ip, changes, salt)
           select $1, * from unnest($23::bigint[], $24::text[], $25::uuid[], $26::text[], $27::text[], $28::jsonb[], $29::bytea[])
         )
         update audit_head set seq = $2, hash = $3 where tenant_id = $1",
        id,
        seq,
        hash,
        &r.seq,
        &r.id,
        &r.at,
        &r.workspace as &[Option<Uuid>],
        &r.actor_type,
        &r.actor_id as &[Option<String>],
        &r.actor_name as &[Option<String>],
        &r.actor_digest as &[Option<Vec<u8>>],
        &r.action,
        &r.target_type,
        &r.target_id as &[Option<String>],
        &r.target_name as &[Option<String>],
        &r.target_digest as &[Option<Vec<u8>>],
        &r.outcome,
        &r.door,
        &r.request_id,
        &r.changes,
        &r.prev_hash,
        &r.hash,
        &p.seq,
        &p.party,
        &p.person as &[Option<Uuid>],
        &p.name,
        &p.ip as &[Option<String>],
        &p.changes as &[Option<Value>],
        &p.salt,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds to the chain of the server.
pub(crate) async fn write_platform(tx: &mut Transaction<'static, Postgres>, events: Vec<(Actor, Event)>) -> Result<()> {
    let head = sqlx::query!("select seq, hash from platform_audit_head where one for update")
        .fetch_one(&mut **tx)
        .await?;
    let (rows, personal) = chain::link(PLATFORM, head.seq, &head.hash, None, events);
    let Some((seq, hash)) = rows.last().map(|row| (row.seq, row.hash.clone())) else {
        return Ok(());
    };
    let (r, p) = (Rows::from(rows), Personals::from(personal));
    sqlx::query!(
        "with event as (
           insert into platform_audit (seq, id, at, actor_type, actor_id, actor_name, actor_digest, action,
             target_type, target_id, target_name, target_digest, outcome, door, request_id, changes, prev_hash, hash)
           select * from unnest($3::bigint[], $4::uuid[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::bytea[],
             $10::text[], $11::text[], $12::text[], $13::text[], $14::bytea[], $15::text[], $16::text[], $17::text[], $18::jsonb[],
             $19::bytea[], $20::bytea[])
         ), person as (
           insert into audit_person (id)
           select distinct id from unnest($23::uuid[]) u (id) where id is not null order by id
           on conflict do nothing
         ), personal as (
           insert into platform_audit_personal (seq, party, person_id, name, ip, changes, salt)
           select * from unnest($21::bigint[], $22::text[], $23::uuid[], $24::text[], $25::text[], $26::jsonb[], $27::bytea[])
         )
         update platform_audit_head set seq = $1, hash = $2 where one",
        seq,
        hash,
        &r.seq,
        &r.id,
        &r.at,
        &r.actor_type,
        &r.actor_id as &[Option<String>],
        &r.actor_name as &[Option<String>],
        &r.actor_digest as &[Option<Vec<u8>>],
        &r.action,
        &r.target_type,
        &r.target_id as &[Option<String>],
        &r.target_name as &[Option<String>],
        &r.target_digest as &[Option<Vec<u8>>],
        &r.outcome,
        &r.door,
        &r.request_id,
        &r.changes,
        &r.prev_hash,
        &r.hash,
        &p.seq,
        &p.party,
        &p.person as &[Option<Uuid>],
        &p.name,
        &p.ip as &[Option<String>],
        &p.changes as &[Option<Value>],
        &p.salt,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes what is about these people out of every chain. The chains still hold: they cover digests.
pub(crate) async fn erase(tx: &mut Transaction<'static, Postgres>, people: &[Uuid]) -> Result<()> {
    sqlx::query!("delete from audit_person where id = any ($1)", people)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
