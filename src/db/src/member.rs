//! Memberships: who is in a tenant, and as what.

use tenantry_types::member::{Member, MemberSort, MemberWorkspace};
use tenantry_types::{PageQuery, Slug, TenantRole, Timestamp, UserId, WorkspaceId, WorkspaceRef, WorkspaceRole};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::access::email;
use crate::error::word;
use crate::{Result, TenantTx};

struct Row {
    user_id: Uuid,
    email: String,
    name: String,
    role: String,
    status: String,
    joined_at: OffsetDateTime,
    last_active_at: Option<OffsetDateTime>,
}

impl Row {
    fn member(self) -> Result<Member> {
        Ok(Member {
            user_id: self.user_id.into(),
            email: email(self.email),
            name: self.name,
            role: word(&self.role, "membership role")?,
            status: word(&self.status, "membership status")?,
            joined_at: self.joined_at.into(),
            last_active_at: self.last_active_at.map(Timestamp),
        })
    }
}

/// Members of the tenant, `limit + 1` rows, and how many there are in all.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut TenantTx, query: &PageQuery, role: Option<TenantRole>, sort: MemberSort) -> Result<(Vec<Member>, i64)> {
    let tenant = tx.tenant_id().uuid();
    let pattern = query.pattern();
    let role = role.map(TenantRole::as_str);
    let word = sort.as_str();
    let (key, desc) = word.strip_prefix('-').map_or((word, false), |key| (key, true));
    let rows = sqlx::query!(
        r#"select m.user_id, u.email, u.name, m.role, m.status, m.joined_at, m.last_active_at, count(*) over () as "total!"
           from membership m
           join user_account u on u.id = m.user_id
           where m.tenant_id = $1
             and ($2::text is null or m.role = $2)
             and ($3::text is null or lower(u.name) like $3 or u.email like $3)
           order by
             case when not $5 then case $4 when 'name' then lower(u.name) when 'email' then u.email
               when 'role' then case m.role when 'owner' then '1' when 'admin' then '2' when 'developer' then '3' else '4' end end end asc,
             case when $5 then case $4 when 'name' then lower(u.name) when 'email' then u.email
               when 'role' then case m.role when 'owner' then '1' when 'admin' then '2' when 'developer' then '3' else '4' end end end desc,
             case when not $5 then case $4 when 'joined_at' then m.joined_at when 'last_active_at' then m.last_active_at end end asc nulls first,
             case when $5 then case $4 when 'joined_at' then m.joined_at when 'last_active_at' then m.last_active_at end end desc nulls last,
             lower(u.name), m.user_id
           limit $6 offset $7"#,
        tenant,
        role,
        pattern,
        key,
        desc,
        i64::from(query.limit) + 1,
        i64::from(query.skip),
    )
    .fetch_all(tx.conn())
    .await?;
    let total = match rows.first() {
        Some(row) => row.total,
        None if query.skip == 0 => 0,
        None => {
            sqlx::query_scalar!(
                r#"select count(*) as "n!" from membership m join user_account u on u.id = m.user_id
                   where m.tenant_id = $1
                     and ($2::text is null or m.role = $2)
                     and ($3::text is null or lower(u.name) like $3 or u.email like $3)"#,
                tenant,
                role,
                pattern,
            )
            .fetch_one(tx.conn())
            .await?
        }
    };
    let items = rows
        .into_iter()
        .map(|r| {
            Row {
                user_id: r.user_id,
                email: r.email,
                name: r.name,
                role: r.role,
                status: r.status,
                joined_at: r.joined_at,
                last_active_at: r.last_active_at,
            }
            .member()
        })
        .collect::<Result<_>>()?;
    Ok((items, total))
}

/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut TenantTx, user: UserId) -> Result<Option<Member>> {
    Ok(get_many(tx, &[user.uuid()]).await?.pop())
}

/// # Errors
/// When the database does not answer.
pub async fn get_many(tx: &mut TenantTx, users: &[Uuid]) -> Result<Vec<Member>> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query_as!(
        Row,
        "select m.user_id, u.email, u.name, m.role, m.status, m.joined_at, m.last_active_at
         from membership m
         join user_account u on u.id = m.user_id
         where m.tenant_id = $1 and m.user_id = any ($2)
         order by lower(u.name), m.user_id",
        tenant,
        users,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(Row::member)
    .collect()
}

/// Which of these addresses belong to members.
///
/// # Errors
/// When the database does not answer.
pub async fn with_addresses(tx: &mut TenantTx, emails: &[String]) -> Result<Vec<String>> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        "select u.email from membership m join user_account u on u.id = m.user_id where m.tenant_id = $1 and u.email = any ($2)",
        tenant,
        emails,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The workspaces of a member, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn workspaces(tx: &mut TenantTx, user: UserId) -> Result<Vec<MemberWorkspace>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        "select w.id, w.slug, w.name, x.role
         from workspace_membership x
         join workspace w on w.tenant_id = x.tenant_id and w.id = x.workspace_id
         where x.tenant_id = $1 and x.user_id = $2
         order by lower(w.name), w.id
         limit 500",
        tenant,
        user.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let workspace = WorkspaceRef {
                id: r.id.into(),
                slug: Slug::stored(r.slug),
                name: r.name,
            };
            Ok(MemberWorkspace {
                workspace,
                role: word(&r.role, "workspace role")?,
            })
        })
        .collect()
}

