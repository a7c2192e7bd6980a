//! Invitations: made by those who may invite, accepted by who holds the link and the address. Of the
//! token only a hash is kept; the link is in the answer once, and in the mail when there is SMTP.

use std::time::Duration;

use serde_json::json;
use tenantry_db::access::redeem;
use tenantry_db::invitation::sent::{self, Allowance};
use tenantry_db::invitation::{NewRow, Redeemable, Terms};
use tenantry_db::{TenantTx, account, invitation as db, member, workspace};
use tenantry_types::account::User;
use tenantry_types::invitation::{Acceptance, Invitation, InvitationPreview, InvitationStatus, MyInvitation, NewInvitations};
use tenantry_types::tenant::TenantStatus;
use tenantry_types::{Email, Fault, FieldError, InvitationId, Page, PageQuery, ProblemCode, TenantRef, Timestamp};
use uuid::Uuid;

use crate::accounts::sessions::Entered;
use crate::accounts::{email_taken, new_user};
use crate::app::{new_token, token_hash};
use crate::audit::event;
use crate::members::{owners_take_a_person, role_allows};
use crate::outbox::{InvitationMail, post_invitations};
use crate::password::choose;
use crate::{Actor, App, Error, Granted, Origin, Principal, Result, needs, new_id, now};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Mails to one address, from one tenant, in a day.
const MAILS_A_DAY: u32 = 5;

/// Counts invitations that are about to be made or sent again, for all nodes: whoever may invite can
/// have mails sent to anybody.
///
/// # Errors
/// `RateLimited`.
async fn count(app: &App, tx: &mut TenantTx, to: &[Email], now: Timestamp) -> Result<()> {
    let per_hour = app.policy().invitations_per_hour;
    if per_hour == 0 || to.is_empty() {
        return Ok(());
    }
    member::lock(tx).await?;
    let allowed = Allowance {
        per_hour,
        per_address: app.mailer().is_some().then_some(MAILS_A_DAY),
    };
    if let Some(at) = sent::room_at(tx, to, allowed, now).await? {
        let wait = (at.0 - now.0).whole_seconds().max(0);
        return Err(Error::RateLimited {
            retry_after_s: u64::try_from(wait).unwrap_or(0) + 1,
        });
    }
    Ok(sent::note(tx, to, now).await?)
}

fn link(base_url: &str, token: &str) -> String {
    format!("{}/invite/{token}", base_url.trim_end_matches('/'))
}

