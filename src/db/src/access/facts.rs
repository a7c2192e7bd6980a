//! The facts about somebody in a tenant that decisions are made from. Read once, by `resolve`; the
//! decisions themselves are `tenantry_types::permission`'s.

use std::sync::Arc;

use tenantry_types::api_key::NO_SCOPES;
use tenantry_types::permission::{Override, Reason, Subject, decide};
use tenantry_types::{CtxRole, Permission, TenantRole, WorkspaceId, WorkspaceRole};

use super::KeyPass;

#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub role: CtxRole,
    pub operator: bool,
    pub workspace_roles: Arc<[(WorkspaceId, WorkspaceRole)]>,
    pub overrides: Arc<[Override]>,
    /// The key that asks: what it does not reach, its person does not do by it.
    pub key: Option<KeyPass>,
}

impl Facts {
    /// Of a door, which nobody asked the matrix for.
    pub fn of_door(role: CtxRole) -> Self {
        Self {
            role,
            operator: role == CtxRole::Operator,
            workspace_roles: Arc::new([]),
            overrides: Arc::new([]),
            key: None,
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
        match &self.key {
            Some(key) if !reaches(key, permission, place) => Reason::NoRole,
            // A key of the tenant stands for nobody: what it was given is what it may.
            Some(key) if key.user().is_none() => Reason::Granted,
            _ => decide(self.subject(), permission, place),
        }
    }

    /// Whether this one has what they would give.
    pub fn holds(&self, permission: Permission, place: Option<WorkspaceId>) -> bool {
        self.key.as_ref().is_none_or(|key| reaches(key, permission, place)) && self.subject().holds(permission, place)
    }

    /// A key gives no role that holds more than the key; what keys never have is not counted.
    pub fn hands_out(&self, role: TenantRole) -> bool {
        let held = |key: &KeyPass| of(|p| CtxRole::Member(role).allows(p)).all(|p| reaches(key, p, None));
        self.key.as_ref().is_none_or(held) && self.subject().hands_out(role)
    }

    /// The same for a role in a workspace.
    pub fn hands_out_in(&self, place: WorkspaceId, role: WorkspaceRole) -> bool {
        let held = |key: &KeyPass| of(|p| role.allows(p)).all(|p| reaches(key, p, Some(place)));
        self.key.as_ref().is_none_or(held) && self.subject().hands_out_in(place, role)
    }
}

/// What a role gives, but for what keys never have.
fn of(gives: impl Fn(Permission) -> bool) -> impl Iterator<Item = Permission> {
    Permission::ALL.iter().copied().filter(move |p| !NO_SCOPES.contains(p) && gives(*p))
}

/// What is no matter of a single workspace is asked for in the tenant, wherever it is asked from.
fn reaches(key: &KeyPass, permission: Permission, place: Option<WorkspaceId>) -> bool {
    key.reaches(permission, place.filter(|_| permission.per_workspace()))
}
