use super::*;

#[tokio::test]
async fn hashes_verify_and_carry_the_parameters() {
    let pool = Passwords::new(2).expect("pool");
    let stored = pool.hash("correct horse").await.expect("hash");
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_eq!(pool.verify(Some(&stored), "correct horse").await.expect("check"), Check::Right);
    assert_eq!(pool.verify(Some(&stored), "wrong horse").await.expect("check"), Check::Wrong);
}

#[tokio::test]
async fn bcrypt_is_verified_and_outdated() {
    let pool = Passwords::new(1).expect("pool");
    let stored = bcrypt::hash("Fixture-Passw0rd!", 4).expect("bcrypt");
    assert_eq!(pool.verify(Some(&stored), "Fixture-Passw0rd!").await.expect("check"), Check::Outdated);
    assert_eq!(pool.verify(Some(&stored), "other").await.expect("check"), Check::Wrong);
}

#[tokio::test]
async fn nobody_is_never_right() {
    let pool = Passwords::new(1).expect("pool");
    assert_eq!(pool.verify(None, "anything").await.expect("check"), Check::Wrong);
}

#[tokio::test]
async fn a_full_queue_turns_away() {
    let pool = Arc::new(Passwords::new(1).expect("pool"));
    let _all = pool
        .queue
        .clone()
        .acquire_many_owned(u32::try_from(QUEUE).expect("small"))
        .await
        .expect("permits");
    assert!(matches!(pool.hash("x").await, Err(Error::Unavailable)));
}
