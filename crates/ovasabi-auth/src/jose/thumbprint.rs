//! Which key it is: RFC 7638.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;

use super::BASE64URL;

/// The SHA-256 thumbprint of a key (RFC 7638): the same for the same key, however its JWK is written.
///
/// Its text is what `jkt` of a token says (RFC 9449 §6.1): 43 characters of base64url. Two of them are compared in a
/// time that does not tell where they differ.
///
/// ```
/// use ovasabi_auth::jose::{Thumbprint, VerifyingKey};
///
/// // RFC 8037, appendix A.3.
/// let key = VerifyingKey::from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")?;
/// let text = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
/// assert_eq!(key.thumbprint(), text.parse::<Thumbprint>()?);
/// assert_eq!(key.thumbprint().to_string(), text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Eq)]
pub struct Thumbprint([u8; Self::BYTES]);

/// The text is no thumbprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a thumbprint, expected 43 characters of base64url")]
pub struct ThumbprintError;

impl Thumbprint {
    /// How many bytes it has.
    pub const BYTES: usize = 32;

    /// The thumbprint of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// Of the members of a JWK that make the key, in lexicographic order, without the braces.
    pub(super) fn of_members(members: &str) -> Self {
        let mut bytes = [0; Self::BYTES];
        bytes.copy_from_slice(digest(&SHA256, format!("{{{members}}}").as_bytes()).as_ref());
        Self(bytes)
    }
}

/// Strict base64url: each thumbprint has one text.
impl FromStr for Thumbprint {
    type Err = ThumbprintError;

    fn from_str(text: &str) -> Result<Self, ThumbprintError> {
        let mut bytes = [0; Self::BYTES];
        match BASE64URL.decode_slice(text, &mut bytes) {
            Ok(Self::BYTES) => Ok(Self(bytes)),
            _ => Err(ThumbprintError),
        }
    }
}

impl PartialEq for Thumbprint {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL.encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}
