use std::collections::HashSet;

use serde_json::Value;
use tenantry_types::permission::Permission;
use tenantry_types::{
    FieldError, account, alert, api_key, configuration, invitation, member, model, openid, permission, plan, provider, sign_in, tenant, token,
    webhook, workspace,
};

use super::{METHODS, build, examples};
use crate::routes::{OPERATOR, PUBLIC, SELF_SERVICE};

/// Method, path and operation of everything in the document.
fn operations() -> Vec<(&'static str, &'static str, &'static Value)> {
    let paths = build()["paths"].as_object().unwrap();
    let of = |path: &'static String, item: &'static Value| {
        METHODS
            .into_iter()
            .filter_map(move |method| item.get(method).map(|operation| (method, path.as_str(), operation)))
    };
    paths.iter().flat_map(|(path, item)| of(path, item)).collect()
}

#[test]
fn the_document_is_what_was_agreed() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi.json");
    let now = format!("{}\n", serde_json::to_string_pretty(build()).unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(file, &now).unwrap();
        return;
    }
    let before = std::fs::read_to_string(file).unwrap_or_default();
    if before != now {
        let place = before.lines().zip(now.lines()).position(|(a, b)| a != b).unwrap_or(0);
        let from = place.saturating_sub(3);
        let part = |text: &str| text.lines().skip(from).take(8).collect::<Vec<_>>().join("\n");
        panic!(
            "the OpenAPI document changed at line {}:\n--- tests/openapi.json\n{}\n--- now\n{}\n\
             If that is meant, run `UPDATE_OPENAPI=1 cargo test -p tenantry-api` and commit the file.",
            place + 1,
            part(&before),
            part(&now)
        );
    }
}

#[test]
fn every_operation_is_described() {
    let mut ids = HashSet::new();
    for (method, path, operation) in operations() {
        let at = format!("{method} {path}");
        assert!(
            operation["summary"].as_str().is_some_and(|s| s.len() > 5 && !s.ends_with('.')),
            "{at}: summary"
        );
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{at}: {id} is there twice");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{at}: tags");
        let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
        assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{at}");
        let success: Vec<_> = operation["responses"]
            .as_object()
            .unwrap()
            .keys()
            .filter(|s| s.starts_with('2'))
            .collect();
        assert_eq!(success.len(), 1, "{at}: {success:?}");
        for kind in [
            operation.pointer("/requestBody/content"),
            operation["responses"][success[0]].get("content"),
        ]
        .into_iter()
        .flatten()
        {
            let json = kind.get("application/json");
            assert!(json.is_none_or(|json| !json["example"].is_null()), "{at}: example");
            assert!(json.is_some() || kind.get("text/csv").is_some(), "{at}: neither JSON nor a file");
        }
        let names: Vec<_> = path.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let listed: Vec<_> = parameters.iter().filter(|p| p["in"] == "path").collect();
        assert_eq!(listed.len(), names.len(), "{at}: path parameters");
        for parameter in parameters {
            assert!(
                parameter["description"].as_str().is_some_and(|d| !d.is_empty()),
                "{at}: {}",
                parameter["name"]
            );
        }
    }
}

#[test]
fn every_operation_says_who_may() {
    let mut used = HashSet::new();
    for (method, path, operation) in operations() {
        let at = format!("{method} {path}");
        let id = operation.get("x-alias-of").unwrap_or(&operation["operationId"]).as_str().unwrap();
        let is_public = PUBLIC.iter().any(|(m, p)| m.eq_ignore_ascii_case(method) && *p == path);
        let is_self_service = SELF_SERVICE.contains(&id);
        used.insert(id);
        assert_eq!(operation["security"].as_array().map(Vec::len), is_public.then_some(0), "{at}");
        match operation["x-permission"].as_str() {
            Some(permission) => {
                assert!(
                    permission == OPERATOR || Permission::from_text(permission).is_some(),
                    "{at}: {permission}"
                );
                assert!(!is_public && !is_self_service, "{at} is listed as open and has a permission");
            }
            None => assert!(is_public || is_self_service, "{at} has no permission and is not listed as open"),
        }
    }
    for id in SELF_SERVICE {
        assert!(used.contains(id), "{id} is listed but not there");
    }
}

