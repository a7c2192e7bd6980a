use super::*;

fn facts(proxies: &[&str]) -> Facts {
    Facts {
        public_url: None,
        trusted_proxies: proxies.iter().map(|text| text.parse().unwrap()).collect(),
        base_domain: None,
    }
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
        .collect()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_client_cannot_name_its_own_address() {
    let forged = headers(&[("x-forwarded-for", "1.1.1.1")]);
    assert_eq!(facts(&[]).client(&forged, ip("9.9.9.9")), ip("9.9.9.9"));
    assert_eq!(facts(&["10.0.0.0/8"]).client(&forged, ip("9.9.9.9")), ip("9.9.9.9"));
}

#[test]
fn the_chain_is_followed_through_trusted_proxies_only() {
    let facts = facts(&["10.0.0.0/8"]);
    assert_eq!(
        facts.client(&headers(&[("x-forwarded-for", "1.1.1.1, 7.7.7.7, 10.0.0.2")]), ip("10.0.0.1")),
        ip("7.7.7.7")
    );
    assert_eq!(facts.client(&headers(&[("x-forwarded-for", "junk")]), ip("10.0.0.1")), ip("10.0.0.1"));
    assert_eq!(facts.client(&headers(&[]), ip("10.0.0.1")), ip("10.0.0.1"));
}

#[test]
fn a_request_id_is_taken_over_from_a_proxy_only() {
    let facts = facts(&[]);
    let given = headers(&[("x-request-id", "abcdef-123456")]);
    assert_eq!(facts.request_id(&given, true), "abcdef-123456");
    assert_eq!(facts.request_id(&given, false).len(), 32);
    for bad in ["short", "has a blank in it", "<script>alert(1)</script>"] {
        assert_eq!(facts.request_id(&headers(&[("x-request-id", bad)]), true).len(), 32);
    }
}

#[test]
fn only_this_machine_may_name_the_origin() {
    let mut facts = facts(&[]);
    let local = headers(&[("host", "localhost:3000")]);
    assert_eq!(facts.origin(&local, Some(ip("127.0.0.1"))), "http://localhost:3000");
    assert_eq!(facts.origin(&headers(&[("host", "[::1]:3000")]), Some(ip("::1"))), "http://[::1]:3000");
    assert_eq!(facts.origin(&local, Some(ip("9.9.9.9"))), "");
    assert_eq!(facts.origin(&headers(&[("host", "evil.example")]), Some(ip("127.0.0.1"))), "");
    facts.public_url = Some("https://tenantry.example.com".to_owned());
    assert_eq!(
        facts.origin(&headers(&[("host", "evil.example")]), Some(ip("9.9.9.9"))),
        "https://tenantry.example.com"
    );
}
