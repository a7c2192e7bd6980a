//! The rules of a tenant about models that it does not name one by one. What they come to stands in the view
//! `model_decision`.

use tenantry_types::Timestamp;
use tenantry_types::model::{ModelPattern, ModelRule, ModelRules, NewModelPolicy};

use crate::error::word;
use crate::{Result, TenantTx};

/// By their patterns.
///
/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut TenantTx) -> Result<ModelRules> {
    let tenant = tx.tenant_id().uuid();
    let on = sqlx::query_scalar!(r#"select new_models_since is not null as "on!" from tenant where id = $1"#, tenant)
        .fetch_one(tx.conn())
        .await?;
    let rows = sqlx::query!("select prefix, audience from model_rule where tenant_id = $1 order by prefix", tenant)
        .fetch_all(tx.conn())
        .await?;
    let rule = |prefix: String, audience: &str| {
        Ok(ModelRule {
            pattern: ModelPattern::of_prefix(prefix),
            audience: word(audience, "audience")?,
        })
    };
    Ok(ModelRules {
        new_models: if on { NewModelPolicy::On } else { NewModelPolicy::Off },
        rules: rows.into_iter().map(|r| rule(r.prefix, &r.audience)).collect::<Result<_>>()?,
    })
}

/// Puts rules in the place of those that were. A rule that is new counts for all models that it fits: what was switched
/// off among them before is not any more.
///
/// # Errors
/// When the database does not answer.
pub async fn set(tx: &mut TenantTx, rules: &[ModelRule], now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    let prefixes: Vec<String> = rules.iter().map(|r| r.pattern.prefix().to_owned()).collect();
    let audiences: Vec<String> = rules.iter().map(|r| r.audience.as_str().to_owned()).collect();
    sqlx::query!("delete from model_rule where tenant_id = $1 and prefix <> all ($2)", tenant, &prefixes)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "delete from model_access a
         using model c
         where a.tenant_id = $1 and c.id = a.model_id and not a.enabled and exists (
           select 1
           from unnest($2::text[]) n (prefix)
           where starts_with(c.name, n.prefix)
             and not exists (select 1 from model_rule r where r.tenant_id = $1 and r.prefix = n.prefix)
         )",
        tenant,
        &prefixes,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into model_rule as r (tenant_id, prefix, audience, created_at, updated_at)
         select $1, u.prefix, u.audience, $4, $4 from unnest($2::text[], $3::text[]) u (prefix, audience)
         on conflict (tenant_id, prefix) do update
           set audience = excluded.audience, updated_at = excluded.updated_at
           where r.audience <> excluded.audience",
        tenant,
        &prefixes,
        &audiences,
        now.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Enables models that come from now on, or does so no more: those that came until now stay enabled, as if somebody had
/// enabled each.
///
/// # Errors
/// When the database does not answer.
pub async fn set_new_models(tx: &mut TenantTx, policy: NewModelPolicy, now: Timestamp) -> Result<()> {
    let tenant = tx.tenant_id().uuid();
    if policy == NewModelPolicy::Off {
        sqlx::query!(
            "insert into model_access (tenant_id, model_id, enabled, audience, updated_at)
             select d.tenant_id, d.model_id, d.enabled, d.audience, $2
             from model_decision d
             where d.tenant_id = $1 and d.source = 'new'",
            tenant,
            now.0,
        )
        .execute(tx.conn())
        .await?;
    }
    let since = (policy == NewModelPolicy::On).then_some(now.0);
    sqlx::query!(
        "update tenant set new_models_since = $2, updated_at = $3 where id = $1",
        tenant,
        since,
        now.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
