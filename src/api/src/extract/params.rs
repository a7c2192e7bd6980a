//! What stands behind the question mark. Read like a body: all faults are named at once, and a
//! parameter that a route does not know is one, because a misspelt filter would show too much.

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde_json::{Map, Value};
use tenantry_types::input::Bounded;
use tenantry_types::{Fault, Fields, FromInput, PageQuery, ProblemCode};
use utoipa::IntoParams;

use crate::ApiError;

/// A type that reads itself from the query.
pub trait FromQuery: Sized {
    /// None when a fault was recorded.
    fn read(f: &mut Fields<'_>) -> Option<Self>;
}

/// The parsed query of a request.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: FromQuery> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| ApiError::from(ProblemCode::BadRequest))?;
        let map: Map<String, Value> = pairs.0.into_iter().map(|(key, value)| (key, Value::String(value))).collect();
        Ok(Self(Fields::read(&Value::Object(map), T::read)?))
    }
}

/// The narrowing that a list takes beside its page.
pub trait Filter: Sized {
    /// Whether the list takes `q`.
    const SEARCH: bool = true;

    /// None when a fault was recorded.
    fn read(f: &mut Fields<'_>) -> Option<Self>;

    /// The word of `sort`, for lists that take it.
    fn sort(&self) -> &'static str {
        ""
    }
}

/// No filter.
pub struct Unfiltered;

impl Filter for Unfiltered {
    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

/// Which page of a list, and narrowed to what.
pub struct Listing<F = Unfiltered> {
    pub page: PageQuery,
    pub filter: F,
}

impl<F: Filter> FromQuery for Listing<F> {
    fn read(f: &mut Fields<'_>) -> Option<Self> {
        let limit = f.optional::<Bounded<1, { PageQuery::MAX_LIMIT as i64 }>>("limit");
        let skip = f.optional::<Bounded<0, { PageQuery::MAX_SKIP as i64 }>>("skip");
        let cursor = f.optional::<Cursor>("cursor");
        let q = if F::SEARCH { f.optional::<String>("q") } else { Some(None) };
        let filter = F::read(f);
        let (limit, skip, cursor, q, filter) = (limit?, skip?, cursor?, q?, filter?);
        let skip = match (skip, cursor) {
            (Some(_), Some(_)) => {
                f.fault("cursor", Fault::DoesNotMatch);
                return None;
            }
            (Some(skip), None) => u32::try_from(skip.0).ok()?,
            (None, Some(cursor)) => cursor.0,
            (None, None) => 0,
        };
        let page = PageQuery {
            limit: limit.map_or(Some(PageQuery::default().limit), |limit| u32::try_from(limit.0).ok())?,
            skip,
            q: q.unwrap_or_default(),
            sort: filter.sort().to_owned(),
        };
        Some(Self { page, filter })
    }
}

/// A `next_cursor` that comes back.
struct Cursor(u32);

impl FromInput for Cursor {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        value.as_str().and_then(PageQuery::skip_of_cursor).map(Self).ok_or(Fault::DoesNotMatch)
    }
}

/// The page of a list, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its shape is used")]
pub struct Paging {
    /// How many items at most.
    #[param(minimum = 1, maximum = 100, default = 50, required = false)]
    limit: u32,
    /// The `next_cursor` of the page before; not together with `skip`.
    #[param(required = false)]
    cursor: String,
    /// How many items to pass over.
    #[param(minimum = 0, maximum = 10_000, default = 0, required = false)]
    skip: u32,
}

/// The search of a list, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its shape is used")]
pub struct Search {
    /// Only items that hold this text, whatever its case.
    #[param(required = false)]
    q: String,
}

#[cfg(test)]
mod tests;
