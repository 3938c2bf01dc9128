//! JSON as `serde_json` reads it, with members that stand there twice.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value. Members are in their order, all of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Doc {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Doc>),
    Object(Vec<(String, Doc)>),
}

/// What the oracle says of a text.
#[derive(Debug)]
pub enum Oracle {
    Doc(Doc),
    /// Grammar is fine as far as it was read, but a double does not hold a number: only the oracle minds.
    Overflow,
    No,
}

impl Oracle {
    pub fn read(json: &[u8]) -> Self {
        match serde_json::from_slice(json) {
            Ok(doc) => Self::Doc(doc),
            Err(error) if error.to_string().starts_with("number out of range") => Self::Overflow,
            Err(_) => Self::No,
        }
    }
}

impl Doc {
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else {
            return None;
        };
        let mut named = members.iter().filter(|(known, _)| known == name);
        named.next().map(|(_, value)| value)
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list of nothing but texts.
    pub fn texts(&self) -> Option<Vec<&str>> {
        match self {
            Self::List(elements) => elements.iter().map(Self::text).collect(),
            _ => None,
        }
    }

    /// Whether an object has two members of one name, at any depth.
    pub fn has_twins(&self) -> bool {
        match self {
            Self::List(elements) => elements.iter().any(Self::has_twins),
            Self::Object(members) => {
                let mut names: Vec<&String> = members.iter().map(|(name, _)| name).collect();
                names.sort_unstable();
                names.windows(2).any(|pair| pair[0] == pair[1])
                    || members.iter().any(|(_, value)| value.has_twins())
            }
            _ => false,
        }
    }

    /// How deep lists and objects are nested.
    pub fn depth(&self) -> usize {
        let below = match self {
            Self::List(elements) => elements.iter().map(Self::depth).max(),
            Self::Object(members) => members.iter().map(|(_, value)| value.depth()).max(),
            _ => return 0,
        };
        1 + below.unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Doc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Doc;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Doc, E> {
        Ok(Doc::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Doc, E> {
        Ok(Doc::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Doc, E> {
        Ok(Doc::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Doc, E> {
        Ok(Doc::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Doc, E> {
        Ok(Doc::Number(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Doc, E> {
        Ok(Doc::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Doc, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Doc::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Doc, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Doc::Object(members))
    }
}
