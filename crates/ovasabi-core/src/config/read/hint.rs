//! What a type asks for, and how that is said.

use std::fmt;
use std::marker::PhantomData;

use serde::de::Visitor;

use crate::config::duration;

/// The question that a type put.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Hint {
    Any,
    Bool,
    /// The lowest and the highest value; `u128` above `i128::MAX` is out of TOML's reach.
    Integer(i128, i128),
    Float,
    Char,
    Text,
    Unit,
    List,
    Table,
    Duration,
}

impl Hint {
    /// What is allowed.
    pub(super) fn wanted<'de, V: Visitor<'de>>(self, visitor: &V) -> Wanted {
        let own = Expecting(visitor, PhantomData).to_string();
        Wanted {
            words: self.words(own.clone()),
            own,
        }
    }

    fn words(self, own: String) -> String {
        match self {
            Self::Bool if own == "a boolean" => "true or false".to_owned(),
            Self::Integer(low, high) => match own.strip_prefix("a nonzero ") {
                Some(_) if low == 0 => format!("an integer from 1 to {high}"),
                Some(_) => format!("an integer from {low} to {high}, but not 0"),
                None if PRIMITIVES.contains(&own.as_str()) => {
                    format!("an integer from {low} to {high}")
                }
                None => own,
            },
            Self::Float if PRIMITIVES.contains(&own.as_str()) => "a number".to_owned(),
            Self::Char if own == "a character" => "a single character".to_owned(),
            Self::List if own == "a sequence" => "a list".to_owned(),
            Self::List => match own
                .strip_prefix("a tuple of size ")
                .or(own.strip_prefix("an array of length "))
            {
                Some(length) => format!("a list of {length} values"),
                None => own,
            },
            Self::Table if own == "a map" || own.starts_with("struct ") => "a table".to_owned(),
            Self::Duration => duration::EXPECTED.to_owned(),
            _ => own,
        }
    }
}

/// What a type wants.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// As the type says it.
    pub(super) own: String,
    /// As people say it: the type's own words, where it has some.
    pub(super) words: String,
}

impl Wanted {
    /// Whether the type has words of its own.
    pub(super) fn is_special(&self) -> bool {
        self.own == self.words && self.own != "a string"
    }
}

/// The names with which std's numbers describe themselves.
const PRIMITIVES: [&str; 14] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64",
];

/// Shows what a visitor expects.
struct Expecting<'a, 'de, V>(&'a V, PhantomData<&'de ()>);

impl<'de, V: Visitor<'de>> fmt::Display for Expecting<'_, 'de, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}
