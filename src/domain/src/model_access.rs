//! Which models of the catalogue a tenant may use, who in it may, and which of them a workspace
//! lists. The catalogue itself is in `catalog`.

mod explain;
mod rules;

pub use explain::{explain, of_member};
pub use rules::{rules, set_rules};

use serde_json::json;
use tenantry_db::model::access::{self as db, Filter, Opened};
use tenantry_db::model::report;
use tenantry_db::{TenantTx, WorkspaceHead};
use tenantry_types::model::{ModelAccess, ModelReportRow, ModelsToggle, MyModel, TenantModel, WorkspaceModels};
use tenantry_types::{Fault, FieldError, ModelId, Page, PageQuery, WorkspaceId};
use uuid::Uuid;

use crate::audit::event;
use crate::{App, Error, Granted, Principal, Result, csv, needs, now, sign_in_policy};

/// People in a report that is written in one piece.
const REPORT_ROWS: u32 = 50_000;

/// What the server's settings take away of the decisions: what is told about access has to say what the gateway does.
fn opened(app: &App) -> Opened {
    Opened {
        all: !app.policy().filter_models,
        everyone: app.policy().bypass_model_access,
    }
}

/// Which models of the list are wanted.
#[derive(Debug, Clone, Default)]
pub struct ModelFilter {
    pub enabled: Option<bool>,
    /// The name of a provider.
    pub provider: Option<String>,
    /// Micro-USD per million tokens: input and output cost no more. A price that nobody knows is not among them.
    pub max_price: Option<i64>,
}

/// The catalogue as the tenant sees it, by name. Models that are not active are in it when the
/// tenant decided about them.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, by: Granted<needs::ModelsRead>, query: PageQuery, filter: ModelFilter) -> Result<Page<TenantModel>> {
    // Postgres takes no text with a zero byte.
    let provider = filter
        .provider
        .map(|name| name.trim().replace('\0', "\u{fffd}").to_lowercase())
        .filter(|name| !name.is_empty());
    let mut tx = app.db().tenant(&by).await?;
    let (items, total) = db::list(
        &mut tx,
        &query,
        &Filter {
            enabled: filter.enabled,
            provider,
            max_price: filter.max_price,
        },
    )
    .await?;
    Ok(Page::of(items, &query, Some(total)))
}

/// The names of the providers whose models the tenant can be given, for the filter of the list.
///
/// # Errors
/// When the database does not answer.
pub async fn providers(app: &App, by: Granted<needs::ModelsRead>) -> Result<Vec<String>> {
    let mut tx = app.db().tenant(&by).await?;
    Ok(db::providers(&mut tx).await?)
}

/// One model as the tenant sees it.
///
/// # Errors
/// `NotFound`.
pub async fn get(app: &App, by: Granted<needs::ModelsRead>, id: ModelId) -> Result<TenantModel> {
    let mut tx = app.db().tenant(&by).await?;
    db::get_many(&mut tx, &[id.uuid()]).await?.pop().ok_or(Error::NOT_FOUND)
}

/// Enables and disables many at once; answers those that this changed.
///
/// # Errors
/// `Invalid`, naming each model that is not in the catalogue, or is not active and should be enabled.
pub async fn toggle(app: &App, by: Granted<needs::ModelsToggle>, wanted: ModelsToggle) -> Result<Vec<TenantModel>> {
    let uuids = |ids: &[ModelId]| ids.iter().map(|id| id.uuid()).collect::<Vec<Uuid>>();
    let (enable, disable) = (uuids(&wanted.enable), uuids(&wanted.disable));
    let mut tx = app.db().tenant(&by).await?;
    let before = db::get_many(&mut tx, &[&enable[..], &disable[..]].concat()).await?;
    let mut faults = Vec::new();
    for (name, ids) in [("enable", &wanted.enable), ("disable", &wanted.disable)] {
        for (place, id) in ids.iter().enumerate() {
            let fault = match before.iter().find(|m| m.id == *id) {
                None => Fault::NoSuchThing,
                Some(model) if name == "enable" && !can_be_enabled(model) => Fault::NotActive,
                Some(_) => continue,
            };
            faults.push(FieldError::new(format!("{name}[{place}]"), fault));
        }
    }
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let changed = db::toggle(&mut tx, &enable, &disable, now()).await?;
    let models = db::get_many(&mut tx, &changed).await?;
    for model in &models {
        record(&mut tx, model);
    }
    tx.commit().await?;
    Ok(models)
}

/// One that is enabled already may be enabled again.
fn can_be_enabled(model: &TenantModel) -> bool {
    model.is_active || model.enabled
}

fn record(tx: &mut TenantTx, model: &TenantModel) {
    let action = if model.enabled { "model.enabled" } else { "model.disabled" };
    tx.record(event(
        action,
        "model",
        Some(model.id.to_string()),
        &model.name,
        json!({ "audience": model.audience }),
    ));
}

