//! What a tenant used through the gateway.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use tenantry_domain::usage::{self, Reach};
use tenantry_domain::{App, needs};
use tenantry_types::permission::Needs;
use tenantry_types::usage::{GroupBy, Usage};
use tenantry_types::{Fields, Page, Timestamp};
use utoipa::IntoParams;

use super::models::Format;
use crate::extract::{FromQuery, MayIn, Params};
use crate::respond::Answer;

/// Which usage, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its shape is used")]
pub struct Span {
    /// From this time on, in whole hours; 30 days before `to` when it is not given. At most 400 days are shown.
    #[param(required = false)]
    from: Timestamp,
    /// Before this time; now when it is not given.
    #[param(required = false)]
    to: Timestamp,
    /// What the sums are made by.
    #[param(inline, required = false, default = "day")]
    group_by: GroupBy,
    /// `csv` answers with a file.
    #[param(inline, required = false, default = "json")]
    format: Format,
}

/// Which usage, and in which form.
pub struct Wanted {
    wanted: usage::Wanted,
    format: Format,
}

impl FromQuery for Wanted {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        let (from, to) = (f.optional("from"), f.optional("to"));
        let by = f.optional("group_by");
        let format = f.optional("format");
        let wanted = usage::Wanted {
            from: from?,
            to: to?,
            by: by?.unwrap_or(GroupBy::Day),
        };
        Some(Self {
            wanted,
            format: format?.unwrap_or_default(),
        })
    }
}

/// Show what was used through the gateway
///
/// Sums of the requests that were sent to providers, by day, hour, model, user, key or workspace; at most 2,000 groups. Who
/// does not manage keys sees their own.
#[utoipa::path(get, path = "", operation_id = "get_usage", params(Span),
    responses((status = 200, content((Page<Usage> = "application/json"), (String = "text/csv")))),
    extensions(("x-permission" = json!(needs::UsageRead::PERMISSION))))]
pub async fn show(State(app): State<App>, MayIn(by, ctx): MayIn<needs::UsageRead>, Params(asked): Params<Wanted>) -> Answer<Response> {
    let reach = Reach::of(&ctx);
    match asked.format {
        Format::Json => {
            let rows = usage::report(&app, by, reach, asked.wanted).await?;
            let items = rows.into_iter().map(|row| Usage::of(row, asked.wanted.by)).collect();
            Ok(Json(Page::whole(items)).into_response())
        }
        Format::Csv => {
            let name = format!("attachment; filename=\"usage-of-{}.csv\"", by.tenant().slug);
            let csv = usage::report_csv(&app, by, reach, asked.wanted).await?;
            Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)], csv).into_response())
        }
    }
}
