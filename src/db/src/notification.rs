//! What somebody should look at: a row for each person who is told. While one of a kind about the same
//! waits to be read, no second is made: whoever causes them must not fill anybody's list.

use serde_json::Value;
use tenantry_types::audit::{Notification, Suspicion};
use tenantry_types::{NotificationId, TenantId, TenantRef, Timestamp, UserId};
use uuid::Uuid;

use crate::{PlatformTx, Result};

/// People who are told of one thing at most.
const MOST: i64 = 100;
/// What a list shows.
const SHOWN: i64 = 20;

/// Whom to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    User(UserId),
    /// Owners and admins.
    AdminsOf(TenantId),
    Operators,
}

/// What a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The reader's own account, and a tenant if there is one.
    Account(Option<TenantId>),
    Server,
}

/// The people to tell, by id.
///
/// # Errors
/// When the database does not answer.
pub async fn people(tx: &mut PlatformTx, whom: Whom) -> Result<Vec<UserId>> {
    let (user, tenant) = match whom {
        Whom::User(id) => return Ok(vec![id]),
        Whom::AdminsOf(id) => (false, Some(id.uuid())),
        Whom::Operators => (true, None),
    };
    Ok(sqlx::query_scalar!(
        "select u.id from user_account u
         where u.status = 'active'
           and (($1 and u.is_operator)
             or u.id in (select m.user_id from membership m where m.tenant_id = $2 and m.status = 'active' and m.role in ('owner', 'admin')))
         order by u.id
         limit $3",
        user,
        tenant,
        MOST,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(UserId::new)
    .collect())
}

/// Tells these people; `ids` are those of the new rows.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(
    tx: &mut PlatformTx,
    ids: &[Uuid],
    people: &[UserId],
    tenant: Option<TenantId>,
    kind: &str,
    data: &Value,
    now: Timestamp,
) -> Result<()> {
    let people: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "insert into notification (id, user_id, tenant, kind, data, created_at)
         select u.id, u.person, $3, $4, $5, $6
         from unnest($1::uuid[], $2::uuid[]) u (id, person)
         where not exists (
           select 1 from notification n
           where n.user_id = u.person and n.read_at is null and n.kind = $4 and n.tenant is not distinct from $3 and n.data ->> 'about' = ($5::jsonb) ->> 'about'
         )",
        ids,
        &people,
        tenant.map(TenantId::uuid),
        kind,
        data,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What waits for this person, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn unread(tx: &mut PlatformTx, user: UserId, about: About) -> Result<Vec<Notification>> {
    let (tenant, server) = match about {
        About::Account(tenant) => (tenant, false),
        About::Server => (None, true),
    };
    let personal: Vec<String> = Suspicion::ALL
        .iter()
        .filter(|kind| kind.is_personal())
        .map(|kind| kind.as_str().to_owned())
        .collect();
    let rows = sqlx::query!(
        r#"select n.id, n.kind, n.data, n.created_at, t.id as "tenant?", t.slug as "slug?", t.name as "name?"
           from notification n
           left join tenant t on t.id = n.tenant
           where n.user_id = $1 and n.read_at is null
             and (n.tenant = $2 or (n.tenant is null and (n.kind = any ($3)) <> $4))
           order by n.created_at desc
           limit $5"#,
        user.uuid(),
        tenant.map(TenantId::uuid),
        &personal,
        server,
        SHOWN,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Notification {
            id: r.id.into(),
            kind: r.kind,
            about: r.data.get("about").and_then(Value::as_str).map(str::to_owned),
            count: r.data.get("count").and_then(Value::as_u64),
            tenant: r.tenant.zip(r.slug).zip(r.name).map(|((id, slug), name)| TenantRef {
                id: id.into(),
                slug: tenantry_types::Slug::stored(slug),
                name,
            }),
            created_at: r.created_at.into(),
        })
        .collect())
}

/// # Errors
/// When the database does not answer.
pub async fn read(tx: &mut PlatformTx, user: UserId, id: NotificationId, now: Timestamp) -> Result<bool> {
    let done = sqlx::query!(
        "update notification set read_at = $3 where id = $2 and user_id = $1 and read_at is null",
        user.uuid(),
        id.uuid(),
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// # Errors
/// When the database does not answer.
pub async fn delete_old(tx: &mut PlatformTx, before: Timestamp) -> Result<u64> {
    let done = sqlx::query!("delete from notification where created_at < $1", before.0)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}
