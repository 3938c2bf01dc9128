//! A JSON reader for text that an attacker may have written.
//!
//! It checks the whole text once and keeps slices of it. What it adds to RFC 8259 is that nothing may be
//! read in two ways: members are unique at every depth, strings are valid Unicode, nothing follows the end.

mod reader;

use std::borrow::Cow;

use super::Reason;
use reader::Reader;
use smallvec::SmallVec;

/// The members of an object whose text has been checked to the end. Those of a usual header or of usual claims stand
/// where the object does.
pub(crate) struct Object<'a>(SmallVec<[Member<'a>; 12]>);

type Member<'a> = (Cow<'a, str>, Value<'a>);

/// The text of one value that has been checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Value<'a>(&'a str);

impl<'a> Object<'a> {
    pub(crate) fn parse(json: &'a [u8]) -> Result<Self, Reason> {
        Self::parse_text(std::str::from_utf8(json).map_err(|_| Reason::JsonInvalid)?)
    }

    pub(crate) fn parse_text(text: &'a str) -> Result<Self, Reason> {
        let mut reader = Reader::new(text);
        reader.skip_space();
        if reader.peek() != Some(b'{') {
            // What follows is not worth reading, but `[1` should not be called an array.
            reader.value(1)?;
            reader.end()?;
            return Err(Reason::JsonNotObject);
        }
        let mut members = SmallVec::new();
        reader.members(1, |name, value| members.push((name, value)))?;
        reader.end()?;
        if reader::has_twins(&members, |(name, _): &Member<'_>| name) {
            return Err(Reason::JsonDuplicate);
        }
        Ok(Self(members))
    }

    pub(crate) fn get(&self, name: &str) -> Option<Value<'a>> {
        let mut members = self.0.iter();
        members
            .find(|(known, _)| reader::is_same(known, name))
            .map(|(_, value)| *value)
    }
}

impl<'a> Value<'a> {
    /// The value as it was written.
    pub(crate) fn text(self) -> &'a str {
        self.0
    }

    pub(crate) fn as_string(self) -> Option<Cow<'a, str>> {
        // Its form was checked: without an escape it is what stands between the quotes.
        let plain = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if plain.as_bytes().contains(&b'\\') {
            Reader::new(self.0).string().ok()
        } else {
            Some(Cow::Borrowed(plain))
        }
    }

    /// The elements of an array of which each one is a string.
    pub(crate) fn as_strings(self) -> Option<Vec<Cow<'a, str>>> {
        if !self.0.starts_with('[') {
            return None;
        }
        let mut strings = Some(Vec::new());
        let keep = |element: Value<'a>| match (element.as_string(), &mut strings) {
            (Some(string), Some(kept)) => kept.push(string),
            _ => strings = None,
        };
        Reader::new(self.0).elements(1, keep).ok()?;
        strings
    }

    /// The elements of an array.
    pub(crate) fn as_elements(self) -> Option<Vec<Value<'a>>> {
        if !self.0.starts_with('[') {
            return None;
        }
        let mut elements = Vec::new();
        Reader::new(self.0)
            .elements(1, |element| elements.push(element))
            .ok()?;
        Some(elements)
    }

    /// A finite number, as close as a double gets to what was written.
    pub(crate) fn as_number(self) -> Option<f64> {
        if !self
            .0
            .starts_with(|first: char| first == '-' || first.is_ascii_digit())
        {
            return None;
        }
        self.0
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
    }
}

#[cfg(test)]
mod tests;
