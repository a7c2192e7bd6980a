//! The catalogue of models. For operators.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use tenantry_domain::{App, catalog};
use tenantry_types::model::{Model, ModelPatch, NewModel};
use tenantry_types::{ModelId, Page};

use crate::bodies;
use crate::extract::{AsOperator, Body, Id, Listing, Paging, Params, Search};
use crate::respond::{Answer, created};
use crate::routes::OPERATOR;

/// List the models of the catalogue
#[utoipa::path(get, path = "", operation_id = "list_models", params(Paging, Search), responses((status = 200, body = Page<Model>)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn list(State(app): State<App>, AsOperator(by): AsOperator, Params(list): Params<Listing>) -> Answer<Json<Page<Model>>> {
    Ok(Json(catalog::list(&app, &by, list.page).await?))
}

/// Add a model to the catalogue
///
/// `routes` names the providers that serve it, in the order of `priority`; `provider` and `upstream_name` stand for a single
/// one. Prices are micro-USD per million tokens; null is unknown, which is not 0.
#[utoipa::path(post, path = "", operation_id = "create_model", request_body = bodies::NewModel, responses((status = 201, body = Model)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn create(State(app): State<App>, AsOperator(by): AsOperator, Body(new): Body<NewModel>) -> Answer<Response> {
    let model = catalog::create(&app, &by, new).await?;
    Ok(created(format!("/api/v1/models/{}", model.id), model))
}

/// Show a model of the catalogue
#[utoipa::path(get, path = "", operation_id = "get_model", responses((status = 200, body = Model)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn get(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<ModelId>) -> Answer<Json<Model>> {
    Ok(Json(catalog::get(&app, &by, id).await?))
}

/// Change a model of the catalogue
///
/// `routes`, when it is there, replaces all of them.
#[utoipa::path(method(patch, put), path = "", operation_id = "update_model", request_body = bodies::ModelPatch,
    responses((status = 200, body = Model)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn update(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<ModelId>, Body(patch): Body<ModelPatch>) -> Answer<Json<Model>> {
    Ok(Json(catalog::update(&app, &by, id, patch).await?))
}

/// Take a model out of the catalogue
///
/// To keep its history, set `is_active` to false instead.
#[utoipa::path(delete, path = "", operation_id = "delete_model", responses((status = 204)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn delete(State(app): State<App>, AsOperator(by): AsOperator, Id(id): Id<ModelId>) -> Answer<StatusCode> {
    catalog::delete(&app, &by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