/// The role of a member's own in a workspace.
///
/// # Errors
/// When the database does not answer.
pub async fn workspace_role(tx: &mut TenantTx, user: UserId, workspace: WorkspaceId) -> Result<Option<WorkspaceRole>> {
    let tenant = tx.tenant_id().uuid();
    let role = sqlx::query_scalar!(
        "select role from workspace_membership where tenant_id = $1 and workspace_id = $2 and user_id = $3",
        tenant,
        workspace.uuid(),
        user.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    role.map(|role| word(&role, "workspace role")).transpose()
}

/// Locks the tenant's memberships as a set: who counts owners or seats and then writes does it one
/// after the other. The lock is on the tenant's row, and of the kind that lets other transactions insert rows that refer to it:
/// one that writes to the record holds the head of the record, which who holds this lock wants in the end.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut TenantTx) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!("select id from tenant where id = $1 for no key update", tenant)
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

/// Active owners other than these. Take `lock` first.
///
/// # Errors
/// When the database does not answer.
pub async fn other_owners(tx: &mut TenantTx, but: &[Uuid]) -> Result<i64> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from membership where tenant_id = $1 and role = 'owner' and status = 'active' and user_id <> all ($2)"#,
        tenant,
        but,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// All members: the seats that are taken. Take `lock` first when a decision hangs on it.
///
/// # Errors
/// When the database does not answer.
pub async fn count(tx: &mut TenantTx) -> Result<i64> {
    let tenant = tx.tenant_id().uuid();
    Ok(
        sqlx::query_scalar!(r#"select count(*) as "n!" from membership where tenant_id = $1"#, tenant)
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Adds members; those who are there already stay as they are. Answers who was added.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &mut TenantTx, users: &[Uuid], role: TenantRole, now: Timestamp) -> Result<Vec<Uuid>> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_scalar!(
        "insert into membership (tenant_id, user_id, role, joined_at)
         select $1, u, $3, $4 from unnest($2::uuid[]) u
         on conflict (tenant_id, user_id) do nothing
         returning user_id",
        tenant,
        users,
        role.as_str(),
        now.0,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Sets role and status of members.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &mut TenantTx, members: &[&Member]) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let users: Vec<Uuid> = members.iter().map(|m| m.user_id.uuid()).collect();
    let roles: Vec<String> = members.iter().map(|m| m.role.as_str().to_owned()).collect();
    let statuses: Vec<String> = members.iter().map(|m| m.status.as_str().to_owned()).collect();
    sqlx::query!(
        "update membership m set role = n.role, status = n.status
         from unnest($2::uuid[], $3::text[], $4::text[]) as n (user_id, role, status)
         where m.tenant_id = $1 and m.user_id = n.user_id",
        tenant,
        &users,
        &roles,
        &statuses,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes members with their workspace roles. That they were here is kept, with the marks of their addresses: they do
/// not come back by the domain of one.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &mut TenantTx, users: &[Uuid], marks: &[Vec<u8>], now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    // Two people may share an address: the account of one, an identity of the other.
    sqlx::query!(
        "insert into former_address (tenant_id, mark, ended_at) select distinct $1::uuid, m, $3::timestamptz from unnest($2::bytea[]) m
         on conflict (tenant_id, mark) do update set ended_at = excluded.ended_at",
        tenant,
        marks,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into former_member (tenant_id, user_id, ended_at) select $1, u, $3 from unnest($2::uuid[]) u
         on conflict (tenant_id, user_id) do update set ended_at = excluded.ended_at",
        tenant,
        users,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from membership where tenant_id = $1 and user_id = any ($2)", tenant, users)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that a member was here, at most once a minute.
///
/// # Errors
/// When the database does not answer.
pub async fn touch(tx: &mut TenantTx, user: UserId, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update membership set last_active_at = $3
         where tenant_id = $1 and user_id = $2 and (last_active_at is null or last_active_at < $3::timestamptz - interval '1 minute')",
        tenant,
        user.uuid(),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the member has put the first steps away.
///
/// # Errors
/// When the database does not answer.
pub async fn steps_dismissed(tx: &mut TenantTx, user: UserId) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    let row = sqlx::query_scalar!(
        "select steps_dismissed from membership where tenant_id = $1 and user_id = $2",
        tenant,
        user.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.unwrap_or(true))
}

/// # Errors
/// When the database does not answer.
pub async fn dismiss_steps(tx: &mut TenantTx, user: UserId) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update membership set steps_dismissed = true where tenant_id = $1 and user_id = $2",
        tenant,
        user.uuid()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
