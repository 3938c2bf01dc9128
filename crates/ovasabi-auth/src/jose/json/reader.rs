//! The grammar of RFC 8259, and not a byte more.

use std::borrow::Cow;

use memchr::memchr;
use smallvec::SmallVec;

use super::{Reason, Value};

/// Deeper nesting is refused: no claim needs it, and the reader is recursive.
pub(super) const MAX_DEPTH: usize = 32;

/// Goes over a text once, and slices what it has read.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// Nothing in the text needs a second look within a string: no escape, no control character.
    pub(super) is_plain: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // Without a way out of the middle, it is done sixteen bytes at a time.
        let has_control = text.bytes().fold(false, |seen, byte| seen | (byte < 0x20));
        let is_plain = !has_control && memchr(b'\\', text.as_bytes()).is_none();
        Self {
            text,
            at: 0,
            is_plain,
        }
    }

    #[inline(always)]
    pub(super) fn value(&mut self, depth: usize) -> Result<Value<'a>, Reason> {
        let from = self.at;
        match self.peek() {
            Some(b'"') => self.skip_string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.other_value(depth)?,
        }
        Ok(Value {
            text: self.slice(from)?,
            is_plain: self.is_plain,
        })
    }

    #[inline(never)]
    fn other_value(&mut self, depth: usize) -> Result<(), Reason> {
        match self.peek() {
            Some(b'{') => {
                let mut names: SmallVec<[Cow<'a, str>; 8]> = SmallVec::new();
                self.members(depth, |name, _| names.push(name))?;
                if has_twins(&names, |name| name) {
                    return Err(Reason::JsonDuplicate);
                }
                Ok(())
            }
            Some(b'[') => self.elements(depth, |_| {}),
            _ => self.word(),
        }
    }

    pub(super) fn members(
        &mut self,
        depth: usize,
        mut keep: impl FnMut(Cow<'a, str>, Value<'a>),
    ) -> Result<(), Reason> {
        self.list(depth, b'{', b'}', |reader| {
            let name = reader.string()?;
            reader.skip_space();
            reader.take(b':')?;
            reader.skip_space();
            keep(name, reader.value(depth + 1)?);
            Ok(())
        })
    }

    pub(super) fn elements(
        &mut self,
        depth: usize,
        mut keep: impl FnMut(Value<'a>),
    ) -> Result<(), Reason> {
        self.list(depth, b'[', b']', |reader| {
            keep(reader.value(depth + 1)?);
            Ok(())
        })
    }

    fn list(
        &mut self,
        depth: usize,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        if depth > MAX_DEPTH {
            return Err(Reason::JsonTooDeep);
        }
        self.take(open)?;
        self.skip_space();
        if self.peek() == Some(close) {
            return self.take(close);
        }
        loop {
            item(self)?;
            self.skip_space();
            if self.peek() == Some(close) {
                return self.take(close);
            }
            self.take(b',')?;
            self.skip_space();
        }
    }

    /// The grammar of RFC 8259 §6: no leading zeros, no bare point, no plus sign.
    fn number(&mut self) -> Result<(), Reason> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Reason> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let other = rest.iter().position(|byte| !byte.is_ascii_digit());
        match other.unwrap_or(rest.len()) {
            0 => Err(Reason::JsonInvalid),
            count => {
                self.at += count;
                Ok(())
            }
        }
    }

    fn word(&mut self) -> Result<(), Reason> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let word = ["true", "false", "null"]
            .into_iter()
            .find(|word| rest.starts_with(word));
        self.at += word.ok_or(Reason::JsonInvalid)?.len();
        Ok(())
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn take(&mut self, byte: u8) -> Result<(), Reason> {
        if self.peek() != Some(byte) {
            return Err(Reason::JsonInvalid);
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    pub(super) fn end(&mut self) -> Result<(), Reason> {
        self.skip_space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(Reason::JsonInvalid)
        }
    }

    /// What was read since `from`.
    pub(super) fn slice(&self, from: usize) -> Result<&'a str, Reason> {
        self.text.get(from..self.at).ok_or(Reason::JsonInvalid)
    }
}

/// Whether two have the same name.
pub(super) fn has_twins<T>(all: &[T], name: impl for<'t> Fn(&'t T) -> &'t str) -> bool {
    if all.len() <= FEW {
        let mut rest = all;
        while let Some((first, others)) = rest.split_first() {
            if others.iter().any(|other| is_same(name(other), name(first))) {
                return true;
            }
            rest = others;
        }
        return false;
    }
    // Comparing each with each takes milliseconds on a header full of short names.
    let mut names: Vec<&str> = all.iter().map(name).collect();
    names.sort_unstable();
    names
        .windows(2)
        .any(|pair| matches!(pair, [one, other] if one == other))
}

/// Most names that differ do so in their length or their first letter, which is cheaper to see than to call.
#[inline(always)]
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.as_bytes().first() == other.as_bytes().first() && one == other
}

/// So many are compared each with each, which is faster than sorting them.
const FEW: usize = 16;
