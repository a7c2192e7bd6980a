//! Invitations. Only the hash of a token is stored; finding one by it is the door into a tenant. How
//! many were made lately is counted in `sent`.

pub mod sent;

use tenantry_types::invitation::{Invitation, InvitationStatus, InvitedWorkspace, MyInvitation};
use tenantry_types::{Email, InvitationId, PageQuery, Slug, TenantRole, Timestamp, UserId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::access::{TenantHead, email};
use crate::error::word;
use crate::tenant::settings;
use crate::{PlatformTx, Result, TenantTx};

/// An invitation found by its token.
#[derive(Debug, Clone)]
pub struct Redeemable {
    pub tenant: TenantHead,
    pub id: InvitationId,
    pub email: Email,
    pub role: TenantRole,
    pub status: InvitationStatus,
    pub invited_by: String,
    pub expires_at: Timestamp,
    pub has_account: bool,
}

fn status(stored: &str, expires_at: OffsetDateTime, now: Timestamp) -> Result<InvitationStatus> {
    let status = word(stored, "invitation status")?;
    Ok(if status == InvitationStatus::Pending && expires_at <= now.0 {
        InvitationStatus::Expired
    } else {
        status
    })
}

struct Row {
    tenant_id: Uuid,
    slug: String,
    name: String,
    tenant_status: String,
    status_by_operator: bool,
    settings: serde_json::Value,
    id: Uuid,
    email: String,
    role: String,
    status: String,
    invited_by_name: String,
    expires_at: OffsetDateTime,
    has_account: bool,
}

impl Row {
    fn redeemable(self, now: Timestamp) -> Result<Redeemable> {
        Ok(Redeemable {
            tenant: TenantHead {
                id: self.tenant_id.into(),
                slug: Slug::stored(self.slug),
                name: self.name,
                status: word(&self.tenant_status, "tenant status")?,
                status_by_operator: self.status_by_operator,
                settings: settings(self.settings)?,
            },
            id: self.id.into(),
            email: email(self.email),
            role: word(&self.role, "invitation role")?,
            status: status(&self.status, self.expires_at, now)?,
            invited_by: self.invited_by_name,
            expires_at: self.expires_at.into(),
            has_account: self.has_account,
        })
    }
}

/// Finds an invitation by the hash of its token.
///
/// # Errors
/// When the database does not answer.
pub async fn by_token(tx: &mut PlatformTx, token_hash: &[u8], now: Timestamp) -> Result<Option<Redeemable>> {
    sqlx::query_as!(
        Row,
        r#"select i.tenant_id, t.slug, t.name, t.status as tenant_status, t.status_by_operator, t.settings, i.id, i.email, i.role, i.status,
             i.invited_by_name, i.expires_at, exists (select 1 from user_account u where u.email = i.email) as "has_account!"
           from invitation i
           join tenant t on t.id = i.tenant_id
           where i.token_hash = $1"#,
        token_hash
    )
    .fetch_optional(tx.conn())
    .await?
    .map(|row| row.redeemable(now))
    .transpose()
}

/// Finds an invitation that waits for this address.
///
/// # Errors
/// When the database does not answer.
pub async fn by_address(tx: &mut PlatformTx, address: &Email, id: InvitationId, now: Timestamp) -> Result<Option<Redeemable>> {
    sqlx::query_as!(
        Row,
        r#"select i.tenant_id, t.slug, t.name, t.status as tenant_status, t.status_by_operator, t.settings, i.id, i.email, i.role, i.status,
             i.invited_by_name, i.expires_at, true as "has_account!"
           from invitation i
           join tenant t on t.id = i.tenant_id
           where i.email = $1 and i.id = $2 and i.status = 'pending'"#,
        address.as_str(),
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?
    .map(|row| row.redeemable(now))
    .transpose()
}

/// The invitations that wait for this address.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting_for(tx: &mut PlatformTx, address: &Email, now: Timestamp) -> Result<Vec<MyInvitation>> {
    let rows = sqlx::query!(
        "select i.id, t.name, i.role, i.invited_by_name, i.expires_at
         from invitation i
         join tenant t on t.id = i.tenant_id and t.status = 'active'
         where i.email = $1 and i.status = 'pending' and i.expires_at > $2
         order by i.created_at desc
         limit 100",
        address.as_str(),
        now.0,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(MyInvitation {
                id: r.id.into(),
                tenant_name: r.name,
                role: word(&r.role, "invitation role")?,
                invited_by: r.invited_by_name,
                expires_at: r.expires_at.into(),
            })
        })
        .collect()
}

