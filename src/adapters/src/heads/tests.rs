use std::os::unix::fs::PermissionsExt;

use super::*;

#[tokio::test]
async fn lines_are_added_for_the_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deeper/heads.ndjson");
    let log = HeadFile::new(path.clone());
    assert_eq!(log.read().await.unwrap(), "");
    log.append("one\n".into()).await.unwrap();
    HeadFile::new(path.clone()).append("two\n".into()).await.unwrap();
    assert_eq!(log.read().await.unwrap(), "one\ntwo\n");
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}
