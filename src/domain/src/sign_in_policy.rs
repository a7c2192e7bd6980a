//! What a tenant asks of those who sign in: one-time codes, certain ways, and again after a while.
//! It is obeyed where a context is resolved, so at every door alike, and binds members: an operator
//! who looks in is bound by the server. Access tokens are as old as the log-in that they follow from.
//! The key of a person is asked whether that person has codes; it is no sign-in, and has an end and a
//! reach of its own. A key of the tenant is asked nothing.

use std::time::Duration;

use serde_json::json;
use tenantry_db::sign_in_policy as db;
use tenantry_db::{PlatformTx, member};
use tenantry_types::sign_in::{SignInMethod, SignInPolicy, SignInPolicyPatch};
use tenantry_types::{CtxRole, Fault, ProblemCode, TenantId, Timestamp};

use crate::accounts::totp;
use crate::audit::event;
use crate::{App, Asker, Error, Granted, Principal, Result, TenantCtx, needs, now};

/// Whether this context may be entered as its person signed in, or by their key.
///
/// # Errors
/// `TotpRequiredByTenant`, `SignInMethod`, `SignInAgain`.
pub(crate) fn obey(ctx: &TenantCtx) -> Result<()> {
    if ctx.role() == CtxRole::Operator {
        return Ok(());
    }
    let lacks_totp = ctx.asker().user_id().is_some() && !ctx.has_totp();
    let signed_in = ctx.asker().person().ok().and_then(Principal::signed_in);
    met(ctx.sign_in_policy(), lacks_totp, signed_in)
}

/// The tenants of a person whose policy this sign-in meets: for what shows several at once.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn open_to(tx: &mut PlatformTx, who: &Principal) -> Result<Vec<TenantId>> {
    let (policies, has_totp) = db::of_memberships(tx, who.id()).await?;
    let open = policies.into_iter().filter(|(_, policy)| met(policy, !has_totp, who.signed_in()).is_ok());
    Ok(open.map(|(tenant, _)| tenant).collect())
}

fn met(policy: &SignInPolicy, lacks_totp: bool, signed_in: Option<(Timestamp, SignInMethod)>) -> Result<()> {
    if policy.require_totp && lacks_totp {
        return Err(ProblemCode::TotpRequiredByTenant.into());
    }
    let Some((at, method)) = signed_in else {
        return Ok(());
    };
    if !policy.methods.contains(&method) {
        return Err(ProblemCode::SignInMethod.into());
    }
    if is_over(at, policy.session_hours) {
        return Err(ProblemCode::SignInAgain.into());
    }
    Ok(())
}

/// Whether a sign-in of then counts no more.
pub(crate) fn is_over(at: Timestamp, session_hours: Option<u16>) -> bool {
    session_hours.is_some_and(|hours| at.0 + Duration::from_secs(u64::from(hours) * 3600) <= now().0)
}

/// # Errors
/// When the database does not answer.
pub async fn show(app: &App, by: Granted<needs::TenantRead>) -> Result<SignInPolicy> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::get(&mut tx).await?)
}

/// Changes the policy. Nobody locks themselves out: a member who asks for codes has them, and the way
/// by which they signed in stays among those that are taken.
///
/// # Errors
/// `NeedsPerson` for a key, which would weaken what people are asked; `TotpOff`; a fault of `methods`.
pub async fn update(app: &App, by: Granted<needs::TenantUpdate>, who: &Asker, patch: SignInPolicyPatch) -> Result<SignInPolicy> {
    let who = who.person()?;
    let mut platform = app.db().platform().await?;
    let has_totp = totp::confirmed(&mut platform, who.id()).await?.is_some();
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
        let mine = who.signed_in();
        if mine.is_some_and(|(_, method)| !after.methods.contains(&method)) {
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
