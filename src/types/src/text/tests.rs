use super::*;

#[test]
fn addresses_are_lower_cased_and_checked() {
    assert_eq!(Email::parse(" Ada@Example.COM ").map(|e| e.to_string()), Ok("ada@example.com".into()));
    for bad in ["", "ada", "@x.y", "ada@", "a b@x.y", "ada@x..y", "ada@-x.y", "a@b@c.d", "a\n@x.y"] {
        assert!(Email::parse(bad).is_err(), "{bad:?}");
    }
    // The sign for kelvin and the dotted capital, which become a k and an i in lower case.
    for other in ["\u{212a}evin@x.y", "\u{130}da@x.y", "ada@\u{212a}x.y"] {
        assert!(Email::parse(other).is_err(), "{other:?}");
    }
    assert!(Email::parse("Jürgen@x.y").is_ok());
}

#[test]
fn slugs_are_derived_from_names() {
    for (name, slug) in [
        ("Acme Labs", "acme-labs"),
        ("  Émile & Söhne ", "emile-sohne"),
        ("雪", "team"),
        ("Admin", "admin-1"),
        ("a--b__c", "a-b-c"),
        ("O'Neil", "oneil"),
    ] {
        assert_eq!(Slug::derive(name).as_str(), slug);
    }
    assert!(Slug::parse(Slug::derive(&"é".repeat(99)).as_str()).is_ok());
}

#[test]
fn bad_slugs_are_refused() {
    for bad in ["", "-a", "a-", "a--b", "A", "a_b", "é", "admin"] {
        assert!(Slug::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn weak_passwords_are_refused() {
    assert_eq!(NewPassword::parse("short").err(), Some(Fault::TooShort { min: 8 }));
    assert!(NewPassword::parse(&"long ".repeat(25)).is_ok());
    assert_eq!(NewPassword::parse(&"long ".repeat(26)).err(), Some(Fault::TooLong { max: 128 }));
    assert_eq!(NewPassword::parse("aaaaaaaaaaaa").err(), Some(Fault::CommonPassword));
    assert!(NewPassword::parse("correct horse battery").is_ok());
}

#[test]
fn secrets_do_not_print() {
    assert!(!format!("{:?}", Secret::new("hunter2")).contains("hunter2"));
}
