use super::*;

#[test]
fn amounts_are_read_as_they_are_written() {
    for (text, micro) in [
        ("0.15", 150_000),
        ("$2.50", 2_500_000),
        (" 3 ", 3_000_000),
        ("0", 0),
        (".5", 500_000),
        ("7.", 7_000_000),
        ("0.000001", 1),
    ] {
        assert_eq!(Dollars::parse(text), Ok(Dollars(micro)), "{text}");
    }
    for text in [
        "",
        ".",
        "$",
        "-1",
        "+1",
        "1,5",
        "0.0000001",
        "1e3",
        "ten",
        "1.5.2",
        "99999999999999",
        "1 000",
    ] {
        assert_eq!(Dollars::parse(text), Err(Fault::NotAnAmount), "{text}");
    }
}

#[test]
fn amounts_are_shown_with_two_decimals_and_more_where_they_count() {
    let shown = [0, 150_000, 2_500_000, 1, 1_234_567, 1_000_000_000].map(dollars);
    assert_eq!(shown, ["$0.00", "$0.15", "$2.50", "$0.000001", "$1.234567", "$1000.00"]);
    assert_eq!(dollars(-50_000), "-$0.05");
}

#[test]
fn what_stands_in_a_field_is_read_back() {
    for micro in [0, 1, 150_000, 3_000_000, 1_234_567] {
        assert_eq!(Dollars::parse(&typed(micro)), Ok(Dollars(micro)));
    }
    assert_eq!([3_000_000, 150_000, 0].map(typed), ["3", "0.15", "0"]);
}
