//! Access: what somebody may, in which tenant. The proofs live beside the transactions that they
//! open, so that all their fields stay private: a `Granted` can only be had by asking the permission
//! matrix, or through one of the few `doors`.

mod bearer;
mod doors;
mod facts;
mod key;
mod memory;
mod resolve;
pub mod supply;
mod who;

use std::marker::PhantomData;
use std::sync::Arc;

use facts::Facts;
pub use tenantry_types::permission::Needs;
use tenantry_types::permission::{Kind, Reason, Subject};
use tenantry_types::sign_in::SignInPolicy;
use tenantry_types::tenant::{TenantSettings, TenantStatus};
use tenantry_types::workspace::WorkspaceStatus;
use tenantry_types::{CtxRole, Email, Permission, Slug, TenantId, TenantRole, Timestamp, WorkspaceId, WorkspaceRole};

pub use bearer::Bearer;
pub use doors::{DomainJoin, InvitationAccept, Job, SelfService, TenantBootstrap, found, found_for, job, oneself, redeem, welcome};
pub use key::{KeyFacts, KeyPass};
pub use memory::Rate;
pub(crate) use memory::{Committing, Memory};
pub(crate) use resolve::overrides;
pub use who::{Actor, Asker, Operator, Origin, Principal};

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
    #[error("a key is not a person")]
    NeedsPerson,
    #[error("nothing allows {}", .0.as_str())]
    Forbidden(Permission),
    #[error("the tenant is suspended")]
    Suspended,
    #[error("the tenant is deactivated")]
    Inactive,
    #[error("the workspace is archived")]
    Archived,
}

/// A person or a key in a tenant: the resolved context of a request.
#[derive(Debug, Clone)]
pub struct TenantCtx {
    asker: Asker,
    tenant: Arc<TenantHead>,
    facts: Facts,
    scope: Scope,
    last_active_at: Option<Timestamp>,
    sign_in: Arc<SignInPolicy>,
    has_totp: bool,
}

/// A person or a key in a workspace of a tenant.
#[derive(Debug, Clone)]
pub struct WorkspaceCtx {
    tenant: TenantCtx,
    workspace: Arc<WorkspaceHead>,
}

/// Proof that the matrix, and the overrides that stand for them, allow `P` to somebody in a tenant, or in one workspace of it.
#[derive(Debug)]
pub struct Granted<P> {
    tenant: Arc<TenantHead>,
    workspace: Option<Arc<WorkspaceHead>>,
    actor: Actor,
    role: CtxRole,
    facts: Facts,
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
            facts: self.facts.clone(),
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

    /// The role that stands behind the grant: `operator` where only that one allows it.
    pub fn role(&self) -> CtxRole {
        self.role
    }

    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }
}

impl<P: Needs> Granted<P> {
    /// Operators set up tenants: what they do as such is not held against a role in the tenant.
    fn as_operator(&self) -> bool {
        self.facts.operator && CtxRole::Operator.allows(P::PERMISSION)
    }

    /// Whether this one may change or take away what somebody of this role has.
    pub fn covers(&self, role: TenantRole) -> bool {
        self.as_operator() || self.role.covers(role)
    }

    /// Whether this one may hand out a role in the tenant.
    pub fn hands_out(&self, role: TenantRole) -> bool {
        self.as_operator() || self.facts.hands_out(role)
    }

    /// Whether this one may change or take away a role in a workspace.
    pub fn covers_in(&self, workspace: WorkspaceId, role: WorkspaceRole) -> bool {
        self.as_operator() || self.facts.subject().role_in(workspace).is_some_and(|own| own.covers(role))
    }

    /// Whether this one may hand out a role in a workspace.
    pub fn hands_out_in(&self, workspace: WorkspaceId, role: WorkspaceRole) -> bool {
        self.as_operator() || self.facts.hands_out_in(workspace, role)
    }

    /// Whether this one has what they would give: in the whole tenant, or in a workspace.
    pub fn holds(&self, permission: Permission, workspace: Option<WorkspaceId>) -> bool {
        self.facts.holds(permission, workspace)
    }
}

impl TenantCtx {
    pub fn asker(&self) -> &Asker {
        &self.asker
    }

    pub fn tenant(&self) -> &TenantHead {
        &self.tenant
    }

    pub fn role(&self) -> CtxRole {
        self.facts.role
    }

    /// What the tenant asks of a sign-in.
    pub fn sign_in_policy(&self) -> &SignInPolicy {
        &self.sign_in
    }

