use secrecy::ExposeSecret;

use super::*;

fn read(url: &str) -> Option<(String, Option<String>)> {
    login(url).map(|login| (login.role, login.password.map(|password| password.expose_secret().to_owned())))
}

fn both(role: &str, password: &str) -> Option<(String, Option<String>)> {
    Some((role.to_owned(), Some(password.to_owned())))
}

#[test]
fn finds_role_and_password() {
    assert_eq!(read("postgres://app:p%40ss%2Fword@db:5432/x"), both("app", "p@ss/word"));
    assert_eq!(read("postgres://app@db/x"), Some(("app".to_owned(), None)));
    assert_eq!(read("postgres:///x?host=/tmp&user=app&password=a%20b"), both("app", "a b"));
    assert_eq!(read("postgres://other:no@h/x?user=app&password=yes"), both("app", "yes"));
    assert_eq!(read("postgres:///x?host=/tmp"), None);
    assert_eq!(read("postgres://app:%zz@h/x"), None);
}
