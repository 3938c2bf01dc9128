//! What a type says when it refuses a value.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

/// One refusal, without the value: serde's own texts repeat it, and it may be a secret.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// What is wanted instead.
    Expected(String),
    /// A text of the type's own.
    Custom(String),
    Variant {
        found: String,
        allowed: &'static [&'static str],
    },
    Missing(&'static str),
    /// A field that came a second time under another name.
    Duplicate(&'static str),
    /// `password_file` where `password` is no secret.
    NoSecret,
    /// The file of a secret cannot be used.
    File(String),
    /// A struct inside itself, while exploring.
    Recursive,
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(wanted) => write!(f, "expected {wanted}"),
            Self::Custom(message) | Self::File(message) => f.write_str(message),
            Self::Variant { .. } => f.write_str("unknown variant"),
            Self::Missing(field) => write!(f, "`{field}` is missing"),
            Self::Duplicate(field) => write!(f, "another name of `{field}`, which is set too"),
            Self::NoSecret => f.write_str("unknown key"),
            Self::Recursive => f.write_str("a type inside itself"),
        }
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Expected(expected.to_string())
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Expected(expected.to_string())
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::Expected(expected.to_string())
    }

    fn unknown_variant(found: &str, allowed: &'static [&'static str]) -> Self {
        Self::Variant {
            found: found.to_owned(),
            allowed,
        }
    }

    fn unknown_field(field: &str, allowed: &'static [&'static str]) -> Self {
        let allowed: Vec<_> = allowed.iter().map(|name| format!("`{name}`")).collect();
        Self::Custom(format!(
            "unknown key `{field}`, expected one of {}",
            allowed.join(", ")
        ))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Duplicate(field)
    }
}
