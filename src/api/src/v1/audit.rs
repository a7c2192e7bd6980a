//! What happened: in a tenant, and on the server itself. Read, taken along as a file, verified.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::stream::try_unfold;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use tenantry_domain::audit::{self, Export, Format, Part};
use tenantry_domain::{App, needs};
use tenantry_types::audit::{AuditEvent, AuditFilter, AuditVerification, Door, Outcome};
use tenantry_types::input::Bounded;
use tenantry_types::permission::Needs;
use tenantry_types::{Fault, Fields, FromInput, Page, PageQuery, Timestamp};
use utoipa::{IntoParams, ToSchema};

use crate::extract::{AsOperator, FromQuery, May, Paging, Params, Search};
use crate::respond::Answer;
use crate::routes::OPERATOR;

/// Which events, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its shape is used")]
pub struct Filters {
    /// Only what this one did: an id, or `user`, `key`, `system`.
    #[param(required = false)]
    actor: String,
    /// Only `member.updated`, or with `member` all that begins so.
    #[param(required = false)]
    action: String,
    /// Only what ended like this.
    #[param(inline, required = false)]
    outcome: Outcome,
    /// Only what was done to this: an id, or a kind such as `workspace`.
    #[param(required = false)]
    target: String,
    /// From this time on.
    #[param(required = false)]
    from: Timestamp,
    /// Before this time.
    #[param(required = false)]
    to: Timestamp,
    /// Only what came through this door.
    #[param(inline, required = false)]
    door: Door,
}

/// A page of filtered events.
pub struct Wanted {
    filter: AuditFilter,
    part: Part,
}

impl FromQuery for Wanted {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        let limit = f.optional::<Bounded<1, { PageQuery::MAX_LIMIT as i64 }>>("limit");
        let skip = f.optional::<Bounded<0, { PageQuery::MAX_SKIP as i64 }>>("skip");
        let cursor = f.optional::<Cursor>("cursor");
        let filter = AuditFilter::read(f);
        let (limit, skip, cursor, filter) = (limit?, skip?, cursor?, filter?);
        if skip.is_some() && cursor.is_some() {
            f.fault("cursor", Fault::DoesNotMatch);
            return None;
        }
        let part = Part {
            before: cursor.map(|cursor| cursor.0),
            skip: skip.map_or(Some(0), |skip| u32::try_from(skip.0).ok())?,
            limit: limit.map_or(Some(PageQuery::default().limit), |limit| u32::try_from(limit.0).ok())?,
        };
        Some(Self { filter, part })
    }
}

/// A `next_cursor` that comes back.
struct Cursor(i64);

impl FromInput for Cursor {
    fn from_input(value: &serde_json::Value) -> Result<Self, Fault> {
        value.as_str().and_then(Part::place_of_cursor).map(Self).ok_or(Fault::DoesNotMatch)
    }
}

/// The form of a file.
#[derive(Clone, Copy, Default, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum FileFormat {
    #[default]
    Ndjson,
    Csv,
}

impl FromInput for FileFormat {
    fn from_input(value: &serde_json::Value) -> Result<Self, Fault> {
        match value.as_str() {
            Some("ndjson") => Ok(Self::Ndjson),
            Some("csv") => Ok(Self::Csv),
            _ => Err(Fault::DoesNotMatch),
        }
    }
}

/// In which form, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportForm {
    /// `ndjson`: an event as JSON in each line; `csv`: for spreadsheets.
    #[param(inline, default = "ndjson", required = false)]
    format: FileFormat,
}

/// Filtered events, as a file.
pub struct Taken {
    filter: AuditFilter,
    form: ExportForm,
}

impl FromQuery for Taken {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        let format = f.optional("format");
        let filter = AuditFilter::read(f);
        Some(Self {
            filter: filter?,
            form: ExportForm {
                format: format?.unwrap_or_default(),
            },
        })
    }
}

impl Taken {
    fn format(&self) -> Format {
        match self.form.format {
            FileFormat::Ndjson => Format::Ndjson,
            FileFormat::Csv => Format::Csv,
        }
    }
}