/// Invites one or many. A waiting invitation of the same address is replaced.
///
/// # Errors
/// `RoleTooHigh`, `NeedsPerson` for an owner; `AlreadyMember` for a single address, `Invalid` naming
/// each of several; `Invalid` for a workspace that is not there; `RateLimited`.
pub async fn create(app: &App, by: Granted<needs::MembersInvite>, new: NewInvitations, base_url: &str) -> Result<Vec<Invitation>> {
    let given = new.workspaces.iter().all(|w| by.hands_out_in(w.workspace, w.role));
    role_allows(by.hands_out(new.role) && given)?;
    owners_take_a_person(by.actor(), new.role)?;
    let now = now();
    let days = new.expires_in_days.unwrap_or(by.tenant().settings.invitation_days).clamp(1, 90);
    let expires_at = Timestamp(now.0 + DAY * u32::from(days));
    let mut tx = app.db().tenant(&by).await?;

    let ids: Vec<Uuid> = new.workspaces.iter().map(|w| w.workspace.uuid()).collect();
    let there = workspace::active_among(&mut tx, &ids).await?;
    let missing = ids.iter().enumerate().filter(|(_, id)| !there.contains(id));
    let mut faults: Vec<FieldError> = missing
        .map(|(place, _)| FieldError::new(format!("workspaces[{place}].workspace"), Fault::NoSuchThing))
        .collect();
    let addresses: Vec<String> = new.emails.iter().map(|e| e.as_str().to_owned()).collect();
    let members = member::with_addresses(&mut tx, &addresses).await?;
    if !members.is_empty() && !new.many {
        return Err(ProblemCode::AlreadyMember.into());
    }
    let taken = addresses.iter().enumerate().filter(|(_, a)| members.contains(a));
    faults.extend(taken.map(|(place, _)| FieldError::new(format!("email[{place}]"), Fault::MemberAlready)));
    if !faults.is_empty() {
        return Err(faults.into());
    }

    count(app, &mut tx, &new.emails, now).await?;
    let mut rows = Vec::with_capacity(new.emails.len());
    let mut links = Vec::with_capacity(new.emails.len());
    for email in new.emails {
        let (token, hash) = new_token();
        links.push(link(base_url, token.expose()));
        rows.push(NewRow {
            id: new_id(),
            email,
            token_hash: hash,
        });
    }
    let terms = Terms {
        role: new.role,
        workspaces: &new.workspaces,
        invited_by: by.actor().user_id(),
        invited_by_name: by.actor().name(),
        created_at: now,
        expires_at,
    };
    db::insert(&mut tx, &rows, &terms).await?;
    let mut out = Vec::with_capacity(rows.len());
    let mut mails = Vec::new();
    for (row, link) in rows.into_iter().zip(links) {
        tx.record(event(
            "invitation.created",
            "invitation",
            Some(row.id.to_string()),
            row.email.as_str(),
            json!({ "role": new.role }),
        ));
        mails.push(InvitationMail {
            to: row.email.clone(),
            link: link.clone(),
            tenant: by.tenant().name.clone(),
            inviter: by.actor().name().to_owned(),
        });
        out.push(Invitation {
            id: row.id,
            email: row.email,
            role: new.role,
            workspaces: new.workspaces.clone(),
            status: InvitationStatus::Pending,
            invited_by: by.actor().name().to_owned(),
            expires_at,
            created_at: now,
            link: Some(link),
        });
    }
    post_invitations(app, &mut tx, &mails).await?;
    tx.commit().await?;
    Ok(out)
}

/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, by: Granted<needs::InvitationsRead>, query: PageQuery, status: Option<InvitationStatus>) -> Result<Page<Invitation>> {
    let mut tx = app.db().tenant(&by).await?;
    let (items, total) = db::list(&mut tx, &query, status, now()).await?;
    Ok(Page::of(items, &query, Some(total)))
}

async fn waiting(tx: &mut TenantTx, by: &Granted<needs::MembersInvite>, id: InvitationId) -> Result<Invitation> {
    let invitation = db::get(tx, id, now()).await?.ok_or(Error::NOT_FOUND)?;
    role_allows(by.covers(invitation.role))?;
    owners_take_a_person(by.actor(), invitation.role)?;
    match invitation.status {
        InvitationStatus::Pending | InvitationStatus::Expired => Ok(invitation),
        InvitationStatus::Accepted | InvitationStatus::Revoked => Err(ProblemCode::InvitationNotPending.into()),
    }
}

/// Makes the link of an invitation invalid.
///
/// # Errors
/// `NotFound`, `InvitationNotPending`, `RoleTooHigh`, `NeedsPerson` about an owner's.
pub async fn revoke(app: &App, by: Granted<needs::MembersInvite>, id: InvitationId) -> Result<()> {
    let mut tx = app.db().tenant(&by).await?;
    let invitation = waiting(&mut tx, &by, id).await?;
    if !db::revoke(&mut tx, id).await? {
        return Err(ProblemCode::InvitationNotPending.into());
    }
    tx.record(event(
        "invitation.revoked",
        "invitation",
        Some(id.to_string()),
        invitation.email.as_str(),
        json!({}),
    ));
    tx.commit().await?;
    Ok(())
}

