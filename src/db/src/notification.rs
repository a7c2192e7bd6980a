//! What somebody should look at: a row for each person who is told. While one of a kind about the same
//! waits to be read, no second is made: whoever causes them must not fill anybody's list.

use serde_json::Value;
use tenantry_types::alert::AlertKind;
use tenantry_types::audit::{Notification, Suspicion};
use tenantry_types::{Email, NotificationId, TenantId, TenantRef, Timestamp, UserId};
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
    /// The reader's own account, and a tenant that they are in; of that what stands in its record only with `record`.
    Account {
        tenant: TenantId,
        record: bool,
    },
    Server,
}

/// Somebody to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: UserId,
    pub email: Email,
}

/// The people to tell, by id: active accounts.
///
/// # Errors
/// When the database does not answer.
pub async fn people(tx: &mut PlatformTx, whom: Whom) -> Result<Vec<Person>> {
    let (user, operators, tenant) = match whom {
        Whom::User(id) => (Some(id.uuid()), false, None),
        Whom::AdminsOf(id) => (None, false, Some(id.uuid())),
        Whom::Operators => (None, true, None),
    };
    let rows = sqlx::query!(
        "select u.id, u.email from user_account u
         where u.status = 'active'
           and (($1 and u.is_operator)
             or u.id = $4
             or u.id in (select m.user_id from membership m where m.tenant_id = $2 and m.status = 'active' and m.role in ('owner', 'admin')))
         order by u.id
         limit $3",
        operators,
        tenant,
        MOST,
        user,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Person {
            id: r.id.into(),
            email: Email::stored(r.email),
        })
        .collect())
}

/// Tells these people; `ids` are those of the new rows. Answers who had nothing of the kind waiting.
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
) -> Result<Vec<UserId>> {
    let people: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    let told = sqlx::query_scalar!(
        "insert into notification (id, user_id, tenant, kind, data, created_at)
         select u.id, u.person, $3, $4, $5, $6
         from unnest($1::uuid[], $2::uuid[]) u (id, person)
         where not exists (
           select 1 from notification n
           where n.user_id = u.person and n.read_at is null and n.kind = $4 and n.tenant is not distinct from $3 and n.data ->> 'about' = ($5::jsonb) ->> 'about'
         )
         returning user_id",
        ids,
        &people,
        tenant.map(TenantId::uuid),
        kind,
        data,
        now.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(told.into_iter().map(UserId::new).collect())
}

/// Puts away what of a kind about the same waits for these people: there is something newer to say.
///
/// # Errors
/// When the database does not answer.
pub async fn supersede(tx: &mut PlatformTx, people: &[UserId], tenant: Option<TenantId>, kind: &str, about: &str, now: Timestamp) -> Result<()> {
    let people: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "update notification set read_at = $5
         where user_id = any ($1) and read_at is null and tenant is not distinct from $2 and kind = $3 and data ->> 'about' = $4",
        &people,
        tenant.map(TenantId::uuid),
        kind,
        about,
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
    let (tenant, record, server) = match about {
        About::Account { tenant, record } => (Some(tenant.uuid()), record, false),
        About::Server => (None, false, true),
    };
    let words = |kinds: &mut dyn Iterator<Item = &'static str>| kinds.map(str::to_owned).collect::<Vec<String>>();
    let personal = words(&mut Suspicion::ALL.iter().filter(|kind| kind.is_personal()).map(|kind| kind.as_str()));
    let open = words(&mut AlertKind::ALL.iter().filter(|kind| !kind.is_of_record()).map(|kind| kind.as_str()));
    let rows = sqlx::query!(
        r#"select n.id, n.kind, n.data, n.created_at, t.id as "tenant?", t.slug as "slug?", t.name as "name?"
           from notification n
           left join tenant t on t.id = n.tenant
           where n.user_id = $1 and n.read_at is null
             and ((n.tenant = $2 and ($6 or n.kind = any ($7))) or (n.tenant is null and (n.kind = any ($3)) <> $4))
           order by n.created_at desc
           limit $5"#,
        user.uuid(),
        tenant,
        &personal,
        server,
        SHOWN,
        record,
        &open,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let text = |name: &str| r.data.get(name).and_then(Value::as_str).map(str::to_owned);
            Notification {
                id: r.id.into(),
                about: text("about"),
                count: r.data.get("count").and_then(Value::as_u64),
                text: text("text"),
                page: text("page"),
                tenant: r.tenant.zip(r.slug).zip(r.name).map(|((id, slug), name)| TenantRef {
                    id: id.into(),
                    slug: tenantry_types::Slug::stored(slug),
                    name,
                }),
                created_at: r.created_at.into(),
                kind: r.kind,
            }
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
