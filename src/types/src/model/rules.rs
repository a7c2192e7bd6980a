//! Rules about models that are not named one by one: all whose names begin alike, and those that are new.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::Audience;
use crate::ModelId;
use crate::input::{Fields, FromInput, words};
use crate::problem::{Fault, FieldError};

words! {
    /// Whether models that are new in the catalogue are enabled in a tenant by themselves.
    NewModelPolicy, NewModelPolicy {
        Off = "off",
        On = "on",
    }
}

words! {
    /// What decided whether a model is enabled in a tenant.
    DecidedBy, DecidedBy {
        /// Somebody, for this model.
        Model = "model",
        /// A rule that its name fits.
        Rule = "rule",
        /// It is new, and new models are enabled.
        New = "new",
    }
}

/// Names that begin alike: `openai/*`; `*` is all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelPattern(String);

impl ModelPattern {
    /// By how the names begin.
    pub fn of_prefix(prefix: String) -> Self {
        Self(prefix)
    }

    /// How the names begin.
    pub fn prefix(&self) -> &str {
        &self.0
    }

    pub fn fits(&self, name: &str) -> bool {
        name.starts_with(&self.0)
    }
}

impl fmt::Display for ModelPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}*", self.0)
    }
}

impl FromStr for ModelPattern {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let prefix = text.trim().strip_suffix('*').ok_or(Fault::NotAPattern)?;
        if prefix.chars().count() > 200 {
            return Err(Fault::TooLong { max: 201 });
        }
        if prefix.contains(|c: char| c == '*' || c.is_control() || c.is_whitespace()) {
            return Err(Fault::NotAPattern);
        }
        Ok(Self(prefix.to_owned()))
    }
}

impl FromInput for ModelPattern {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        value.as_str().ok_or(Fault::ExpectedText)?.parse()
    }
}

/// A model, or all whose names begin alike: `mod_...` or `openai/*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ModelRef {
    One(ModelId),
    All(ModelPattern),
}

impl ModelRef {
    pub fn id(&self) -> Option<ModelId> {
        match self {
            Self::One(id) => Some(*id),
            Self::All(_) => None,
        }
    }

    pub fn fits(&self, id: ModelId, name: &str) -> bool {
        match self {
            Self::One(one) => *one == id,
            Self::All(pattern) => pattern.fits(name),
        }
    }

    pub fn pattern(&self) -> Option<&ModelPattern> {
        match self {
            Self::One(_) => None,
            Self::All(pattern) => Some(pattern),
        }
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(id) => id.fmt(f),
            Self::All(pattern) => pattern.fmt(f),
        }
    }
}

impl FromStr for ModelRef {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        if text.trim().ends_with('*') {
            text.parse().map(Self::All)
        } else {
            text.parse().map(Self::One).map_err(|_| Fault::NotAModelRef)
        }
    }
}

impl FromInput for ModelRef {
    fn from_input(value: &Value) -> Result<Self, Fault> {
        value.as_str().ok_or(Fault::ExpectedText)?.parse()
    }
}

macro_rules! text_on_the_wire {
    ($($name:ident, $doc:literal, $example:literal;)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(|fault: Fault| de::Error::custom(fault.code()))
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some($doc))
                    .max_length(Some(201))
                    .examples([serde_json::json!($example)])
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )*};
}

text_on_the_wire! {
    ModelPattern, "All models whose names begin so: a beginning and a star; a star alone is all.", "openai/*";
    ModelRef, "A model by its id, or all whose names begin alike.", "openai/*";
}

/// Enables all models whose names fit, those to come included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelRule {
    pub pattern: ModelPattern,
    pub audience: Audience,
}

/// `GET` and `PUT /tenants/{tenant}/models/rules`. What was decided about a single model comes before them; of several that
/// fit, the longest counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelRules {
    /// Whether models are enabled, for everyone, that come into the catalogue from now on.
    pub new_models: NewModelPolicy,
    /// By their patterns.
    pub rules: Vec<ModelRule>,
}

/// Rules of a tenant at most.
pub const MAX_RULES: u32 = 100;

/// A change of them. `rules`, when present, replaces all.
#[derive(Debug, Clone, Default)]
pub struct ModelRulesPatch {
    pub new_models: Option<NewModelPolicy>,
    pub rules: Option<Vec<ModelRule>>,
}

impl ModelRulesPatch {
    /// # Errors
    /// All faults of the body.
    pub fn parse(body: &Value) -> Result<Self, Vec<FieldError>> {
        Fields::read(body, |f| {
            let new_models = f.change("new_models");
            let rules = f.objects("rules", MAX_RULES, |f| {
                let pattern = f.required("pattern");
                let audience = f.optional("audience");
                Some(ModelRule {
                    pattern: pattern?,
                    audience: audience?.unwrap_or(Audience::Tenant),
                })
            });
            let rules = rules?;
            let twice = |place: usize| rules[..place].iter().any(|r| r.pattern == rules[place].pattern);
            if let Some(place) = (0..rules.len()).find(|place| twice(*place)) {
                f.fault(&format!("rules[{place}].pattern"), Fault::Twice);
            }
            Some(Self {
                new_models: new_models?,
                rules: body.get("rules").is_some().then_some(rules),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_are_a_beginning_and_a_star() {
        for (text, fits, not) in [
            ("openai/*", "openai/gpt-4o", "azure/gpt-4o"),
            ("gpt-*", "gpt-4", "gp"),
            ("%_*", "%_x", "ab"),
        ] {
            let pattern: ModelPattern = text.parse().unwrap();
            assert!(pattern.fits(fits) && !pattern.fits(not), "{text}");
            assert_eq!(pattern.to_string(), text);
        }
        assert!("*".parse::<ModelPattern>().unwrap().fits("anything"));
        for wrong in ["", "openai/", "open*ai/*", "**", "open ai/*"] {
            assert_eq!(wrong.parse::<ModelPattern>(), Err(Fault::NotAPattern), "{wrong}");
        }
        assert_eq!("x".repeat(201).parse::<ModelRef>(), Err(Fault::NotAModelRef));
    }

    #[test]
    fn rules_are_read_whole() {
        let read = |body| ModelRulesPatch::parse(&body);
        let patch = read(json!({ "rules": [{ "pattern": "openai/*" }, { "pattern": "*", "audience": "workspaces" }] })).unwrap();
        assert_eq!((patch.new_models, patch.rules.unwrap().len()), (None, 2));
        assert_eq!(read(json!({ "new_models": "on" })).unwrap().rules, None);
        let faults = |body| read(body).unwrap_err().into_iter().map(|f| f.field).collect::<Vec<_>>();
        assert_eq!(
            faults(json!({ "rules": [{ "pattern": "a*" }, { "pattern": "a*" }] })),
            ["rules[1].pattern"]
        );
        assert_eq!(
            faults(json!({ "rules": [{ "pattern": "a" }], "new_models": "maybe" })),
            ["new_models", "rules[0].pattern"]
        );
    }
}
