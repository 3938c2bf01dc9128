//! How a key is written: `<prefix>_<environment>_<id>_<secret><checksum>`.

use aws_lc_rs::rand;
use base64::Engine;
use ovasabi_core::Error;
use zeroize::Zeroizing;

use super::checksum::crc32;
use super::{IssuedKey, KeyId, SecretDigest};
use crate::jose::{BASE64URL, Reason};

/// 32 bytes in base64url.
const SECRET_LENGTH: usize = 43;
/// 4 bytes in base64url.
const CHECKSUM_LENGTH: usize = 6;

/// The words that keys begin with.
#[derive(Clone, Debug)]
pub(super) struct Format {
    /// `ovk_`: by this a key is known as ours.
    prefix: String,
    /// `live_`: by this it is known as one for here.
    environment: String,
}

/// A key that was presented: its id, and the digest of its secret. The secret itself is not kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct PresentedKey {
    pub(super) id: KeyId,
    pub(super) digest: SecretDigest,
}

impl Format {
    pub(super) fn new(prefix: &str, environment: &str) -> Self {
        Self {
            prefix: format!("{prefix}_"),
            environment: format!("{environment}_"),
        }
    }

    /// Whether a text claims to be a key of ours.
    pub(super) fn is_ours(&self, text: &str) -> bool {
        text.starts_with(&self.prefix)
    }

    /// Reads a key. A typo ends here, before any digest and before any store.
    pub(super) fn parse(&self, text: &str) -> Result<PresentedKey, Reason> {
        self.split(text).ok_or(Reason::ApiKeyMalformed)
    }

    fn split(&self, text: &str) -> Option<PresentedKey> {
        let rest = text.strip_prefix(self.prefix.as_str())?;
        let rest = rest.strip_prefix(self.environment.as_str())?;
        let (id, rest) = rest.split_at_checked(KeyId::LENGTH)?;
        let (secret, sum) = rest.strip_prefix('_')?.split_at_checked(SECRET_LENGTH)?;
        if sum.len() != CHECKSUM_LENGTH {
            return None;
        }
        let summed = text.get(..text.len() - CHECKSUM_LENGTH)?;
        if checksum(summed).as_bytes() != sum.as_bytes() {
            return None;
        }
        Some(PresentedKey {
            id: KeyId::parse(id)?,
            digest: SecretDigest::of(secret),
        })
    }

    /// A new key with 80 random bits of id and 256 of secret.
    pub(super) fn generate(&self) -> Result<(IssuedKey, SecretDigest), Error> {
        let no_randomness = |_| Error::internal("there is no randomness for an API key");
        let (mut id, mut secret) = ([0; 10], Zeroizing::new([0; 32]));
        rand::fill(&mut id).map_err(no_randomness)?;
        rand::fill(secret.as_mut_slice()).map_err(no_randomness)?;
        let id = KeyId::of_random(id);
        let secret = Zeroizing::new(BASE64URL.encode(secret.as_slice()));
        let Self {
            prefix,
            environment,
        } = self;
        // Room for all of it: a text that grows leaves copies of the secret behind.
        let length = prefix.len() + environment.len() + KeyId::LENGTH + 1 + SECRET_LENGTH;
        let mut text = String::with_capacity(length + CHECKSUM_LENGTH);
        text.extend([prefix, environment, id.as_str(), "_", secret.as_str()]);
        let sum = checksum(&text);
        text.push_str(sum.as_str());
        Ok((IssuedKey::new(id, text), SecretDigest::of(&secret)))
    }
}

#[cfg(test)]
impl Format {
    /// What somebody sends who knows how keys are written.
    pub(super) fn with_checksum(&self, text: &str) -> String {
        format!("{text}{}", checksum(text).as_str())
    }
}

/// The checksum as text, without an allocation.
struct Checksum([u8; CHECKSUM_LENGTH]);

impl Checksum {
    fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn as_str(&self) -> &str {
        // base64url is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn checksum(text: &str) -> Checksum {
    let mut sum = [0; CHECKSUM_LENGTH];
    // Four bytes are six characters: they always fit.
    let written = BASE64URL.encode_slice(crc32(text.as_bytes()).to_be_bytes(), &mut sum);
    debug_assert_eq!(
        written,
        Ok(CHECKSUM_LENGTH),
        "four bytes are six characters"
    );
    Checksum(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_typo_of_one_character_is_found() {
        let format = Format::new("ovk", "live");
        let (key, digest) = format.generate().expect("there is randomness");
        let text = key.expose();
        assert_eq!(text.len(), "ovk_live_".len() + 16 + 1 + 43 + 6);
        let parsed = format.parse(text).expect("it is one of ours");
        assert!(parsed.id == key.id() && parsed.digest.is(&digest));

        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_. =";
        for at in 0..text.len() {
            for letter in letters
                .iter()
                .filter(|letter| text.as_bytes()[at] != **letter)
            {
                let mut typo = text.as_bytes().to_vec();
                typo[at] = *letter;
                let typo = String::from_utf8(typo).expect("ASCII");
                assert!(format.parse(&typo).is_err(), "{at}");
            }
            let (before, after) = text.split_at(at);
            assert!(format.parse(before).is_err());
            assert!(format.parse(&format!("{before}{}", &after[1..])).is_err());
            assert!(format.parse(&format!("{before}ä{}", &after[1..])).is_err());
            assert!(format.parse(&format!("{text}{after}x")).is_err());
        }
        let swapped = |at: usize| {
            let mut text = text.as_bytes().to_vec();
            text.swap(at, at + 1);
            String::from_utf8(text).expect("ASCII")
        };
        let swaps = (0..text.len() - 1)
            .map(swapped)
            .filter(|swapped| swapped != text);
        assert!(
            swaps
                .into_iter()
                .all(|swapped| format.parse(&swapped).is_err())
        );
        assert!(
            Format::new("ovk", "test").parse(text).is_err(),
            "another environment"
        );
    }
}
