//! Members: who is in a tenant, and as what. The last owner stays; nobody gives, changes or takes a
//! role above their own, or gives one that holds what they lack; seats are counted under a lock.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tenantry_db::access::oneself;
use tenantry_db::{TenantTx, account, invitation, member as db};
use tenantry_types::account::{User, UserStatus};
use tenantry_types::member::{Member, MemberDetail, MemberPatch, MemberSort, MembersAdded, NewMembers, Who};
use tenantry_types::plan::Resource;
use tenantry_types::tenant::MembersJoin;
use tenantry_types::{Page, PageQuery, ProblemCode, TenantRole, UserId};
use uuid::Uuid;

use crate::accounts::marks_of;
use crate::audit::event;
use crate::{Actor, App, Asker, Error, Granted, Operator, Result, TenantCtx, needs, now};

/// Adds the founder, or the first account in the tenant that was prepared.
pub(crate) async fn join_as_owner(tx: &mut TenantTx, user: &User) -> Result<()> {
    db::insert(tx, &[user.id.uuid()], TenantRole::Owner, now()).await?;
    tx.record(event(
        "member.joined",
        "user",
        Some(user.id.to_string()),
        &user.name,
        json!({ "role": TenantRole::Owner }),
    ));
    Ok(())
}

/// Refuses when `more` members would not fit. Locks the memberships of the tenant.
pub(crate) async fn take_seats(tx: &mut TenantTx, more: usize) -> Result<()> {
    db::lock(tx).await?;
    // Who adds nobody exceeds nothing, even where a smaller limit was set afterwards.
    if more == 0 {
        return Ok(());
    }
    let limit = tenantry_db::quota::limits(tx)
        .await?
        .get(&Resource::Members)
        .and_then(|(limit, _)| *limit);
    if let Some(limit) = limit {
        let more = i64::try_from(more).unwrap_or(i64::MAX);
        if db::count(tx).await?.saturating_add(more) > limit {
            return Err(Error::Quota {
                resource: Resource::Members,
                limit,
            });
        }
    }
    Ok(())
}

/// Who owns a tenant is for people to say: what a key did would outlive it. Holding every scope does
/// not make one an owner.
///
/// # Errors
/// `NeedsPerson` for a key, where the role is the owner's.
pub(crate) fn owners_take_a_person(actor: &Actor, role: TenantRole) -> Result<()> {
    if role == TenantRole::Owner && actor.is_key() {
        return Err(ProblemCode::NeedsPerson.into());
    }
    Ok(())
}

/// What the rules on roles say.
pub(crate) fn role_allows(yes: bool) -> Result<()> {
    if yes { Ok(()) } else { Err(ProblemCode::RoleTooHigh.into()) }
}

/// # Errors
/// `Invalid` for an unknown sort.
pub async fn list(app: &App, by: Granted<needs::MembersRead>, query: PageQuery, role: Option<TenantRole>) -> Result<Page<Member>> {
    let sort = if query.sort.is_empty() {
        MemberSort::Name
    } else {
        query.sort.parse().map_err(|fault| Error::field("sort", fault))?
    };
    let mut tx = app.db().tenant(&by).await?;
    let (items, total) = db::list(&mut tx, &query, role, sort).await?;
    Ok(Page::of(items, &query, Some(total)))
}

/// # Errors
/// `NotFound` for who is not a member.
pub async fn get(app: &App, by: Granted<needs::MembersRead>, user: UserId) -> Result<MemberDetail> {
    let mut tx = app.db().tenant(&by).await?;
    let member = db::get(&mut tx, user).await?.ok_or(Error::NOT_FOUND)?;
    let workspaces = db::workspaces(&mut tx, user).await?;
    Ok(MemberDetail { member, workspaces })
}

