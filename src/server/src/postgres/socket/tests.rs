use super::*;

fn me() -> Account {
    Account {
        name: "me".to_owned(),
        uid: rustix::process::geteuid().as_raw(),
        gid: rustix::process::getegid().as_raw(),
        switch: false,
    }
}

#[test]
fn encodes_a_path_as_a_host() {
    assert_eq!(percent_encode(Path::new("/tmp/a b/ü-1")), "%2Ftmp%2Fa%20b%2F%C3%BC-1");
}

#[test]
fn leaves_a_folder_with_a_long_path() {
    let dir = tempfile::tempdir().unwrap();
    let long = dir.path().join("x".repeat(120));
    fs::create_dir(&long).unwrap();
    let socket_dir = prepare(&long, &me()).unwrap();
    assert!(!socket_dir.starts_with(&long));
    assert!(socket_dir.as_os_str().len() + 1 + NAME.len() <= LONGEST);
    fs::remove_dir(&socket_dir).unwrap();
}

#[test]
fn does_not_follow_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (elsewhere, link) = (dir.path().join("elsewhere"), dir.path().join("link"));
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    assert_eq!(make(&link, &me()).unwrap_err(), "there is something else of that name");
}

#[test]
fn closes_a_directory_that_stands_open() {
    let dir = tempfile::tempdir().unwrap();
    let open = dir.path().join("run");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    make(&open, &me()).unwrap();
    assert_eq!(fs::metadata(&open).unwrap().mode() & 0o777, 0o700);
}
