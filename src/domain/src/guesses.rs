//! How often somebody may try a password, a code, or have a mail sent. Each try counts for its pair
//! of account and network; tries from networks that the account was never signed in from also count
//! for the account as a whole, however many networks they come from. So whoever guesses is slowed
//! down, and the owner, at a place they know, is not. Counted on this node, in memory; accounts are
//! named by their address, whether there is one or not, so that nothing can be learned of them.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha2::{Digest, Sha256};
use tenantry_types::Email;

use crate::{Error, Origin, Result};

type Limiter = DefaultKeyedRateLimiter<[u8; 32]>;

/// The limits of this node.
pub(crate) struct Guesses {
    passwords: Limits,
    codes: Limits,
    mails: Limits,
}

struct Limits {
    /// By account and network.
    here: Limiter,
    /// By account, for networks that it does not know.
    everywhere: Limiter,
}

/// The client's network as far as it can be told apart: an IPv6 client has a /64 to itself.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
        ip => ip,
    }
}

/// The name of a network in the database; empty when it is not known.
pub(crate) fn network_of(origin: &Origin) -> String {
    origin.ip.map(|ip| network(ip).to_string()).unwrap_or_default()
}

/// `burst` at once, and one more in each `period`.
fn limiter(burst: u32, period: Duration) -> Limiter {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    // Only a period of zero has no quota.
    let quota = Quota::with_period(period).unwrap_or(Quota::per_hour(NonZeroU32::MIN));
    RateLimiter::keyed(quota.allow_burst(burst))
}

fn key(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

impl Limits {
    /// # Errors
    /// `RateLimited`.
    fn check(&self, account: &str, network: &str, known: bool) -> Result<()> {
        let wait = |limiter: &Limiter, key| {
            limiter.check_key(&key).map_err(|until| Error::RateLimited {
                retry_after_s: until.wait_time_from(DefaultClock::default().now()).as_secs() + 1,
            })
        };
        wait(&self.here, key(&[account, network]))?;
        if known { Ok(()) } else { wait(&self.everywhere, key(&[account])) }
    }

    fn tidy(&self) {
        for limiter in [&self.here, &self.everywhere] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

impl Guesses {
    pub(crate) fn new() -> Self {
        Self {
            passwords: Limits {
                here: limiter(30, Duration::from_secs(10)),
                everywhere: limiter(100, Duration::from_secs(60)),
            },
            // A million codes, three of which are right at any time: a day of trying must come to nothing.
            codes: Limits {
                here: limiter(10, Duration::from_secs(60)),
                everywhere: limiter(20, Duration::from_secs(600)),
            },
            mails: Limits {
                here: limiter(3, Duration::from_secs(20 * 60)),
                everywhere: limiter(10, Duration::from_secs(6 * 60)),
            },
        }
    }

    /// Before a password is looked at. `known`: whether the account was signed in from there.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(crate) fn password(&self, account: &Email, origin: &Origin, known: bool) -> Result<()> {
        self.passwords.check(account.as_str(), &network_of(origin), known)
    }

    /// Before a one-time code is looked at, after the password was right.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(crate) fn code(&self, account: &Email, origin: &Origin, known: bool) -> Result<()> {
        self.codes.check(account.as_str(), &network_of(origin), known)
    }

    /// Before a mail goes to an address that somebody typed.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(crate) fn mail(&self, to: &Email, origin: &Origin) -> Result<()> {
        self.mails.check(to.as_str(), &network_of(origin), false)
    }

    /// Forgets what could be tried again anyway.
    pub(crate) fn tidy(&self) {
        self.passwords.tidy();
        self.codes.tidy();
        self.mails.tidy();
    }
}

#[cfg(test)]
mod tests;
