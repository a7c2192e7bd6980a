//! Examples of bodies and answers, made from the schemas: a field's own example where it has one,
//! else something that fits its name and type. Written by hand they would rot.

use serde_json::{Map, Value, json};

use super::METHODS;

/// Adds an example to every body and every answer that is JSON.
pub fn add(paths: &mut Map<String, Value>, schemas: &Map<String, Value>) {
    for item in paths.values_mut() {
        for method in METHODS {
            let Some(operation) = item.get_mut(method) else { continue };
            if let Some(content) = operation.pointer_mut("/requestBody/content") {
                add_to(content, schemas);
            }
            if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
                for content in responses.values_mut().filter_map(|response| response.get_mut("content")) {
                    add_to(content, schemas);
                    if method == "get" {
                        // The link of an invitation and the secret of a key are shown once, and not by reading.
                        if let Some(item) = content.pointer_mut("/application~1json/example/items/0") {
                            item.as_object_mut().and_then(|item| item.remove("link").or(item.remove("secret")));
                        }
                    }
                }
            }
        }
    }
}

fn add_to(content: &mut Value, schemas: &Map<String, Value>) {
    let Some(kind) = content.get_mut("application/json") else { return };
    if kind.get("example").is_none() {
        kind["example"] = make(&kind["schema"], Field::default(), schemas);
    }
}

/// Where a value stands.
#[derive(Clone, Copy, Default)]
struct Field<'a> {
    /// The schema around it.
    of: &'a str,
    name: &'a str,
}

/// An example of a schema.
fn make(schema: &Value, at: Field<'_>, schemas: &Map<String, Value>) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(example) = schema.get("examples").and_then(|examples| examples.get(0)) {
        return example.clone();
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let of = target.rsplit('/').next().unwrap_or_default();
        return schemas.get(of).map_or(Value::Null, |target| make(target, Field { of, ..at }, schemas));
    }
    if let Some(word) = schema.get("enum").and_then(|words| words.get(0)) {
        return word.clone();
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let whole = parts.iter().filter_map(|part| make(part, at, schemas).as_object().cloned()).flatten();
        return Value::Object(whole.collect());
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(parts) = schema.get(choice).and_then(Value::as_array) {
            return parts
                .iter()
                .find(|part| part["type"] != "null")
                .map_or(Value::Null, |part| make(part, at, schemas));
        }
    }
    match kind(schema) {
        "object" => fields(schema, at, schemas),
        // Nothing is over a limit and nothing vanished: the example is of a good day.
        "array"
            if matches!(
                at.name,
                "warnings" | "over_limit" | "missing" | "newly_missing" | "returned" | "changed" | "differences"
            ) =>
        {
            json!([])
        }
        "array" => json!([make(&schema["items"], at, schemas)]),
        "string" => match text(at, schema) {
            "" => Value::Null,
            text => text.into(),
        },
        "integer" => number(at.name).into(),
        "number" => json!(24.0),
        "boolean" => json!(!matches!(at.name, "is_operator" | "is_over_limit" | "own" | "inherited")),
        _ => Value::Null,
    }
}

/// An example with every field of an object.
fn fields(schema: &Value, at: Field<'_>, schemas: &Map<String, Value>) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties
        .map(|(name, schema)| (name.clone(), make(schema, Field { name, ..at }, schemas)))
        .collect::<Map<_, _>>()
        .into()
}

/// An example of a named schema with every field, even those that exclude each other.
#[cfg(test)]
pub fn full(name: &str, schemas: &Map<String, Value>) -> Value {
    let at = Field {
        of: name,
        ..Field::default()
    };
    schemas.get(name).map_or(Value::Null, |schema| {
        if kind(schema) == "object" {
            fields(schema, at, schemas)
        } else {
            make(schema, at, schemas)
        }
    })
}

/// The type, or the first of several that is not null.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        _ => "",
    }
}

fn text(at: Field<'_>, schema: &Value) -> &'static str {
    if schema["format"] == "date-time" {
        if at.name == "missing_since" {
            return "";
        }
        if at.name == "expires_at" {
            return "2031-01-15T09:30:00Z";
        }
        return "2026-01-15T09:30:00Z";
    }
    match at.name {
        "email" | "user_email" => "ada@example.com",
        "name" => match at.of {
            "User" | "Member" | "MemberDetail" | "WorkspaceMember" => "Ada Lovelace",
            "Model" | "TenantModel" | "MyModel" => "openai/gpt-4o-mini",
            "Plan" | "ChangedPlan" => "Team",
            "Provider" => "OpenRouter",
            "ApiKey" | "KeyRef" => "Nightly evaluation",
            "Workspace" | "WorkspaceRef" => "Research",
            "Webhook" => "Operations",
            _ => "Acme Labs",
        },
        "tenant_name" => "Acme Labs",
        "user_name" | "invited_by" | "made_by" => "Ada Lovelace",
        "slug" | "tenant_slug" => "acme-labs",
        "plan_name" => "Team",
        "link" if at.of == "ResetLink" => "https://tenantry.example.com/reset/q3M5vB8",
        "link" => "https://tenantry.example.com/invite/q3M5vB8",
        "secret" if at.of.contains("Key") => "tnt_4fK9aB2cExampleExampleExample01x1pNb",
        "secret" if at.of == "Webhook" => "whsec_4fK9aB2cExampleExampleExampleExampleExample",
        "secret" => "KRSXG5CTMVRXEZLUKN2XAZLSKNSWG4TF",
        "uri" => "otpauth://totp/Tenantry:ada%40example.com?secret=KRSXG5CTMVRXEZLUKN2XAZLSKNSWG4TF&issuer=Tenantry",
        "recovery_codes" => "7h2k-9xq4-m0pd-w3tz",
        "device" => "Firefox on Linux",
        "address" => "203.0.113.7",
        "prefix" => "tnt_4fK9aB2c",
        "access_token" => "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJodHRwcyJ9.q3M5vB8",
        "refresh_token" => "q3M5vB8",
        "token_type" => "Bearer",
        "kty" => "OKP",
        "crv" => "Ed25519",
        "alg" => "EdDSA",
        "use" => "sig",
        "kid" => "019a2b3c-0000-7000-8000-000000000000",
        "x" => "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "url" => "https://hooks.example.com/tenantry",
        "event" => "quota_warning",
        "base_url" => "https://openrouter.ai/api/v1",
        "upstream_name" | "model_names" | "added" => "openai/gpt-4o-mini",
        "display_name" => "GPT-4o mini",
        "provider_name" => "OpenRouter",
        "modalities" => "text",
        "description" => "Labels for the spring study",
        "external_id" => "crm-4711",
        "version" => "0.1.0",
        "api_version" => "2024-10-21",
        "database_version" => "17.2",
        // The last page, and a check that went well.
        "next_cursor" | "error" => "",
        _ => "text",
    }
}

fn number(name: &str) -> i64 {
    match name {
        "context_length" => 128_000,
        "sync_hours" => 24,
        "input_price" => 150_000,
        "output_price" => 600_000,
        "cached_input_price" => 75_000,
        "request_price" | "skipped" | "tenant_colour" | "colour" | "priority" => 0,
        "limit" => 50,
        "used" | "members" | "session_hours" => 12,
        "invitation_days" | "key_days" => 7,
        "refusals_per_minute" => 60,
        "status" => 204,
        "duration_ms" => 84,
        "expires_in" => 900,
        _ => 1,
    }
}
