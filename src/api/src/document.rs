//! The OpenAPI document. The handlers say what is particular to them; what is the same for all is
//! added here: path parameters, the problem that every operation may answer with, the idempotency
//! key of writes, who needs to be signed in, second names of the same operation, and examples.

mod examples;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use tenantry_types::problem::ProblemField;
use tenantry_types::{Problem, ProblemCode};
use utoipa::OpenApi;

use crate::error::{PROBLEM, kind};
use crate::routes::{self, PUBLIC};

/// The methods of a path, in the order in which they are shown.
pub const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[derive(OpenApi)]
#[openapi(components(schemas(Problem, ProblemCode, ProblemField)))]
struct Base;

/// The chapters.
const TAGS: &[(&str, &str)] = &[
    ("Sign in", "Making an account, signing in and out."),
    ("Context", "Which tenant the caller is in, and which they may enter."),
    ("Account", "The caller's own account."),
    ("Joining", "For the holder of an invitation link."),
    (
        "Tenants",
        "Organizations, the unit of isolation. Each path also stands under `/api/v1/organizations`.",
    ),
    ("Members", "People in a tenant."),
    (
        "Permissions",
        "What people may, why, and what is granted or denied to them apart from their role.",
    ),
    ("Invitations", "How people come into a tenant."),
    (
        "Workspaces",
        "Parts of a tenant with members of their own. One workspace also stands under `/api/v1/workspaces`, by id.",
    ),
    (
        "API keys",
        "What scripts and services show instead of a session: `Authorization: Bearer tnt_...` or `X-API-Key`.",
    ),
    ("Models", "What a tenant and its workspaces may use."),
    ("Audit", "What happened, and whether the record of it is what was written."),
    (
        "Providers",
        "Upstreams that serve models. For operators; for others these paths are not there.",
    ),
    ("Catalogue", "The models of this server. For operators."),
    ("Plans", "Named sets of limits. For operators."),
    ("Server", "The server as a whole."),
];

const ABOUT: &str = "Everything is JSON in UTF-8; times are RFC 3339 in UTC; ids are a prefix and 26 characters. Where a path \
    takes a tenant or a workspace, the id and the slug both work. Lists take `limit` with `cursor` or `skip`. A PATCH changes what \
    it names, null clears; PUT on the same path does the same. Unknown and read-only fields are refused. Errors are \
    `application/problem+json` with a stable `code`. Something that is not there and something that is not yours get the same 404.";

/// The document; the same for every server of this version.
pub fn build() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(assemble);
    &DOCUMENT
}

fn assemble() -> Value {
    let mut api = routes::table().into_openapi();
    api.merge(Base::openapi());
    let api = serde_json::to_value(&api).unwrap_or_default();
    let beside = serde_json::to_value(routes::health().into_openapi()).unwrap_or_default();
    let mut schemas = object(&api["components"]["schemas"]);
    schemas.extend(object(&beside["components"]["schemas"]));
    name_items(&mut schemas);
    let mut paths = Map::new();
    for (path, item) in object(&beside["paths"]) {
        paths.insert(path, item);
    }
    for (path, item) in object(&api["paths"]) {
        paths.insert(format!("/api{path}"), item);
    }
    for (path, item) in &mut paths {
        name_aliases(path, item);
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                complete(path, method, operation);
            }
        }
    }
    examples::add(&mut paths, &schemas);
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Tenantry", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT},
        "servers": [{"url": "/", "description": "This server"}],
        "tags": TAGS.iter().map(|(name, description)| json!({"name": name, "description": description})).collect::<Vec<_>>(),
        "security": [{"session": []}, {"bearer": []}, {"api_key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "session",
                    "description": "Set by signing in; named `__Host-session` on https.",
                },
                "bearer": {"type": "http", "scheme": "bearer", "description": "An access token or an API key. It wins over the cookie."},
                "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key. Not beside `Authorization`."},
            },
        },
    })
}

/// A page holds its items in full; they have a schema of their own, which is easier to read.
fn name_items(schemas: &mut Map<String, Value>) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in names {
        let Some(item) = name.strip_prefix("Page_").filter(|item| schemas.contains_key(*item)) else {
            continue;
        };
        let reference = json!({"$ref": format!("#/components/schemas/{item}")});
        if let Some(items) = schemas.get_mut(&name).and_then(|page| page.pointer_mut("/properties/items/items")) {
            *items = reference;
        }
    }
}

