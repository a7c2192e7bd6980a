//! Access: who asks, in which tenant, and what they may. The proofs live beside the transactions
//! that they open, so that all their fields stay private: a `Granted` can only be had by asking the
//! permission matrix, or through one of the few doors at the end of this file.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

use tenantry_types::account::{User, UserStatus};
use tenantry_types::audit::Door;
pub use tenantry_types::permission::Needs;
use tenantry_types::permission::{self, Kind};
use tenantry_types::tenant::{TenantSettings, TenantStatus};
use tenantry_types::workspace::WorkspaceStatus;
use tenantry_types::{CtxRole, Email, Permission, Slug, TenantId, TenantRole, UserId, WorkspaceId, WorkspaceRole};
use uuid::Uuid;

use crate::error::word;
use crate::{Db, DbError, Result};

/// Where a request came from, for the record.
#[derive(Debug, Clone)]
pub struct Origin {
    pub door: Door,
    pub ip: Option<IpAddr>,
    pub request_id: String,
}

impl Origin {
    /// The server itself, doing `what`.
    pub fn system(what: &str) -> Self {
        Self {
            door: Door::System,
            ip: None,
            request_id: what.to_owned(),
        }
    }

    /// The command line.
    pub fn cli(command: &str) -> Self {
        Self {
            door: Door::Cli,
            ip: None,
            request_id: command.to_owned(),
        }
    }
}

/// An authenticated person. Made by `Db::principal`, from what the database says now.
#[derive(Debug, Clone)]
pub struct Principal {
    user: Arc<User>,
    origin: Arc<Origin>,
    last_tenant: Option<TenantId>,
}

impl Principal {
    pub fn user(&self) -> &User {
        &self.user
    }

    pub fn id(&self) -> UserId {
        self.user.id
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The tenant that this person was in last.
    pub fn last_tenant(&self) -> Option<TenantId> {
        self.last_tenant
    }

    pub fn actor(&self) -> Actor {
        Actor {
            who: Who::User {
                id: self.user.id,
                name: self.user.name.clone(),
            }
            .into(),
            origin: self.origin.clone(),
        }
    }

    /// Proof that this person runs the server.
    ///
    /// # Errors
    /// `Denied::NotOperator`: doors answer it like a thing that is not there.
    pub fn operator(&self) -> std::result::Result<Operator, Denied> {
        if self.user.is_operator {
            Ok(Operator { actor: self.actor() })
        } else {
            Err(Denied::NotOperator)
        }
    }
}

/// Who did something: a person, or the server and its command line.
#[derive(Debug, Clone)]
pub struct Actor {
    who: Arc<Who>,
    origin: Arc<Origin>,
}

#[derive(Debug)]
enum Who {
    User { id: UserId, name: String },
    System,
}

impl Actor {
    /// The server itself, or its command line.
    pub fn system(origin: Origin) -> Self {
        Self {
            who: Who::System.into(),
            origin: origin.into(),
        }
    }

    /// A person who is just coming in: signs up, or accepts an invitation.
    pub fn newcomer(user: &User, origin: &Origin) -> Self {
        Self {
            who: Who::User {
                id: user.id,
                name: user.name.clone(),
            }
            .into(),
            origin: Arc::new(origin.clone()),
        }
    }

    pub fn kind(&self) -> &'static str {
        match *self.who {
            Who::User { .. } => "user",
            Who::System => "system",
        }
    }

    pub fn user_id(&self) -> Option<UserId> {
        match *self.who {
            Who::User { id, .. } => Some(id),
            Who::System => None,
        }
    }

    pub fn id_text(&self) -> Option<String> {
        self.user_id().map(|id| id.to_string())
    }

    pub fn name(&self) -> &str {
        match &*self.who {
            Who::User { name, .. } => name,
            Who::System if self.origin.door == Door::Cli => "command line",
            Who::System => "Tenantry",
        }
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// Proof that somebody runs the server: what operator use cases ask for.
#[derive(Debug, Clone)]
pub struct Operator {
    actor: Actor,
}

impl Operator {
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The command line acts as operator: who can run it can read the database.
    pub fn of_command_line(origin: Origin) -> Self {
        Self {
            actor: Actor::system(origin),
        }
    }
}

/// A tenant as every request in it knows it.
#[derive(Debug, Clone)]
pub struct TenantHead {
    pub id: TenantId,
    pub slug: Slug,
    pub name: String,
    pub status: TenantStatus,
    pub status_by_operator: bool,
    pub settings: TenantSettings,
}

/// A workspace as every request in it knows it.
#[derive(Debug, Clone)]
pub struct WorkspaceHead {
    pub id: WorkspaceId,
    pub slug: Slug,
    pub name: String,
    pub status: WorkspaceStatus,
}

/// The workspaces that somebody may enter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    All,
    Only(Vec<WorkspaceId>),
}

/// Why something is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("not there, or not theirs")]
    NotFound,
    #[error("not an operator")]
    NotOperator,
    #[error("the role does not allow {}", .0.as_str())]
    Forbidden(Permission),
    #[error("the tenant is suspended")]
    Suspended,
    #[error("the tenant is deactivated")]
    Inactive,
    #[error("the workspace is archived")]
    Archived,
}

