//! base64url without padding (RFC 4648 §5, RFC 7515 §2): one text for one value.
//!
//! Decoding is half of what a token costs beside its signature, so this is written for that: four characters are three
//! bytes by four lookups, and whether all of them were of the alphabet is asked once, at the end.

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// The same rules, for all that is not read with every token. It refuses padding, white space and unused bits.
pub(crate) const BASE64URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, NO_PAD);

/// What a character adds to three bytes, by its place among four; the first byte is the lowest.
static PLACES: [[u32; 256]; 4] = [places(18), places(12), places(6), places(0)];

/// What characters of another alphabet add: a bit that no byte has.
const FOREIGN: u32 = 1 << 31;

const fn places(shift: u32) -> [u32; 256] {
    let alphabet = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut table = [FOREIGN; 256];
    let mut value: u8 = 0;
    while value < 64 {
        let bytes = (value as u32) << shift;
        table[alphabet[value as usize] as usize] = bytes.swap_bytes() >> 8;
        value += 1;
    }
    table
}

/// How many bytes so many characters say.
pub(super) const fn decoded_length(characters: usize) -> usize {
    characters / 4 * 3 + characters % 4 * 3 / 4
}

/// What the text says, if it says anything.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0; decoded_length(text.len())];
    decode_into(text, &mut bytes).is_some().then_some(bytes)
}

/// Writes what the text says to where there is room for it; what was written is handed out.
pub(super) fn decode_into<'b>(text: &str, bytes: &'b mut [u8]) -> Option<&'b [u8]> {
    let bytes = bytes.get_mut(..decoded_length(text.len()))?;
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    let (sixes, last) = bytes.as_chunks_mut::<6>();
    let mut all = 0;
    for ([a, b, c, d, e, f, g, h], six) in eights.iter().zip(sixes) {
        let (low, high) = (three([*a, *b, *c, *d]), three([*e, *f, *g, *h]));
        all |= low | high;
        let both = u64::from(low) | u64::from(high) << 24;
        let [first, second, third, fourth, fifth, sixth, _, _] = both.to_le_bytes();
        *six = [first, second, third, fourth, fifth, sixth];
    }
    let mut last = last.iter_mut();
    for four in rest.chunks(4) {
        // `A` is zero: what is not there adds nothing.
        let mut padded = [b'A'; 4];
        padded
            .iter_mut()
            .zip(four)
            .for_each(|(to, from)| *to = *from);
        let read = three(padded);
        all |= read;
        let [first, second, third, _] = read.to_le_bytes();
        let (said, unused) = match four.len() {
            4 => (3, 0),
            3 => (2, third),
            2 => (1, second | third),
            // Six bits are no byte.
            _ => return None,
        };
        if unused != 0 {
            return None;
        }
        last.by_ref()
            .zip([first, second, third])
            .take(said)
            .for_each(|(to, from)| *to = from);
    }
    (all & FOREIGN == 0).then_some(bytes)
}

#[inline(always)]
fn three([a, b, c, d]: [u8; 4]) -> u32 {
    let [first, second, third, fourth] = &PLACES;
    first[usize::from(a)] | second[usize::from(b)] | third[usize::from(c)] | fourth[usize::from(d)]
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use proptest::prelude::*;

    use super::{BASE64URL, decode, decode_into};

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(&BASE64URL.encode(&bytes)), Some(bytes));
        }

        #[test]
        fn it_agrees_with_the_library_on_texts_of_the_alphabet(text in "[A-Za-z0-9_-]{0,40}") {
            prop_assert_eq!(decode(&text), BASE64URL.decode(&text).ok());
        }

        #[test]
        fn it_agrees_with_the_library_on_texts_with_one_other_character(
            before in "[A-Za-z0-9_-]{0,20}", other in any::<char>(), after in "[A-Za-z0-9_-]{0,20}",
        ) {
            let text = format!("{before}{other}{after}");
            prop_assert_eq!(decode(&text), BASE64URL.decode(&text).ok());
        }
    }

    #[test]
    fn every_short_text_agrees_with_the_library() {
        let texts = |characters: u32| {
            (0..128_u32.pow(characters)).map(move |number| {
                (0..characters)
                    .map(|place| char::from((number >> (7 * place) & 127) as u8))
                    .collect::<String>()
            })
        };
        for text in (0..=2).flat_map(texts) {
            assert_eq!(decode(&text), BASE64URL.decode(&text).ok(), "{text:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut bytes = [0; 6];
        assert_eq!(decode_into("aGVsbG8", &mut bytes), Some(&b"hello"[..]));
        assert_eq!(decode_into("aGVsbG8", &mut bytes[..4]), None);
    }
}