pub fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Several paths and methods lead to one operation. One of them has its id; the others have it with
/// a suffix, because ids must be unique, and say whose alias they are.
fn name_aliases(path: &str, item: &mut Value) {
    let in_tenant = path
        .strip_prefix("/api/v1/organizations")
        .or_else(|| path.strip_prefix("/api/v1/tenants"));
    let place = in_tenant.unwrap_or_default();
    let both = |item: &Value| item["patch"]["operationId"] == item["put"]["operationId"];
    for method in METHODS {
        let put = method == "put" && both(item);
        let Some(operation) = item.get_mut(method) else { continue };
        let mut suffix = String::new();
        for (applies, text) in [
            (path.starts_with("/api/v1/organizations"), "_of_organization"),
            (path.starts_with("/api/v1/workspaces"), "_by_id"),
            (place.contains("/users"), "_as_users"),
            (place.ends_with("/invite"), "_as_invite"),
            (put, "_by_put"),
        ] {
            if applies {
                suffix.push_str(text);
            }
        }
        if suffix.is_empty() {
            continue;
        }
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        operation["operationId"] = json!(format!("{id}{suffix}"));
        operation["x-alias-of"] = json!(id);
    }
}

fn complete(path: &str, method: &str, operation: &mut Value) {
    let is_public = PUBLIC.iter().any(|(m, template)| m.eq_ignore_ascii_case(method) && *template == path);
    if is_public {
        operation["security"] = json!([]);
    }
    let mut parameters: Vec<Value> = path.split('/').filter_map(path_parameter).collect();
    if path.starts_with("/api/v1/auth/context") || path.starts_with("/api/v1/auth/switch-tenant") {
        parameters.push(header("X-Tenant-ID", "Id or slug of the tenant that the request is about."));
        parameters.push(header("X-Workspace-ID", "Id, or in a known tenant the slug, of a workspace."));
    }
    parameters.extend(operation["parameters"].as_array().cloned().unwrap_or_default());
    if method != "get" {
        parameters.push(header(
            "Idempotency-Key",
            "Makes the write safe to repeat for 24 hours: 1 to 255 visible characters.",
        ));
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(responses) = operation["responses"].as_object_mut() {
        for (status, response) in responses.iter_mut() {
            if response["description"].as_str().unwrap_or_default().is_empty() {
                response["description"] = json!(description_of(status));
            }
            if status == "201" && path.starts_with("/api/v1/") {
                response["headers"] = json!({"Location": {"description": "The new thing", "schema": {"type": "string"}}});
            }
        }
        responses.insert("default".to_owned(), problem());
    }
}

/// The parameter that a segment of a path is.
fn path_parameter(segment: &str) -> Option<Value> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    let (description, example) = match name {
        "tenant" => ("Id or slug of the tenant", "acme-labs"),
        "workspace" => ("Id or slug of the workspace; without a tenant in the path the id", "research"),
        "token" => ("The token of an invitation link", "q3M5vB8"),
        "user" => ("Id of a person", "usr_01j0000000e008000000000000"),
        "invitation" => ("Id of an invitation", "inv_01j0000000e008000000000000"),
        "model" => ("Id of a model", "mod_01j0000000e008000000000000"),
        "provider" => ("Id of a provider", "prv_01j0000000e008000000000000"),
        "key" => ("Id of an API key", "key_01j0000000e008000000000000"),
        "domain" => ("A domain that the tenant names", "example.com"),
        "webhook" => ("A webhook, by id", "whk_01cz000001e00800000000zzzz"),
        "plan" => ("Id of a plan", "pln_01j0000000e008000000000000"),
        "session" => ("Id of one of the caller's sessions", "ses_01j0000000e008000000000000"),
        _ => ("", ""),
    };
    Some(json!({
        "name": name, "in": "path", "required": true, "description": description, "schema": {"type": "string"}, "example": example,
    }))
}

fn header(name: &str, description: &str) -> Value {
    json!({"name": name, "in": "header", "required": false, "description": description, "schema": {"type": "string"}})
}

fn description_of(status: &str) -> &'static str {
    match status {
        "201" => "Created",
        "204" => "Done; there is nothing to say",
        _ => "Done",
    }
}

fn problem() -> Value {
    let code = ProblemCode::NotFound;
    json!({
        "description": "What went wrong",
        "content": {PROBLEM: {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {
                "type": kind(code), "title": code.title(), "status": code.status(), "detail": code.title(),
                "instance": "/api/v1/tenants/{tenant}", "code": code.code(), "errors": [],
                "request_id": "01j0000000e008000000000000",
            },
        }},
    })
}

#[cfg(test)]
mod tests;