/// Gives an invitation a new link and a new term; the old link is not valid any more.
///
/// # Errors
/// `NotFound`, `InvitationNotPending`, `RoleTooHigh`, `NeedsPerson`, `RateLimited`.
pub async fn resend(app: &App, by: Granted<needs::MembersInvite>, id: InvitationId, base_url: &str) -> Result<Invitation> {
    let mut tx = app.db().tenant(&by).await?;
    let mut invitation = waiting(&mut tx, &by, id).await?;
    count(app, &mut tx, std::slice::from_ref(&invitation.email), now()).await?;
    let (token, hash) = new_token();
    let expires_at = Timestamp(now().0 + DAY * u32::from(by.tenant().settings.invitation_days.clamp(1, 90)));
    if !db::renew(&mut tx, id, &hash, expires_at).await? {
        return Err(ProblemCode::InvitationNotPending.into());
    }
    tx.record(event(
        "invitation.resent",
        "invitation",
        Some(id.to_string()),
        invitation.email.as_str(),
        json!({}),
    ));
    let link = link(base_url, token.expose());
    let mail = InvitationMail {
        to: invitation.email.clone(),
        link: link.clone(),
        tenant: by.tenant().name.clone(),
        inviter: by.actor().name().to_owned(),
    };
    post_invitations(app, &mut tx, &[mail]).await?;
    tx.commit().await?;
    invitation.status = InvitationStatus::Pending;
    invitation.expires_at = expires_at;
    invitation.link = Some(link);
    Ok(invitation)
}

/// What the holder of a link may see before deciding.
///
/// # Errors
/// `NotFound` for an unknown token; the other states come as `status`.
pub async fn preview(app: &App, token: &str) -> Result<InvitationPreview> {
    let mut tx = app.db().platform().await?;
    let found = db::by_token(&mut tx, &token_hash(token), now()).await?.ok_or(Error::NOT_FOUND)?;
    Ok(InvitationPreview {
        tenant_name: found.tenant.name,
        tenant_slug: found.tenant.slug,
        tenant_colour: found.tenant.settings.colour,
        email: found.email,
        role: found.role,
        invited_by: found.invited_by,
        expires_at: found.expires_at,
        status: found.status,
    })
}

/// What an acceptance made.
#[derive(Debug)]
pub struct Accepted {
    pub user: User,
    pub tenant: TenantRef,
}

impl Accepted {
    /// For the session of who made their account by it.
    pub fn entered(&self) -> Entered {
        Entered::anew(self.user.clone(), Some(self.tenant.id))
    }
}

fn still_waiting(found: &Redeemable) -> Result<()> {
    match found.status {
        InvitationStatus::Pending => {}
        InvitationStatus::Accepted => return Err(ProblemCode::InvitationUsed.into()),
        InvitationStatus::Expired => return Err(ProblemCode::InvitationExpired.into()),
        InvitationStatus::Revoked => return Err(ProblemCode::InvitationRevoked.into()),
    }
    match found.tenant.status {
        TenantStatus::Active => Ok(()),
        TenantStatus::Suspended => Err(ProblemCode::TenantSuspended.into()),
        TenantStatus::Inactive => Err(ProblemCode::TenantInactive.into()),
    }
}

/// Accepts an invitation: signed in with its address, or by making the account for it.
///
/// # Errors
/// `InvitationUsed`, `InvitationExpired`, `InvitationRevoked`, `WrongAddress`, `SignInRequired`,
/// `AlreadyMember`, `Invalid` without name and password, `Quota`.
pub async fn accept(app: &App, origin: &Origin, token: &str, who: Option<&Principal>, new: Option<Acceptance>) -> Result<Accepted> {
    let mut tx = app.db().platform().await?;
    let found = db::by_token(&mut tx, &token_hash(token), now()).await?.ok_or(Error::NOT_FOUND)?;
    still_waiting(&found)?;
    if let Some(who) = who {
        if who.user().email != found.email {
            return Err(ProblemCode::WrongAddress.into());
        }
        return join(app, &found, who.user().clone(), who.actor(), None).await;
    }
    // Before it is said whether there is an account: only who would make one learns it.
    let Some(new) = new else {
        return Err(Error::Invalid(vec![
            FieldError::new("name", Fault::Required),
            FieldError::new("password", Fault::Required),
        ]));
    };
    let chosen = choose(new.password.expose(), "password")?;
    if found.has_account {
        return Err(ProblemCode::SignInRequired.into());
    }
    drop(tx);
    let hash = app.passwords().hash(chosen).await?;
    let user = new_user(found.email.clone(), &new.name);
    let actor = Actor::newcomer(&user, origin);
    join(app, &found, user, actor, Some(&hash)).await
}

