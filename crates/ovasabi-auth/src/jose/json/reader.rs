//! The grammar of RFC 8259, and not a byte more.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{Reason, Value};

/// Deeper nesting is refused: no claim needs it, and the reader is recursive.
pub(super) const MAX_DEPTH: usize = 32;

/// What stands for itself in a string. Bytes of multi-byte characters do: the text is known to be UTF-8.
const IS_PLAIN: [bool; 256] = {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = false;
        byte += 1;
    }
    table[b'"' as usize] = false;
    table[b'\\' as usize] = false;
    table
};

/// Goes over a text once, and slices what it has read.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn value(&mut self, depth: usize) -> Result<Value<'a>, Reason> {
        let from = self.at;
        match self.peek() {
            Some(b'{') => {
                let mut names: SmallVec<[Cow<'a, str>; 8]> = SmallVec::new();
                self.members(depth, |name, _| names.push(name))?;
                if has_twins(&names, |name| name) {
                    return Err(Reason::JsonDuplicate);
                }
            }
            Some(b'[') => self.elements(depth, |_| {})?,
            Some(b'"') => drop(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        }
        self.slice(from).map(Value)
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

    /// A string without its quotes; borrowed as long as it has no escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Reason> {
        self.take(b'"')?;
        let mut from = self.at;
        let mut unescaped: Option<String> = None;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let mut plain = rest.iter();
            let end = plain.position(|&byte| !IS_PLAIN[usize::from(byte)]);
            self.at += end.unwrap_or(rest.len());
            match self.peek() {
                Some(b'"') => {
                    let rest = self.slice(from)?;
                    self.at += 1;
                    return Ok(match unescaped {
                        None => Cow::Borrowed(rest),
                        Some(text) => Cow::Owned(text + rest),
                    });
                }
                Some(b'\\') => {
                    let plain = self.slice(from)?;
                    self.at += 1;
                    let character = self.escape()?;
                    let text = unescaped.get_or_insert_default();
                    text.push_str(plain);
                    text.push(character);
                    from = self.at;
                }
                Some(_) | None => return Err(Reason::JsonInvalid),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Reason> {
        let letter = self.peek().ok_or(Reason::JsonInvalid)?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(),
            _ => return Err(Reason::JsonInvalid),
        })
    }

    /// Four hexadecimal digits, or a surrogate pair; one half of a pair is no character.
    fn code_point(&mut self) -> Result<char, Reason> {
        let first = self.hex()?;
        let is_high = (0xd800..0xdc00).contains(&first);
        let second = if is_high {
            self.take(b'\\')?;
            self.take(b'u')?;
            Some(self.hex()?)
        } else {
            None
        };
        match char::decode_utf16([Some(first), second].into_iter().flatten()).next() {
            Some(Ok(character)) => Ok(character),
            _ => Err(Reason::JsonInvalid),
        }
    }

    fn hex(&mut self) -> Result<u16, Reason> {
        let from = self.at;
        while self.at < from + 4 && self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
            self.at += 1;
        }
        let digits = self.slice(from)?;
        if digits.len() != 4 {
            return Err(Reason::JsonInvalid);
        }
        u16::from_str_radix(digits, 16).map_err(|_| Reason::JsonInvalid)
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
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == from {
            Err(Reason::JsonInvalid)
        } else {
            Ok(())
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

    fn take(&mut self, byte: u8) -> Result<(), Reason> {
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
    fn slice(&self, from: usize) -> Result<&'a str, Reason> {
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
