use super::*;

fn refusal(target: &str) -> Refusal {
    Refusal {
        chain: None,
        actor: Actor::system(Origin::system("test")),
        action: "access.denied",
        target_type: "thing",
        target_id: Some(target.to_owned()),
        target_name: String::new(),
        workspace: None,
        outcome: Outcome::Denied,
        changes: json!({}),
        named: None,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp(time::OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second))
}

fn counts(due: &[Due]) -> Vec<u64> {
    due.iter().map(|due| due.count).collect()
}

#[test]
fn the_first_is_written_at_once_and_the_rest_of_its_minute_together() {
    let refusals = Refusals::default();
    refusals.add(refusal("a"), at(0));
    assert_eq!(counts(&refusals.due(at(1))), [1]);
    for second in 2..50 {
        refusals.add(refusal("a"), at(second));
    }
    assert!(refusals.due(at(50)).is_empty());
    assert_eq!(counts(&refusals.due(at(60))), [48]);
    // The next minute begins with the next one.
    refusals.add(refusal("a"), at(61));
    assert_eq!(counts(&refusals.due(at(61))), [1]);
    assert!(refusals.due(at(200)).is_empty());
    assert!(refusals.open.lock().unwrap().is_empty());
}

#[test]
fn different_things_are_counted_apart_up_to_a_bound() {
    let refusals = Refusals::default();
    for n in 0..MOST + 1000 {
        refusals.add(refusal(&n.to_string()), at(0));
    }
    let due = refusals.due(at(0));
    assert_eq!(due.len(), MOST + 1);
    let rest = due.iter().find(|due| due.refusal.target_type == "many").unwrap();
    assert_eq!(rest.count, 1000);
}

#[test]
fn names_of_tenants_are_bounded() {
    let refusals = Refusals::default();
    for n in 0..100 {
        let named = Some(format!("tenant-{n}"));
        refusals.add(Refusal { named, ..refusal("x") }, at(0));
    }
    let due = refusals.due(at(0));
    assert_eq!((due.len(), due[0].count, due[0].named.len()), (1, 100, NAMES));
}
