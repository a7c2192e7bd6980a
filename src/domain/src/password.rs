//! Passwords: argon2id (m=19456 KiB, t=2, p=1; OWASP's and ASVS 5.0's first choice) in a bounded
//! pool. Each hash takes 19 MiB and a core for some 50 ms, so no more run at once than there are
//! cores, some wait, and the rest is turned away. bcrypt hashes from imports are verified and told
//! apart, so that the log-in can replace them.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tenantry_types::Fault;
use tokio::sync::Semaphore;

use crate::{Error, Result};

/// The passwords of 8 characters and more that are tried first, in lower case, one a line: Django's
/// list of the 20,000 most used (BSD-3-Clause, compiled by Royce Williams), and some of our own.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("password/common.txt").lines().collect());

/// A password that somebody may choose.
///
/// # Errors
/// A fault of `field` for one of those that are tried first.
pub(crate) fn choose<'a>(text: &'a str, field: &'static str) -> Result<&'a str> {
    if COMMON.contains(text.to_lowercase().as_str()) {
        return Err(Error::field(field, Fault::CommonPassword));
    }
    Ok(text)
}

/// How many may wait for a place, a place.
const QUEUE: usize = 16;

pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// The hash that is verified when there is no account, so that both take the same time.
    nobody: String,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    Wrong,
    Right,
    /// Right, but the stored hash should be replaced by one of today's kind.
    Outdated,
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19_456, 2, 1, None).map_err(|_| Error::internal("argon2 parameters"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &[u8]) -> Result<String> {
    let hash = argon2()?.hash_password(password).map_err(|_| Error::internal("hashing failed"))?;
    Ok(hash.to_string())
}

fn verify(stored: &str, password: &[u8]) -> Result<Check> {
    if stored.starts_with("$2") {
        // bcrypt looks at 72 bytes; the system that made the hash cut there as well.
        let cut = &password[..password.len().min(72)];
        return Ok(if bcrypt::verify(cut, stored).unwrap_or(false) {
            Check::Outdated
        } else {
            Check::Wrong
        });
    }
    let parsed = argon2::PasswordHash::new(stored).map_err(|_| Error::internal("a stored hash cannot be read"))?;
    if argon2()?.verify_password(password, &parsed).is_err() {
        return Ok(Check::Wrong);
    }
    let today = "m=19456,t=2,p=1";
    Ok(if stored.starts_with("$argon2id$") && stored.contains(today) {
        Check::Right
    } else {
        Check::Outdated
    })
}

impl Passwords {
    pub(crate) fn new(threads: usize) -> Result<Self> {
        let places = threads.max(1);
        Ok(Self {
            places: Arc::new(Semaphore::new(places)),
            queue: Arc::new(Semaphore::new(places * QUEUE)),
            nobody: hash(&rand::random::<[u8; 16]>())?,
        })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let _queued = self.queue.clone().try_acquire_owned().map_err(|_| Error::Unavailable)?;
        let place = self.places.clone().acquire_owned().await.map_err(Error::internal)?;
        // The place is held by the thread: a request that goes away does not free what still runs.
        let run = move || {
            let _place = place;
            work()
        };
        tokio::task::spawn_blocking(run).await.map_err(Error::internal)?
    }

    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        let password = password.as_bytes().to_vec();
        self.run(move || hash(&password)).await
    }

    /// Checks a password; without a stored hash it takes as long and is wrong.
    pub(crate) async fn verify(&self, stored: Option<&str>, password: &str) -> Result<Check> {
        let (text, known) = match stored {
            Some(stored) => (stored.to_owned(), true),
            None => (self.nobody.clone(), false),
        };
        let password = password.as_bytes().to_vec();
        let check = self.run(move || verify(&text, &password)).await?;
        Ok(if known { check } else { Check::Wrong })
    }
}

#[cfg(test)]
mod tests;
