use super::*;

#[test]
fn text_form_round_trips() {
    for bits in [0, 1, u128::MAX, 0x0190_1234_5678_7abc_8def_0123_4567_89ab] {
        let id = TenantId::new(Uuid::from_u128(bits));
        let text = id.to_string();
        assert_eq!(text.len(), 4 + 26);
        assert_eq!(text.parse::<TenantId>(), Ok(id));
    }
}

#[test]
fn text_form_sorts_like_the_id() {
    let a = UserId::new(Uuid::from_u128(5 << 64));
    let b = UserId::new(Uuid::from_u128(6 << 64));
    assert!(a.to_string() < b.to_string());
}

#[test]
fn other_texts_are_refused() {
    let good = UserId::new(Uuid::from_u128(7)).to_string();
    for bad in [
        "",
        "usr_",
        "usr",
        &good.to_uppercase(),
        &good.replace("usr", "ten"),
        &format!("{good}0"),
        "usr_zzzzzzzzzzzzzzzzzzzzzzzzzz",
        "usr_é000000000000000000000000",
    ] {
        assert!(bad.parse::<UserId>().is_err(), "{bad:?} was taken for an id");
    }
}
