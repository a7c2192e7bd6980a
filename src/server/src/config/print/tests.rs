use super::*;

#[test]
fn an_address_is_shown_without_its_password() {
    assert_eq!(
        without_password("postgres://app:p@ss:w@db.example.com:5432/x?password=y"),
        "postgres://app:********@db.example.com:5432/x?********"
    );
    assert_eq!(without_password("postgres://app@%2Ftmp/x"), "postgres://app@%2Ftmp/x");
    assert_eq!(without_password("smtps://mail.example.com"), "smtps://mail.example.com");
    assert_eq!(without_password("secret"), "********");
}
