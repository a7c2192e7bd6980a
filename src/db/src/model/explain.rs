//! What it hangs on whether a person may use a model, and which models a member may use.

use tenantry_types::account::UserStatus;
use tenantry_types::explain::MemberModel;
use tenantry_types::model::{Audience, DecidedBy, ModelPattern};
use tenantry_types::{Email, ModelId, Slug, TenantRole, UserId, WorkspaceId, WorkspaceRef};

use super::access::Opened;
use crate::error::word;
use crate::{Result, TenantTx};

/// A model of the catalogue, and what the tenant decided about it.
#[derive(Debug, Clone)]
pub struct Model {
    pub name: String,
    pub is_active: bool,
    /// What decided whether it is enabled.
    pub decided_by: Option<DecidedBy>,
    pub rule: Option<ModelPattern>,
    pub enabled: bool,
    pub audience: Audience,
    /// Whether it has a provider at all, and whether one of them is switched on.
    pub routed: bool,
    pub served: bool,
}

/// A member.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    pub role: TenantRole,
    pub membership: UserStatus,
    pub account: UserStatus,
}

/// # Errors
/// When the database does not answer.
pub async fn model(tx: &mut TenantTx, id: ModelId) -> Result<Option<Model>> {
    let tenant = tx.tenant_id().uuid();
    let row = sqlx::query!(
        r#"select c.name, c.is_active, a.source as "source?", a.prefix as "prefix?", coalesce(a.enabled, false) as "enabled!", coalesce(a.audience, 'tenant') as "audience!",
             exists (select 1 from model_route r where r.model_id = c.id) as "routed!",
             exists (select 1 from model_route r join provider p on p.id = r.provider_id and p.enabled where r.model_id = c.id) as "served!"
           from model c
           left join model_decision a on a.tenant_id = $1 and a.model_id = c.id
           where c.id = $2"#,
        tenant,
        id.uuid(),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Model {
            name: r.name,
            is_active: r.is_active,
            decided_by: r.source.as_deref().map(|source| word(source, "source of a decision")).transpose()?,
            rule: r.prefix.map(ModelPattern::of_prefix),
            enabled: r.enabled,
            audience: word(&r.audience, "audience")?,
            routed: r.routed,
            served: r.served,
        })
    })
    .transpose()
}

/// A member of the tenant, by id or by address.
///
/// # Errors
/// When the database does not answer.
pub async fn person(tx: &mut TenantTx, id: Option<UserId>, email: Option<&Email>) -> Result<Option<Person>> {
    let tenant = tx.tenant_id().uuid();
    let row = sqlx::query!(
        "select m.user_id, m.role, m.status, u.status as account
         from membership m
         join user_account u on u.id = m.user_id
         where m.tenant_id = $1 and (m.user_id = $2 or u.email = $3)",
        tenant,
        id.map(UserId::uuid),
        email.map(Email::as_str),
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|r| {
        Ok(Person {
            id: r.user_id.into(),
            role: word(&r.role, "membership role")?,
            membership: word(&r.status, "membership status")?,
            account: word(&r.account, "account status")?,
        })
    })
    .transpose()
}

/// The active workspaces that list a model, and whether the person has a role in them; at most 100,
/// those first in which they have.
///
/// # Errors
/// When the database does not answer.
pub async fn listed_in(tx: &mut TenantTx, model: ModelId, user: UserId) -> Result<Vec<(WorkspaceRef, bool)>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        r#"select w.id, w.slug, w.name, x.user_id is not null as "inside!"
           from workspace_model l
           join workspace w on w.tenant_id = l.tenant_id and w.id = l.workspace_id and w.status = 'active'
           left join workspace_membership x on x.tenant_id = l.tenant_id and x.workspace_id = l.workspace_id and x.user_id = $3
           where l.tenant_id = $1 and l.model_id = $2
           order by x.user_id is null, lower(w.name), w.id
           limit 100"#,
        tenant,
        model.uuid(),
        user.uuid(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let workspace = WorkspaceRef {
                id: r.id.into(),
                slug: Slug::stored(r.slug),
                name: r.name,
            };
            (workspace, r.inside)
        })
        .collect())
}

/// A workspace, as somebody finds it who asks for a model in it.
#[derive(Debug, Clone, Copy)]
pub struct InWorkspace {
    pub listed: bool,
    /// It has only what it lists.
    pub restricts: bool,
    /// The person has a role in it.
    pub inside: bool,
}

/// None: it is not there, or archived.
///
/// # Errors
/// When the database does not answer.
pub async fn in_workspace(tx: &mut TenantTx, model: ModelId, workspace: WorkspaceId, user: Option<UserId>) -> Result<Option<InWorkspace>> {
    let tenant = tx.tenant_id().uuid();
    Ok(sqlx::query_as!(
        InWorkspace,
        r#"select w.models_mode = 'restrict' as "restricts!",
             exists (select 1 from workspace_model l where l.tenant_id = $1 and l.workspace_id = w.id and l.model_id = $3) as "listed!",
             exists (select 1 from workspace_membership x where x.tenant_id = $1 and x.workspace_id = w.id and x.user_id = $4) as "inside!"
           from workspace w
           where w.tenant_id = $1 and w.id = $2 and w.status = 'active'"#,
        tenant,
        workspace.uuid(),
        model.uuid(),
        user.map(UserId::uuid),
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// The models that a member may use, by name, with the workspaces by which they may; at most 500.
///
/// # Errors
/// When the database does not answer.
pub async fn of_member(tx: &mut TenantTx, user: UserId, opened: Opened) -> Result<Vec<MemberModel>> {
    let tenant = tx.tenant_id().uuid();
    let rows = sqlx::query!(
        r#"select c.id, c.name, c.display_name, $3 or $4 or a.audience = 'tenant' as "everyone!",
             coalesce(w.ids, '{}') as "ids!", coalesce(w.slugs, '{}') as "slugs!", coalesce(w.names, '{}') as "names!"
           from (
             select v.model_id from user_available_models v where v.organization_id = $1 and v.user_id = $2
             union
             select o.model_id
             from user_open_models o
             where ($3 or $4) and ($3 or o.enabled) and o.organization_id = $1 and o.user_id = $2
           ) v
           join model c on c.id = v.model_id
           left join model_decision a on a.tenant_id = $1 and a.model_id = c.id
           join membership m on m.tenant_id = $1 and m.user_id = $2
           cross join lateral (
             select array_agg(w.id order by lower(w.name), w.id) as ids, array_agg(w.slug order by lower(w.name), w.id) as slugs,
               array_agg(w.name order by lower(w.name), w.id) as names
             from workspace_model l
             join workspace w on w.tenant_id = l.tenant_id and w.id = l.workspace_id and w.status = 'active'
             where l.tenant_id = $1 and l.model_id = c.id and a.audience = 'workspaces'
               and (m.role in ('owner', 'admin') or exists (
                 select 1 from workspace_membership x where x.tenant_id = $1 and x.workspace_id = l.workspace_id and x.user_id = $2
               ))
           ) w
           order by c.name
           limit 500"#,
        tenant,
        user.uuid(),
        opened.all,
        opened.everyone,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| MemberModel {
            id: r.id.into(),
            name: r.name,
            display_name: r.display_name,
            everyone: r.everyone,
            workspaces: r
                .ids
                .into_iter()
                .zip(r.slugs.into_iter().zip(r.names))
                .map(|(id, (slug, name))| WorkspaceRef {
                    id: id.into(),
                    slug: Slug::stored(slug),
                    name,
                })
                .collect(),
        })
        .collect())
}
