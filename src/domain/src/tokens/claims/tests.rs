use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use super::*;

const NOW: fn() -> i64 = || jsonwebtoken::get_current_timestamp().cast_signed();

struct World {
    pair: Ed25519KeyPair,
    signer: EncodingKey,
    keys: HashMap<String, DecodingKey>,
}

fn world() -> World {
    super::super::crypto::install();
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap();
    let public = DecodingKey::from_ed_der(pair.public_key().as_ref());
    World {
        pair,
        signer: EncodingKey::from_ed_der(made.as_ref()),
        keys: HashMap::from([("k1".to_owned(), public)]),
    }
}

fn claims() -> Claims {
    Claims::new("https://x.test", Uuid::now_v7().into(), Uuid::now_v7(), (None, None), NOW())
}

/// A token with this header and these claims, signed with the right key, whatever it says.
fn forge(world: &World, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(world.pair.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn right_header() -> Value {
    json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": "k1" })
}

fn believed(world: &World, token: &str) -> bool {
    verify(token, "https://x.test", &world.keys).is_some()
}

#[test]
fn a_token_says_again_what_was_signed() {
    let world = world();
    let said = Claims {
        tid: Some(Uuid::now_v7().into()),
        wid: Some(Uuid::now_v7().into()),
        ..claims()
    };
    let token = sign(&said, "k1", &world.signer).unwrap();
    assert_eq!(verify(&token, "https://x.test", &world.keys), Some(said));
    assert!(believed(
        &world,
        &forge(&world, &right_header(), &serde_json::to_value(claims()).unwrap())
    ));
}

#[test]
fn checklist_38_one_algorithm_and_no_key_from_the_header() {
    let world = world();
    let body = serde_json::to_value(claims()).unwrap();
    let with = |name: &str, value: Value| {
        let mut header = right_header();
        header[name] = value;
        forge(&world, &header, &body)
    };
    for alg in ["none", "None", "HS256", "HS512", "RS256", "PS256", "ES256", ""] {
        assert!(!believed(&world, &with("alg", json!(alg))), "{alg}");
    }
    for kid in [json!("k2"), json!(""), json!("../k1"), Value::Null] {
        assert!(!believed(&world, &with("kid", kid.clone())), "{kid}");
    }
    for typ in [json!("JWT"), json!("id+jwt"), Value::Null] {
        assert!(!believed(&world, &with("typ", typ.clone())), "{typ}");
    }
    assert!(!believed(&world, &with("crit", json!(["exp"]))));
    // The public key as a secret of HMAC: the classic confusion.
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "at+jwt", "kid": "k1" })), part(&body));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, world.pair.public_key().as_ref());
    let signature = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, message.as_bytes()));
    assert!(!believed(&world, &format!("{message}.{signature}")));
    // A key that the header brings along is not the one that is asked.
    let other = World {
        keys: HashMap::new(),
        ..self::world()
    };
    let x = URL_SAFE_NO_PAD.encode(other.pair.public_key().as_ref());
    for (name, value) in [
        ("jwk", json!({ "kty": "OKP", "crv": "Ed25519", "x": x })),
        ("jku", json!("https://elsewhere.example/jwks.json")),
        ("x5u", json!("https://elsewhere.example/cert.pem")),
    ] {
        let mut header = right_header();
        header[name] = value;
        assert!(!believed(&world, &forge(&other, &header, &body)), "{name}");
        assert!(believed(&world, &forge(&world, &header, &body)), "{name} is passed over");
    }
}

#[test]
fn checklist_38_every_claim_is_there_and_right() {
    let world = world();
    let with = |name: &str, value: Value| {
        let mut body = serde_json::to_value(claims()).unwrap();
        if value.is_null() {
            body.as_object_mut().unwrap().remove(name);
        } else {
            body[name] = value;
        }
        believed(&world, &forge(&world, &right_header(), &body))
    };
    for name in ["iss", "aud", "sub", "exp", "nbf", "typ", "sid"] {
        assert!(!with(name, Value::Null), "{name} is missing");
        assert!(!with(name, json!({})), "{name} is something else");
    }
    for (name, value) in [
        ("iss", json!("https://y.test")),
        ("iss", json!(["https://x.test", "https://y.test"])),
        ("aud", json!("other")),
        ("typ", json!("refresh")),
        ("sub", json!("ten_06fzz0000e00800000000zzzzz")),
        ("exp", json!(NOW() - 61)),
        ("exp", json!("tomorrow")),
        ("nbf", json!(NOW() + 62)),
    ] {
        assert!(!with(name, value.clone()), "{name}: {value}");
    }
    // Clocks may differ by less than a minute.
    assert!(with("exp", json!(NOW() - 20)) && with("nbf", json!(NOW() + 20)));
}

#[test]
fn what_is_no_token_is_none() {
    let world = world();
    let token = sign(&claims(), "k1", &world.signer).unwrap();
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[2] = "";
    for text in [
        "",
        ".",
        "..",
        "a.b.c",
        &token[1..],
        &parts.join("."),
        &format!("{token}x"),
        &format!("{token}.x"),
        &"a".repeat(5000),
    ] {
        assert!(!believed(&world, text), "{text}");
    }
}
