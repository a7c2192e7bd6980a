//! Access: what somebody may, in which tenant. The proofs live beside the transactions that they
//! open, so that all their fields stay private: a `Granted` can only be had by asking the permission
//! matrix, or through one of the few `doors`.

mod doors;
mod resolve;
mod who;

use std::marker::PhantomData;
use std::sync::Arc;

use tenantry_types::permission::Kind;
pub use tenantry_types::permission::Needs;
use tenantry_types::tenant::{TenantSettings, TenantStatus};
use tenantry_types::workspace::WorkspaceStatus;
use tenantry_types::{CtxRole, Email, Permission, Slug, TenantId, TenantRole, Timestamp, WorkspaceId, WorkspaceRole};

pub use doors::{InvitationAccept, Job, SelfService, TenantBootstrap, found, found_for, job, oneself, redeem};
pub use who::{Actor, Operator, Origin, Principal};

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
    last_active_at: Option<Timestamp>,
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

    /// When the member was here last, as far as it was noted.
    pub fn last_active_at(&self) -> Option<Timestamp> {
        self.last_active_at
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

/// An address as the database keeps it.
pub(crate) fn email(text: String) -> Email {
    Email::stored(text)
}
