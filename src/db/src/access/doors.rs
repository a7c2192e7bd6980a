//! The doors into a tenant without a membership. Each hands out a grant that nobody asked the matrix
//! for, so there are few, and `tests/doors.rs` knows every place that opens one.

use std::marker::PhantomData;

use tenantry_types::permission::{Needs, needs};
use tenantry_types::tenant::{TenantSettings, TenantStatus};
use tenantry_types::{CtxRole, Permission, Slug, TenantId, TenantRole};

use super::{Actor, Facts, Granted, Origin, Scope, TenantCtx, TenantHead};

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

/// To become a member by the domain of an address.
#[derive(Debug, Clone, Copy)]
pub enum DomainJoin {}
impl Needs for DomainJoin {
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
        facts: Facts::of_door(role),
        scope: Scope::All,
        permission: PhantomData,
    }
}

/// For sign-up, creation, import and initialization: the tenant's first rows.
pub fn found(tenant: TenantHead, actor: Actor) -> Granted<TenantBootstrap> {
    door(tenant, actor, CtxRole::Operator)
}

/// For the initialization, to enable the models of the provider that the environment named.
pub fn found_for(tenant: TenantHead, actor: Actor) -> Granted<needs::ModelsToggle> {
    door(tenant, actor, CtxRole::Operator)
}

/// For the holder of a token that was just looked up by its hash.
pub fn redeem(invitation: &crate::invitation::Redeemable, actor: Actor) -> Granted<InvitationAccept> {
    door(invitation.tenant.clone(), actor, CtxRole::Member(TenantRole::Viewer))
}

/// For whom a provider has just signed in with an address of a confirmed domain.
pub fn welcome(joinable: &crate::domain::Joinable, actor: Actor) -> Granted<DomainJoin> {
    door(joinable.tenant.clone(), actor, CtxRole::Member(TenantRole::Viewer))
}

/// For a member about their own membership.
pub fn oneself(ctx: &TenantCtx) -> Granted<SelfService> {
    ctx.granted(ctx.role(), None)
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
