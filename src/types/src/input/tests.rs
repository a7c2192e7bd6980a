use serde_json::json;

use super::*;
use crate::{Email, Name};

#[test]
fn all_faults_are_listed_at_once() {
    let body = json!({"email": "nope", "name": "", "extra": 1, "items": [{"role": 3}, 4]});
    let read = Fields::read(&body, |f| {
        let email = f.required::<Email>("email");
        let name = f.required::<Name>("name");
        let items = f.objects("items", 10, |f| f.required::<String>("role"));
        Some((email?, name?, items?))
    });
    let errors = read.expect_err("the body has faults");
    let got: Vec<(&str, &str)> = errors.iter().map(|e| (e.field.as_str(), e.fault.code())).collect();
    assert_eq!(
        got,
        [
            ("email", "not_an_email"),
            ("name", "required"),
            ("items[0].role", "expected_text"),
            ("items[1]", "expected_object"),
            ("extra", "unknown_field")
        ]
    );
}

#[test]
fn patch_has_three_states() {
    let body = json!({"a": null, "b": "x"});
    let got = Fields::read(&body, |f| {
        Some((f.patch::<String>("a")?, f.patch::<String>("b")?, f.patch::<String>("c")?))
    });
    assert_eq!(got, Ok((Patch::Clear, Patch::Set("x".into()), Patch::Keep)));
}

#[test]
fn not_an_object_is_a_fault() {
    assert!(Fields::read(&json!([1]), |_| Some(())).is_err());
}
