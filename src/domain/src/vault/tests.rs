use super::*;

fn place(row: u128) -> Place {
    Place {
        table: "provider",
        row: Uuid::from_u128(row),
        column: "api_key",
    }
}

#[test]
fn opens_only_with_its_key_and_in_its_place() {
    let (key, other) = (fresh(), fresh());
    let sealed = seal(&key, &place(1).aad(None), b"sk-1").expect("seals");
    assert_eq!(open(&key, &place(1).aad(None), &sealed).expect("opens"), b"sk-1");
    assert!(open(&other, &place(1).aad(None), &sealed).is_err());
    assert!(open(&key, &place(2).aad(None), &sealed).is_err());
    assert!(open(&key, &place(1).aad(Some(Uuid::from_u128(9))), &sealed).is_err());
    assert!(open(&key, &place(1).aad(None), &sealed[..5]).is_err());
}

#[test]
fn the_same_text_is_sealed_differently_each_time() {
    let key = fresh();
    assert_ne!(seal(&key, "x", b"a").expect("seals"), seal(&key, "x", b"a").expect("seals"));
}
