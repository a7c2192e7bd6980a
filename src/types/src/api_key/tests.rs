use serde_json::json;

use super::*;

fn faults(body: &Value) -> Vec<(String, Fault)> {
    let errors = NewApiKey::parse(body).expect_err("this must be refused");
    errors.into_iter().map(|e| (e.field, e.fault)).collect()
}

#[test]
fn no_list_of_models_is_not_an_empty_one() {
    let body = |models: Value| json!({ "name": "CI", "scopes": ["gateway:use"], "models": models });
    assert_eq!(NewApiKey::parse(&body(Value::Null)).unwrap().models, None);
    assert_eq!(NewApiKey::parse(&body(json!([]))).unwrap().models, Some(Vec::new()));
    let patch = |models: Value| ApiKeyPatch::parse(&json!({ "models": models })).unwrap().models;
    assert_eq!(patch(Value::Null), Patch::Clear);
    assert_eq!(patch(json!([])), Patch::Set(Vec::new()));
    assert!(ApiKeyPatch::parse(&json!({})).unwrap().models.is_keep());
}

#[test]
fn a_key_makes_no_keys() {
    for scope in ["keys:create", "keys:manage", "everything"] {
        let found = faults(&json!({ "name": "CI", "scopes": ["gateway:use", scope] }));
        assert_eq!(found, [("scopes[1]".to_owned(), Fault::NotOneOf { of: Choice::Scope })]);
    }
    assert_eq!(faults(&json!({ "name": "CI" })), [("scopes".to_owned(), Fault::Required)]);
    assert_eq!(ApiKeyPatch::parse(&json!({ "name": "CI" })).unwrap().scopes, None);
    assert!(ApiKeyPatch::parse(&json!({ "scopes": [] })).is_err());
}

#[test]
fn limits_are_whole_or_refused() {
    let body = |limit: Value| json!({ "name": "CI", "scopes": ["gateway:use"], "rate_limit": limit });
    let right = NewApiKey::parse(&body(json!({ "requests": 10, "per_seconds": 60 }))).unwrap();
    assert_eq!(
        right.rate_limit,
        Some(RateLimit {
            requests: 10,
            per_seconds: 60
        })
    );
    for limit in [
        json!({ "requests": 10 }),
        json!({ "requests": 0, "per_seconds": 60 }),
        json!({ "requests": 10, "per_seconds": 60, "x": 1 }),
        json!("10"),
    ] {
        assert_eq!(faults(&body(limit))[0].0, "rate_limit");
    }
    let body = |budget: Value| json!({ "name": "CI", "scopes": ["gateway:use"], "budget": budget });
    assert!(NewApiKey::parse(&body(json!({ "amount": 0, "per": "month" }))).is_ok());
    assert_eq!(faults(&body(json!({ "amount": -1, "per": "month" })))[0].0, "budget");
    assert_eq!(faults(&body(json!({ "amount": 1, "per": "year" })))[0].0, "budget");
}

#[test]
fn a_time_is_a_time() {
    let body = |at: &str| json!({ "name": "CI", "scopes": ["gateway:use"], "expires_at": at });
    assert!(NewApiKey::parse(&body("2030-01-01T00:00:00+02:00")).is_ok());
    for bad in ["tomorrow", "2030-01-01", "2030-13-01T00:00:00Z"] {
        assert_eq!(faults(&body(bad)), [("expires_at".to_owned(), Fault::NotATime)]);
    }
}

#[test]
fn an_overlap_has_bounds() {
    assert_eq!(KeyRotation::parse(&Value::Null).unwrap().overlap_hours, 24);
    assert_eq!(KeyRotation::parse(&json!({ "overlap_hours": 0 })).unwrap().overlap_hours, 0);
    assert!(KeyRotation::parse(&json!({ "overlap_hours": 721 })).is_err());
}
