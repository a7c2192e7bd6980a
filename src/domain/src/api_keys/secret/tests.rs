use std::collections::HashSet;

use super::*;

#[test]
fn checklist_34_a_key_has_a_prefix_thirty_random_characters_and_a_sum() {
    let mut seen = HashSet::new();
    for _ in 0..1000 {
        let minted = mint();
        let text = minted.secret.expose();
        assert_eq!((text.len(), &text[..4]), (40, "tnt_"));
        assert!(text[4..].bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_eq!(read(text), Some(minted.hash));
        assert_eq!(minted.prefix, text[..12]);
        assert!(seen.insert(text.to_owned()));
    }
}

/// Computed elsewhere: `zlib.crc32(b"0" * 30)`.
#[test]
fn the_sum_is_that_of_others() {
    let random = "0".repeat(30);
    let mut n = 0u64;
    for digit in sum(random.as_bytes()).bytes() {
        n = n * 62 + ALPHABET.iter().position(|a| *a == digit).unwrap() as u64;
    }
    assert_eq!(n, 0x77e5_db82);
    assert_eq!(sum(random.as_bytes()).len(), 6);
}

#[test]
fn checklist_34_one_wrong_character_is_seen_without_a_lookup() {
    let minted = mint();
    let right = minted.secret.expose();
    for place in 4..40 {
        for other in [b'0', b'a', b'Z'] {
            let mut wrong = right.as_bytes().to_vec();
            if wrong[place] == other {
                continue;
            }
            wrong[place] = other;
            assert_eq!(read(std::str::from_utf8(&wrong).unwrap()), None, "place {place}");
        }
    }
    for text in [
        "",
        "tnt_",
        &right[..39],
        &format!("{right}0"),
        &right.replace("tnt_", "TNT_"),
        &format!("tnt_{}", "é".repeat(18)),
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}
