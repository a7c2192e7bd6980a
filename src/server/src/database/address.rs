//! The role and the password in a database's address: migrations make the role that the server logs
//! in as. The rest of the address is for the client library to read.

use secrecy::SecretString;

pub(super) struct Login {
    pub role: String,
    pub password: Option<SecretString>,
}

/// From `postgres://role:password@host/name`, or the parameters `user` and `password`, which win.
pub(super) fn login(url: &str) -> Option<Login> {
    let (_, rest) = url.split_once("://")?;
    let rest = rest.split('#').next().unwrap_or(rest);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = rest.split('/').next().unwrap_or_default();
    let (user, password) = match authority.rsplit_once('@') {
        Some((info, _)) => match info.split_once(':') {
            Some((user, password)) => (Some(user), Some(password)),
            None => (Some(info), None),
        },
        None => (None, None),
    };
    let parameter = |name: &str| {
        query
            .split('&')
            .rev()
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
    };
    let role = decode(parameter("user").or(user).filter(|role| !role.is_empty())?)?;
    let password = match parameter("password").or(password) {
        Some(text) => Some(SecretString::from(decode(text)?)),
        None => None,
    };
    Some(Login { role, password })
}

/// Resolves `%40` and the like.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
