//! The public half of a key.

use std::fmt;

/// The id of a key: 80 random bits as 16 letters and digits (base32, RFC 4648 §6, lower case). No secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KeyId::LENGTH]);

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

impl KeyId {
    /// Its length in characters.
    pub const LENGTH: usize = 16;

    /// Reads the text of an id, as a path or a row has it; `None` for all else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; Self::LENGTH] = text.as_bytes().try_into().ok()?;
        let is_one = bytes
            .iter()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        is_one.then_some(Self(bytes))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Nothing but letters and digits ever gets in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// 80 bits are 16 digits of 5: no text but one stands for them.
    pub(super) fn of_random(random: [u8; 10]) -> Self {
        let bits = random
            .iter()
            .fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
        let mut text = [b'a'; Self::LENGTH];
        for (at, letter) in text.iter_mut().rev().enumerate() {
            let digit = usize::try_from((bits >> (5 * at)) & 31).unwrap_or_default();
            *letter = ALPHABET.get(digit).copied().unwrap_or(b'a');
        }
        Self(text)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bits_are_written_as_rfc_4648_does() {
        // RFC 4648 §10: "foobar" is MZXW6YTBOI, and ten bytes are sixteen letters without padding.
        let text = KeyId::of_random(*b"foobarfoob").to_string();
        assert_eq!(text, "mzxw6ytbojtg633c");
        assert_eq!(KeyId::parse(&text).map(|id| id.to_string()), Some(text));
        for odd in [
            "",
            "mzxw6ytboi",
            "MZXW6YTBOJTG633C",
            "mzxw6ytboi01890_",
            "mzxw6ytböjtg633c",
        ] {
            assert_eq!(KeyId::parse(odd), None, "{odd}");
        }
    }
}