#[test]
fn aliases_lead_to_operations() {
    let ids: HashSet<_> = operations().iter().map(|(_, _, o)| o["operationId"].as_str().unwrap()).collect();
    let paths: HashSet<_> = operations().iter().map(|(m, p, _)| (*m, *p)).collect();
    for (method, path, operation) in operations() {
        if let Some(alias) = operation["x-alias-of"].as_str() {
            assert!(ids.contains(alias), "{method} {path} is an alias of {alias}, which is not there");
        }
        if let Some(rest) = path.strip_prefix("/api/v1/tenants") {
            assert!(
                paths.contains(&(method, format!("/api/v1/organizations{rest}").as_str())),
                "{path} has no twin"
            );
        }
        if method == "patch" {
            assert!(paths.contains(&("put", path)), "{path} takes PATCH and not PUT");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(build(), &mut found);
    for reference in found {
        assert!(build().pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

type Parse = fn(&Value) -> Result<(), Vec<FieldError>>;

/// Who parses which shape.
const PARSERS: &[(&str, Parse)] = &[
    ("Registration", |b| account::Registration::parse(b).map(drop)),
    ("Login", |b| account::Login::parse(b).map(drop)),
    ("TokenRequest", |b| token::TokenRequest::parse(b).map(drop)),
    ("RefreshToken", |b| token::RefreshToken::parse(b).map(drop)),
    ("ContextQuestion", |b| {
        <crate::v1::auth::ContextQuestion as crate::extract::FromBody>::from_body(b).map(drop)
    }),
    ("SwitchTenant", |b| {
        <crate::v1::auth::SwitchTenant as crate::extract::FromBody>::from_body(b).map(drop)
    }),
    ("MePatch", |b| account::MePatch::parse(b).map(drop)),
    ("UserPatch", |b| account::UserPatch::parse(b).map(drop)),
    ("Acceptance", |b| invitation::Acceptance::parse(b).map(drop)),
    ("PasswordChange", |b| sign_in::PasswordChange::parse(b).map(drop)),
    ("ForgottenPassword", |b| sign_in::ForgottenPassword::parse(b).map(drop)),
    ("PasswordReset", |b| sign_in::PasswordReset::parse(b).map(drop)),
    ("AccountDeletion", |b| sign_in::AccountDeletion::parse(b).map(drop)),
    ("Reauthentication", |b| sign_in::Reauthentication::parse(b).map(drop)),
    ("NewDomain", |b| openid::NewDomain::parse(b).map(drop)),
    ("DomainPatch", |b| openid::DomainPatch::parse(b).map(drop)),
    ("SignInPolicyPatch", |b| sign_in::SignInPolicyPatch::parse(b).map(drop)),
    ("TotpCode", |b| sign_in::TotpCode::parse(b).map(drop)),
    ("SecondFactor", |b| sign_in::SecondFactor::parse(b).map(drop)),
    ("RegistrationConfirmation", |b| sign_in::RegistrationConfirmation::parse(b).map(drop)),
    ("EmailVerification", |b| sign_in::EmailVerification::parse(b).map(drop)),
    ("NewTenant", |b| tenant::NewTenant::parse(b).map(drop)),
    ("TenantPatch", |b| tenant::TenantPatch::parse(b).map(drop)),
    ("NewMembers", |b| member::NewMembers::parse(b).map(drop)),
    ("MemberPatch", |b| member::MemberPatch::parse(b).map(drop)),
    ("NewInvitations", |b| invitation::NewInvitations::parse(b).map(drop)),
    ("NewApiKey", |b| api_key::NewApiKey::parse(b).map(drop)),
    ("ApiKeyPatch", |b| api_key::ApiKeyPatch::parse(b).map(drop)),
    ("KeyRotation", |b| api_key::KeyRotation::parse(b).map(drop)),
    ("NotificationPatch", |b| alert::NotificationPatch::parse(b).map(drop)),
    ("NewWebhook", |b| webhook::NewWebhook::parse(b).map(drop)),
    ("WebhookPatch", |b| webhook::WebhookPatch::parse(b).map(drop)),
    ("NewWorkspace", |b| workspace::NewWorkspace::parse(b).map(drop)),
    ("WorkspacePatch", |b| workspace::WorkspacePatch::parse(b).map(drop)),
    ("WorkspaceRoleChange", |b| workspace::WorkspaceRoleChange::parse(b).map(drop)),
    ("NewPlan", |b| plan::NewPlan::parse(b).map(drop)),
    ("PlanPatch", |b| plan::PlanPatch::parse(b).map(drop)),
    ("QuotaQuestion", |b| plan::QuotaQuestion::parse(b).map(drop)),
    ("QuotaPatch", |b| {
        <crate::v1::quotas::Change as crate::extract::FromBody>::from_body(b).map(drop)
    }),
    ("Overrides", |b| permission::Overrides::parse(b).map(drop)),
    ("TenantConfigurationPatch", |b| {
        configuration::TenantConfigurationPatch::parse(b).map(drop)
    }),
    ("WorkspaceConfigurationPatch", |b| {
        configuration::WorkspaceConfigurationPatch::parse(b).map(drop)
    }),
    ("NewProvider", |b| provider::NewProvider::parse(b).map(drop)),
    ("ProviderPatch", |b| provider::ProviderPatch::parse(b).map(drop)),
    ("NewModel", |b| model::NewModel::parse(b).map(drop)),
    ("ModelPatch", |b| model::ModelPatch::parse(b).map(drop)),
    ("ModelsToggle", |b| model::ModelsToggle::parse(b).map(drop)),
    ("ModelRulesPatch", |b| model::ModelRulesPatch::parse(b).map(drop)),
    ("ModelAccess", |b| model::ModelAccess::parse(b).map(drop)),
    ("WorkspaceModels", |b| model::WorkspaceModels::parse(b).map(drop)),
];

#[test]
fn every_field_of_a_body_is_known_to_its_parser() {
    for (method, path, operation) in operations() {
        let Some(content) = operation.pointer("/requestBody/content/application~1json") else {
            continue;
        };
        let schema = content["schema"].to_string();
        let (name, parse) = PARSERS
            .iter()
            .find(|(name, _)| schema.contains(&format!("schemas/{name}\"")))
            .unwrap_or_else(|| panic!("{method} {path} has a body without a parser: {schema}"));
        assert_eq!(parse(&content["example"]), Ok(()), "{name}: {}", content["example"]);
        let mut example = examples::full(name, build()["components"]["schemas"].as_object().unwrap());
        if matches!(*name, "NewModel" | "ModelPatch") {
            example.as_object_mut().unwrap().remove("routes");
        }
        if *name == "NewProvider" {
            // Its kind is not Azure.
            example.as_object_mut().unwrap().remove("api_version");
        }
        assert_eq!(parse(&example), Ok(()), "{name}: {example}");
        let schema = &build()["components"]["schemas"][name];
        for required in schema["required"].as_array().into_iter().flatten() {
            let mut less = example.clone();
            less.as_object_mut().unwrap().remove(required.as_str().unwrap());
            if *name != "WorkspaceModels" {
                assert!(parse(&less).is_err(), "{name}: {required} is not required");
            }
        }
        assert_ne!(schema["additionalProperties"], true, "{name}");
    }
}