/// A person in a tenant: the resolved context of a request.
#[derive(Debug, Clone)]
pub struct TenantCtx {
    principal: Principal,
    tenant: Arc<TenantHead>,
    role: CtxRole,
    scope: Scope,
    workspace_roles: Arc<[(WorkspaceId, WorkspaceRole)]>,
}

/// A person in a workspace of a tenant.
#[derive(Debug, Clone)]
pub struct WorkspaceCtx {
    tenant: TenantCtx,
    workspace: Arc<WorkspaceHead>,
    role: Option<WorkspaceRole>,
}

/// Proof that the matrix allows `P` to somebody in a tenant, or in one workspace of it.
#[derive(Debug)]
pub struct Granted<P> {
    tenant: Arc<TenantHead>,
    workspace: Option<Arc<WorkspaceHead>>,
    actor: Actor,
    role: CtxRole,
    scope: Scope,
    permission: PhantomData<P>,
}

impl<P> Clone for Granted<P> {
    fn clone(&self) -> Self {
        Self {
            tenant: self.tenant.clone(),
            workspace: self.workspace.clone(),
            actor: self.actor.clone(),
            role: self.role,
            scope: self.scope.clone(),
            permission: PhantomData,
        }
    }
}

impl<P> Granted<P> {
    pub fn tenant(&self) -> &TenantHead {
        &self.tenant
    }

    pub fn tenant_id(&self) -> TenantId {
        self.tenant.id
    }

    pub fn workspace(&self) -> Option<&WorkspaceHead> {
        self.workspace.as_deref()
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn role(&self) -> CtxRole {
        self.role
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }
}

impl TenantCtx {
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    pub fn tenant(&self) -> &TenantHead {
        &self.tenant
    }

    pub fn role(&self) -> CtxRole {
        self.role
    }

    /// What the role may here, for the hiding of buttons; what counts is `grant`.
    pub fn permissions(&self) -> Vec<Permission> {
        Permission::ALL.iter().copied().filter(|p| self.role_for(*p).is_some()).collect()
    }

    /// The role in a workspace: one of its own, or `admin` for those who inherit.
    pub fn workspace_role(&self, workspace: WorkspaceId) -> Option<WorkspaceRole> {
        match self.role {
            CtxRole::Member(role) if role.inherits_workspaces() => Some(WorkspaceRole::Admin),
            _ => self.workspace_roles.iter().find(|(id, _)| *id == workspace).map(|(_, role)| *role),
        }
    }

    /// A tenant that is not active is readable by its owner and by operators, and refuses writes to all.
    fn status_allows(&self, kind: Kind) -> std::result::Result<(), Denied> {
        let denied = match self.tenant.status {
            TenantStatus::Active => return Ok(()),
            TenantStatus::Suspended => Denied::Suspended,
            TenantStatus::Inactive => Denied::Inactive,
        };
        let insider = self.principal.user.is_operator || self.role == CtxRole::Member(TenantRole::Owner);
        match kind {
            Kind::Read | Kind::Lifecycle if insider => Ok(()),
            _ => Err(denied),
        }
    }

    /// The role by which something is allowed in the whole tenant. Operators who are members as well
    /// may what either role may.
    fn role_for(&self, permission: Permission) -> Option<CtxRole> {
        let operator = self.principal.user.is_operator.then_some(CtxRole::Operator);
        [Some(self.role), operator].into_iter().flatten().find(|role| role.allows(permission))
    }

    /// # Errors
    /// `Forbidden` when the role lacks the permission, `Suspended` or `Inactive` by the tenant's status.
    pub fn grant<P: Needs>(&self) -> std::result::Result<Granted<P>, Denied> {
        self.status_allows(P::PERMISSION.kind())?;
        let role = self.role_for(P::PERMISSION).ok_or(Denied::Forbidden(P::PERMISSION))?;
        Ok(self.granted(role, None))
    }

