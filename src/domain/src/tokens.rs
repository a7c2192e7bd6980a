//! Tokens for programs: a log-in over the API begins a family, whose access tokens live for minutes
//! and whose refresh tokens are used once each. Somebody who shows an old one has stolen it, or was
//! robbed: the family ends. At each use it is asked anew whether the family, the account and the
//! membership still stand.

mod claims;
mod crypto;
pub mod signing;

use std::time::Duration;

use serde_json::json;
use tenantry_db::access::Bearer;
use tenantry_db::token::{self as db, Family, Shown};
use tenantry_db::{PlatformTx, account};
use tenantry_types::sign_in::SignInMethod;
use tenantry_types::text::Secret;
use tenantry_types::token::{TokenRequest, Tokens};
use tenantry_types::{ProblemCode, TenantId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use crate::accounts::Entered;
use crate::app::{new_token, token_hash};
use crate::audit::event;
use crate::{Actor, App, Error, Origin, Result, access, accounts, now, sign_in_policy};
use claims::Claims;

/// A family ends after this in any case.
const FAMILY: Duration = Duration::from_secs(30 * 24 * 3600);
/// A refresh token that is not used for this long is worth nothing.
const IDLE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Two of a client's own requests may meet: for this long a second use is refused, and no theft.
const MEETING: Duration = Duration::from_secs(10);

/// Who issues our tokens, in their claims.
fn issuer(app: &App) -> &str {
    app.policy().public_url.as_deref().unwrap_or("tenantry")
}

/// Logs in, and begins a family.
///
/// # Errors
/// As `accounts::log_in`; `NotFound` for a tenant that is not theirs.
pub async fn issue(app: &App, origin: &Origin, cmd: TokenRequest) -> Result<Tokens> {
    let Entered { user, standing } = accounts::log_in(app, origin, cmd.login).await?;
    let now = now();
    let began = (now, SignInMethod::Password);
    let tenant = match cmd.tenant.as_deref() {
        Some(named) => {
            let who = access::principal(app, user.id, origin.clone())
                .await?
                .ok_or(ProblemCode::BadCredentials)?
                .signed_in_at(began.0, began.1);
            Some(access::tenant(app, &who, named).await?.tenant().id)
        }
        None => None,
    };
    let family = Family {
        id: Uuid::now_v7(),
        user: user.id,
        tenant,
        workspace: None,
        began,
        expires_at: Timestamp(now.0 + FAMILY),
    };
    let mut tx = app.db().platform().await?;
    db::begin(&mut tx, &family, standing.password_version).await?;
    let changes = json!({ "family": family.id, "tenant": tenant });
    tx.record(
        &Actor::newcomer(&user, origin),
        event("token.issued", "user", Some(user.id.to_string()), &user.name, changes),
    );
    next(app, tx, &family, now).await
}

/// The next pair of a family, and the end of the transaction.
async fn next(app: &App, mut tx: PlatformTx, family: &Family, now: Timestamp) -> Result<Tokens> {
    let (refresh, hash) = new_token();
    db::use_up(&mut tx, family.id, now).await?;
    db::add(&mut tx, family.id, &hash, now).await?;
    tx.commit().await?;
    let ring = signing::ring(app).await?;
    let claims = Claims::new(issuer(app), family.user, family.id, (family.tenant, family.workspace), now.unix());
    let (kid, key) = &ring.signer;
    Ok(Tokens {
        access_token: claims::sign(&claims, kid, key).map_err(Error::internal)?,
        refresh_token: refresh.expose().to_owned(),
        token_type: "Bearer".to_owned(),
        expires_in: claims::LIFETIME,
    })
}

/// Exchanges a refresh token for the next pair. A second use within seconds is refused and changes
/// nothing: two requests of one client met, and the first one's answer counts. A later one ends the family.
///
/// # Errors
/// `Unauthenticated` for every token that is worth nothing, `RefreshRaced`; `SignInAgain` when the tenant
/// that the tokens name asks for a new log-in by now.
pub async fn refresh(app: &App, origin: &Origin, token: &Secret) -> Result<Tokens> {
    let now = now();
    let mut tx = app.db().platform().await?;
    let Shown {
        family,
        created_at,
        used_at,
        session_hours,
    } = db::lock(&mut tx, &token_hash(token.expose()))
        .await?
        .ok_or(ProblemCode::Unauthenticated)?;
    match used_at {
        Some(at) if at.0 + MEETING > now.0 => return Err(ProblemCode::RefreshRaced.into()),
        Some(_) => {
            end(&mut tx, &family, origin, "token.reused").await?;
            tx.commit().await?;
            tracing::warn!(user = %family.user, ip = ?origin.ip, "a refresh token was used twice: its family is ended");
            return Err(ProblemCode::Unauthenticated.into());
        }
        None => {}
    }
    let alive = created_at.0 + IDLE > now.0 && db::alive(&mut tx, family.id, family.user, family.tenant, now).await?.is_some();
    if !alive {
        return Err(ProblemCode::Unauthenticated.into());
    }
    if sign_in_policy::is_over(family.began.0, session_hours) {
        return Err(ProblemCode::SignInAgain.into());
    }
    next(app, tx, &family, now).await
}

async fn end(tx: &mut PlatformTx, family: &Family, origin: &Origin, action: &'static str) -> Result<()> {
    let Some(user) = account::find(tx, family.user).await? else {
        return Ok(());
    };
    if db::end(tx, family.id).await? {
        let actor = Actor::newcomer(&user, origin);
        tx.record(
            &actor,
            event(action, "user", Some(user.id.to_string()), &user.name, json!({ "family": family.id })),
        );
    }
    Ok(())
}

/// Ends the family of a refresh token; for one that is worth nothing there is nothing to do.
///
/// # Errors
/// When the database does not answer.
pub async fn revoke(app: &App, origin: &Origin, token: &Secret) -> Result<()> {
    let mut tx = app.db().platform().await?;
    if let Some(shown) = db::lock(&mut tx, &token_hash(token.expose())).await? {
        end(&mut tx, &shown.family, origin, "token.revoked").await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Tokens of the same family that stand somewhere else. The refresh token from before is used up by
/// it: an access token alone must not become a second way to stay.
///
/// # Errors
/// `Unauthenticated` when the family ended in the meantime.
pub async fn switch(app: &App, bearer: &Bearer, tenant: TenantId, workspace: Option<WorkspaceId>) -> Result<Tokens> {
    let now = now();
    let mut tx = app.db().platform().await?;
    let family = Family {
        id: bearer.family,
        user: bearer.principal.id(),
        tenant: Some(tenant),
        workspace,
        began: bearer.principal.signed_in().unwrap_or((now, SignInMethod::Password)),
        expires_at: now,
    };
    if db::alive(&mut tx, family.id, family.user, family.tenant, now).await?.is_none() {
        return Err(ProblemCode::Unauthenticated.into());
    }
    db::stand(&mut tx, family.id, tenant, workspace).await?;
    crate::accounts::record_switch(&mut tx, &bearer.principal, tenant).await?;
    next(app, tx, &family, now).await
}

/// The person behind an access token, and where it stands; None for one that is worth nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn recognize(app: &App, text: &str, origin: Origin) -> Result<Option<Bearer>> {
    let Some(kid) = claims::key_id(text) else { return Ok(None) };
    let ring = signing::ring_with(app, &kid).await?;
    let Some(claims) = claims::verify(text, issuer(app), &ring.keys) else {
        return Ok(None);
    };
    let (family, user): (Uuid, UserId) = (claims.sid, claims.sub);
    Ok(app.db().bearer(family, user, (claims.tid, claims.wid), origin, now()).await?)
}

/// Removes what is over.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let mut tx = app.db().platform().await?;
    db::delete_expired(&mut tx, now()).await?;
    tx.commit().await?;
    signing::tend(app).await
}
