//! Strings, RFC 8259 §7.

use std::borrow::Cow;

use super::Reason;
use super::reader::Reader;

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

impl<'a> Reader<'a> {
    /// A string without its quotes; borrowed as long as it has no escapes.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Reason> {
        if !self.is_plain {
            return self.any_string();
        }
        let from = self.at;
        self.skip_string()?;
        let quoted = self.text.get(from + 1..self.at - 1);
        quoted.map(Cow::Borrowed).ok_or(Reason::JsonInvalid)
    }

    /// The same, of which nobody asks what it says.
    #[inline(always)]
    pub(super) fn skip_string(&mut self) -> Result<(), Reason> {
        if !self.is_plain {
            return self.any_string().map(drop);
        }
        self.take(b'"')?;
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += quote(rest).ok_or(Reason::JsonInvalid)? + 1;
        Ok(())
    }

    #[inline(never)]
    fn any_string(&mut self) -> Result<Cow<'a, str>, Reason> {
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
}

/// Where the first quote is. Strings of tokens are short, so eight bytes a step are faster than a search that has to be
/// called.
#[inline(always)]
fn quote(bytes: &[u8]) -> Option<usize> {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    let (eights, rest) = bytes.as_chunks::<8>();
    for (at, eight) in eights.iter().enumerate() {
        let differs = u64::from_le_bytes(*eight) ^ (EACH * u64::from(b'"'));
        // The lowest byte that is zero has its high bit here; only bytes above it may have one wrongly.
        let is_zero = differs.wrapping_sub(EACH) & !differs & (EACH << 7);
        if is_zero != 0 {
            return Some(at * 8 + is_zero.trailing_zeros() as usize / 8);
        }
    }
    let found = rest.iter().position(|&byte| byte == b'"')?;
    Some(eights.len() * 8 + found)
}
