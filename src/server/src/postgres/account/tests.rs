use super::*;

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n# a comment\nbroken\npostgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\n";

#[test]
fn reads_a_passwd_entry() {
    let entry = by(PASSWD, |entry| entry.name == "postgres").unwrap();
    assert_eq!(
        entry,
        Entry {
            name: "postgres".to_owned(),
            uid: 101,
            gid: 104
        }
    );
    assert_eq!(by(PASSWD, |entry| entry.uid == 7), None);
}

#[test]
fn names_the_directory_that_is_closed() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let stranger = Account {
        name: "x".to_owned(),
        uid: 4_000_000,
        gid: 4_000_000,
        switch: true,
    };
    let inside = dir.path().join("a/b");
    assert_eq!(stranger.closed_way(&inside), Some(dir.path()));
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
    assert_eq!(stranger.closed_way(&inside), None);
}
