use super::*;

#[test]
fn an_old_postgres_is_refused_by_name() {
    for (version, text) in [(140_015, "14.15 (Debian 14.15-1)"), (90_624, "9.6.24")] {
        let refused = new_enough(version, text.to_owned()).expect_err("too old");
        assert_eq!(refused.to_string(), format!("Postgres {text} is too old: version 15 or newer is needed"));
    }
    for version in [150_000, 170_002] {
        assert!(new_enough(version, String::new()).is_ok(), "{version}");
    }
}