/// Adds people who have an account: those the caller shares a tenant with already, or, for an
/// operator, anyone. Members already are skipped and counted.
///
/// # Errors
/// `JoinByInvitation` where the tenant says so, `NotFound` when one of them is not known, `RoleTooHigh`,
/// `NeedsPerson` for an owner, `Quota`.
pub async fn add(app: &App, by: Granted<needs::MembersAdd>, who: impl Into<Asker>, new: NewMembers) -> Result<MembersAdded> {
    let who = who.into();
    let operator = who.is_operator();
    // A key of the tenant knows nobody.
    let viewer = who.user_id().unwrap_or(UserId::new(Uuid::nil()));
    if by.tenant().settings.members_join == MembersJoin::Invitation && !operator {
        return Err(ProblemCode::JoinByInvitation.into());
    }
    role_allows(by.hands_out(new.role))?;
    owners_take_a_person(by.actor(), new.role)?;
    let emails: Vec<String> = new
        .who
        .iter()
        .filter_map(|w| if let Who::Email(e) = w { Some(e.as_str().to_owned()) } else { None })
        .collect();
    let ids: Vec<Uuid> = new
        .who
        .iter()
        .filter_map(|w| if let Who::Id(id) = w { Some(id.uuid()) } else { None })
        .collect();
    let mut tx = app.db().platform().await?;
    let found = account::known_to(&mut tx, (!operator).then_some(viewer), &emails, &ids).await?;
    let known = |w: &Who| match w {
        Who::Email(email) => found.iter().any(|u| u.email == *email),
        Who::Id(id) => found.iter().any(|u| u.id == *id),
    };
    // As for any other thing that is not there. Which of many it is, is not said.
    if !new.who.iter().all(known) {
        return Err(Error::NOT_FOUND);
    }
    drop(tx);
    let users: Vec<Uuid> = found.iter().map(|u| u.id.uuid()).collect();
    join(app, &by, &users, new.role, &found, new.who.len() == 1).await
}

async fn join<P: tenantry_db::access::Needs>(
    app: &App,
    by: &Granted<P>,
    users: &[Uuid],
    role: TenantRole,
    names: &[User],
    single: bool,
) -> Result<MembersAdded> {
    let mut tx = app.db().tenant(by).await?;
    db::lock(&mut tx).await?;
    let there = db::get_many(&mut tx, users).await?;
    if single && !there.is_empty() {
        return Err(ProblemCode::AlreadyMember.into());
    }
    let new: Vec<Uuid> = users
        .iter()
        .copied()
        .filter(|id| !there.iter().any(|m| m.user_id.uuid() == *id))
        .collect();
    take_seats(&mut tx, new.len()).await?;
    let added = db::insert(&mut tx, &new, role, now()).await?;
    let items = db::get_many(&mut tx, &added).await?;
    let emails: Vec<String> = items.iter().map(|member| member.email.as_str().to_owned()).collect();
    invitation::revoke_for(&mut tx, &emails).await?;
    for member in &items {
        let name = names
            .iter()
            .find(|u| u.id == member.user_id)
            .map_or(member.name.as_str(), |u| u.name.as_str());
        tx.record(event(
            "member.added",
            "user",
            Some(member.user_id.to_string()),
            name,
            json!({ "role": role }),
        ));
    }
    tx.commit().await?;
    Ok(MembersAdded {
        items,
        skipped: u32::try_from(there.len()).unwrap_or(u32::MAX),
    })
}

/// Adds every active account of the server, from the command line.
///
/// # Errors
/// `NotFound` for an unknown tenant, `Quota`.
pub async fn add_all_active(app: &App, by: &Operator, tenant: &str, role: TenantRole) -> Result<MembersAdded> {
    let tenant = crate::tenants::find(app, by, tenant).await?;
    let mut tx = app.db().platform().await?;
    let users: Vec<Uuid> = account::all_active(&mut tx).await?.into_iter().map(UserId::uuid).collect();
    drop(tx);
    let by = tenantry_db::access::found(tenantry_db::tenant::head(&tenant), by.actor().clone());
    join(app, &by, &users, role, &[], false).await
}

