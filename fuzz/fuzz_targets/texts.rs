//! Texts with rules: what is taken once is taken again and stays what it is, and no slug looks like an id.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenantry_types::{Email, Name, Slug, TenantId};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(email) = Email::parse(text) {
        assert_eq!(Email::parse(email.as_str()).as_ref(), Ok(&email));
        assert!(!email.domain().is_empty() && !email.as_str().contains(char::is_whitespace));
        // In lower case nothing became another's address.
        assert!(text.trim().is_ascii() || !email.as_str().is_ascii(), "{text:?}");
    }
    if let Ok(name) = Name::parse(text) {
        assert_eq!(Name::parse(name.as_str()).as_ref(), Ok(&name));
    }
    if let Ok(slug) = Slug::parse(text) {
        assert!(slug.as_str().parse::<TenantId>().is_err());
    }
    let derived = Slug::derive(text);
    assert!(Slug::parse(derived.as_str()).is_ok(), "{derived:?}");
});