    /// Whether the person has one-time codes.
    pub fn has_totp(&self) -> bool {
        self.has_totp
    }

    /// When the member was here last, as far as it was noted.
    pub fn last_active_at(&self) -> Option<Timestamp> {
        self.last_active_at
    }

    /// Who this is to `permission::decide`.
    pub fn subject(&self) -> Subject<'_> {
        self.facts.subject()
    }

    /// What may be done in the tenant as such, for the hiding of buttons; what counts is `grant`.
    pub fn permissions(&self) -> Vec<Permission> {
        Permission::ALL.iter().copied().filter(|p| self.facts.decide(*p, None).allows()).collect()
    }

    /// Whether something may be done, in a workspace or in the tenant as such, whatever the tenant's status.
    pub fn may(&self, permission: Permission, place: Option<WorkspaceId>) -> bool {
        self.facts.decide(permission, place).allows()
    }

    /// The role in a workspace: one of its own, or `admin` for those who inherit.
    pub fn workspace_role(&self, workspace: WorkspaceId) -> Option<WorkspaceRole> {
        self.facts.subject().role_in(workspace)
    }

    /// A tenant that is not active is readable by its owner and by operators, and refuses writes to all.
    fn status_allows(&self, kind: Kind) -> std::result::Result<(), Denied> {
        let denied = match self.tenant.status {
            TenantStatus::Active => return Ok(()),
            TenantStatus::Suspended => Denied::Suspended,
            TenantStatus::Inactive => Denied::Inactive,
        };
        // A key works in a tenant that is active: bringing one back is for people.
        if self.asker.key().is_some() {
            return Err(denied);
        }
        let insider = self.facts.operator || self.facts.role == CtxRole::Member(TenantRole::Owner);
        match kind {
            Kind::Read | Kind::Lifecycle if insider => Ok(()),
            _ => Err(denied),
        }
    }

    /// # Errors
    /// `Forbidden` when nothing gives the permission or something takes it away, `Suspended` or
    /// `Inactive` by the tenant's status.
    pub fn grant<P: Needs>(&self) -> std::result::Result<Granted<P>, Denied> {
        self.status_allows(P::PERMISSION.kind())?;
        self.granted_by(self.facts.decide(P::PERMISSION, None), None)
    }

    fn granted_by<P: Needs>(&self, reason: Reason, workspace: Option<Arc<WorkspaceHead>>) -> std::result::Result<Granted<P>, Denied> {
        match reason {
            Reason::Operator => Ok(self.granted(CtxRole::Operator, workspace)),
            reason if reason.allows() => Ok(self.granted(self.facts.role, workspace)),
            _ => Err(Denied::Forbidden(P::PERMISSION)),
        }
    }

    fn granted<P: Needs>(&self, role: CtxRole, workspace: Option<Arc<WorkspaceHead>>) -> Granted<P> {
        // Whoever makes a workspace gives it its id: no list of those that they may enter can hold it.
        let all = role == CtxRole::Operator || P::PERMISSION == Permission::WorkspacesCreate;
        Granted {
            tenant: self.tenant.clone(),
            workspace,
            actor: self.asker.actor(),
            role,
            facts: self.facts.clone(),
            scope: if all { Scope::All } else { self.scope.clone() },
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
        self.tenant.workspace_role(self.workspace.id)
    }

    fn decide(&self, permission: Permission) -> Reason {
        self.tenant.facts.decide(permission, Some(self.workspace.id))
    }

    /// What may be done here.
    pub fn permissions(&self) -> Vec<Permission> {
        Permission::ALL.iter().copied().filter(|p| self.decide(*p).allows()).collect()
    }

    /// # Errors
    /// As `TenantCtx::grant`; `Archived` for a write in an archived workspace.
    pub fn grant<P: Needs>(&self) -> std::result::Result<Granted<P>, Denied> {
        let permission = P::PERMISSION;
        self.tenant.status_allows(permission.kind())?;
        let granted = self.tenant.granted_by(self.decide(permission), Some(self.workspace.clone()))?;
        let archived = self.workspace.status == WorkspaceStatus::Archived;
        if archived && permission.kind() == Kind::Write && permission != Permission::WorkspacesArchive {
            return Err(Denied::Archived);
        }
        Ok(granted)
    }
}

/// An address as the database keeps it.
pub(crate) fn email(text: String) -> Email {
    Email::stored(text)
}
