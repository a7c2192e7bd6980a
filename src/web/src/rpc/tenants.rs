//! One tenant: its overview, its settings, its life and death.
#![expect(clippy::too_many_arguments, reason = "one argument a field of the form")]

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tenantry_types::invitation::Invitation;
use tenantry_types::overview::Overview;
use tenantry_types::plan::{Plan, Quotas};
use tenantry_types::sign_in::SignInPolicy;
use tenantry_types::tenant::Tenant;

use super::{Done, UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    super::What,
    crate::{drawn, server, state::Posted},
    leptos::server_fn::ServerFn,
    serde_json::json,
    tenantry_domain::{audit, domains, invitations, needs, notifications, plans, quotas, sign_in_policy, tenants},
    tenantry_types::invitation::InvitationStatus,
    tenantry_types::openid::{DomainPatch, NewDomain},
    tenantry_types::plan::{QuotaPatch, Resource as Limited},
    tenantry_types::sign_in::SignInPolicyPatch,
    tenantry_types::tenant::TenantPatch,
    tenantry_types::{FieldError, PageQuery},
};

/// The first page of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverviewPage {
    pub overview: Overview,
    /// The invitations that wait; empty for those who may not see them.
    pub pending: Vec<Invitation>,
    /// What happened last, as it is drawn.
    pub activity: String,
    /// What the person has not read yet, as it is drawn; empty when there is nothing.
    pub notices: String,
}

#[server(endpoint = "tenant/overview", output = Answer)]
pub async fn get_overview(tenant: String) -> Result<OverviewPage, UiError> {
    let s = server::ctx(&tenant).await?;
    let overview = tenants::overview(&s.app, s.grant()?).await?;
    let activity = match s.ctx.grant() {
        Ok(by) => drawn::activity(audit::recent(&s.app, by, 8).await?),
        Err(_) => drawn::no_activity(),
    };
    let pending = match s.ctx.grant() {
        Ok(by) => {
            let query = PageQuery {
                limit: 5,
                ..PageQuery::default()
            };
            invitations::list(&s.app, by, query, Some(InvitationStatus::Pending)).await?.items
        }
        Err(_) => Vec::new(),
    };
    let notices = match s.ctx.asker().person() {
        Ok(who) => notifications::in_tenant(&s.app, who, &s.ctx).await?,
        Err(_) => Vec::new(),
    };
    let here = format!("/t/{}", s.ctx.tenant().slug);
    Ok(OverviewPage {
        notices: drawn::notices(notices, &here),
        overview,
        pending,
        activity,
    })
}

#[server(endpoint = "tenant/dismiss_steps", output = Answer)]
pub async fn dismiss_steps(tenant: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    tenants::dismiss_steps(&s.app, &s.ctx).await?;
    Ok(server::done(What::StepsDismissed, "", None))
}

/// The settings of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettingsPage {
    pub tenant: Tenant,
    pub quotas: Quotas,
    pub sign_in: SignInPolicy,
    /// The plans to choose from; empty for those who may not.
    pub plans: Vec<Plan>,
    /// The tenant's domains, as they are drawn; None for those who may not change them.
    pub domains: Option<String>,
}

#[server(endpoint = "tenant/settings", output = Answer)]
pub async fn settings(tenant: String) -> Result<SettingsPage, UiError> {
    let s = server::ctx(&tenant).await?;
    let of = tenants::get(&s.app, s.grant()?).await?;
    let quotas = quotas::show(&s.app, s.grant()?).await?;
    let sign_in = s.ctx.sign_in_policy().clone();
    let plans = match s.ctx.asker().operator() {
        Ok(operator) => plans::list(&s.app, &operator).await?,
        Err(_) => Vec::new(),
    };
    let domains = match s.ctx.grant::<needs::TenantUpdate>() {
        Ok(_) => {
            let items = domains::list(&s.app, s.grant()?).await?;
            let may_confirm = s.ctx.grant::<needs::DomainsConfirm>().is_ok();
            Some(drawn::domains(of.slug.as_str(), items, may_confirm, use_context::<Posted>().as_ref()))
        }
        Err(_) => None,
    };
    Ok(SettingsPage {
        tenant: of,
        quotas,
        sign_in,
        plans,
        domains,
    })
}

/// Names a domain; `join_role` may be empty.
#[server(endpoint = "tenant/domains/add", output = Answer)]
pub async fn add_domain(tenant: String, #[server(default)] domain: String, #[server(default)] join_role: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let new = NewDomain::parse(&json!({ "domain": domain, "join_role": join_role }))?;
    domains::add(&s.app, s.grant()?, new).await?;
    Ok(server::done(What::DomainsSaved, "", None))
}

#[server(endpoint = "tenant/domains/update", output = Answer)]
pub async fn update_domain(tenant: String, domain: String, #[server(default)] join_role: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let patch = DomainPatch::parse(&json!({ "join_role": join_role }))?;
    domains::update(&s.app, s.grant()?, server::id(&domain)?, patch).await?;
    Ok(server::done(What::DomainsSaved, "", None))
}

#[server(endpoint = "tenant/domains/remove", output = Answer)]
pub async fn remove_domain(tenant: String, domain: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    domains::remove(&s.app, s.grant()?, server::id(&domain)?).await?;
    Ok(server::done(What::DomainsSaved, "", None))
}

/// For operators.
#[server(endpoint = "tenant/domains/confirm", output = Answer)]
pub async fn confirm_domain(tenant: String, domain: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    domains::confirm(&s.app, s.grant()?, server::id(&domain)?).await?;
    Ok(server::done(What::DomainsSaved, "", None))
}

