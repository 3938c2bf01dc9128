//! Refresh tokens: random, opaque, kept as a digest.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ovasabi_core::config::Secret;
use ovasabi_core::{Error, Result};

/// A token as its owner gets it, once: 256 random bits.
#[derive(Debug)]
pub(crate) struct RefreshToken(Secret);

/// What is kept of one: its SHA-256. Nobody finds the token by trying, so a slow hash would protect nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenDigest([u8; 32]);

impl RefreshToken {
    /// # Errors
    /// `Internal` when the machine has no randomness.
    pub(crate) fn generate() -> Result<Self> {
        let mut bits = [0; 32];
        rand::fill(&mut bits).map_err(Error::internal)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bits).into()))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(crate) fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.expose())
    }
}

impl TokenDigest {
    /// The digest of whatever somebody presents.
    pub(crate) fn of(text: &str) -> Self {
        let mut bytes = [0; 32];
        let hashed = digest(&SHA256, text.as_bytes());
        // SHA-256 has 32 bytes: both are of one length.
        let pairs = bytes.iter_mut().zip(hashed.as_ref());
        pairs.for_each(|(to, from)| *to = *from);
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_256_bits_new_each_time_and_shown_to_nobody_else() {
        let (one, other) = (
            RefreshToken::generate().unwrap(),
            RefreshToken::generate().unwrap(),
        );
        assert_eq!(URL_SAFE_NO_PAD.decode(one.expose()).unwrap().len(), 32);
        assert_ne!(one.expose(), other.expose());
        assert!(!format!("{one:?}").contains(one.expose()));
        assert_eq!(one.digest(), TokenDigest::of(one.expose()));
        assert_ne!(one.digest(), other.digest());
    }
}
