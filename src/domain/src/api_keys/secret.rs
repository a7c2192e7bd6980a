//! The text of a key: `tnt_`, 30 random characters of base62, and their CRC-32 in 6 more. The sum
//! lets scanners of source code tell a key from chance, and lets us refuse a mistyped one before the
//! database is asked. Pure: nothing here knows a database or a clock.

use rand::Rng;
use rand::distr::Alphanumeric;
use sha2::{Digest, Sha256};
use tenantry_types::text::Secret;

/// What every key begins with.
pub const PREFIX: &str = "tnt_";
const RANDOM: usize = 30;
const SUM: usize = 6;
/// How much of a key is shown to tell it from others; 22 random characters (131 bits) stay unknown.
const SHOWN: usize = PREFIX.len() + 8;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new secret, once.
pub(crate) struct Minted {
    pub secret: Secret,
    pub prefix: String,
    pub hash: Vec<u8>,
}

pub(crate) fn mint() -> Minted {
    let random: String = rand::rng().sample_iter(Alphanumeric).take(RANDOM).map(char::from).collect();
    let text = format!("{PREFIX}{random}{}", sum(random.as_bytes()));
    Minted {
        prefix: text[..SHOWN].to_owned(),
        hash: hash(&text),
        secret: Secret::new(text),
    }
}

/// The hash by which a key is found; None for a text that is no key, or has another sum.
pub fn read(text: &str) -> Option<Vec<u8>> {
    let body = text.strip_prefix(PREFIX)?;
    if body.len() != RANDOM + SUM || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let (random, given) = body.split_at(RANDOM);
    (sum(random.as_bytes()) == given).then(|| hash(text))
}

fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

/// CRC-32 in base62, padded with zeros: 62^6 is more than 2^32.
fn sum(random: &[u8]) -> String {
    let mut rest = crc32fast::hash(random) as usize;
    let mut digits = [b'0'; SUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[rest % ALPHABET.len()];
        rest /= ALPHABET.len();
    }
    digits.iter().map(|b| char::from(*b)).collect()
}

#[cfg(test)]
mod tests;
