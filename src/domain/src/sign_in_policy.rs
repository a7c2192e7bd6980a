//! What a tenant asks of those who sign in: one-time codes, certain ways, and again after a while.
//! It is obeyed where a context is resolved, so at every door alike, and binds members: an operator
//! who looks in is bound by the server. Of who comes with an access token only codes are asked, and
//! of a key nothing: it has an end and a reach of its own.

use std::time::Duration;

use serde_json::json;
use tenantry_db::member;
use tenantry_db::sign_in_policy as db;
use tenantry_types::sign_in::{SignInPolicy, SignInPolicyPatch};
use tenantry_types::{CtxRole, Fault, ProblemCode};

use crate::accounts::totp;
use crate::audit::event;
use crate::{App, Error, Granted, Principal, Result, TenantCtx, needs, now};

/// Whether this context may be entered as its person signed in.
///
/// # Errors
/// `TotpRequiredByTenant`, `SignInMethod`, `SignInAgain`.
pub(crate) fn obey(ctx: &TenantCtx, who: &Principal) -> Result<()> {
    let policy = ctx.sign_in_policy();
    if ctx.role() == CtxRole::Operator {
        return Ok(());
    }
    if policy.require_totp && !ctx.has_totp() {
        return Err(ProblemCode::TotpRequiredByTenant.into());
    }
    let Some(held) = who.session() else { return Ok(()) };
    if !policy.methods.contains(&held.how.method) {
        return Err(ProblemCode::SignInMethod.into());
    }
    let over = |hours: u16| held.how.at.0 + Duration::from_secs(u64::from(hours) * 3600) <= now().0;
    if policy.session_hours.is_some_and(over) {
        return Err(ProblemCode::SignInAgain.into());
    }
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn show(app: &App, by: Granted<needs::TenantRead>) -> Result<SignInPolicy> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::get(&mut tx).await?)
}

/// Changes the policy. Nobody locks themselves out: a member who asks for codes has them, and the way
/// by which they signed in stays among those that are taken. `who` is None for a key.
///
/// # Errors
/// `TotpOff`; a fault of `methods`.
pub async fn update(app: &App, by: Granted<needs::TenantUpdate>, who: Option<&Principal>, patch: SignInPolicyPatch) -> Result<SignInPolicy> {
    let mut platform = app.db().platform().await?;
    let has_totp = match who {
        Some(who) => totp::confirmed(&mut platform, who.id()).await?.is_some(),
        None => true,
    };
    let mut tx = platform.enter(&by).await?;
    member::lock(&mut tx).await?;
    let before = db::get(&mut tx).await?;
    let after = SignInPolicy {
        require_totp: patch.require_totp.unwrap_or(before.require_totp),
        methods: patch.methods.map_or_else(|| before.methods.clone(), |methods| methods.0),
        session_hours: patch
            .session_hours
            .map_set(|hours| u16::try_from(hours.0).unwrap_or(u16::MAX))
            .apply(before.session_hours),
    };
    if by.role() != CtxRole::Operator {
        if after.require_totp && !has_totp {
            return Err(ProblemCode::TotpOff.into());
        }
        let mine = who.and_then(Principal::session).map(|held| held.how.method);
        if mine.is_some_and(|method| !after.methods.contains(&method)) {
            return Err(Error::field("methods", Fault::NotActive));
        }
    }
    if after != before {
        db::put(&mut tx, &after, now()).await?;
        let tenant = by.tenant();
        tx.record(event(
            "tenant.sign_in_policy_updated",
            "tenant",
            Some(tenant.id.to_string()),
            &tenant.name,
            json!({ "from": before, "to": after }),
        ));
    }
    tx.commit().await?;
    Ok(after)
}
