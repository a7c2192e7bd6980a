//! Reading of input. A body is parsed from a JSON value, field by field, and every fault is
//! collected, so that a person sees all of them at once. Forms are turned into the same JSON
//! values, hence one parser for both front ends. Unknown fields are faults, too.

use serde_json::{Map, Value};

use crate::problem::{Choice, Fault, FieldError};

/// A value that can be read from one field.
pub trait FromInput: Sized {
    /// # Errors
    /// What is wrong with the value.
    fn from_input(value: &Value) -> Result<Self, Fault>;
}

/// A field of a PATCH: absent, cleared with `null`, or set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Changes the value, if one is set.
    pub fn map_set<U>(self, change: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(change(value)),
        }
    }

    /// This change, or else the other one.
    pub fn or(self, other: Self) -> Self {
        if self.is_keep() { other } else { self }
    }

    /// The value after the change, given the one before.
    pub fn apply(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// The fields of one body while it is being read.
pub struct Fields<'a> {
    map: &'a Map<String, Value>,
    prefix: String,
    seen: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    /// Reads a whole body.
    ///
    /// # Errors
    /// All faults of all fields, unknown ones included.
    pub fn read<T>(body: &'a Value, read: impl FnOnce(&mut Fields<'a>) -> Option<T>) -> Result<T, Vec<FieldError>> {
        let Some(map) = body.as_object() else {
            return Err(vec![FieldError::new("", Fault::ExpectedObject)]);
        };
        let mut fields = Fields {
            map,
            prefix: String::new(),
            seen: Vec::new(),
            errors: Vec::new(),
        };
        let value = read(&mut fields);
        fields.close();
        match value {
            Some(value) if fields.errors.is_empty() => Ok(value),
            _ => Err(fields.errors),
        }
    }

    fn close(&mut self) {
        for name in self.map.keys() {
            if !self.seen.contains(&name.as_str()) {
                self.errors.push(FieldError::new(format!("{}{name}", self.prefix), Fault::UnknownField));
            }
        }
    }

    fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.seen.push(name);
        self.map.get(name)
    }

    /// Records a fault that was found by looking at several fields.
    pub fn fault(&mut self, name: &str, fault: Fault) {
        self.errors.push(FieldError::new(format!("{}{name}", self.prefix), fault));
    }

    fn take<T: FromInput>(&mut self, name: &'static str, value: &Value) -> Option<T> {
        T::from_input(value).map_err(|fault| self.fault(name, fault)).ok()
    }

    /// A field that must be there. An empty string counts as absent.
    pub fn required<T: FromInput>(&mut self, name: &'static str) -> Option<T> {
        match self.get(name) {
            None | Some(Value::Null) => {
                self.fault(name, Fault::Required);
                None
            }
            Some(Value::String(text)) if text.trim().is_empty() => {
                self.fault(name, Fault::Required);
                None
            }
            Some(value) => self.take(name, value),
        }
    }

    /// A field that may be absent, null or empty: `Some(None)` then. `None` is a fault.
    pub fn optional<T: FromInput>(&mut self, name: &'static str) -> Option<Option<T>> {
        match self.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(Value::String(text)) if text.trim().is_empty() => Some(None),
            Some(value) => self.take(name, value).map(Some),
        }
    }

    /// A field of a PATCH that can be cleared: absent, null (or an empty text), or a value.
    pub fn patch<T: FromInput>(&mut self, name: &'static str) -> Option<Patch<T>> {
        match self.get(name) {
            None => Some(Patch::Keep),
            Some(Value::Null) => Some(Patch::Clear),
            Some(Value::String(text)) if text.trim().is_empty() => Some(Patch::Clear),
            Some(value) => self.take(name, value).map(Patch::Set),
        }
    }

    /// A field of a PATCH that cannot be cleared.
    pub fn change<T: FromInput>(&mut self, name: &'static str) -> Option<Option<T>> {
        match self.get(name) {
            None => Some(None),
            Some(Value::Null) => {
                self.fault(name, Fault::Required);
                None
            }
            Some(Value::String(text)) if text.trim().is_empty() => {
                self.fault(name, Fault::Required);
                None
            }
            Some(value) => self.take(name, value).map(Some),
        }
    }

    /// An object of fields of its own; faults name `name.field`. `Some(None)` when it is absent.
    pub fn object<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Fields<'a>) -> Option<T>) -> Option<Option<T>> {
        let map = match self.get(name) {
            None => return Some(None),
            Some(Value::Object(map)) => map,
            Some(_) => {
                self.fault(name, Fault::ExpectedObject);
                return None;
            }
        };
        let mut fields = Fields {
            map,
            prefix: format!("{}{name}.", self.prefix),
            seen: Vec::new(),
            errors: Vec::new(),
        };
        let value = read(&mut fields);
        fields.close();
        let right = fields.errors.is_empty();
        self.errors.append(&mut fields.errors);
        value.filter(|_| right).map(Some)
    }

    /// A list of objects, each read by `read`; an absent list is empty.
    pub fn objects<T>(&mut self, name: &'static str, max: u32, mut read: impl FnMut(&mut Fields<'a>) -> Option<T>) -> Option<Vec<T>> {
        let items = match self.get(name) {
            None | Some(Value::Null) => return Some(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.fault(name, Fault::ExpectedList);
                return None;
            }
        };
        if items.len() > max as usize {
            self.fault(name, Fault::TooMany { max });
            return None;
        }
        let mut out = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            let Some(map) = item.as_object() else {
                self.fault(&format!("{name}[{place}]"), Fault::ExpectedObject);
                continue;
            };
            let prefix = format!("{}{name}[{place}].", self.prefix);
            let mut fields = Fields {
                map,
                prefix,
                seen: Vec::new(),
                errors: Vec::new(),
            };
            let value = read(&mut fields);
            fields.close();
            self.errors.append(&mut fields.errors);
            out.extend(value);
        }
        (out.len() == items.len()).then_some(out)
    }

    /// A list of values; an absent list is empty.
    pub fn list<T: FromInput>(&mut self, name: &'static str, max: u32) -> Option<Vec<T>> {
        let items = match self.get(name) {
            None | Some(Value::Null) => return Some(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.fault(name, Fault::ExpectedList);
                return None;
            }
        };
        if items.len() > max as usize {
            self.fault(name, Fault::TooMany { max });
            return None;
        }
        let mut out = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            match T::from_input(item) {
                Ok(value) => out.push(value),
                Err(fault) => self.fault(&format!("{name}[{place}]"), fault),
            }
        }
        (out.len() == items.len()).then_some(out)
    }

    /// Names fields that are shown but never written; sending one is a fault.
    pub fn read_only(&mut self, names: &[&'static str]) {
        for name in names {
            if self.get(name).is_some() {
                self.fault(name, Fault::ReadOnly);
            }
        }
    }
}

