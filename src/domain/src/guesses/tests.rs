use tenantry_types::audit::Door;

use super::*;

fn from(ip: &str) -> Origin {
    Origin {
        door: Door::Api,
        ip: Some(ip.parse().unwrap()),
        device: String::new(),
        request_id: String::new(),
    }
}

fn ada() -> Email {
    Email::parse("ada@example.com").unwrap()
}

#[test]
fn one_network_has_its_tries_and_then_waits() {
    let guesses = Guesses::new();
    let passed = (0..50).filter(|_| guesses.password(&ada(), &from("192.0.2.1"), false).is_ok()).count();
    assert_eq!(passed, 30);
    let wait = guesses.password(&ada(), &from("192.0.2.1"), false).unwrap_err().retry_after().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert!(
        guesses.password(&ada(), &from("192.0.2.2"), false).is_ok(),
        "the next network has its own"
    );
    let bob = Email::parse("bob@example.com").unwrap();
    assert!(guesses.password(&bob, &from("192.0.2.1"), false).is_ok(), "another account has its own");
}

#[test]
fn many_networks_share_what_strangers_have_and_the_owner_is_let_through() {
    let guesses = Guesses::new();
    let strangers = (0..200).filter(|n| guesses.password(&ada(), &from(&format!("2001:db8:0:{n:x}::1")), false).is_ok());
    assert_eq!(strangers.count(), 100);
    assert!(guesses.password(&ada(), &from("198.51.100.7"), false).is_err());
    assert!(guesses.password(&ada(), &from("203.0.113.9"), true).is_ok(), "from a place they know");
}

#[test]
fn a_network_of_ipv6_is_one_client() {
    assert_eq!(
        network("2001:db8::1:2:3:4".parse().unwrap()),
        network("2001:db8::ffff:0:0:9".parse().unwrap())
    );
    assert_ne!(network("2001:db8:0:1::1".parse().unwrap()), network("2001:db8:0:2::1".parse().unwrap()));
}
