//! The facts about somebody in a tenant that decisions are made from. Read once, by `resolve`; the
//! decisions themselves are `tenantry_types::permission`'s.

use std::sync::Arc;

use tenantry_types::permission::{Override, Reason, Subject, decide};
use tenantry_types::{CtxRole, Permission, WorkspaceId, WorkspaceRole};

#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub role: CtxRole,
    pub operator: bool,
    pub workspace_roles: Arc<[(WorkspaceId, WorkspaceRole)]>,
    pub overrides: Arc<[Override]>,
}

impl Facts {
    /// Of a door, which nobody asked the matrix for.
    pub fn of_door(role: CtxRole) -> Self {
        Self {
            role,
            operator: role == CtxRole::Operator,
            workspace_roles: Arc::new([]),
            overrides: Arc::new([]),
        }
    }

    pub fn subject(&self) -> Subject<'_> {
        Subject {
            role: match self.role {
                CtxRole::Member(role) => Some(role),
                CtxRole::Operator => None,
            },
            operator: self.operator,
            workspaces: &self.workspace_roles,
            overrides: &self.overrides,
        }
    }

    pub fn decide(&self, permission: Permission, place: Option<WorkspaceId>) -> Reason {
        decide(self.subject(), permission, place)
    }
}
