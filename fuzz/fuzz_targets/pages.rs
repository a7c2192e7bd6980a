//! Cursors and searches of lists: no cursor leads past the end of paging, and no search brings wildcards of its own.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenantry_types::PageQuery;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(skip) = PageQuery::skip_of_cursor(text) {
        assert!(skip <= PageQuery::MAX_SKIP);
    }
    let query = PageQuery {
        q: text.to_owned(),
        ..PageQuery::default()
    };
    let Some(pattern) = query.pattern() else { return };
    let inner = pattern.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).unwrap();
    let mut escaped = false;
    for c in inner.chars() {
        if escaped {
            escaped = false;
        } else {
            escaped = c == '\\';
            assert!(!matches!(c, '%' | '_' | '\0'), "{pattern:?}");
        }
    }
    assert!(!escaped, "{pattern:?}");
});
