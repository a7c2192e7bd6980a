//! Forms of server functions, as a browser without JavaScript sends them: to the page that they stand
//! on, naming form and function in the address (`?act=role:/_fn/members/role`). The answer is where
//! the result shows, or the page again with faults and all that was typed. Nothing of it travels
//! through an address or a session, so nothing of it can be forged.
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, Uri, header};
use leptos_axum::handle_server_fns_with_context;
use tenantry_types::ProblemCode;

use super::{Kit, read, refusal, refused};
use crate::rpc::{Done, UiError};
use crate::server::{local, provide, with_done, without_traces};

/// What a form asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Its id on the page.
    pub form: String,
    /// The path of its server function.
    pub function: String,
}

impl Act {
    /// From the address that a form is sent to. Also for what limits how often a function is called.
    pub fn of(method: &Method, uri: &Uri) -> Option<Self> {
        if method != Method::POST || uri.path().starts_with("/_fn/") {
            return None;
        }
        let query: Vec<(String, String)> = axum::extract::Query::try_from_uri(uri).ok()?.0;
        let (_, value) = query.into_iter().find(|(name, _)| name == "act")?;
        let (form, function) = value.split_once(':')?;
        function.starts_with("/_fn/").then(|| Self {
            form: form.to_owned(),
            function: function.to_owned(),
        })
    }
}

/// Middleware of all pages.
pub async fn answer(State(kit): State<Kit>, request: Request, next: Next) -> Response {
    let Some(act) = Act::of(request.method(), request.uri()) else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    // The server's limit stands around this.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let (mut parts, typed) = match read(Request::from_parts(parts, Body::from(body.clone()))).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let result = call(&kit, parts.clone(), &act.function, body).await;
    let here = without_traces(local(Some(parts.uri.path())).unwrap_or("/"), parts.uri.query());
    match result {
        Ok(done) => Redirect::to(&with_done(done.go.as_deref().unwrap_or(&here), done.what)).into_response(),
        Err(error) => {
            if let Ok(uri) = here.parse() {
                parts.uri = uri;
            }
            refused(&kit, parts, refusal(&act.form, &typed, error)).await
        }
    }
}

/// Calls the function as the browser's script would.
async fn call(kit: &Kit, mut parts: Parts, function: &str, body: Bytes) -> Result<Done, UiError> {
    let broken = |_| UiError::bare(ProblemCode::BadRequest);
    parts.uri = function.parse().map_err(|_| UiError::bare(ProblemCode::BadRequest))?;
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let provide = provide(kit.app.clone(), kit.assets.clone());
    let answer = handle_server_fns_with_context(provide, Request::from_parts(parts, Body::from(body)))
        .await
        .into_response();
    let good = answer.status().is_success();
    let text = to_bytes(answer.into_body(), usize::MAX)
        .await
        .map_err(|_| UiError::bare(ProblemCode::Internal))?;
    if good {
        serde_json::from_slice(&text).map_err(broken)
    } else {
        Err(serde_json::from_slice(&text).unwrap_or_else(broken))
    }
}
