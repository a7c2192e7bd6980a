use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode};

use super::{fingerprint, is_final, read_key, scope};

fn parts(method: &str, uri: &str) -> Parts {
    Request::builder().method(method).uri(uri).body(()).unwrap().into_parts().0
}

fn key(text: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", HeaderValue::from_bytes(text.as_bytes()).unwrap());
    headers
}

#[test]
fn a_key_belongs_to_caller_method_path_and_itself() {
    let base = scope("usr_a", &parts("POST", "/v1/tenants"), "k");
    assert_eq!(
        base,
        scope("usr_a", &parts("POST", "/v1/tenants/"), "k"),
        "a slash at the end is the same place"
    );
    for other in [
        scope("usr_b", &parts("POST", "/v1/tenants"), "k"),
        scope("usr_a", &parts("PATCH", "/v1/tenants"), "k"),
        scope("usr_a", &parts("POST", "/v1/plans"), "k"),
        scope("usr_a", &parts("POST", "/v1/tenants"), "l"),
        scope("usr_aP", &parts("OST", "/v1/tenants"), "k"),
    ] {
        assert_ne!(base, other);
    }
}

#[test]
fn the_query_and_the_body_are_what_was_sent() {
    let sent = parts("DELETE", "/v1/tenants/acme?purge=true");
    let base = fingerprint("k", &sent, b"{}");
    assert_eq!(base, fingerprint("k", &sent, b"{}"));
    assert_ne!(base, fingerprint("k", &sent, b"{ }"));
    assert_ne!(base, fingerprint("k", &parts("DELETE", "/v1/tenants/acme"), b"{}"));
    assert_ne!(base, fingerprint("l", &sent, b"{}"), "the hash is worth nothing without the key");
}

#[test]
fn keys_are_visible_and_short() {
    assert_eq!(read_key(&key("a-1")).unwrap(), "a-1");
    assert!(read_key(&key(&"x".repeat(255))).is_ok());
    for bad in ["", "a b", "ä"] {
        assert_eq!(read_key(&key(bad)).unwrap_err().0.fields().len(), 1, "{bad:?}");
    }
    assert!(read_key(&key(&"x".repeat(256))).is_err());
    let mut two = key("a");
    two.append("idempotency-key", HeaderValue::from_static("b"));
    assert!(read_key(&two).is_err());
}

#[test]
fn what_could_go_better_next_time_is_not_kept() {
    for status in [
        StatusCode::OK,
        StatusCode::CREATED,
        StatusCode::NOT_FOUND,
        StatusCode::CONFLICT,
        StatusCode::UNPROCESSABLE_ENTITY,
    ] {
        assert!(is_final(status), "{status}");
    }
    for status in [
        StatusCode::UNAUTHORIZED,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::SERVICE_UNAVAILABLE,
    ] {
        assert!(!is_final(status), "{status}");
    }
}