impl FromInput for String {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        value.as_str().map(str::to_owned).ok_or(Fault::ExpectedText)
    }
}

/// `true` and `false`; forms send `on`, `true`, `1` for a ticked box.
impl FromInput for bool {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        match value {
            Value::Bool(yes) => Ok(*yes),
            Value::String(text) => match text.as_str() {
                "on" | "true" | "1" => Ok(true),
                "off" | "false" | "0" => Ok(false),
                _ => Err(Fault::ExpectedBool),
            },
            _ => Err(Fault::ExpectedBool),
        }
    }
}

/// Whole numbers; forms send them as text.
impl FromInput for i64 {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        match value {
            Value::Number(n) => n.as_i64().ok_or(Fault::ExpectedNumber),
            Value::String(text) => text.trim().parse().map_err(|_| Fault::ExpectedNumber),
            _ => Err(Fault::ExpectedNumber),
        }
    }
}

/// Text of at most `MAX` characters, trimmed; line breaks are allowed, other control characters not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const MAX: u32>(pub String);

impl<const MAX: u32> FromInput for Text<MAX> {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let text = value.as_str().ok_or(Fault::ExpectedText)?.trim();
        if text.chars().count() > MAX as usize {
            return Err(Fault::TooLong { max: MAX });
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(Fault::ControlCharacters);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whole number within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounded<const MIN: i64, const MAX: i64>(pub i64);

impl<const MIN: i64, const MAX: i64> FromInput for Bounded<MIN, MAX> {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let n = i64::from_input(value)?;
        if (MIN..=MAX).contains(&n) {
            Ok(Self(n))
        } else {
            Err(Fault::OutOfRange { min: MIN, max: MAX })
        }
    }
}

/// Free key-value text that a caller keeps on a thing: at most 50 keys of 40 characters, values of 500.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Metadata(pub std::collections::BTreeMap<String, String>);

impl Metadata {
    /// As lines of `key: value`, for a form; None where that would not say it all.
    pub fn lines(&self) -> Option<String> {
        let mut out = String::new();
        for (key, value) in &self.0 {
            let plain = |text: &str| text.trim() == text && !text.contains(['\n', '\r']);
            if !plain(key) || !plain(value) || key.contains(':') {
                return None;
            }
            out.push_str(&format!("{key}: {value}\n"));
        }
        Some(out)
    }
}

impl FromInput for Metadata {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        let map = value.as_object().ok_or(Fault::ExpectedObject)?;
        if map.len() > 50 {
            return Err(Fault::TooMany { max: 50 });
        }
        let mut out = std::collections::BTreeMap::new();
        for (key, value) in map {
            let Some(text) = value.as_str() else { return Err(Fault::ExpectedText) };
            if key.is_empty() {
                return Err(Fault::TooShort { min: 1 });
            }
            if key.chars().count() > 40 {
                return Err(Fault::TooLong { max: 40 });
            }
            if text.chars().count() > 500 {
                return Err(Fault::TooLong { max: 500 });
            }
            if key.chars().chain(text.chars()).any(|c| c == '\0') {
                return Err(Fault::ControlCharacters);
            }
            out.insert(key.clone(), text.to_owned());
        }
        Ok(Self(out))
    }
}

/// Reads a closed set of words; used by the enums of this crate.
pub(crate) fn word<T: Copy>(value: &Value, of: Choice, find: impl Fn(&str) -> Option<T>) -> Result<T, Fault> {
    let text = value.as_str().ok_or(Fault::ExpectedText)?;
    find(text.trim()).ok_or(Fault::NotOneOf { of })
}

/// Makes a closed set of words: the enum, its text form, and its reading.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $choice:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }

        // By hand: the derive does not see a `rename` whose word comes from a macro.
        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some($name::ALL.iter().map(|word| word.as_str())))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::problem::Fault;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::from_word(word).ok_or($crate::problem::Fault::NotOneOf { of: $crate::problem::Choice::$choice })
            }
        }

        impl $crate::input::FromInput for $name {
            fn from_input(value: &serde_json::Value) -> Result<Self, $crate::problem::Fault> {
                $crate::input::word(value, $crate::problem::Choice::$choice, Self::from_word)
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests;
