use super::*;

#[test]
fn each_address_has_its_own_count() {
    let limits = Limits::new(2, 0);
    let (a, b) = (Some("1.1.1.1".parse().unwrap()), Some("2.2.2.2".parse().unwrap()));
    assert_eq!(limits.wait(Attempt::SignUp, a), None);
    assert_eq!(limits.wait(Attempt::SignUp, a), None);
    let seconds = limits.wait(Attempt::SignUp, a).unwrap();
    assert!((1700..=1801).contains(&seconds), "{seconds}");
    assert_eq!(limits.wait(Attempt::SignUp, b), None);
    assert_eq!(limits.wait(Attempt::LogIn, a), None);
    limits.tidy();
}

#[test]
fn a_network_counts_as_one_address() {
    let limits = Limits::new(1, 0);
    assert_eq!(limits.wait(Attempt::SignUp, Some("2001:db8:1:2::1".parse().unwrap())), None);
    assert!(limits.wait(Attempt::SignUp, Some("2001:db8:1:2:ffff::9".parse().unwrap())).is_some());
    assert_eq!(limits.wait(Attempt::SignUp, Some("2001:db8:1:3::1".parse().unwrap())), None);
}

#[test]
fn only_tries_are_counted() {
    assert_eq!(attempt(&Method::GET, "/login"), None);
    assert_eq!(attempt(&Method::POST, "/login"), Some(Attempt::LogIn));
    assert_eq!(attempt(&Method::POST, "/api/v1/auth/register/"), Some(Attempt::SignUp));
    assert_eq!(attempt(&Method::POST, "/api/v1/invitations/abc/accept"), Some(Attempt::LogIn));
    assert_eq!(attempt(&Method::POST, "/api/v1/tenants"), None);
}