    fn granted<P>(&self, role: CtxRole, workspace: Option<Arc<WorkspaceHead>>) -> Granted<P> {
        Granted {
            tenant: self.tenant.clone(),
            workspace,
            actor: self.principal.actor(),
            role,
            // What only the operator's role allows reaches as far as that role does.
            scope: if role == CtxRole::Operator { Scope::All } else { self.scope.clone() },
            permission: PhantomData,
        }
    }
}

impl WorkspaceCtx {
    pub fn tenant(&self) -> &TenantCtx {
        &self.tenant
    }

    pub fn workspace(&self) -> &WorkspaceHead {
        &self.workspace
    }

    pub fn role(&self) -> Option<WorkspaceRole> {
        self.role
    }

    /// What may be done here: by the role in the tenant, or by the one in the workspace.
    pub fn permissions(&self) -> Vec<Permission> {
        Permission::ALL.iter().copied().filter(|p| self.allows(*p)).collect()
    }

    fn allows(&self, permission: Permission) -> bool {
        self.tenant.role_for(permission).is_some() || self.role.is_some_and(|role| role.allows(permission))
    }

    /// # Errors
    /// As `TenantCtx::grant`; `Archived` for a write in an archived workspace.
    pub fn grant<P: Needs>(&self) -> std::result::Result<Granted<P>, Denied> {
        let permission = P::PERMISSION;
        self.tenant.status_allows(permission.kind())?;
        if !self.allows(permission) {
            return Err(Denied::Forbidden(permission));
        }
        let archived = self.workspace.status == WorkspaceStatus::Archived;
        if archived && permission.kind() == Kind::Write && permission != Permission::WorkspacesArchive {
            return Err(Denied::Archived);
        }
        let role = self.tenant.role_for(permission).unwrap_or(self.tenant.role);
        Ok(self.tenant.granted(role, Some(self.workspace.clone())))
    }
}

/// How a tenant or workspace is named in a request. Postgres takes no text with a zero byte: one
/// names nothing.
fn named(text: &str, id: Option<Uuid>) -> (Option<Uuid>, Option<String>) {
    match id {
        Some(id) => (Some(id), None),
        None => (None, Some(text.to_owned()).filter(|text| !text.contains('\0'))),
    }
}

impl Db {
    /// The person behind a session; None when there is no such account, or a disabled one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn principal(&self, id: UserId, origin: Origin) -> Result<Option<Principal>> {
        let mut tx = self.platform().await?;
        let Some((user, last_tenant)) = crate::account::with_last_tenant(&mut tx, id).await? else {
            return Ok(None);
        };
        if user.status != UserStatus::Active {
            return Ok(None);
        }
        Ok(Some(Principal {
            user: user.into(),
            origin: origin.into(),
            last_tenant,
        }))
    }

    /// A person's context in a tenant, named by id or slug (a former slug leads there, too).
    /// Without a membership there is none, but for operators.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resolve(&self, principal: &Principal, tenant: &str) -> Result<Option<TenantCtx>> {
        let (id, slug) = named(tenant, tenant.parse::<TenantId>().ok().map(TenantId::uuid));
        let mut tx = self.platform().await?;
        let row = sqlx::query!(
            r#"select t.id, t.slug, t.name, t.status, t.status_by_operator, t.settings, m.role as "role?",
                 coalesce((select array_agg(x.workspace_id order by x.workspace_id)
                   from workspace_membership x where x.tenant_id = t.id and x.user_id = $1), '{}') as "workspaces!",
                 coalesce((select array_agg(x.role order by x.workspace_id)
                   from workspace_membership x where x.tenant_id = t.id and x.user_id = $1), '{}') as "roles!"
               from tenant t
               left join membership m on m.tenant_id = t.id and m.user_id = $1 and m.status = 'active'
               where t.id = coalesce($2, (select s.tenant from tenant_slug s where s.slug = $3))"#,
            principal.id().uuid(),
            id,
            slug,
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let role = match row.role {
            Some(role) => CtxRole::Member(word(&role, "membership role")?),
            None if principal.user.is_operator => CtxRole::Operator,
            None => return Ok(None),
        };
        let mut workspace_roles = Vec::with_capacity(row.workspaces.len());
        for (id, role) in row.workspaces.iter().zip(&row.roles) {
            workspace_roles.push((WorkspaceId::new(*id), word::<WorkspaceRole>(role, "workspace role")?));
        }
        let scope = match role {
            CtxRole::Member(TenantRole::Viewer) => Scope::Only(row.workspaces.into_iter().map(WorkspaceId::new).collect()),
            _ => Scope::All,
        };
        let tenant = TenantHead {
            id: row.id.into(),
            slug: Slug::stored(row.slug),
            name: row.name,
            status: word(&row.status, "tenant status")?,
            status_by_operator: row.status_by_operator,
            settings: serde_json::from_value(row.settings).map_err(|_| DbError::Corrupt("tenant settings"))?,
        };
        Ok(Some(TenantCtx {
            principal: principal.clone(),
            tenant: tenant.into(),
            role,
            scope,
            workspace_roles: workspace_roles.into(),
        }))
    }

