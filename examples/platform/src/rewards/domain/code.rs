//! The code that is passed on from friend to friend.

use aws_lc_rs::rand;
use ovasabi_core::{Error, Result};

/// Ten characters that nobody mixes up, written by hand or read aloud: no 0 and O, no 1, I and L, no U and V.
///
/// There are 29^10, some 4 * 10^14: a guess finds none, and two that are alike are a matter of trying again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rewards) struct Code(String);

const ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTWXYZ";

impl Code {
    pub(in crate::rewards) const LENGTH: usize = 10;

    /// A new one.
    pub(in crate::rewards) fn random() -> Result<Self> {
        let mut code = String::with_capacity(Self::LENGTH);
        while code.len() < Self::LENGTH {
            let mut bytes = [0; 2 * Self::LENGTH];
            rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
            let letters = bytes.into_iter().filter_map(letter);
            code.extend(letters.take(Self::LENGTH - code.len()));
        }
        Ok(Self(code))
    }

    /// As a path has it: small letters are taken for large ones. `None` for what is no code.
    pub(in crate::rewards) fn parse(text: &str) -> Option<Self> {
        let code = text.to_ascii_uppercase();
        let is_one =
            code.len() == Self::LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        is_one.then_some(Self(code))
    }

    pub(in crate::rewards) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The letter of a random byte. A byte above the last multiple of the alphabet is thrown away: with it, some
/// letters would be likelier than others.
fn letter(byte: u8) -> Option<char> {
    let place = usize::from(byte);
    let even = 256 / ALPHABET.len() * ALPHABET.len();
    let letter = ALPHABET.get(place % ALPHABET.len());
    letter.filter(|_| place < even).copied().map(char::from)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn codes_are_of_the_alphabet_and_differ() {
        let codes: Vec<_> = (0..500).map(|_| Code::random().unwrap()).collect();
        for code in &codes {
            assert_eq!(Code::parse(code.as_str()).as_ref(), Some(code));
            let small = code.as_str().to_lowercase();
            assert_eq!(Code::parse(&small).as_ref(), Some(code));
        }
        let mut texts: Vec<_> = codes.iter().map(Code::as_str).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), codes.len());
    }

    #[test]
    fn each_letter_comes_of_equally_many_bytes() {
        let mut counts: BTreeMap<char, u32> = BTreeMap::new();
        for letter in (0..=u8::MAX).filter_map(letter) {
            *counts.entry(letter).or_default() += 1;
        }
        assert_eq!(counts.len(), ALPHABET.len());
        assert!(counts.values().all(|count| *count == 8), "{counts:?}");
    }

    #[test]
    fn what_is_no_code_is_none() {
        for odd in [
            "",
            "ABCDEFGHJ",
            "ABCDEFGHJKM",
            "ABCDEFGHJ0",
            "ABCDEFGHJL",
            "ABCDEFGHé",
        ] {
            assert_eq!(Code::parse(odd), None, "{odd}");
        }
    }
}
