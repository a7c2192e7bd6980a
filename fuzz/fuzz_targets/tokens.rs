//! Access tokens: nothing that was not signed here is believed, whatever its header says.
#![no_main]
#![allow(dead_code)]

#[path = "../../src/domain/src/tokens/claims.rs"]
mod claims;
#[path = "../../src/domain/src/tokens/crypto.rs"]
mod crypto;

use std::collections::HashMap;
use std::sync::LazyLock;

use jsonwebtoken::{DecodingKey, EncodingKey};
use libfuzzer_sys::fuzz_target;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use uuid::Uuid;

struct World {
    keys: HashMap<String, DecodingKey>,
    token: String,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    crypto::install();
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap();
    let now = jsonwebtoken::get_current_timestamp().cast_signed();
    let said = claims::Claims::new("https://x.test", Uuid::now_v7().into(), Uuid::now_v7(), (None, None), now);
    World {
        keys: HashMap::from([("k1".to_owned(), DecodingKey::from_ed_der(pair.public_key().as_ref()))]),
        token: claims::sign(&said, "k1", &EncodingKey::from_ed_der(made.as_ref())).unwrap(),
    }
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let world = &*WORLD;
    let believed = |token: &str| claims::verify(token, "https://x.test", &world.keys).is_some();
    assert!(believed(&world.token) && !believed(text));
    let parts: Vec<&str> = world.token.split('.').collect();
    for n in 0..3 {
        let mut mixed = parts.clone();
        mixed[n] = text;
        let mixed = mixed.join(".");
        assert!(mixed == world.token || !believed(&mixed), "{mixed}");
    }
});
