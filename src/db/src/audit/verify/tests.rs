use serde_json::json;
use tenantry_types::audit::Outcome;
use tenantry_types::{EventId, Timestamp};

use super::*;
use crate::access::Actor;
use crate::audit::Event;
use crate::{Origin, audit::chain::link};

/// Five rows without anybody in them.
fn five() -> Vec<Row> {
    let events = (0..5).map(|n| {
        let event = Event {
            id: EventId::new(Uuid::from_u128(n)),
            at: Timestamp(OffsetDateTime::UNIX_EPOCH),
            action: "thing.done",
            target_type: "thing",
            target_id: None,
            target_name: format!("thing {n}"),
            workspace: None,
            outcome: Outcome::Ok,
            changes: json!({}),
            personal: Value::Null,
        };
        (Actor::system(Origin::system("test")), event)
    });
    link(PLATFORM, 0, &[], None, events).0
}

/// What a walk finds in these rows, whose head is the last of them.
fn walk(rows: &[Row], noted: &[(i64, &[u8])]) -> Vec<(i64, Finding)> {
    let noted = noted.iter().map(|(seq, hash)| (*seq, hash.to_vec())).collect();
    let mut walk = Walk::new(PLATFORM.into(), &noted);
    for row in rows {
        walk.step(row, &[None, None]);
    }
    let (seq, hash) = rows.last().map(|row| (row.seq, row.hash.clone())).unwrap_or_default();
    walk.end(seq, &hash, seq).found.iter().map(|found| (found.seq, found.finding)).collect()
}

#[test]
fn a_chain_as_written_holds() {
    let rows = five();
    assert_eq!(walk(&rows, &[]), []);
    assert_eq!(walk(&rows, &[(2, &rows[1].hash), (5, &rows[4].hash)]), []);
    assert_eq!(walk(&[], &[]), []);
}

#[test]
fn each_way_to_tamper_has_its_finding() {
    let rows = five();
    let mut edited = rows.clone();
    edited[2].action = "thing.undone".into();
    assert_eq!(walk(&edited, &[]), [(3, Finding::Edited)]);
    // With a new hash the row itself is sound, but the next one names the old.
    edited[2].hash = chain::hash(PLATFORM, &edited[2]);
    assert_eq!(walk(&edited, &[]), [(3, Finding::Edited)]);

    let mut removed = rows.clone();
    removed.remove(1);
    assert_eq!(walk(&removed, &[]), [(2, Finding::Missing)]);
    // Closing the gap does not help.
    for row in &mut removed[1..] {
        row.seq -= 1;
    }
    assert_eq!(walk(&removed, &[])[0], (2, Finding::Moved));

    let mut swapped = rows.clone();
    swapped.swap(1, 2);
    (swapped[1].seq, swapped[2].seq) = (2, 3);
    assert_eq!(walk(&swapped, &[])[0], (2, Finding::Moved));

    assert_eq!(walk(&rows[..3], &[(5, &rows[4].hash)]), [(4, Finding::Truncated)]);
    // Without a head from outside, a cut does not show: that is what they are for.
    assert_eq!(walk(&rows[..3], &[]), []);
}

#[test]
fn a_chain_that_was_made_anew_is_not_the_one_that_was_noted() {
    let rows = five();
    let mut anew = rows.clone();
    anew[1].action = "thing.undone".into();
    for place in 1..anew.len() {
        anew[place].prev_hash = anew[place - 1].hash.clone();
        anew[place].hash = chain::hash(PLATFORM, &anew[place]);
    }
    assert_eq!(walk(&anew, &[]), []);
    assert_eq!(walk(&anew, &[(1, &rows[0].hash), (4, &rows[3].hash)]), [(4, Finding::Rewritten)]);
}

#[test]
fn rows_past_the_head_and_a_head_of_nothing_show() {
    let rows = five();
    let noted = BTreeMap::new();
    let end = |rows: &[Row], head: i64, hash: &[u8], last: i64| {
        let mut walk = Walk::new(PLATFORM.into(), &noted);
        rows.iter().for_each(|row| walk.step(row, &[None, None]));
        let found = walk.end(head, hash, last).found;
        found.first().map(|found| (found.seq, found.finding))
    };
    assert_eq!(end(&rows[..3], 3, &rows[2].hash, 5), Some((4, Finding::Added)));
    assert_eq!(end(&rows[..3], 5, &rows[4].hash, 3), Some((4, Finding::Truncated)));
    assert_eq!(end(&rows, 5, b"other", 5), Some((5, Finding::Edited)));
}
