use serde_json::json;

use super::*;

#[test]
fn addresses_are_urls_without_user_and_fragment() {
    for url in [
        "https://hooks.example.com/in?token=x",
        "http://10.0.0.1:8080/",
        "https://example.com?x=a@b",
    ] {
        assert_eq!(HookUrl::from_input(&url.into()).unwrap().0, url);
    }
    for url in [
        "ftp://example.com",
        "https://",
        "https://user:secret@example.com/",
        "https://example.com/#x",
        "https://:80/",
        "example.com",
    ] {
        assert_eq!(HookUrl::from_input(&url.into()), Err(Fault::NotAUrl), "{url}");
    }
    assert_eq!(
        HookUrl::origin("https://hooks.example.com/services/T0/secret"),
        "https://hooks.example.com"
    );
    assert_eq!(HookUrl::origin("http://a.example:81?x=1"), "http://a.example:81");
}

#[test]
fn no_list_of_events_is_something_else_than_an_empty_one() {
    let body = |events: Value| json!({ "name": "Ops", "url": "https://example.com/", "events": events });
    assert_eq!(NewWebhook::parse(&body(Value::Null)).unwrap().events, None);
    let some = NewWebhook::parse(&body(json!(["security", "quota_warning", "security"]))).unwrap();
    assert_eq!(some.events, Some(vec![AlertKind::QuotaWarning, AlertKind::Security]));
    assert!(NewWebhook::parse(&body(json!([]))).is_err());
    assert!(NewWebhook::parse(&body(json!(["weather"]))).is_err());
    assert_eq!(WebhookPatch::parse(&json!({})).unwrap().events, Patch::Keep);
    assert_eq!(WebhookPatch::parse(&json!({ "events": null })).unwrap().events, Patch::Clear);
    assert!(WebhookPatch::parse(&json!({ "secret": "x" })).is_err());
}