/// Changes a member's role or lets them in no more.
///
/// # Errors
/// `NotFound`, `RoleTooHigh`, `NeedsPerson` about an owner, `LastOwner`.
pub async fn update(app: &App, by: Granted<needs::MembersUpdate>, user: UserId, patch: MemberPatch) -> Result<Member> {
    let changed = update_many(app, by, &[(user, patch)]).await?.pop();
    changed.map(|(_, after)| after).ok_or(Error::NOT_FOUND)
}

/// The same for many: all of them or none. Answers each as they were and as they are.
///
/// # Errors
/// As `update`.
pub async fn update_many(app: &App, by: Granted<needs::MembersUpdate>, changes: &[(UserId, MemberPatch)]) -> Result<Vec<(Member, Member)>> {
    let patches: BTreeMap<Uuid, &MemberPatch> = changes.iter().map(|(user, patch)| (user.uuid(), patch)).collect();
    let ids: Vec<Uuid> = patches.keys().copied().collect();
    let mut tx = app.db().tenant(&by).await?;
    db::lock(&mut tx).await?;
    let before = db::get_many(&mut tx, &ids).await?;
    if before.len() != ids.len() {
        return Err(Error::NOT_FOUND);
    }
    let mut no_owners = Vec::new();
    let mut all = Vec::with_capacity(before.len());
    for member in before {
        let id = member.user_id.uuid();
        let patch = patches.get(&id).ok_or(Error::NOT_FOUND)?;
        let role = patch.role.unwrap_or(member.role);
        let status = patch.status.unwrap_or(member.status);
        role_allows(by.covers(member.role))?;
        owners_take_a_person(by.actor(), member.role)?;
        role_allows(role == member.role || by.hands_out(role))?;
        owners_take_a_person(by.actor(), role)?;
        if member.role == TenantRole::Owner && (role != TenantRole::Owner || status != UserStatus::Active) {
            no_owners.push(id);
        }
        if (role, status) != (member.role, member.status) {
            let (from, to) = if role == member.role {
                (member.status.as_str(), status.as_str())
            } else {
                (member.role.as_str(), role.as_str())
            };
            let id = member.user_id.to_string();
            tx.record(event("member.updated", "user", Some(id), &member.name, json!({ "from": from, "to": to })));
        }
        let after = Member {
            role,
            status,
            ..member.clone()
        };
        all.push((member, after));
    }
    if !no_owners.is_empty() && db::other_owners(&mut tx, &no_owners).await? == 0 {
        return Err(ProblemCode::LastOwner.into());
    }
    let changed: Vec<&Member> = all.iter().filter(|(before, after)| before != after).map(|(_, after)| after).collect();
    db::update(&mut tx, &changed).await?;
    tx.commit().await?;
    Ok(all)
}

fn owners(members: &[Member]) -> Vec<Uuid> {
    let owners = members.iter().filter(|member| member.role == TenantRole::Owner);
    owners.map(|member| member.user_id.uuid()).collect()
}

/// Whether no owner would be left without these members.
async fn last_owners(tx: &mut TenantTx, without: &[Member]) -> Result<bool> {
    let owners = owners(without);
    Ok(!owners.is_empty() && db::other_owners(tx, &owners).await? == 0)
}

async fn delete(tx: &mut TenantTx, members: &[Member], marks: Vec<(UserId, Vec<u8>)>, action: &'static str) -> Result<()> {
    let ids: Vec<Uuid> = members.iter().map(|member| member.user_id.uuid()).collect();
    let theirs = marks.into_iter().filter(|(user, _)| ids.contains(&user.uuid()));
    let marks: Vec<Vec<u8>> = theirs.map(|(_, mark)| mark).collect();
    invitation::revoke_of(tx, &ids).await?;
    db::delete(tx, &ids, &marks, now()).await?;
    for member in members {
        let id = member.user_id.to_string();
        tx.record(event(action, "user", Some(id), &member.name, json!({ "role": member.role })));
    }
    Ok(())
}