/// Uses a pending invitation up. False when somebody was faster.
///
/// # Errors
/// When the database does not answer.
pub async fn accept(tx: &mut TenantTx, id: InvitationId, user: UserId, now: Timestamp) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    let done = sqlx::query!(
        "update invitation set status = 'accepted', accepted_at = $4, accepted_by = $3
         where tenant_id = $1 and id = $2 and status = 'pending' and expires_at > $4",
        tenant,
        id.uuid(),
        user.uuid(),
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The workspace roles that come with an invitation, those of archived workspaces left out.
///
/// # Errors
/// When the database does not answer.
pub async fn workspaces(tx: &mut TenantTx, id: InvitationId) -> Result<Vec<InvitedWorkspace>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        "select i.workspace_id, i.role
         from invitation_workspace i
         join workspace w on w.tenant_id = i.tenant_id and w.id = i.workspace_id and w.status = 'active'
         where i.tenant_id = $1 and i.invitation_id = $2",
        tenant,
        id.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(InvitedWorkspace {
                workspace: r.workspace_id.into(),
                role: word(&r.role, "workspace role")?,
            })
        })
        .collect()
}

/// A new invitation with the hash of its token.
#[derive(Debug)]
pub struct NewRow {
    pub id: InvitationId,
    pub email: Email,
    pub token_hash: Vec<u8>,
}

