//! The rules of a tenant about models that it does not name one by one.

use serde_json::json;
use tenantry_db::{member, model::rules as db};
use tenantry_types::model::{ModelRules, ModelRulesPatch};

use crate::audit::event;
use crate::{App, Granted, Result, needs, now};

/// The rules, and whether new models are enabled.
///
/// # Errors
/// When the database does not answer.
pub async fn rules(app: &App, by: Granted<needs::ModelsRead>) -> Result<ModelRules> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::get(&mut tx).await?)
}

/// Changes them. A rule that is new counts for all models that it fits: what was switched off among them before is not any
/// more. When new models are not enabled any more, those that came until then stay so.
///
/// # Errors
/// When the database does not answer.
pub async fn set_rules(app: &App, by: Granted<needs::ModelsToggle>, patch: ModelRulesPatch) -> Result<ModelRules> {
    let now = now();
    let mut tx = app.db().tenant(&by).await?;
    member::lock(&mut tx).await?;
    let before = db::get(&mut tx).await?;
    if let Some(policy) = patch.new_models.filter(|policy| *policy != before.new_models) {
        db::set_new_models(&mut tx, policy, now).await?;
    }
    if let Some(rules) = &patch.rules {
        db::set(&mut tx, rules, now).await?;
    }
    let after = db::get(&mut tx).await?;
    if after != before {
        let tenant = by.tenant();
        let changes = json!({ "from": before, "to": after });
        tx.record(event("models.rules_set", "tenant", Some(tenant.id.to_string()), &tenant.name, changes));
        tx.commit().await?;
    }
    Ok(after)
}
