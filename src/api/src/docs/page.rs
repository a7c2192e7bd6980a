//! The HTML of the documentation page. Text of the document is escaped; in prose, words between
//! backticks become code. An operation that is reached in several ways is shown once.

use serde_json::{Map, Value};
use tenantry_types::{Permission, ProblemCode};

use crate::document::{METHODS, object};
use crate::routes::{OPERATOR, PUBLIC};

/// One operation and its other names.
struct Operation<'a> {
    method: &'static str,
    path: &'a str,
    node: &'a Value,
    aliases: Vec<(&'static str, &'a str)>,
}

pub fn render(document: &Value) -> String {
    let mut out = String::with_capacity(400_000);
    let operations = operations(document);
    let tags: Vec<(&str, &str)> = document["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| (text(&tag["name"]), text(&tag["description"])))
        .collect();
    let title = format!("{} API {}", text(&document["info"]["title"]), text(&document["info"]["version"]));
    push(
        &mut out,
        &[
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>",
            &escape(&title),
            "</title>",
        ],
    );
    push(
        &mut out,
        &["<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><link rel=\"stylesheet\" href=\"/api/docs.css\"></head><body>"],
    );
    push(
        &mut out,
        &[
            "<a class=\"skip\" href=\"#main\">Skip to the operations</a><header><h1>",
            &escape(&title),
            "</h1><p>",
            &prose(text(&document["info"]["description"])),
            "</p>",
        ],
    );
    push(
        &mut out,
        &["<p><a href=\"/api/openapi.json\">The OpenAPI document</a></p></header><nav aria-label=\"Chapters\"><ul>"],
    );
    for (tag, _) in &tags {
        push(&mut out, &["<li><a href=\"#", &anchor(tag), "\">", &escape(tag), "</a></li>"]);
    }
    out.push_str("<li><a href=\"#problems\">Problems</a></li><li><a href=\"#schemas\">Schemas</a></li></ul></nav><main id=\"main\">");
    for (tag, about) in &tags {
        push(
            &mut out,
            &["<section id=\"", &anchor(tag), "\"><h2>", &escape(tag), "</h2><p>", &prose(about), "</p>"],
        );
        for operation in operations.iter().filter(|o| o.node["tags"][0] == *tag) {
            operation_html(&mut out, operation);
        }
        out.push_str("</section>");
    }
    problems(&mut out);
    out.push_str("<section id=\"schemas\"><h2>Schemas</h2>");
    for (name, schema) in &object(&document["components"]["schemas"]) {
        push(
            &mut out,
            &["<section class=\"schema\" id=\"schema-", &escape(name), "\"><h3>", &escape(name), "</h3>"],
        );
        schema_html(&mut out, schema);
        out.push_str("</section>");
    }
    out.push_str("</section></main></body></html>");
    out
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut shown: Vec<Operation<'_>> = Vec::new();
    let mut others = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let Some(node) = item.get(method) else { continue };
            match node["x-alias-of"].as_str() {
                Some(id) => others.push((id, method, path.as_str())),
                None => shown.push(Operation {
                    method,
                    path,
                    node,
                    aliases: Vec::new(),
                }),
            }
        }
    }
    for (id, method, path) in others {
        if let Some(operation) = shown.iter_mut().find(|o| o.node["operationId"] == id) {
            operation.aliases.push((method, path));
        }
    }
    shown
}

fn operation_html(out: &mut String, operation: &Operation<'_>) {
    let Operation { method, path, node, aliases } = operation;
    let id = text(&node["operationId"]);
    push(
        out,
        &[
            "<article id=\"",
            &escape(id),
            "\"><details><summary><span class=\"method ",
            method,
            "\">",
            &method.to_uppercase(),
        ],
    );
    push(
        out,
        &[
            "</span> <code>",
            &escape(path),
            "</code> <span class=\"what\">",
            &escape(text(&node["summary"])),
            "</span></summary>",
        ],
    );
    if let Some(description) = node["description"].as_str().filter(|d| !d.is_empty()) {
        push(out, &["<p>", &prose(description), "</p>"]);
    }
    push(out, &["<p class=\"who\">", &who(method, path, node["x-permission"].as_str()), "</p>"]);
    if !aliases.is_empty() {
        out.push_str("<p class=\"also\">Also: ");
        for (place, (method, path)) in aliases.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            push(out, &[comma, "<code>", &method.to_uppercase(), " ", &escape(path), "</code>"]);
        }
        out.push_str("</p>");
    }
    parameters(out, node["parameters"].as_array().map_or(&[], Vec::as_slice));
    if let Some(content) = node["requestBody"]["content"].as_object() {
        contents(out, "Body", "", content);
    }
    for (status, response) in node["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(status, _)| *status != "default")
    {
        let about = text(&response["description"]);
        match response["content"].as_object() {
            Some(content) => contents(out, &format!("Answer {status}"), about, content),
            None => push(out, &["<h4>Answer ", status, "</h4><p>", &prose(about), "</p>"]),
        }
    }
    out.push_str("</details></article>");
}