    /// A workspace of the context's tenant, by id or slug; None when it is not there or not theirs to enter.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resolve_workspace(&self, ctx: &TenantCtx, workspace: &str) -> Result<Option<WorkspaceCtx>> {
        let (id, slug) = named(workspace, workspace.parse::<WorkspaceId>().ok().map(WorkspaceId::uuid));
        // Reading what one stands in needs no permission of its own: the policies keep it to the scope.
        let by: Granted<permission::needs::WorkspacesRead> = ctx.granted(ctx.role, None);
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
        let id = WorkspaceId::new(row.id);
        let workspace = WorkspaceHead {
            id,
            slug: Slug::stored(row.slug),
            name: row.name,
            status: word(&row.status, "workspace status")?,
        };
        Ok(Some(WorkspaceCtx {
            role: ctx.workspace_role(id),
            tenant: ctx.clone(),
            workspace: workspace.into(),
        }))
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

// ---- The doors without a membership. A test counts who uses them. ----

/// To write the first rows of a tenant, or what an import or the initialization brings into it.
#[derive(Debug, Clone, Copy)]
pub enum TenantBootstrap {}
impl Needs for TenantBootstrap {
    const PERMISSION: Permission = Permission::TenantUpdate;
}

/// To become a member by an invitation.
#[derive(Debug, Clone, Copy)]
pub enum InvitationAccept {}
impl Needs for InvitationAccept {
    const PERMISSION: Permission = Permission::MembersAdd;
}

/// To leave a tenant: everyone may, whatever their role.
#[derive(Debug, Clone, Copy)]
pub enum SelfService {}
impl Needs for SelfService {
    const PERMISSION: Permission = Permission::TenantRead;
}

/// To work off what a tenant has to send.
#[derive(Debug, Clone, Copy)]
pub enum Job {}
impl Needs for Job {
    const PERMISSION: Permission = Permission::TenantRead;
}

fn door<P>(tenant: TenantHead, actor: Actor, role: CtxRole) -> Granted<P> {
    Granted {
        tenant: tenant.into(),
        workspace: None,
        actor,
        role,
        scope: Scope::All,
        permission: PhantomData,
    }
}

/// For sign-up, creation, import and initialization: the tenant's first rows.
pub fn found(tenant: TenantHead, actor: Actor) -> Granted<TenantBootstrap> {
    door(tenant, actor, CtxRole::Operator)
}

/// For the initialization, to enable the models of the provider that the environment named.
pub fn found_for(tenant: TenantHead, actor: Actor) -> Granted<permission::needs::ModelsToggle> {
    door(tenant, actor, CtxRole::Operator)
}

/// For the holder of a token that was just looked up by its hash.
pub fn redeem(invitation: &crate::invitation::Redeemable, actor: Actor) -> Granted<InvitationAccept> {
    door(invitation.tenant.clone(), actor, CtxRole::Member(TenantRole::Viewer))
}

/// For a member about their own membership.
pub fn oneself(ctx: &TenantCtx) -> Granted<SelfService> {
    ctx.granted(ctx.role, None)
}

/// For the worker that sends what a tenant has in its outbox.
pub fn job(tenant: TenantId) -> Granted<Job> {
    let head = TenantHead {
        id: tenant,
        slug: Slug::stored(String::new()),
        name: String::new(),
        status: TenantStatus::Active,
        status_by_operator: false,
        settings: TenantSettings::default(),
    };
    door(head, Actor::system(Origin::system("outbox")), CtxRole::Operator)
}

/// An address as the database keeps it.
pub(crate) fn email(text: String) -> Email {
    Email::stored(text)
}
