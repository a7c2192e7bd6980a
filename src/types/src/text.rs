//! Text with rules: addresses, slugs, names, passwords.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::input::FromInput;
use crate::problem::Fault;

/// An email address, lower case: addresses compare that way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = Email))]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// # Errors
    /// When the text is not one address: something, `@`, a domain; at most 254 characters (RFC 5321).
    pub fn parse(text: &str) -> Result<Self, Fault> {
        // Such as the sign for kelvin, whose lower case is a k: in lower case it would be somebody else's address.
        if text.chars().any(|c| !c.is_ascii() && c.to_lowercase().any(|lower| lower.is_ascii())) {
            return Err(Fault::NotAnEmail);
        }
        let text = text.trim().to_lowercase();
        if text.len() > 254 {
            return Err(Fault::TooLong { max: 254 });
        }
        let (local, domain) = text.rsplit_once('@').ok_or(Fault::NotAnEmail)?;
        let bad = |c: char| c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"".contains(c);
        let local_ok = !local.is_empty() && local.len() <= 64 && !local.contains(bad) && !local.contains('@');
        let domain_ok = !domain.is_empty()
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            });
        if local_ok && domain_ok { Ok(Self(text)) } else { Err(Fault::NotAnEmail) }
    }

    /// Takes a text that was an address when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// What stands behind the last `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromInput for Email {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        Self::parse(value.as_str().ok_or(Fault::ExpectedText)?)
    }
}

/// A name of a person or a thing: 1..100 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, min_length = 1, max_length = 100))]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// # Errors
    /// When the trimmed text is empty, longer than 100 characters or holds control characters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Fault::Required);
        }
        if text.chars().count() > 100 {
            return Err(Fault::TooLong { max: 100 });
        }
        if text.chars().any(char::is_control) {
            return Err(Fault::ControlCharacters);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromInput for Name {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        Self::parse(value.as_str().ok_or(Fault::ExpectedText)?)
    }
}

/// "1 model", "3 models".
pub fn counted(n: impl ToString, one: &str, many: &str) -> String {
    let n = n.to_string();
    let noun = if n == "1" { one } else { many };
    format!("{n} {noun}")
}

/// The short name in addresses: `[a-z0-9]+(-[a-z0-9]+)*`, at most 63 characters, not a reserved word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 63))]
#[serde(transparent)]
pub struct Slug(String);

/// Words that would be mistaken for a part of an address.
const RESERVED: &[&str] = &[
    "admin", "api", "app", "assets", "auth", "health", "import", "invite", "login", "logout", "me", "metrics", "new", "operator", "pkg", "public",
    "ready", "register", "static", "system", "t", "tenantry", "tenants", "v1", "www",
];

impl Slug {
    /// # Errors
    /// When the text is not a slug or is reserved.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if text.len() > 63 {
            return Err(Fault::TooLong { max: 63 });
        }
        let ok = text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        if !ok {
            return Err(Fault::NotASlug);
        }
        if RESERVED.contains(&text) || looks_like_id(text) {
            return Err(Fault::Reserved);
        }
        Ok(Self(text.to_owned()))
    }

    /// The slug that a name suggests: letters are folded to ASCII where that is plain, the rest
    /// becomes hyphens. Always a valid slug.
    pub fn derive(name: &str) -> Self {
        let mut out = String::new();
        for c in name.to_lowercase().chars() {
            let folded = match c {
                'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
                'ç' | 'ć' | 'č' => "c",
                'ď' | 'đ' => "d",
                'è'..='ë' | 'ē' | 'ę' | 'ě' => "e",
                'ì'..='ï' | 'ī' => "i",
                'ł' => "l",
                'ñ' | 'ń' | 'ň' => "n",
                'ò'..='ö' | 'ø' | 'ō' => "o",
                'ř' => "r",
                'ś' | 'š' => "s",
                'ß' => "ss",
                'ť' => "t",
                'ù'..='ü' | 'ū' | 'ů' => "u",
                'ý' | 'ÿ' => "y",
                'ź' | 'ż' | 'ž' => "z",
                'æ' => "ae",
                'œ' => "oe",
                '\'' | '’' => continue,
                c if c.is_ascii_alphanumeric() => {
                    out.push(c);
                    continue;
                }
                _ => "-",
            };
            if folded != "-" || !(out.is_empty() || out.ends_with('-')) {
                out.push_str(folded);
            }
        }
        // Room for the `-2` of a slug that is taken.
        out.truncate(56);
        let text = out.trim_matches('-');
        match Self::parse(text) {
            Ok(slug) => slug,
            Err(Fault::Reserved) => Self(format!("{text}-1")),
            Err(_) => Self("team".into()),
        }
    }

    /// The `n`-th alternative to a slug that is taken: `acme-2`.
    pub fn numbered(&self, n: u32) -> Self {
        Self(format!("{}-{n}", self.0))
    }

    /// Takes a text that was a slug when it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Ids and slugs stand in the same place of a path, so a slug must never look like an id.
fn looks_like_id(text: &str) -> bool {
    text.contains('_')
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromInput for Slug {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        Self::parse(value.as_str().ok_or(Fault::ExpectedText)?)
    }
}

/// A password that somebody chooses: 8..128 characters, any characters, but not one of them alone.
/// Whether it is one of the most used is asked where it is taken: the list is long.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword(String);

impl NewPassword {
    /// # Errors
    /// When it is too short, too long, or the same character throughout.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let count = text.chars().count();
        if count < 8 {
            return Err(Fault::TooShort { min: 8 });
        }
        if count > 128 {
            return Err(Fault::TooLong { max: 128 });
        }
        let lower = text.to_lowercase();
        let first = lower.chars().next();
        if lower.chars().all(|c| Some(c) == first) {
            return Err(Fault::CommonPassword);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(..)")
    }
}

impl FromInput for NewPassword {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        Self::parse(value.as_str().ok_or(Fault::ExpectedText)?)
    }
}

/// A secret that is passed on as it is: a password to check, a provider's key. At most 4096 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl FromInput for Secret {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let text = value.as_str().ok_or(Fault::ExpectedText)?;
        if text.len() > 4096 {
            return Err(Fault::TooLong { max: 4096 });
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
