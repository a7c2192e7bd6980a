//! Finding out, from what the database says now: the person behind a session, the context in a
//! tenant or a workspace that a request names.

use std::sync::Arc;

use tenantry_types::account::UserStatus;
use tenantry_types::permission::{Effect, Override, Reach, needs};
use tenantry_types::{CtxRole, Permission, Slug, TenantId, Timestamp, UserId, WorkspaceId, WorkspaceRole};
use uuid::Uuid;

use super::memory::Requester;
use super::{Asker, Facts, Granted, Origin, Principal, Scope, TenantCtx, TenantHead, WorkspaceCtx, WorkspaceHead};
use crate::error::word;
use crate::tenant::settings;
use crate::{Db, Result};

/// How a tenant or workspace is named in a request. Postgres takes no text with a zero byte: one
/// names nothing.
fn named(text: &str, id: Option<Uuid>) -> (Option<Uuid>, Option<String>) {
    match id {
        Some(id) => (Some(id), None),
        None => (None, Some(text.to_owned()).filter(|text| !text.contains('\0'))),
    }
}

/// Reads overrides: permission, effect, workspace. A permission that this version does not know is about nothing.
pub(crate) fn overrides(rows: impl Iterator<Item = (String, String, Option<Uuid>)>) -> Result<Vec<Override>> {
    let known = rows.filter_map(|(permission, effect, place)| Some((Permission::from_text(&permission)?, effect, place)));
    known
        .map(|(permission, effect, place)| {
            Ok(Override {
                permission,
                effect: word::<Effect>(&effect, "effect of an override")?,
                workspace: place.map(WorkspaceId::new),
            })
        })
        .collect()
}

