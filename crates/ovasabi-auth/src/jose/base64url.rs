//! base64url without padding (RFC 4648 §5, RFC 7515 §2): one text for one value.

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use base64_simd::{Out, URL_SAFE_NO_PAD};

/// For all that is not read with every token. It refuses padding, white space and unused bits.
pub(crate) const BASE64URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, NO_PAD);

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
///
/// By the same rules as [`BASE64URL`], sixteen characters or more a step: it was a quarter of what a token costs beside
/// its signature.
pub(super) fn decode_into(text: impl AsRef<[u8]>, bytes: &mut [u8]) -> Option<&[u8]> {
    let text = text.as_ref();
    let bytes = bytes.get_mut(..decoded_length(text.len()))?;
    let decoded = URL_SAFE_NO_PAD.decode(text, Out::from_slice(bytes));
    Some(decoded.ok()?)
}

/// Whether the text says just this.
pub(crate) fn says(text: &[u8], bytes: &[u8]) -> bool {
    /// Whole groups of four characters, and of three bytes.
    const STEP: usize = 1024;
    let mut buffer = [0; STEP / 4 * 3];
    let mut parts = text.chunks(STEP);
    decoded_length(text.len()) == bytes.len()
        && bytes.chunks(buffer.len()).all(|bytes| {
            let text = parts.next();
            text.and_then(|text| decode_into(text, &mut buffer)) == Some(bytes)
        })
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use proptest::prelude::*;

    use super::{BASE64URL, decode, decode_into, says};

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(&BASE64URL.encode(&bytes)), Some(bytes));
        }

        #[test]
        fn it_agrees_with_the_strict_reader_on_texts_of_the_alphabet(text in "[A-Za-z0-9_-]{0,100}") {
            prop_assert_eq!(decode(&text), BASE64URL.decode(&text).ok());
        }

        #[test]
        fn it_agrees_with_the_strict_reader_on_texts_with_one_other_character(
            before in "[A-Za-z0-9_-]{0,50}", other in any::<char>(), after in "[A-Za-z0-9_-]{0,50}",
        ) {
            let text = format!("{before}{other}{after}");
            prop_assert_eq!(decode(&text), BASE64URL.decode(&text).ok());
        }
    }

    #[test]
    fn every_short_text_agrees_with_the_strict_reader() {
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
    fn every_character_at_every_place_agrees_with_the_strict_reader() {
        for length in [64, 65, 66, 67] {
            for (place, byte) in
                (0..length).flat_map(|place| (0..128).map(move |byte| (place, byte)))
            {
                let mut text = "A".repeat(length);
                text.replace_range(place..=place, &char::from(byte).to_string());
                assert_eq!(decode(&text), BASE64URL.decode(&text).ok(), "{text:?}");
            }
        }
    }

    #[test]
    fn a_text_says_just_what_it_was_made_of() {
        for length in [0_usize, 1, 2, 3, 767, 768, 769, 2000] {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            let text = BASE64URL.encode(&bytes);
            assert!(says(text.as_bytes(), &bytes), "{length}");
            assert!(!says(format!("{text}A").as_bytes(), &bytes), "{length}");
            let mut other = bytes.clone();
            for place in [0, length / 2, length.saturating_sub(1)] {
                if let Some(byte) = other.get_mut(place) {
                    *byte ^= 1;
                    assert!(!says(text.as_bytes(), &other), "{length}: {place}");
                    *other.get_mut(place).unwrap() ^= 1;
                }
            }
            other.push(0);
            assert!(!says(text.as_bytes(), &other), "{length}");
        }
        assert!(!says(b"AB", &[0]), "bits are left over");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut bytes = [0; 6];
        assert_eq!(decode_into("aGVsbG8", &mut bytes), Some(&b"hello"[..]));
        assert_eq!(decode_into("aGVsbG8", &mut bytes[..4]), None);
    }
}