/// What the invitations of one go have in common.
#[derive(Debug)]
pub struct Terms<'a> {
    pub role: TenantRole,
    pub workspaces: &'a [InvitedWorkspace],
    pub invited_by: Option<UserId>,
    pub invited_by_name: &'a str,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Revokes what waits for these addresses: they are invited anew, or are in already.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke_for(tx: &mut TenantTx, emails: &[String]) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update invitation set status = 'revoked' where tenant_id = $1 and status = 'pending' and email = any ($2)",
        tenant,
        emails
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes invitations. A pending one for the same address is revoked: its link is not valid any more.
///
/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &mut TenantTx, rows: &[NewRow], terms: &Terms<'_>) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id.uuid()).collect();
    let emails: Vec<String> = rows.iter().map(|r| r.email.as_str().to_owned()).collect();
    let hashes: Vec<Vec<u8>> = rows.iter().map(|r| r.token_hash.clone()).collect();
    revoke_for(tx, &emails).await?;
    sqlx::query!(
        "insert into invitation (tenant_id, id, email, role, token_hash, invited_by, invited_by_name, expires_at, created_at)
         select $1, i, e, $2, h, $6, $7, $8, $9 from unnest($3::uuid[], $4::text[], $5::bytea[]) x (i, e, h)",
        tenant,
        terms.role.as_str(),
        &ids,
        &emails,
        &hashes,
        terms.invited_by.map(UserId::uuid),
        terms.invited_by_name,
        terms.expires_at.0,
        terms.created_at.0,
    )
    .execute(tx.conn())
    .await?;
    if terms.workspaces.is_empty() {
        return Ok(());
    }
    let workspaces: Vec<Uuid> = terms.workspaces.iter().map(|w| w.workspace.uuid()).collect();
    let roles: Vec<String> = terms.workspaces.iter().map(|w| w.role.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into invitation_workspace (tenant_id, invitation_id, workspace_id, role)
         select $1, i, w, r from unnest($2::uuid[]) i cross join unnest($3::uuid[], $4::text[]) x (w, r)",
        tenant,
        &ids,
        &workspaces,
        &roles,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a waiting or expired invitation a new token and a new term.
///
/// # Errors
/// When the database does not answer.
pub async fn renew(tx: &mut TenantTx, id: InvitationId, token_hash: &[u8], expires_at: Timestamp) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    let done = sqlx::query!(
        "update invitation set token_hash = $3, expires_at = $4 where tenant_id = $1 and id = $2 and status = 'pending'",
        tenant,
        id.uuid(),
        token_hash,
        expires_at.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// # Errors
/// When the database does not answer.
pub async fn revoke(tx: &mut TenantTx, id: InvitationId) -> Result<bool> {
    let tenant = tx.tenant_id().uuid();
    let done = sqlx::query!(
        "update invitation set status = 'revoked' where tenant_id = $1 and id = $2 and status = 'pending'",
        tenant,
        id.uuid()
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut TenantTx, id: InvitationId, now: Timestamp) -> Result<Option<Invitation>> {
    let one = PageQuery {
        limit: 1,
        ..PageQuery::default()
    };
    Ok(select(tx, &one, None, Some(id), now).await?.pop())
}

/// Invitations, the newest first, `limit + 1` rows, and how many there are in all.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &mut TenantTx, query: &PageQuery, filter: Option<InvitationStatus>, now: Timestamp) -> Result<(Vec<Invitation>, i64)> {
    let items = select(tx, query, filter, None, now).await?;
    let tenant = tx.tenant_id().uuid();
    let total = sqlx::query_scalar!(
        r#"select count(*) as "n!" from invitation
           where tenant_id = $1
             and ($2::text is null or case when status = 'pending' and expires_at <= $4 then 'expired' else status end = $2)
             and ($3::text is null or email like $3)"#,
        tenant,
        filter.map(InvitationStatus::as_str),
        query.pattern(),
        now.0,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((items, total))
}

async fn select(
    tx: &mut TenantTx,
    query: &PageQuery,
    filter: Option<InvitationStatus>,
    id: Option<InvitationId>,
    now: Timestamp,
) -> Result<Vec<Invitation>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        r#"select i.id, i.email, i.role, i.status, i.invited_by_name, i.expires_at, i.created_at,
             coalesce((select array_agg(w.workspace_id order by w.workspace_id) from invitation_workspace w
               where w.tenant_id = i.tenant_id and w.invitation_id = i.id), '{}') as "workspaces!",
             coalesce((select array_agg(w.role order by w.workspace_id) from invitation_workspace w
               where w.tenant_id = i.tenant_id and w.invitation_id = i.id), '{}') as "roles!"
           from invitation i
           where i.tenant_id = $1
             and ($2::text is null or case when i.status = 'pending' and i.expires_at <= $4 then 'expired' else i.status end = $2)
             and ($3::text is null or i.email like $3)
             and ($5::uuid is null or i.id = $5)
           order by i.created_at desc, i.id
           limit $6 offset $7"#,
        tenant,
        filter.map(InvitationStatus::as_str),
        query.pattern(),
        now.0,
        id.map(InvitationId::uuid),
        i64::from(query.limit) + 1,
        i64::from(query.skip),
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            let workspaces = r
                .workspaces
                .iter()
                .zip(&r.roles)
                .map(|(id, role)| {
                    Ok(InvitedWorkspace {
                        workspace: WorkspaceId::new(*id),
                        role: word(role, "workspace role")?,
                    })
                })
                .collect::<Result<_>>()?;
            Ok(Invitation {
                id: r.id.into(),
                email: email(r.email),
                role: word(&r.role, "invitation role")?,
                workspaces,
                status: status(&r.status, r.expires_at, now)?,
                invited_by: r.invited_by_name,
                expires_at: r.expires_at.into(),
                created_at: r.created_at.into(),
                link: None,
            })
        })
        .collect()
}

/// Revokes what somebody invited who is not a member any more.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke_of(tx: &mut TenantTx, inviters: &[Uuid]) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    sqlx::query!(
        "update invitation set status = 'revoked' where tenant_id = $1 and invited_by = any ($2) and status = 'pending'",
        tenant,
        inviters
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
