use serde_json::json;

use super::*;

#[test]
fn defaults_are_what_the_contract_says() {
    let usual = NotificationSettings::default();
    for kind in [AlertKind::JobCompleted, AlertKind::JobFailed, AlertKind::QuotaWarning] {
        assert_eq!(usual.of(kind), Channels::EVERYWHERE, "{kind}");
    }
    assert_eq!(usual.of(AlertKind::QuotaExceeded), Channels::NOWHERE);
    assert_eq!(usual.kinds.len(), AlertKind::ALL.len());
}

#[test]
fn a_change_keeps_what_it_does_not_name_and_is_found_again() {
    let body = json!({ "kinds": { "quota_exceeded": { "mail": true }, "security": { "in_app": false } }, "key_days": 14 });
    let after = NotificationPatch::parse(&body).unwrap().apply(&NotificationSettings::default());
    assert_eq!(
        after.of(AlertKind::QuotaExceeded),
        Channels {
            mail: true,
            ..Channels::NOWHERE
        }
    );
    assert!(!after.of(AlertKind::Security).in_app && after.of(AlertKind::Security).mail);
    assert_eq!((after.key_days, after.refusals_per_minute), (14, 60));
    let stored = after.to_store();
    assert_eq!(stored["kinds"].as_object().unwrap().len(), 2, "only what was chosen");
    assert_eq!(NotificationSettings::stored(&stored), after);
    let back = NotificationPatch::parse(&json!({ "key_days": null })).unwrap().apply(&after);
    assert_eq!(back.key_days, 7);
}

#[test]
fn what_an_older_version_stored_gets_the_defaults() {
    let stored = json!({ "kinds": { "gone": { "in_app": true, "mail": true, "webhook": true }, "refusals": 3 }, "key_days": "x" });
    assert_eq!(NotificationSettings::stored(&stored), NotificationSettings::default());
}

#[test]
fn faults_name_their_field() {
    let body = json!({ "kinds": { "quota_warning": { "mail": 3 }, "weather": {} }, "key_days": 0, "refusals_per_minute": 1_000_001, "more": 1 });
    let faults: Vec<String> = NotificationPatch::parse(&body).unwrap_err().into_iter().map(|e| e.field).collect();
    for field in ["kinds.quota_warning.mail", "kinds.weather", "key_days", "refusals_per_minute", "more"] {
        assert!(faults.iter().any(|f| f == field), "{field} in {faults:?}");
    }
}
