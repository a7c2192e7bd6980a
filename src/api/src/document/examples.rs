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
                }
            }
        }
    }
}

fn add_to(content: &mut Value, schemas: &Map<String, Value>) {
    let Some(kind) = content.get_mut("application/json") else { return };
    if kind.get("example").is_none() {
        kind["example"] = make(&kind["schema"], "", schemas);
    }
}

/// An example of a schema; `name` is the field that it stands in.
fn make(schema: &Value, name: &str, schemas: &Map<String, Value>) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(example) = schema.get("examples").and_then(|examples| examples.get(0)) {
        return example.clone();
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let target = target.rsplit('/').next().and_then(|name| schemas.get(name));
        return target.map_or(Value::Null, |target| make(target, name, schemas));
    }
    if let Some(word) = schema.get("enum").and_then(|words| words.get(0)) {
        return word.clone();
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let whole = parts.iter().filter_map(|part| make(part, name, schemas).as_object().cloned()).flatten();
        return Value::Object(whole.collect());
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(parts) = schema.get(choice).and_then(Value::as_array) {
            return parts.iter().find(|part| part["type"] != "null").map_or(Value::Null, |part| make(part, name, schemas));
        }
    }
    match kind(schema) {
        "object" => {
            let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            properties.map(|(name, schema)| (name.clone(), make(schema, name, schemas))).collect::<Map<_, _>>().into()
        }
        "array" => json!([make(&schema["items"], name, schemas)]),
        "string" => match text(name, schema) {
            "" => Value::Null,
            text => text.into(),
        },
        "integer" => schema.get("minimum").cloned().unwrap_or_else(|| number(name).into()),
        "number" => json!(24.0),
        "boolean" => json!(true),
        _ => Value::Null,
    }
}

/// The type, or the first of several that is not null.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default(),
        _ => "",
    }
}

fn text(name: &str, schema: &Value) -> &'static str {
    if schema["format"] == "date-time" {
        return "2026-01-15T09:30:00Z";
    }
    match name {
        "email" | "user_email" => "ada@example.com",
        "name" => "Acme Labs",
        "tenant_name" => "Acme Labs",
        "user_name" | "invited_by" => "Ada Lovelace",
        "slug" | "tenant_slug" => "acme-labs",
        "plan_name" => "Team",
        "link" => "https://tenantry.example.com/invite/q3M5vB8",
        "base_url" => "https://openrouter.ai/api/v1",
        "upstream_name" | "model_names" | "added" | "changed" | "missing" => "openai/gpt-4o-mini",
        "display_name" => "GPT-4o mini",
        "provider_name" => "OpenRouter",
        "modalities" => "text",
        "description" => "Labels for the spring study",
        "external_id" => "crm-4711",
        "warnings" => "members: 12 of 50",
        "version" => "0.1.0",
        "database_version" => "17.2",
        // The last page, and a check that went well.
        "next_cursor" | "error" => "",
        _ => "text",
    }
}

fn number(name: &str) -> i64 {
    match name {
        "context_length" => 128_000,
        "input_price" => 150_000,
        "output_price" => 600_000,
        "cached_input_price" => 75_000,
        "request_price" | "skipped" | "tenant_colour" | "colour" | "priority" => 0,
        "limit" => 50,
        "used" | "members" => 12,
        "invitation_days" => 7,
        _ => 1,
    }
}