/// Removes a member, with their workspace roles and the invitations they sent that still wait.
///
/// # Errors
/// `NotFound`, `RoleTooHigh`, `NeedsPerson` about an owner, `LastOwner`.
pub async fn remove(app: &App, by: Granted<needs::MembersRemove>, user: UserId) -> Result<()> {
    let mut platform = app.db().platform().await?;
    let marks = marks_of(&mut platform, &[user.uuid()]).await?;
    let mut tx = platform.enter(&by).await?;
    db::lock(&mut tx).await?;
    let member = [db::get(&mut tx, user).await?.ok_or(Error::NOT_FOUND)?];
    let [Member { role, .. }] = member;
    role_allows(by.covers(role))?;
    owners_take_a_person(by.actor(), role)?;
    if last_owners(&mut tx, &member).await? {
        return Err(ProblemCode::LastOwner.into());
    }
    delete(&mut tx, &member, marks, "member.removed").await?;
    tx.commit().await?;
    Ok(())
}

/// Why somebody is not removed with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stays {
    /// One leaves, and does not remove oneself among many.
    Oneself,
    /// Without them, and the other owners that were named, the tenant would have none.
    LastOwner,
    RoleTooHigh,
}

/// What became of many.
#[derive(Debug, Clone, PartialEq)]
pub struct Removal {
    pub removed: Vec<Member>,
    pub stay: Vec<(Member, Stays)>,
}

/// Removes those of many who may be removed, in one step, and says who stays and why.
///
/// # Errors
/// `NotFound` when one of them is no member, `NeedsPerson` about an owner.
pub async fn remove_many(app: &App, by: Granted<needs::MembersRemove>, users: &[UserId]) -> Result<Removal> {
    let ids: BTreeSet<Uuid> = users.iter().map(|user| user.uuid()).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut platform = app.db().platform().await?;
    let marks = marks_of(&mut platform, &ids).await?;
    let mut tx = platform.enter(&by).await?;
    db::lock(&mut tx).await?;
    let found = db::get_many(&mut tx, &ids).await?;
    if found.len() != ids.len() {
        return Err(Error::NOT_FOUND);
    }
    let (mut removed, mut stay) = (Vec::new(), Vec::new());
    for member in found {
        owners_take_a_person(by.actor(), member.role)?;
        if by.actor().user_id() == Some(member.user_id) {
            stay.push((member, Stays::Oneself));
        } else if by.covers(member.role) {
            removed.push(member);
        } else {
            stay.push((member, Stays::RoleTooHigh));
        }
    }
    if last_owners(&mut tx, &removed).await? {
        let (owners, others) = removed.into_iter().partition(|member| member.role == TenantRole::Owner);
        let owners: Vec<Member> = owners;
        stay.extend(owners.into_iter().map(|member| (member, Stays::LastOwner)));
        removed = others;
    }
    delete(&mut tx, &removed, marks, "member.removed").await?;
    tx.commit().await?;
    Ok(Removal { removed, stay })
}

/// Leaves a tenant. Everyone may, but its last owner.
///
/// # Errors
/// `LastOwner`; `NotFound` for an operator who is not a member.
pub async fn leave(app: &App, ctx: &TenantCtx) -> Result<()> {
    let person = ctx.asker().person()?.id();
    let mut platform = app.db().platform().await?;
    let marks = marks_of(&mut platform, &[person.uuid()]).await?;
    let mut tx = platform.enter(&oneself(ctx)).await?;
    db::lock(&mut tx).await?;
    let member = [db::get(&mut tx, person).await?.ok_or(Error::NOT_FOUND)?];
    if last_owners(&mut tx, &member).await? {
        return Err(ProblemCode::LastOwner.into());
    }
    delete(&mut tx, &member, marks, "member.left").await?;
    tx.commit().await?;
    Ok(())
}
