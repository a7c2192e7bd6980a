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

#[test]
fn metadata_has_at_most_50_keys() {
    let of = |keys: usize| (0..keys).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>();
    assert_eq!(Metadata::from_input(&of(50).into()).map(|read| read.0.len()), Ok(50));
    assert_eq!(Metadata::from_input(&of(51).into()), Err(Fault::TooMany { max: 50 }));
    for (key, value, fault) in [
        (String::new(), json!("v"), Fault::TooShort { min: 1 }),
        ("k".repeat(41), json!("v"), Fault::TooLong { max: 40 }),
        ("k".into(), json!("v".repeat(501)), Fault::TooLong { max: 500 }),
        ("k".into(), json!(1), Fault::ExpectedText),
    ] {
        assert_eq!(Metadata::from_input(&json!({ key: value })), Err(fault));
    }
    assert!(Metadata::from_input(&json!({ "k".repeat(40): "v".repeat(500) })).is_ok());
}

#[test]
fn metadata_is_shown_in_lines_where_they_say_it_all() {
    let of = |key: &str, value: &str| Metadata([(key.to_owned(), value.to_owned())].into()).lines();
    assert_eq!(of("cost centre", "4711: north"), Some("cost centre: 4711: north\n".into()));
    for (key, value) in [("a:b", "c"), ("a", "b\nc"), (" a", "b"), ("a", "b ")] {
        assert_eq!(of(key, value), None, "{key:?} {value:?}");
    }
}
