use super::*;

fn of(majors: &[u32]) -> Vec<Binaries> {
    majors
        .iter()
        .map(|major| Binaries {
            dir: PathBuf::from(format!("/pg/{major}")),
            major: *major,
        })
        .collect()
}

#[test]
fn reads_versions() {
    assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
    assert_eq!(major("postgres (PostgreSQL) 18beta2"), Some(18));
    assert_eq!(major("postgres (PostgreSQL) 9.6.24"), Some(9));
    assert_eq!(major("something else 15"), None);
}

#[test]
fn takes_the_newest_for_a_new_database() {
    assert_eq!(choose(of(&[14, 17, 15]), Vec::new(), Path::new("/d"), None).unwrap().major, 17);
}

#[test]
fn takes_the_one_that_made_the_database() {
    assert_eq!(choose(of(&[17, 15]), Vec::new(), Path::new("/d"), Some(15)).unwrap().major, 15);
    let error = choose(of(&[17, 16]), Vec::new(), Path::new("/d"), Some(15)).unwrap_err().to_string();
    assert!(error.contains("made by Postgres 15, and only 16 and 17 is installed"), "{error}");
}

#[test]
fn names_one_that_is_too_old() {
    let error = choose(of(&[13, 14]), Vec::new(), Path::new("/d"), None).unwrap_err().to_string();
    assert_eq!(error, "Postgres 14 in /pg/14 is too old: version 15 or newer is needed");
}

#[test]
fn says_what_was_passed_over() {
    let error = choose(Vec::new(), vec!["/x: closed".to_owned()], Path::new("/d"), None)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("no Postgres 15 or newer was found (/x: closed). Install one"),
        "{error}"
    );
}