/// Decides about one model: whether it is enabled, and for whom.
///
/// # Errors
/// `NotFound`; `Invalid` when it is not active and should be enabled.
pub async fn set(app: &App, by: Granted<needs::ModelsToggle>, id: ModelId, access: ModelAccess) -> Result<TenantModel> {
    let mut tx = app.db().tenant(&by).await?;
    let before = db::get_many(&mut tx, &[id.uuid()]).await?.pop().ok_or(Error::NOT_FOUND)?;
    if access.enabled && !can_be_enabled(&before) {
        return Err(Error::field("enabled", Fault::NotActive));
    }
    let changed = db::set(&mut tx, id, access.enabled, access.audience, now()).await?;
    let model = db::get_many(&mut tx, &[id.uuid()]).await?.pop().ok_or(Error::NOT_FOUND)?;
    if changed {
        record(&mut tx, &model);
    }
    tx.commit().await?;
    Ok(model)
}

/// Who can use what: active members by name.
///
/// # Errors
/// When the database does not answer.
pub async fn report(app: &App, by: Granted<needs::ModelsReport>, query: PageQuery) -> Result<Page<ModelReportRow>> {
    let tenant = by.tenant_id();
    let mut tx = app.db().tenant(&by).await?;
    let people = report::people(&mut tx, &query, opened(app)).await?;
    let total = report::count(&mut tx, &query).await?;
    let rows = people.into_iter().map(|person| ModelReportRow {
        user_email: person.email,
        user_name: person.name,
        organization_id: tenant,
        accessible_models: i64::try_from(person.models.len()).unwrap_or(i64::MAX),
        model_names: person.models.to_vec(),
    });
    Ok(Page::of(rows.collect(), &query, Some(total)))
}

/// The whole report as CSV; at most 50,000 people.
///
/// # Errors
/// When the database does not answer.
pub async fn report_csv(app: &App, by: Granted<needs::ModelsReport>) -> Result<String> {
    let mut tx = app.db().tenant(&by).await?;
    let all = PageQuery {
        limit: REPORT_ROWS - 1,
        ..PageQuery::default()
    };
    let people = report::people(&mut tx, &all, opened(app)).await?;
    let tenant = by.tenant_id().to_string();
    tx.record(event(
        "models.report_exported",
        "tenant",
        Some(tenant.clone()),
        &by.tenant().name,
        json!({ "people": people.len() }),
    ));
    tx.commit().await?;
    let mut out = String::from("user_email,user_name,organization_id,accessible_models,model_names\r\n");
    for person in &people {
        let (count, names) = (person.models.len().to_string(), person.models.join("; "));
        csv::line(&mut out, [person.email.as_str(), &person.name, &tenant, &count, &names]);
    }
    Ok(out)
}

fn workspace_of<P>(by: &Granted<P>) -> Result<WorkspaceHead> {
    by.workspace().cloned().ok_or(Error::NOT_FOUND)
}

/// What a workspace makes of the tenant's models. The grant is one in the workspace.
///
/// # Errors
/// `NotFound`.
pub async fn of_workspace(app: &App, by: Granted<needs::ModelsRead>) -> Result<WorkspaceModels> {
    let workspace = workspace_of(&by)?;
    let mut tx = app.db().tenant(&by).await?;
    found(&mut tx, workspace.id).await
}

async fn found(tx: &mut TenantTx, workspace: WorkspaceId) -> Result<WorkspaceModels> {
    db::of_workspace(tx, workspace).await?.ok_or(Error::NOT_FOUND)
}

/// Puts mode and list in the place of those that were.
///
/// # Errors
/// `Invalid`, naming each model that is not in the catalogue.
pub async fn set_workspace(app: &App, by: Granted<needs::WorkspaceModelsManage>, wanted: WorkspaceModels) -> Result<WorkspaceModels> {
    let workspace = workspace_of(&by)?;
    let ids: Vec<Uuid> = wanted.models.iter().map(|id| id.uuid()).collect();
    let mut tx = app.db().tenant(&by).await?;
    let known = db::get_many(&mut tx, &ids).await?;
    let unknown = wanted.models.iter().enumerate().filter(|(_, id)| !known.iter().any(|m| m.id == **id));
    let faults: Vec<FieldError> = unknown
        .map(|(place, _)| FieldError::new(format!("models[{place}]"), Fault::NoSuchThing))
        .collect();
    if !faults.is_empty() {
        return Err(faults.into());
    }
    let before = found(&mut tx, workspace.id).await?;
    db::set_workspace(&mut tx, workspace.id, wanted.mode, &ids, now()).await?;
    let after = found(&mut tx, workspace.id).await?;
    if after != before {
        // `removed` is read by imports: what somebody took off a list does not come back.
        let without = |all: &[ModelId], those: &[ModelId]| all.iter().filter(|id| !those.contains(id)).copied().collect::<Vec<_>>();
        let changes = json!({
            "from": before.mode, "to": after.mode,
            "added": without(&after.models, &before.models), "removed": without(&before.models, &after.models),
        });
        tx.record(event(
            "workspace.models_set",
            "workspace",
            Some(workspace.id.to_string()),
            &workspace.name,
            changes,
        ));
        tx.commit().await?;
    }
    Ok(after)
}

/// Every model that one may use, in each tenant that this sign-in is enough for.
///
/// # Errors
/// When the database does not answer.
pub async fn mine(app: &App, who: &Principal) -> Result<Vec<MyModel>> {
    let mut tx = app.db().platform().await?;
    let tenants = sign_in_policy::open_to(&mut tx, who).await?;
    Ok(db::of_user(&mut tx, who.id(), &tenants, opened(app)).await?)
}