/// `methods`: words with commas between.
#[server(endpoint = "tenant/sign-in", output = Answer)]
pub async fn update_sign_in_policy(
    tenant: String,
    #[server(default)] require_totp: String,
    #[server(default)] methods: String,
    #[server(default)] session_hours: String,
) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    // A box that is not ticked is not sent.
    let patch = SignInPolicyPatch::parse(&json!({
        "require_totp": !require_totp.is_empty(), "methods": methods, "session_hours": session_hours,
    }))?;
    sign_in_policy::update(&s.app, s.grant()?, s.ctx.asker(), patch).await?;
    Ok(server::done(What::SignInPolicySaved, "", None))
}

#[server(endpoint = "tenant/update", output = Answer)]
pub async fn update_tenant(
    tenant: String,
    #[server(default)] name: String,
    #[server(default)] slug: String,
    #[server(default)] external_id: String,
    #[server(default)] members_join: String,
    #[server(default)] invitation_days: String,
    #[server(default)] colour: String,
    #[server(default)] member_role: String,
    #[server(default)] metadata: Option<String>,
) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let mut body = json!({
        "name": name, "slug": slug, "external_id": external_id,
        "members_join": members_join, "invitation_days": invitation_days, "colour": colour, "member_role": member_role,
    });
    if let Some(typed) = metadata {
        body["metadata"] = server::metadata(&typed)?;
    }
    let patch = TenantPatch::parse(&body)?;
    let after = tenants::update(&s.app, s.grant()?, patch).await?;
    let moved = (after.slug != s.ctx.tenant().slug).then(|| format!("/t/{}/settings", after.slug));
    Ok(server::done(What::TenantSaved, "", moved))
}

#[server(endpoint = "tenant/activate", output = Answer)]
pub async fn activate_tenant(tenant: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let after = tenants::activate(&s.app, s.grant()?).await?;
    Ok(server::done(What::TenantActivated, format!("{} is active again.", after.name), None))
}

#[server(endpoint = "tenant/suspend", output = Answer)]
pub async fn suspend_tenant(tenant: String, #[server(default)] confirm: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    server::confirmed(&confirm, &s.ctx.tenant().name)?;
    let after = tenants::suspend(&s.app, s.grant()?).await?;
    let done = server::done(What::TenantSuspended, format!("{} is suspended.", after.name), None);
    Ok(done.offer("Activate", ActivateTenant::url(), &[("tenant", &tenant)]))
}

#[server(endpoint = "tenant/deactivate", output = Answer)]
pub async fn deactivate_tenant(tenant: String, #[server(default)] confirm: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    server::confirmed(&confirm, &s.ctx.tenant().name)?;
    let after = tenants::deactivate(&s.app, s.grant()?).await?;
    Ok(server::done(What::TenantDeactivated, format!("{} is deactivated.", after.name), None))
}

/// The tenant's own limits, spend in dollars: an empty field takes the tenant's own limit away.
#[server(endpoint = "tenant/limits", output = Answer)]
pub async fn set_limits(
    tenant: String,
    #[server(default)] members: String,
    #[server(default)] documents: String,
    #[server(default)] storage_mb: String,
    #[server(default)] api_calls_per_hour: String,
    #[server(default)] processing_jobs: String,
    #[server(default)] vector_collections: String,
    #[server(default)] tokens_per_day: String,
    #[server(default)] spend_per_month: String,
    #[server(default)] concurrent_requests: String,
) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let typed = [
        (Limited::Members, members),
        (Limited::Documents, documents),
        (Limited::StorageMb, storage_mb),
        (Limited::ApiCallsPerHour, api_calls_per_hour),
        (Limited::ProcessingJobs, processing_jobs),
        (Limited::VectorCollections, vector_collections),
        (Limited::TokensPerDay, tokens_per_day),
        (Limited::SpendPerMonth, spend_per_month),
        (Limited::ConcurrentRequests, concurrent_requests),
    ];
    let mut patch = QuotaPatch::default();
    let mut faults = Vec::new();
    for (resource, text) in typed {
        match resource.read_typed(&text) {
            Ok(None) => drop(patch.as_in_plan.insert(resource)),
            Ok(limit) => drop(patch.limits.insert(resource, limit)),
            Err(fault) => faults.push(FieldError::new(resource.as_str(), fault)),
        }
    }
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let now = quotas::set(&s.app, s.grant()?, None, patch).await?;
    Ok(limits_done(What::LimitsSaved, &now))
}

#[server(endpoint = "tenant/plan", output = Answer)]
pub async fn set_plan(tenant: String, #[server(default)] plan: String) -> Result<Done, UiError> {
    let s = server::ctx(&tenant).await?;
    let plan = if plan.is_empty() { None } else { Some(server::id(&plan)?) };
    let now = quotas::set(&s.app, s.grant()?, Some(plan), QuotaPatch::default()).await?;
    Ok(limits_done(What::PlanSet, &now))
}

/// Names what the tenant uses more of than it may from now on.
#[cfg(feature = "ssr")]
fn limits_done(what: What, now: &Quotas) -> Done {
    let over: Vec<String> = now
        .items
        .iter()
        .filter_map(|q| q.limit.filter(|limit| q.used > *limit).map(|limit| (q, limit)))
        .map(|(q, limit)| format!("{} ({} of {})", q.resource.label(), q.resource.typed(q.used), q.resource.typed(limit)))
        .collect();
    if over.is_empty() {
        return server::done(what, "", None);
    }
    let said = format!("{} Over its limit is now: {}.", what.text(), over.join(", "));
    server::done(What::LimitsSavedOver, said, None)
}