impl Db {
    /// The person behind a session; None when there is no such account, or a disabled one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn principal(&self, id: UserId, origin: Origin) -> Result<Option<Principal>> {
        let read = async {
            let mut tx = self.platform().await?;
            let found = crate::account::with_last_tenant(&mut tx, id).await?;
            let active = found.filter(|(user, _)| user.status == UserStatus::Active);
            Ok(active.map(|(user, last_tenant)| (Arc::new(user), last_tenant)))
        };
        let found = self.remembered(|m| &m.principals, id, |_| Some([Some(id.uuid()), None]), read).await?;
        Ok(found.map(|(user, last_tenant)| Principal {
            user,
            origin: origin.into(),
            last_tenant,
            signed_in: None,
            session: None,
        }))
    }

    /// The member was here now: what is remembered of their context says so.
    pub fn seen(&self, ctx: &TenantCtx, now: Timestamp) {
        for named in [ctx.tenant.id.to_string(), ctx.tenant.slug.to_string()] {
            let name = (Requester::of(&ctx.asker), named);
            self.memory.contexts.amend(&name, |ctx| ctx.last_active_at = Some(now));
        }
    }

    /// The context of a person or a key in a tenant, named by id or slug (a former slug leads there,
    /// too). Without a membership there is none, but for operators. A key has one in its own tenant:
    /// that of its person, or as a key of the tenant that of the role it was made by.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resolve(&self, asker: Asker, tenant: &str) -> Result<Option<TenantCtx>> {
        let name = (Requester::of(&asker), tenant.to_owned());
        let tags = |ctx: &TenantCtx| Some([Some(ctx.tenant.id.uuid()), ctx.asker.user_id().map(UserId::uuid)]);
        let found = self
            .remembered(|m| &m.contexts, name, tags, self.read_context(asker.clone(), tenant))
            .await?;
        // Remembered is what holds for them; who asks, and from where, is of this request.
        Ok(found.map(|ctx| TenantCtx {
            facts: Facts {
                key: asker.key().cloned(),
                ..ctx.facts
            },
            asker,
            ..ctx
        }))
    }

    async fn read_context(&self, asker: Asker, tenant: &str) -> Result<Option<TenantCtx>> {
        let (id, slug) = named(tenant, tenant.parse::<TenantId>().ok().map(TenantId::uuid));
        let mut tx = self.platform().await?;
        let row = sqlx::query!(
            r#"select t.id, t.slug, t.name, t.status, t.status_by_operator, t.settings, m.role as "role?", m.last_active_at as "last_active_at?",
                 coalesce((select array_agg(x.workspace_id order by x.workspace_id)
                   from workspace_membership x where x.tenant_id = t.id and x.user_id = $1), '{}') as "workspaces!",
                 coalesce((select array_agg(x.role order by x.workspace_id)
                   from workspace_membership x where x.tenant_id = t.id and x.user_id = $1), '{}') as "roles!",
                 t.require_totp, t.sign_in_methods, t.session_hours,
                 exists (select 1 from totp c where c.user_id = $1 and c.confirmed_at is not null) as "has_totp!",
                 o.permissions as "permissions!", o.effects as "effects!", o.places as "places!: Vec<Option<Uuid>>",
                 case when o.bars then (select array_agg(w.id) from workspace w where w.tenant_id = t.id) end as everywhere
               from tenant t
               left join membership m on m.tenant_id = t.id and m.user_id = $1 and m.status = 'active'
               cross join lateral (
                 select coalesce(array_agg(p.permission), '{}') as permissions, coalesce(array_agg(p.effect), '{}') as effects,
                   coalesce(array_agg(p.workspace_id), '{}') as places,
                   coalesce(bool_or(p.workspace_id is not null and p.effect = 'deny' and p.permission = 'workspaces:read'), false) as bars
                 from permission_override p where p.tenant_id = t.id and p.user_id = $1
               ) o
               where t.id = coalesce($2, (select s.tenant from tenant_slug s where s.slug = $3))"#,
            asker.user_id().map(UserId::uuid),
            id,
            slug,
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let role = match (row.role, asker.key()) {
            (_, Some(key)) if key.tenant().uuid() != row.id => return Ok(None),
            (Some(role), _) => CtxRole::Member(word(&role, "membership role")?),
            (None, Some(key)) if key.user().is_none() => CtxRole::Member(key.facts().role),
            (None, None) if asker.is_operator() => CtxRole::Operator,
            (None, _) => return Ok(None),
        };
        let mut workspace_roles = Vec::with_capacity(row.workspaces.len());
        for (id, role) in row.workspaces.iter().zip(&row.roles) {
            workspace_roles.push((WorkspaceId::new(*id), word::<WorkspaceRole>(role, "workspace role")?));
        }
        let words = row
            .permissions
            .into_iter()
            .zip(row.effects)
            .zip(row.places)
            .map(|((p, e), place)| (p, e, place));
        let facts = Facts {
            role,
            operator: asker.is_operator(),
            workspace_roles: workspace_roles.into(),
            overrides: overrides(words)?.into(),
            key: asker.key().cloned(),
        };
        let scope = match facts.subject().reach() {
            Reach::All => Scope::All,
            Reach::Only(ids) => Scope::Only(ids),
            Reach::AllBut(ids) => Scope::Only(
                row.everywhere
                    .unwrap_or_default()
                    .into_iter()
                    .map(WorkspaceId::new)
                    .filter(|id| !ids.contains(id))
                    .collect(),
            ),
        };
        let scope = match asker.key() {
            Some(key) => key.narrow(scope),
            None => scope,
        };
        let tenant = TenantHead {
            id: row.id.into(),
            slug: Slug::stored(row.slug),
            name: row.name,
            status: word(&row.status, "tenant status")?,
            status_by_operator: row.status_by_operator,
            settings: settings(row.settings)?,
        };
        Ok(Some(TenantCtx {
            asker,
            tenant: tenant.into(),
            facts,
            scope,
            last_active_at: row.last_active_at.map(Timestamp),
            sign_in: crate::sign_in_policy::policy(row.require_totp, &row.sign_in_methods, row.session_hours)?.into(),
            has_totp: row.has_totp,
        }))
    }

    /// A workspace of the context's tenant, by id or slug; None when it is not there or not theirs to enter.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resolve_workspace(&self, ctx: &TenantCtx, workspace: &str) -> Result<Option<WorkspaceCtx>> {
        let name = (Requester::of(&ctx.asker), ctx.tenant.id, workspace.to_owned());
        let tags = |_: &Arc<WorkspaceHead>| Some([Some(ctx.tenant.id.uuid()), ctx.asker.user_id().map(UserId::uuid)]);
        let found = self
            .remembered(|m| &m.workspaces, name, tags, self.read_workspace(ctx, workspace))
            .await?;
        Ok(found.map(|workspace| WorkspaceCtx {
            tenant: ctx.clone(),
            workspace,
        }))
    }

    async fn read_workspace(&self, ctx: &TenantCtx, workspace: &str) -> Result<Option<Arc<WorkspaceHead>>> {
        let (id, slug) = named(workspace, workspace.parse::<WorkspaceId>().ok().map(WorkspaceId::uuid));
        // Reading what one stands in needs no permission of its own: the policies keep it to the scope.
        let by: Granted<needs::WorkspacesRead> = ctx.granted(ctx.role(), None);
        let mut tx = self.tenant(&by).await?;
        let row = sqlx::query!(
            "select id, slug, name, status from workspace where tenant_id = $1 and (id = $2 or slug = $3)",
            ctx.tenant.id.uuid(),
            id,
            slug,
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let workspace = WorkspaceHead {
            id: row.id.into(),
            slug: Slug::stored(row.slug),
            name: row.name,
            status: word(&row.status, "workspace status")?,
        };
        Ok(Some(workspace.into()))
    }

    /// The tenant of a workspace that a request names without its tenant.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tenant_of_workspace(&self, workspace: WorkspaceId) -> Result<Option<TenantId>> {
        let mut tx = self.platform().await?;
        let id = sqlx::query_scalar!("select tenant_id from workspace where id = $1", workspace.uuid())
            .fetch_optional(tx.conn())
            .await?;
        Ok(id.map(TenantId::new))
    }
}
