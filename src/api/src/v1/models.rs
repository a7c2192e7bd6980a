//! Which models a tenant and its workspaces may use, and who can use what.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use tenantry_domain::model_access::{self, ModelFilter};
use tenantry_domain::{App, needs};
use tenantry_types::explain::ModelExplanation;
use tenantry_types::member::Who;
use tenantry_types::model::{ModelAccess, ModelReportRow, ModelRules, ModelRulesPatch, ModelsToggle, Price, TenantModel, WorkspaceModels};
use tenantry_types::permission::Needs;
use tenantry_types::{ApiKeyId, Fault, Fields, FromInput, ModelId, Page};
use utoipa::{IntoParams, ToSchema};

use crate::bodies;
use crate::extract::{Body, Filter, FromQuery, Id, Listing, May, Paging, Params, Search, Unfiltered};
use crate::respond::Answer;

/// Which models.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TenantModelFilter {
    /// Only models that are enabled here, or only those that are not.
    enabled: Option<bool>,
    /// Only models of this provider, by name.
    provider: Option<String>,
    /// Only models whose input and output cost at most this, in micro-USD per million tokens; 0 is free. Unknown prices are not among them.
    #[param(minimum = 0)]
    max_price: Option<i64>,
}

impl Filter for TenantModelFilter {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        let enabled = f.optional("enabled");
        let provider = f.optional("provider");
        let max_price = f.optional::<Price>("max_price");
        Some(Self {
            enabled: enabled?,
            provider: provider?,
            max_price: max_price?.map(|price| price.0),
        })
    }
}

/// List the models of the catalogue, as the tenant sees them
///
/// Those that are not active any more are shown as such.
#[utoipa::path(get, path = "", operation_id = "list_tenant_models", params(Paging, Search, TenantModelFilter),
    responses((status = 200, body = Page<TenantModel>)), extensions(("x-permission" = json!(needs::ModelsRead::PERMISSION))))]
pub async fn list(
    State(app): State<App>,
    May(by): May<needs::ModelsRead>,
    Params(list): Params<Listing<TenantModelFilter>>,
) -> Answer<Json<Page<TenantModel>>> {
    let filter = ModelFilter {
        enabled: list.filter.enabled,
        provider: list.filter.provider,
        max_price: list.filter.max_price,
    };
    Ok(Json(model_access::list(&app, by, list.page, filter).await?))
}

/// Enable and disable many models at once
///
/// Answers with the models that changed.
#[utoipa::path(method(patch, put), path = "", operation_id = "toggle_tenant_models", request_body = bodies::ModelsToggle,
    responses((status = 200, body = Page<TenantModel>)), extensions(("x-permission" = json!(needs::ModelsToggle::PERMISSION))))]
pub async fn toggle(State(app): State<App>, May(by): May<needs::ModelsToggle>, Body(toggle): Body<ModelsToggle>) -> Answer<Json<Page<TenantModel>>> {
    Ok(Json(Page::whole(model_access::toggle(&app, by, toggle).await?)))
}

/// Set whether a model may be used, and by whom
///
/// The audience stays as it is when it is not given.
#[utoipa::path(put, path = "", operation_id = "set_tenant_model", request_body = bodies::ModelAccess,
    responses((status = 200, body = TenantModel)), extensions(("x-permission" = json!(needs::ModelsToggle::PERMISSION))))]
pub async fn set(
    State(app): State<App>,
    May(by): May<needs::ModelsToggle>,
    Id(model): Id<ModelId>,
    Body(access): Body<ModelAccess>,
) -> Answer<Json<TenantModel>> {
    Ok(Json(model_access::set(&app, by, model, access).await?))
}

/// Show the rules about models
///
/// Rules enable all models whose names begin alike, those to come included; `new_models` those that are new in the catalogue.
#[utoipa::path(get, path = "", operation_id = "get_model_rules", responses((status = 200, body = ModelRules)),
    extensions(("x-permission" = json!(needs::ModelsRead::PERMISSION))))]
pub async fn rules(State(app): State<App>, May(by): May<needs::ModelsRead>) -> Answer<Json<ModelRules>> {
    Ok(Json(model_access::rules(&app, by).await?))
}

/// Change the rules about models
///
/// `rules` replaces all. What is decided about a single model comes before them; but a rule that is new takes back what was
/// switched off before among the models that it fits. Of several that fit the longest counts. When `new_models` is turned
/// off, models that it has enabled stay so.
#[utoipa::path(method(patch, put), path = "", operation_id = "set_model_rules", request_body = bodies::ModelRulesPatch,
    responses((status = 200, body = ModelRules)), extensions(("x-permission" = json!(needs::ModelsToggle::PERMISSION))))]
