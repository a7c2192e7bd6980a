//! What people may and why, and the overrides that a tenant gives its members. Nobody gives what they
//! lack, nobody rules on somebody above them or on themselves, and owners are not denied anything.

use serde_json::json;
use tenantry_db::{TenantTx, member, overrides as db, workspace};
use tenantry_types::account::UserStatus;
use tenantry_types::member::Member;
use tenantry_types::permission::{
    Effect, Effective, Override, OverrideChange, OverrideItem, Overrides, Permissions, Subject, WorkspaceRulings, matrix, rulings,
};
use tenantry_types::{CtxRole, Fault, FieldError, Permission, ProblemCode, TenantRole, UserId, WorkspaceId};
use uuid::Uuid;

use crate::audit::event;
use crate::members::role_allows;
use crate::{App, Error, Granted, Result, TenantCtx, needs, now};

/// The matrix, and what somebody may: the caller, or for those who may read that, any member.
///
/// # Errors
/// `Forbidden` and `NotFound` about somebody else.
pub async fn show(app: &App, ctx: &TenantCtx, by: Granted<needs::TenantRead>, user: Option<UserId>) -> Result<Permissions> {
    let own = ctx.asker().person()?.id();
    let effective = match user.filter(|user| *user != own) {
        Some(user) => of_member(app, ctx.grant()?, user).await?,
        None => {
            let mut tx = app.db().tenant(&by).await?;
            effective(&mut tx, own, ctx.role(), ctx.subject()).await?
        }
    };
    Ok(Permissions { matrix: matrix(), effective })
}

/// What a member may, and why. That they may run the server as well is not the tenant's to know.
///
/// # Errors
/// `NotFound`.
pub async fn of_member(app: &App, by: Granted<needs::PermissionsRead>, user: UserId) -> Result<Effective> {
    let mut tx = app.db().tenant(&by).await?;
    let member = member::get(&mut tx, user).await?.ok_or(Error::NOT_FOUND)?;
    let roles = member::workspaces(&mut tx, user).await?;
    let roles: Vec<_> = roles.into_iter().map(|w| (w.workspace.id, w.role)).collect();
    let overrides = db::of(&mut tx, user).await?;
    let subject = Subject {
        role: (member.status == UserStatus::Active).then_some(member.role),
        operator: false,
        workspaces: &roles,
        overrides: &overrides,
    };
    effective(&mut tx, user, CtxRole::Member(member.role), subject).await
}

async fn effective(tx: &mut TenantTx, user: UserId, role: CtxRole, who: Subject<'_>) -> Result<Effective> {
    let ids: Vec<Uuid> = who.named().map(WorkspaceId::uuid).collect();
    let workspaces = workspace::refs(tx, &ids).await?;
    Ok(Effective {
        user_id: user,
        role,
        permissions: rulings(who, None),
        workspaces: workspaces
            .into_iter()
            .map(|workspace| WorkspaceRulings {
                role: who.role_in(workspace.id),
                permissions: rulings(who, Some(workspace.id)),
                workspace,
            })
            .collect(),
    })
}

/// The overrides of a member.
///
/// # Errors
/// `NotFound`.
pub async fn overrides(app: &App, by: Granted<needs::PermissionsRead>, user: UserId) -> Result<Vec<Override>> {
    let mut tx = app.db().tenant(&by).await?;
    member::get(&mut tx, user).await?.ok_or(Error::NOT_FOUND)?;
    Ok(db::of(&mut tx, user).await?)
}

/// Makes these all the overrides of a member.
///
/// # Errors
/// `NeedsPerson` by a key, `NotFound`, `RoleTooHigh`, `OwnPermissions`, `PermissionTooHigh`, `OwnerHasAll`, `Invalid` for a
/// workspace that is not there.
pub async fn set_overrides(app: &App, by: Granted<needs::PermissionsManage>, user: UserId, all: Overrides) -> Result<Vec<Override>> {
    let field = |place: usize| format!("[{place}].workspace");
    Ok(rule(app, &by, user, |_| all.0, field).await?.1)
}