/// Sends the file while it is read: what breaks off was not whole.
fn file(export: Export, name: &str) -> Response {
    let format = export.format();
    let headers = [
        (CONTENT_TYPE, format.content_type().to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{}\"", format.as_str())),
    ];
    let pieces = try_unfold(export, async |mut export| {
        let piece = export.next().await.inspect_err(|error| tracing::error!(?error, "an export broke off"))?;
        Ok::<_, tenantry_domain::Error>(piece.map(|piece| (piece, export)))
    });
    (headers, Body::from_stream(pieces)).into_response()
}

/// List what happened in a tenant
///
/// The newest first; `total` is null. What was refused or failed is folded: one event a minute for the same caller and thing,
/// with their number in `changes.count`.
#[utoipa::path(get, path = "", operation_id = "list_audit", params(Paging, Search, Filters), responses((status = 200, body = Page<AuditEvent>)),
    extensions(("x-permission" = json!(needs::AuditRead::PERMISSION))))]
pub async fn list(State(app): State<App>, May(by): May<needs::AuditRead>, Params(wanted): Params<Wanted>) -> Answer<Json<Page<AuditEvent>>> {
    Ok(Json(audit::list(&app, by, &wanted.filter, wanted.part).await?))
}

/// Take what happened in a tenant along as a file
///
/// All events that the filters let through, the newest first. The export is an event itself.
#[utoipa::path(get, path = "", operation_id = "export_audit", params(ExportForm, Search, Filters),
    responses((status = 200, content((String = "application/x-ndjson"), (String = "text/csv")))),
    extensions(("x-permission" = json!(needs::AuditRead::PERMISSION))))]
pub async fn export(State(app): State<App>, May(by): May<needs::AuditRead>, Params(taken): Params<Taken>) -> Answer<Response> {
    let name = format!("audit-of-{}", by.tenant().slug);
    let format = taken.format();
    Ok(file(audit::export(&app, by, taken.filter, format).await?, &name))
}

/// Verify the record of a tenant
///
/// Walks the chain of hashes and holds it against the heads that were noted outside the database: edits, removals, another
/// order and a cut show.
#[utoipa::path(get, path = "", operation_id = "verify_audit", responses((status = 200, body = AuditVerification)),
    extensions(("x-permission" = json!(needs::AuditRead::PERMISSION))))]
pub async fn verify(State(app): State<App>, May(by): May<needs::AuditRead>) -> Answer<Json<AuditVerification>> {
    Ok(Json(audit::verify(&app, by).await?))
}

/// List what happened on the server
///
/// Accounts, providers, the catalogue, tenants as such, and who tried doors that are not theirs.
#[utoipa::path(get, path = "", operation_id = "list_platform_audit", params(Paging, Search, Filters),
    responses((status = 200, body = Page<AuditEvent>)), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn list_platform(State(app): State<App>, AsOperator(by): AsOperator, Params(wanted): Params<Wanted>) -> Answer<Json<Page<AuditEvent>>> {
    Ok(Json(audit::list_platform(&app, &by, &wanted.filter, wanted.part).await?))
}

/// Take what happened on the server along as a file
#[utoipa::path(get, path = "", operation_id = "export_platform_audit", params(ExportForm, Search, Filters),
    responses((status = 200, content((String = "application/x-ndjson"), (String = "text/csv")))), extensions(("x-permission" = json!(OPERATOR))))]
pub async fn export_platform(State(app): State<App>, AsOperator(by): AsOperator, Params(taken): Params<Taken>) -> Answer<Response> {
    let format = taken.format();
    Ok(file(audit::export_platform(&app, &by, taken.filter, format).await?, "audit-of-server"))
}

/// Verify the record of the server
#[utoipa::path(get, path = "", operation_id = "verify_platform_audit", responses((status = 200, body = AuditVerification)),
    extensions(("x-permission" = json!(OPERATOR))))]
pub async fn verify_platform(State(app): State<App>, AsOperator(by): AsOperator) -> Answer<Json<AuditVerification>> {
    Ok(Json(audit::verify_platform(&app, &by).await?))
}