/// Makes the account when there is a hash for it, and the membership, in one transaction.
async fn join(app: &App, found: &Redeemable, user: User, actor: Actor, hash: Option<&str>) -> Result<Accepted> {
    let now = now();
    let mut tx = app.db().platform().await?;
    if let Some(hash) = hash {
        account::insert(&mut tx, &user, Some(hash)).await.map_err(|e| match email_taken(e) {
            // Registered in the meantime.
            Error::Code(ProblemCode::EmailTaken) => ProblemCode::SignInRequired.into(),
            other => other,
        })?;
        tx.record(
            &actor,
            event(
                "user.registered",
                "user",
                Some(user.id.to_string()),
                &user.name,
                json!({ "invited": true }),
            ),
        );
        crate::accounts::sessions::note_place(app, &mut tx, &user, actor.origin()).await?;
        crate::accounts::verification::welcome(app, &mut tx, &user).await?;
    }
    account::set_last_tenant(&mut tx, user.id, found.tenant.id).await?;
    let by = redeem(found, actor);
    let mut tx = tx.enter(&by).await?;
    crate::members::take_seats(&mut tx, 1).await?;
    if member::get(&mut tx, user.id).await?.is_some() {
        return Err(ProblemCode::AlreadyMember.into());
    }
    if !db::accept(&mut tx, found.id, user.id, now).await? {
        return Err(ProblemCode::InvitationUsed.into());
    }
    member::insert(&mut tx, &[user.id.uuid()], found.role, now).await?;
    let roles: Vec<_> = db::workspaces(&mut tx, found.id)
        .await?
        .into_iter()
        .map(|w| (w.workspace, w.role))
        .collect();
    workspace::set_members(&mut tx, user.id, &roles, now).await?;
    tx.record(event(
        "member.joined",
        "user",
        Some(user.id.to_string()),
        &user.name,
        json!({ "role": found.role, "invitation": found.id }),
    ));
    tx.commit().await?;
    Ok(Accepted {
        user,
        tenant: TenantRef {
            id: found.tenant.id,
            slug: found.tenant.slug.clone(),
            name: found.tenant.name.clone(),
        },
    })
}

/// The invitations that wait for one's own address, once it is verified.
///
/// # Errors
/// When the database does not answer.
pub async fn mine(app: &App, who: &Principal) -> Result<Vec<MyInvitation>> {
    if !who.user().email_verified {
        return Ok(Vec::new());
    }
    let mut tx = app.db().platform().await?;
    Ok(db::waiting_for(&mut tx, &who.user().email, now()).await?)
}

/// Accepts one of those.
///
/// # Errors
/// `NotFound` when it does not wait for this address; else as `accept`.
pub async fn accept_mine(app: &App, who: &Principal, id: InvitationId) -> Result<TenantRef> {
    if !who.user().email_verified {
        return Err(Error::NOT_FOUND);
    }
    let mut tx = app.db().platform().await?;
    let found = db::by_address(&mut tx, &who.user().email, id, now()).await?.ok_or(Error::NOT_FOUND)?;
    drop(tx);
    still_waiting(&found)?;
    Ok(join(app, &found, who.user().clone(), who.actor(), None).await?.tenant)
}
