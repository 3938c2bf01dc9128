//! A JSON reader for text that an attacker may have written.
//!
//! It checks the whole text once and keeps slices of it. What it adds to RFC 8259 is that nothing may be
//! read in two ways: members are unique at every depth, strings are valid Unicode, nothing follows the end.

mod reader;
mod string;

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
pub(crate) struct Value<'a> {
    text: &'a str,
    /// There is no escape in it.
    is_plain: bool,
}

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

    /// The member of this name, if there is no other.
    pub(crate) fn only(&self, name: &str) -> Option<Value<'a>> {
        self.get(name).filter(|_| self.0.len() == 1)
    }
}

impl<'a> Value<'a> {
    /// The value as it was written.
    pub(crate) fn text(self) -> &'a str {
        self.text
    }

    #[inline]
    pub(crate) fn as_string(self) -> Option<Cow<'a, str>> {
        // Its form was checked: without an escape it is what stands between the quotes.
        let inside = self.text.strip_prefix('"')?.strip_suffix('"')?;
        if self.is_plain {
            Some(Cow::Borrowed(inside))
        } else {
            Reader::new(self.text).string().ok()
        }
    }

    /// The elements of an array of which each one is a string.
    pub(crate) fn as_strings(self) -> Option<Vec<Cow<'a, str>>> {
        if !self.text.starts_with('[') {
            return None;
        }
        let mut strings = Some(Vec::new());
        let keep = |element: Value<'a>| match (element.as_string(), &mut strings) {
            (Some(string), Some(kept)) => kept.push(string),
            _ => strings = None,
        };
        Reader::new(self.text).elements(1, keep).ok()?;
        strings
    }

    /// The elements of an array.
    pub(crate) fn as_elements(self) -> Option<Vec<Value<'a>>> {
        if !self.text.starts_with('[') {
            return None;
        }
        let mut elements = Vec::new();
        Reader::new(self.text)
            .elements(1, |element| elements.push(element))
            .ok()?;
        Some(elements)
    }

    /// A whole number of at most 15 digits, written as one: what nearly all dates are.
    pub(crate) fn as_digits(self) -> Option<u64> {
        if self.text.len() > 15 {
            return None;
        }
        let mut number = 0;
        for byte in self.text.bytes() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            number = number * 10 + u64::from(digit);
        }
        Some(number)
    }

    /// A finite number, as close as a double gets to what was written.
    pub(crate) fn as_number(self) -> Option<f64> {
        if !self
            .text
            .starts_with(|first: char| first == '-' || first.is_ascii_digit())
        {
            return None;
        }
        self.text
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
    }
}

#[cfg(test)]
mod tests;
