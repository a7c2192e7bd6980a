use serde_json::json;
use tenantry_types::audit::Outcome;
use tenantry_types::{EventId, Timestamp};

use super::*;
use crate::Origin;

fn event(target_type: &'static str, target_name: &str, changes: Value, personal: Value) -> Event {
    Event {
        id: EventId::new(Uuid::from_u128(7)),
        at: Timestamp(OffsetDateTime::UNIX_EPOCH),
        action: "thing.done",
        target_type,
        target_id: None,
        target_name: target_name.to_owned(),
        workspace: None,
        outcome: Outcome::Ok,
        changes,
        personal,
    }
}

fn linked(event: Event) -> (Row, Vec<Personal>) {
    let actor = Actor::system(Origin::system("test"));
    let (mut rows, personal) = link(PLATFORM, 0, &[], None, [(actor, event)]);
    (rows.remove(0), personal)
}

#[test]
fn what_is_about_a_person_stands_apart() {
    let (row, personal) = linked(event(
        "invitation",
        "ivy@example.com",
        json!({ "role": "viewer" }),
        json!({ "note": "my sister" }),
    ));
    assert_eq!((row.target_name.as_deref(), personal.len()), (None, 1));
    let part = &personal[0];
    assert_eq!((part.party, part.name.as_str()), (Party::Target, "ivy@example.com"));
    assert_eq!(part.person, Some(address(&Email::parse("Ivy@Example.com").unwrap())));
    assert_eq!(row.target_digest.as_deref(), Some(&*part.digest()));
    assert!(!format!("{row:?}").contains("ivy") && !format!("{row:?}").contains("sister"));
    // The same again digests otherwise: nobody finds the name by trying names.
    let (again, _) = linked(event("invitation", "ivy@example.com", json!({ "role": "viewer" }), Value::Null));
    assert_ne!(again.target_digest, row.target_digest);
    // Things are no people.
    let (row, personal) = linked(event("workspace", "Research", json!({}), Value::Null));
    assert_eq!((row.target_name.as_deref(), personal.len()), (Some("Research"), 0));
}

#[test]
fn the_hash_covers_every_column() {
    let (row, _) = linked(event(
        "workspace",
        "Research",
        json!({ "b": 1, "a": { "d": [1, "x"], "c": null } }),
        Value::Null,
    ));
    assert_eq!(row.hash, hash(PLATFORM, &row));
    assert_ne!(row.hash, hash("ten_01j0000000e008000000000000", &row));
    let changed: [fn(&mut Row); 19] = [
        |r| r.seq += 1,
        |r| r.id = Uuid::from_u128(8),
        |r| r.at += time::Duration::microseconds(1),
        |r| r.workspace_id = Some(Uuid::from_u128(1)),
        |r| r.actor_type = "user".into(),
        |r| r.actor_id = Some("usr".into()),
        |r| r.actor_name = None,
        |r| r.actor_digest = Some(vec![1]),
        |r| r.action = "thing.undone".into(),
        |r| r.target_type = "user".into(),
        |r| r.target_id = Some("x".into()),
        |r| r.target_name = Some("Resaerch".into()),
        |r| r.target_digest = Some(vec![]),
        |r| r.outcome = "denied".into(),
        |r| r.door = "api".into(),
        |r| r.request_id = "other".into(),
        |r| r.changes = json!({}),
        |r| r.prev_hash = vec![0],
        // What belongs to one column must not pass to its neighbour.
        |r| (r.action, r.target_type) = ("thing.donework".into(), "space".into()),
    ];
    for (place, change) in changed.into_iter().enumerate() {
        let mut other = row.clone();
        change(&mut other);
        assert_ne!(hash(PLATFORM, &other), row.hash, "change {place}");
    }
}

#[test]
fn keys_have_one_order() {
    let text = canonical(&json!({ "b": [{ "y": 1, "x": "\"" }], "a": null }));
    assert_eq!(text, r#"{"a":null,"b":[{"x":"\"","y":1}]}"#);
}

#[test]
fn secrets_are_not_written() {
    let changes = json!({ "from": { "api_key": "sk-1", "has_api_key": true }, "list": [{ "password": "p" }], "price": 0.5, "text": "a\0b" });
    let (row, _) = linked(event("provider", "P", changes, json!({ "token": "t" })));
    assert_eq!(
        row.changes,
        json!({ "from": { "api_key": "***", "has_api_key": true }, "list": [{ "password": "***" }], "price": "0.5", "text": "ab" })
    );
    assert!(!format!("{row:?}").contains("sk-1"));
}
