//! Overrides of the permission matrix, member by member. What they amount to is decided elsewhere.

use tenantry_types::permission::Override;
use tenantry_types::{Timestamp, UserId};
use uuid::Uuid;

use crate::access::overrides;
use crate::{Result, TenantTx};

/// The overrides of a member, those for the whole tenant first.
///
/// # Errors
/// When the database does not answer.
pub async fn of(tx: &mut TenantTx, user: UserId) -> Result<Vec<Override>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        "select permission, effect, workspace_id
         from permission_override
         where tenant_id = $1 and user_id = $2
         order by workspace_id nulls first, permission
         limit 1000",
        tenant,
        user.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    overrides(rows.into_iter().map(|r| (r.permission, r.effect, r.workspace_id)))
}

/// Makes these the overrides of a member, as far as the transaction reaches.
///
/// # Errors
/// When the database does not answer.
pub async fn replace(tx: &mut TenantTx, user: UserId, all: &[Override], now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let permissions: Vec<String> = all.iter().map(|o| o.permission.as_str().to_owned()).collect();
    let effects: Vec<String> = all.iter().map(|o| o.effect.as_str().to_owned()).collect();
    let places: Vec<Option<Uuid>> = all.iter().map(|o| o.workspace.map(tenantry_types::WorkspaceId::uuid)).collect();
    sqlx::query!(
        "delete from permission_override o
         where o.tenant_id = $1 and o.user_id = $2
           and not exists (
             select 1 from unnest($3::text[], $4::uuid[]) x (permission, place)
             where x.permission = o.permission and x.place is not distinct from o.workspace_id
           )",
        tenant,
        user.uuid(),
        &permissions,
        &places as &[Option<Uuid>],
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into permission_override (tenant_id, user_id, permission, effect, workspace_id, created_at)
         select $1, $2, x.permission, x.effect, x.place, $6
         from unnest($3::text[], $4::text[], $5::uuid[]) x (permission, effect, place)
         on conflict on constraint permission_override_key do update
           set effect = excluded.effect, created_at = excluded.created_at
           where permission_override.effect <> excluded.effect",
        tenant,
        user.uuid(),
        &permissions,
        &effects,
        &places as &[Option<Uuid>],
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
