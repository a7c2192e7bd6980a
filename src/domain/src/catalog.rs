//! The catalogue: what models there are, kept by the operator. Which of them a tenant may use is in
//! `model_access`.

use std::collections::HashSet;

use serde_json::json;
use tenantry_db::{DbError, PlatformTx, model as db};
use tenantry_types::input::{Bounded, Text};
use tenantry_types::model::{Model, ModelPatch, NewModel, Route};
use tenantry_types::{Fault, FieldError, ModelId, Page, PageQuery, Patch, ProblemCode};
use uuid::Uuid;

use crate::audit::event;
use crate::{App, Error, Operator, Result, new_id, now};

fn named(error: DbError) -> Error {
    if error.is(db::NAME_KEY) {
        ProblemCode::NameTaken.into()
    } else {
        error.into()
    }
}

/// Models by name.
///
/// # Errors
/// When the database does not answer.
pub async fn list(app: &App, _by: &Operator, query: PageQuery) -> Result<Page<Model>> {
    let mut tx = app.db().platform().await?;
    let (items, total) = db::list(&mut tx, &query).await?;
    Ok(Page::of(items, &query, Some(total)))
}

/// # Errors
/// `NotFound`.
pub async fn get(app: &App, _by: &Operator, id: ModelId) -> Result<Model> {
    let mut tx = app.db().platform().await?;
    db::get(&mut tx, id).await?.ok_or(Error::NOT_FOUND)
}

/// # Errors
/// `NameTaken`, `Invalid` for a provider that is not there.
pub async fn create(app: &App, by: &Operator, new: NewModel) -> Result<Model> {
    let model = Model {
        id: new_id(),
        display_name: shown(new.display_name, &new.name.0),
        name: new.name.0,
        provider: None,
        upstream_name: None,
        routes: Vec::new(),
        context_length: bound(new.context_length),
        modalities: words(new.modalities),
        input_price: bound(new.input_price),
        output_price: bound(new.output_price),
        cached_input_price: bound(new.cached_input_price),
        request_price: bound(new.request_price),
        is_active: new.is_active,
        missing_since: None,
    };
    let mut tx = app.db().platform().await?;
    check_routes(&mut tx, &new.routes).await?;
    db::insert(&mut tx, &model, now()).await.map_err(named)?;
    db::set_routes(&mut tx, model.id, &new.routes).await?;
    let model = db::get(&mut tx, model.id).await?.ok_or(Error::NOT_FOUND)?;
    tx.record(
        by.actor(),
        event(
            "model.created",
            "model",
            Some(model.id.to_string()),
            &model.name,
            json!({ "model": model }),
        ),
    );
    tx.commit().await?;
    Ok(model)
}

fn shown(display_name: Option<Text<200>>, name: &str) -> String {
    display_name.map(|t| t.0).filter(|t| !t.is_empty()).unwrap_or_else(|| name.to_owned())
}

fn bound<const MIN: i64, const MAX: i64>(value: Option<Bounded<MIN, MAX>>) -> Option<i64> {
    value.map(|v| v.0)
}

fn words(list: Vec<Text<40>>) -> Vec<String> {
    let mut seen = HashSet::new();
    list.into_iter()
        .map(|t| t.0)
        .filter(|t| !t.is_empty() && seen.insert(t.clone()))
        .collect()
}

fn changed<const MIN: i64, const MAX: i64>(value: &mut Option<i64>, patch: Patch<Bounded<MIN, MAX>>) {
    *value = patch.map_set(|v| v.0).apply(*value);
}

/// Providers must be there, and no route twice.
async fn check_routes(tx: &mut PlatformTx, routes: &[Route]) -> Result<()> {
    let ids: Vec<Uuid> = routes.iter().map(|r| r.provider.uuid()).collect();
    let there = db::providers_among(tx, &ids).await?;
    let mut seen = HashSet::new();
    let mut faults = Vec::new();
    for (place, route) in routes.iter().enumerate() {
        if !there.contains(&route.provider.uuid()) {
            faults.push(FieldError::new(format!("routes[{place}].provider"), Fault::NoSuchThing));
        } else if !seen.insert((route.provider, &route.upstream_name)) {
            faults.push(FieldError::new(format!("routes[{place}].upstream_name"), Fault::DoesNotMatch));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

/// Changes a model. Routes, when given, take the place of all that were.
///
/// # Errors
/// `NotFound`, `NameTaken`, `Invalid` for a provider that is not there.
pub async fn update(app: &App, by: &Operator, id: ModelId, patch: ModelPatch) -> Result<Model> {
    let mut tx = app.db().platform().await?;
    let before = locked(&mut tx, id).await?;
    let mut model = before.clone();
    if let Some(name) = patch.name {
        if model.display_name == model.name {
            model.display_name.clone_from(&name.0);
        }
        model.name = name.0;
    }
    match patch.display_name {
        Patch::Keep => {}
        Patch::Clear => model.display_name.clone_from(&model.name),
        Patch::Set(text) => model.display_name = shown(Some(text), &model.name),
    }
    changed(&mut model.context_length, patch.context_length);
    changed(&mut model.input_price, patch.input_price);
    changed(&mut model.output_price, patch.output_price);
    changed(&mut model.cached_input_price, patch.cached_input_price);
    changed(&mut model.request_price, patch.request_price);
    if let Some(list) = patch.modalities {
        model.modalities = words(list);
    }
    model.is_active = patch.is_active.unwrap_or(model.is_active);
    if model != before {
        db::update(&mut tx, &model, now()).await.map_err(named)?;
    }
    if let Some(routes) = &patch.routes {
        check_routes(&mut tx, routes).await?;
        db::set_routes(&mut tx, id, routes).await?;
    }
    let model = db::get(&mut tx, id).await?.ok_or(Error::NOT_FOUND)?;
    if model != before {
        let changes = json!({ "from": before, "to": model });
        tx.record(by.actor(), event("model.updated", "model", Some(id.to_string()), &model.name, changes));
    }
    tx.commit().await?;
    Ok(model)
}

async fn locked(tx: &mut PlatformTx, id: ModelId) -> Result<Model> {
    if !db::lock(tx, id).await? {
        return Err(Error::NOT_FOUND);
    }
    db::get(tx, id).await?.ok_or(Error::NOT_FOUND)
}

/// Removes a model, with what tenants and workspaces decided about it.
///
/// # Errors
/// `NotFound`.
pub async fn delete(app: &App, by: &Operator, id: ModelId) -> Result<()> {
    let mut tx = app.db().platform().await?;
    let model = locked(&mut tx, id).await?;
    let tenants = db::enabled_in(&mut tx, id).await?;
    db::delete(&mut tx, id).await?;
    let changes = json!({ "model": model, "was_enabled_in_tenants": tenants });
    tx.record(by.actor(), event("model.deleted", "model", Some(id.to_string()), &model.name, changes));
    tx.commit().await?;
    Ok(())
}