pub async fn set_rules(State(app): State<App>, May(by): May<needs::ModelsToggle>, Body(patch): Body<ModelRulesPatch>) -> Answer<Json<ModelRules>> {
    Ok(Json(model_access::set_rules(&app, by, patch).await?))
}

/// Whom it is about.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct About {
    /// A member, by id or by address; the caller when it is not given.
    #[param(value_type = Option<String>)]
    user: Option<Who>,
    /// One of the tenant's keys: what it may use, as far as its owner may.
    key: Option<ApiKeyId>,
}

impl FromQuery for About {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        let user = f.optional("user");
        let key = f.optional("key");
        Some(Self { user: user?, key: key? })
    }
}

/// Say why somebody may use a model or not
///
/// Names the first step that says no: membership, the member's status, the key, the model, the tenant's decision, workspaces,
/// what the key lists, the provider. Of who is no member only that is said.
#[utoipa::path(get, path = "", operation_id = "explain_model", params(About), responses((status = 200, body = ModelExplanation)),
    extensions(("x-permission" = json!(needs::ModelsReport::PERMISSION))))]
pub async fn explain(
    State(app): State<App>,
    May(by): May<needs::ModelsReport>,
    Id(model): Id<ModelId>,
    Params(about): Params<About>,
) -> Answer<Json<ModelExplanation>> {
    Ok(Json(model_access::explain(&app, by, model, about.user, about.key).await?))
}

/// The form of a report.
#[derive(Clone, Copy, Default, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Format {
    #[default]
    Json,
    Csv,
}

impl FromInput for Format {
    fn from_input(value: &serde_json::Value) -> Result<Self, Fault> {
        match value.as_str() {
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            _ => Err(Fault::DoesNotMatch),
        }
    }
}

/// In which form, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportForm {
    /// `csv` answers with the whole report as a file; pages and search do not apply then.
    #[param(inline, default = "json", required = false)]
    format: Format,
}

/// A page of the report, or all of it as CSV.
pub struct Report {
    list: Listing<Unfiltered>,
    form: ReportForm,
}

impl FromQuery for Report {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        let format = f.optional("format");
        let list = Listing::read(f);
        Some(Self {
            list: list?,
            form: ReportForm {
                format: format?.unwrap_or_default(),
            },
        })
    }
}

/// Report who can use what
///
/// One line for each member, with the models that they may use.
#[utoipa::path(get, path = "", operation_id = "report_models", params(Paging, Search, ReportForm),
    responses((status = 200, content((Page<ModelReportRow> = "application/json"), (String = "text/csv")))),
    extensions(("x-permission" = json!(needs::ModelsReport::PERMISSION))))]
pub async fn report(State(app): State<App>, May(by): May<needs::ModelsReport>, Params(report): Params<Report>) -> Answer<Response> {
    match report.form.format {
        Format::Json => Ok(Json(model_access::report(&app, by, report.list.page).await?).into_response()),
        Format::Csv => {
            let name = format!("attachment; filename=\"models-of-{}.csv\"", by.tenant().slug);
            let csv = model_access::report_csv(&app, by).await?;
            Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)], csv).into_response())
        }
    }
}

/// Show the models of a workspace
#[utoipa::path(get, path = "", operation_id = "get_workspace_models", responses((status = 200, body = WorkspaceModels)),
    extensions(("x-permission" = json!(needs::ModelsRead::PERMISSION))))]
pub async fn of_workspace(State(app): State<App>, May(by): May<needs::ModelsRead>) -> Answer<Json<WorkspaceModels>> {
    Ok(Json(model_access::of_workspace(&app, by).await?))
}

/// Narrow the models of a workspace
///
/// `restrict` leaves those that are listed and enabled in the tenant; an empty list leaves none.
#[utoipa::path(put, path = "", operation_id = "set_workspace_models", request_body = WorkspaceModels,
    responses((status = 200, body = WorkspaceModels)), extensions(("x-permission" = json!(needs::WorkspaceModelsManage::PERMISSION))))]
pub async fn set_of_workspace(
    State(app): State<App>,
    May(by): May<needs::WorkspaceModelsManage>,
    Body(models): Body<WorkspaceModels>,
) -> Answer<Json<WorkspaceModels>> {
    Ok(Json(model_access::set_workspace(&app, by, models).await?))
}