/// Who may, in words.
fn who(method: &str, path: &str, permission: Option<&str>) -> String {
    match permission {
        Some(OPERATOR) => "For operators; for others it is not there.".to_owned(),
        Some(name) => {
            let what = Permission::from_text(name).map_or("", Permission::describe);
            format!("Needs <code>{}</code>: to {}.", escape(name), escape(what))
        }
        None if PUBLIC.iter().any(|(m, p)| m.eq_ignore_ascii_case(method) && *p == path) => "For everyone, without signing in.".to_owned(),
        None => "For everyone who is signed in.".to_owned(),
    }
}

fn parameters(out: &mut String, parameters: &[Value]) {
    if parameters.is_empty() {
        return;
    }
    out.push_str("<h4>Parameters</h4><table tabindex=\"0\"><thead><tr><th>Name</th><th>In</th><th>Type</th><th>Meaning</th></tr></thead><tbody>");
    for parameter in parameters {
        let required = if parameter["required"] == true {
            ""
        } else {
            " <span class=\"optional\">optional</span>"
        };
        push(
            out,
            &[
                "<tr><td><code>",
                &escape(text(&parameter["name"])),
                "</code>",
                required,
                "</td><td>",
                &escape(text(&parameter["in"])),
            ],
        );
        push(
            out,
            &[
                "</td><td>",
                &type_html(&parameter["schema"]),
                "</td><td>",
                &prose(text(&parameter["description"])),
                "</td></tr>",
            ],
        );
    }
    out.push_str("</tbody></table>");
}

fn contents(out: &mut String, heading: &str, about: &str, content: &Map<String, Value>) {
    for (kind, media) in content {
        push(out, &["<h4>", heading, " <span class=\"media\">", &escape(kind), "</span></h4>"]);
        if !about.is_empty() {
            push(out, &["<p>", &prose(about), "</p>"]);
        }
        push(out, &["<p>", &type_html(&media["schema"]), "</p>"]);
        if let Some(example) = media.get("example") {
            let example = serde_json::to_string_pretty(example).unwrap_or_default();
            push(out, &["<pre tabindex=\"0\"><code>", &escape(&example), "</code></pre>"]);
        }
    }
}

fn schema_html(out: &mut String, schema: &Value) {
    if let Some(description) = schema["description"].as_str() {
        push(out, &["<p>", &prose(description), "</p>"]);
    }
    let parts = schema["allOf"].as_array().map_or_else(|| vec![schema], |parts| parts.iter().collect());
    for part in parts {
        let Some(properties) = part["properties"].as_object() else {
            push(out, &["<p>", &type_html(part), "</p>"]);
            continue;
        };
        let required: Vec<&str> = part["required"].as_array().into_iter().flatten().map(text).collect();
        out.push_str("<table tabindex=\"0\"><thead><tr><th>Field</th><th>Type</th><th>Meaning</th></tr></thead><tbody>");
        for (name, property) in properties {
            let optional = if required.contains(&name.as_str()) {
                ""
            } else {
                " <span class=\"optional\">optional</span>"
            };
            push(
                out,
                &["<tr><td><code>", &escape(name), "</code>", optional, "</td><td>", &type_html(property)],
            );
            push(out, &["</td><td>", &prose(text(&property["description"])), "</td></tr>"]);
        }
        out.push_str("</tbody></table>");
    }
}

/// A type in words, with links to named ones.
fn type_html(schema: &Value) -> String {
    if let Some(target) = schema["$ref"].as_str() {
        let name = escape(target.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().map(|word| format!("<code>{}</code>", escape(text(word)))).collect();
        return words.join(" ");
    }
    for (choice, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(parts) = schema[choice].as_array() {
            return parts.iter().map(type_html).collect::<Vec<_>>().join(between);
        }
    }
    let mut words = match &schema["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    };
    if schema.get("items").is_some() {
        words = format!("{words} of {}", type_html(&schema["items"]));
    }
    for (key, label) in [
        ("format", ""),
        ("minLength", "at least "),
        ("maxLength", "at most "),
        ("minimum", "from "),
        ("maximum", "to "),
        ("maxItems", "at most "),
        ("default", "default "),
    ] {
        match &schema[key] {
            Value::Null => {}
            Value::String(text) => words.push_str(&format!(", {label}{}", escape(text))),
            value => words.push_str(&format!(", {label}{value}")),
        }
    }
    words
}

fn problems(out: &mut String) {
    out.push_str("<section id=\"problems\"><h2>Problems</h2><p>The <code>code</code> of a problem is stable; the words are not.</p>");
    out.push_str("<table tabindex=\"0\"><thead><tr><th>Code</th><th>Status</th><th>Meaning</th></tr></thead><tbody>");
    for code in ProblemCode::ALL {
        push(
            out,
            &[
                "<tr id=\"problem-",
                code.code(),
                "\"><td><code>",
                code.code(),
                "</code></td><td>",
                &code.status().to_string(),
            ],
        );
        push(out, &["</td><td>", &escape(code.title()), "</td></tr>"]);
    }
    out.push_str("</tbody></table></section>");
}

fn push(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn anchor(tag: &str) -> String {
    escape(&tag.to_lowercase().replace(' ', "-"))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Every second piece between backticks is code.
fn prose(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    pieces
        .map(|(place, piece)| {
            if place % 2 == 1 {
                format!("<code>{}</code>", escape(piece))
            } else {
                escape(piece)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
