//! The text of an API key: whatever is shown, it is read or it is not, and one wrong character is seen.
#![no_main]
#![allow(dead_code)]

#[path = "../../src/domain/src/api_keys/secret.rs"]
mod secret;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(hash) = secret::read(text) {
        assert!(hash.len() == 32 && text.len() == 40 && text.is_ascii());
    }
    // A key that was made is read, and with this in the place of one of its characters it is not.
    let minted = secret::mint();
    let key = minted.secret.expose().to_owned();
    assert_eq!(secret::read(&key).as_deref(), Some(&minted.hash[..]));
    let (Some(place), Some(other)) = (data.first(), text.chars().next()) else { return };
    let at = usize::from(*place) % key.len();
    let changed: String = key.chars().enumerate().map(|(n, c)| if n == at { other } else { c }).collect();
    assert_eq!(secret::read(&changed).is_some(), changed == key);
});