/// Says one word about a member, or takes it back. Answers who it is about.
///
/// # Errors
/// As `set_overrides`.
pub async fn change_override(app: &App, by: Granted<needs::PermissionsManage>, user: UserId, change: OverrideChange) -> Result<Member> {
    let OverrideChange {
        permission,
        effect,
        workspace,
    } = change;
    let after = |before: &[Override]| {
        let others = before.iter().filter(|o| (o.permission, o.workspace) != (permission, workspace));
        let said = effect.map(|effect| Override {
            permission,
            effect,
            workspace,
        });
        others.copied().chain(said).collect()
    };
    Ok(rule(app, &by, user, after, |_| "workspace".to_owned()).await?.0)
}

async fn rule(
    app: &App,
    by: &Granted<needs::PermissionsManage>,
    user: UserId,
    after: impl FnOnce(&[Override]) -> Vec<Override>,
    field: impl Fn(usize) -> String,
) -> Result<(Member, Vec<Override>)> {
    // What a key gives by this would outlive it.
    if by.actor().is_key() {
        return Err(ProblemCode::NeedsPerson.into());
    }
    let mut tx = app.db().tenant(by).await?;
    member::lock(&mut tx).await?;
    let member = member::get(&mut tx, user).await?.ok_or(Error::NOT_FOUND)?;
    if by.actor().user_id() == Some(user) {
        return Err(ProblemCode::OwnPermissions.into());
    }
    role_allows(by.covers(member.role))?;
    let before = db::of(&mut tx, user).await?;
    let after = after(&before);
    if after.len() > Overrides::MAX as usize {
        return Err(Error::field("", Fault::TooMany { max: Overrides::MAX }));
    }
    let ids: Vec<Uuid> = after.iter().filter_map(|o| o.workspace).map(WorkspaceId::uuid).collect();
    let there = workspace::refs(&mut tx, &ids).await?;
    let missing = |o: &Override| o.workspace.is_some_and(|id| !there.iter().any(|w| w.id == id));
    let faults: Vec<FieldError> = after
        .iter()
        .enumerate()
        .filter(|(_, o)| missing(o))
        .map(|(place, _)| FieldError::new(field(place), Fault::NoSuchThing))
        .collect();
    if !faults.is_empty() {
        return Err(faults.into());
    }
    if member.role == TenantRole::Owner && after.iter().any(|o| o.effect == Effect::Deny) {
        return Err(ProblemCode::OwnerHasAll.into());
    }
    if !widened(&before, &after).all(|(permission, place)| by.holds(permission, place)) {
        return Err(ProblemCode::PermissionTooHigh.into());
    }
    db::replace(&mut tx, user, &after, now()).await?;
    let after = db::of(&mut tx, user).await?;
    if after != before {
        let items = |all: &[Override]| all.iter().copied().map(OverrideItem::from).collect::<Vec<_>>();
        let changes = json!({ "before": items(&before), "after": items(&after) });
        tx.record(event("member.overrides_set", "user", Some(user.to_string()), &member.name, changes));
    }
    tx.commit().await?;
    Ok((member, after))
}

/// What somebody gets by a change: a grant that is new, and a deny that is gone.
fn widened<'a>(before: &'a [Override], after: &'a [Override]) -> impl Iterator<Item = (Permission, Option<WorkspaceId>)> + 'a {
    let says = |all: &[Override], o: &Override, effect| all.contains(&Override { effect, ..*o });
    let granted = after.iter().filter(move |o| o.effect == Effect::Grant && !says(before, o, Effect::Grant));
    let freed = before.iter().filter(move |o| o.effect == Effect::Deny && !says(after, o, Effect::Deny));
    granted.chain(freed).map(|o| (o.permission, o.workspace))
}
